/** Creates a certificate chain with openssl: a root, an intermediate, and servers. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate and its key, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** The properties of a server's certificate. */
export interface LeafWish {
  readonly names?: string;
  /** Whether it expired yesterday. */
  readonly hasExpired?: boolean;
}

/** A chain. */
export interface Chain {
  readonly root: string;
  readonly intermediate: string;
  /** Signs a server's certificate with the intermediate. */
  readonly leaf: (wish?: LeafWish) => Certificate;
  /** Creates a self-signed certificate. */
  readonly selfSigned: () => Certificate;
}

/** Creates a chain in a new folder. */
export function createChain(): Chain {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-chain-'));
  const at = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const authority = 'basicConstraints=critical,CA:TRUE';
  const make = (name: string, subject: string, ...more: string[]) => {
    openssl(
      'req',
      '-x509',
      ...newKey,
      '-subj',
      `/CN=${subject}`,
      '-keyout',
      at(`${name}.key`),
      '-out',
      at(`${name}.pem`),
      ...more,
    );
    return readFileSync(at(`${name}.pem`), 'utf8');
  };
  const signedBy = (name: string) => ['-CA', at(`${name}.pem`), '-CAkey', at(`${name}.key`)];
  const root = make('root', 'test root', '-days', '2', '-addext', 'keyUsage=critical,keyCertSign');
  writeFileSync(at('root.pem'), root);
  const intermediate = make(
    'intermediate',
    'test intermediate',
    '-days',
    '2',
    '-addext',
    authority,
    '-addext',
    'keyUsage=critical,keyCertSign',
    ...signedBy('root'),
  );
  let count = 0;
  const certificate = (name: string, cert: string): Certificate => ({
    cert,
    key: readFileSync(at(`${name}.key`), 'utf8'),
  });
  return {
    root,
    intermediate,
    leaf: ({ names = 'DNS:localhost,IP:127.0.0.1', hasExpired = false } = {}) => {
      const name = `leaf${count++}`;
      const [request, extensions] = [at(`${name}.csr`), at(`${name}.ext`)];
      writeFileSync(extensions, `basicConstraints=critical,CA:FALSE\nsubjectAltName=${names}\n`);
      openssl('req', ...newKey, '-subj', '/CN=server', '-keyout', at(`${name}.key`), '-out', request);
      openssl(
        ...['x509', '-req', '-in', request, ...signedBy('intermediate'), '-set_serial', String(1000 + count)],
        ...['-days', hasExpired ? '-1' : '2', '-extfile', extensions, '-out', at(`${name}.pem`)],
      );
      return certificate(name, readFileSync(at(`${name}.pem`), 'utf8'));
    },
    selfSigned: () => {
      const name = `own${count++}`;
      return certificate(
        name,
        make(name, 'own', '-days', '2', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'),
      );
    },
  };
}
