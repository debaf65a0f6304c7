/** When the certificates of a configuration expire. */
import { X509Certificate } from 'node:crypto';
import type { Config } from '../config/declare/options.ts';
import { pemBlocks } from '../runtime/files/pem-blocks.ts';
import type { CertificateView } from '../transport/console/content.ts';

/** Reads the certificate files of the listeners and issuers. A file counts with the certificate that expires first. */
export function certificatesOf(
  { http, grpc, admin, issuers }: Pick<Config, 'http' | 'grpc' | 'admin' | 'issuers'>,
  readFile: (path: string) => string,
): readonly CertificateView[] {
  const listeners = Object.entries({ http, grpc, admin }).flatMap(([name, { tls }]) => [
    { use: `${name} listener`, file: tls?.certFile },
    { use: `client certificates of the ${name} listener`, file: tls?.clientCaFile },
  ]);
  const trusted = issuers.flatMap(({ name, caFile = [] }) =>
    [caFile].flat().map((file) => ({ use: `CA of the issuer ${name}`, file })),
  );
  return [...listeners, ...trusted].flatMap(({ use, file }) =>
    file === undefined ? [] : [{ use, file, ...expiryOf(file, readFile) }],
  );
}

function expiryOf(
  file: string,
  readFile: (path: string) => string,
): Pick<CertificateView, 'expires' | 'problem'> {
  try {
    const ends = pemBlocks(readFile(file))
      .filter(({ label }) => label.endsWith('CERTIFICATE'))
      .map(({ text }) => Date.parse(new X509Certificate(text).validTo));
    return { expires: ends.length === 0 ? undefined : Math.min(...ends) };
  } catch {
    return { expires: undefined, problem: 'the file cannot be read' };
  }
}
