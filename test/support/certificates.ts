/** Creates certificates with openssl: a CA, and the certificates that it signs. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The files of a certificate and its key. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** The requested content of a certificate, with any characters. */
export interface CertificateWish {
  readonly subject: readonly (readonly [type: string, value: string])[];
  readonly uris?: readonly string[];
  readonly dnsNames?: readonly string[];
}

/** A CA. */
export interface Authority {
  readonly caFile: string;
  readonly ca: string;
  /** Signs a certificate for 127.0.0.1 and localhost. */
  readonly issue: (name: string) => CertificateFiles;
  /** Signs any request, under a file name. */
  readonly issueFor: (name: string, wanted: CertificateWish) => CertificateFiles;
}

/** Creates a CA in a new folder. */
export function createAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-'));
  const at = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];

  openssl(
    'req',
    '-x509',
    ...newKey,
    '-subj',
    '/CN=test authority',
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.pem'),
  );
  return {
    caFile: at('ca.pem'),
    ca: readFileSync(at('ca.pem'), 'utf8'),
    issue: (name) => {
      const [certFile, keyFile] = [at(`${name}.pem`), at(`${name}.key`)];
      openssl(
        ...[
          'req',
          '-x509',
          ...newKey,
          '-subj',
          `/CN=${name}`,
          '-addext',
          'subjectAltName=DNS:localhost,IP:127.0.0.1',
        ],
        ...['-addext', 'basicConstraints=critical,CA:FALSE', '-CA', at('ca.pem'), '-CAkey', at('ca.key')],
        ...['-keyout', keyFile, '-out', certFile],
      );
      return { certFile, keyFile };
    },
    issueFor: (name, { subject, uris = [], dnsNames = [] }) => {
      const [certFile, keyFile, configFile] = [at(`${name}.pem`), at(`${name}.key`), at(`${name}.cnf`)];
      const names = [
        ...uris.map((uri, index) => `URI.${index} = ${inConfig(uri)}`),
        ...dnsNames.map((dns, index) => `DNS.${index} = ${inConfig(dns)}`),
      ];
      const extensions = [
        'basicConstraints = critical,CA:FALSE',
        ...(names.length > 0 ? ['subjectAltName = @names'] : []),
      ];
      const sections = ['[req]', 'distinguished_name = dn', 'x509_extensions = v3', '[dn]', '[v3]'];
      writeFileSync(configFile, [...sections, ...extensions, '[names]', ...names, ''].join('\n'));
      const parts = subject.map(([type, value]) => `/${type}=${value.replaceAll(/[\\/+]/g, '\\$&')}`);
      openssl(
        ...['req', '-x509', ...newKey, '-config', configFile, '-utf8'],
        ...['-subj', parts.length === 0 ? '/' : parts.join('')],
        ...['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-keyout', keyFile, '-out', certFile],
      );
      return { certFile, keyFile };
    },
  };
}

/** Escapes a value for an openssl configuration file. */
function inConfig(value: string): string {
  const escaped = value.replaceAll(/[\\"'#$]/g, '\\$&');
  return escaped.replaceAll('\r', '\\r').replaceAll('\n', '\\n');
}
