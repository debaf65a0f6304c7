/** TLS of a listener, from files that are read again when they change. */
import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import type { TlsFiles } from '../../config/declare/options.ts';
import { type FileSystem, systemFiles } from '../../runtime/files/file-snapshot.ts';
import { followFiles } from '../../runtime/files/follow.ts';
import { requireCertificates, requirePrivateKey } from '../../runtime/files/pem-blocks.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { cipherList } from './cipher-suites.ts';

/** What a TLS server is made with. */
export type TlsOptions = Pick<
  tls.TlsOptions & tls.SecureContextOptions,
  'cert' | 'key' | 'ca' | 'requestCert' | 'rejectUnauthorized' | 'minVersion' | 'ciphers' | 'handshakeTimeout'
>;

/** The time for a TLS handshake, in milliseconds. */
const handshakeTimeout = 10_000;

/**
 * Reads the files.
 *
 * @param read reads one of them as text
 * @throws Error where one cannot be read or used, or the key is not of the certificate
 */
export function readTls(
  files: TlsFiles,
  read: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): TlsOptions {
  const { certFile, keyFile, clientCaFile } = files;
  const options = optionsOf(files, read);
  // Node takes an empty text for none at all, and a file without certificates for an authority that signed for nobody.
  naming(certFile, () => requireCertificates(String(options.cert)));
  naming(keyFile, () => requirePrivateKey(String(options.key)));
  if (clientCaFile !== undefined) naming(clientCaFile, () => requireCertificates(String(options.ca)));
  tls.createSecureContext(options);
  return options;
}

function naming(file: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function optionsOf(
  { certFile, keyFile, clientCaFile, minVersion, cipherSuites }: TlsFiles,
  read: (path: string) => string,
): TlsOptions {
  return {
    cert: read(certFile),
    key: read(keyFile),
    ...(clientCaFile !== undefined && {
      ca: read(clientCaFile),
      requestCert: true,
      rejectUnauthorized: true,
    }),
    minVersion,
    ...(cipherSuites !== undefined && { ciphers: cipherList(cipherSuites) }),
    handshakeTimeout,
  };
}

/** A server whose certificate can be replaced while it serves. */
interface SecureServer {
  readonly setSecureContext: (options: tls.SecureContextOptions) => void;
}

/**
 * Gives a server its new certificate each time the files change; what is no good is told and not used. Certificate and
 * key are two files that change one after the other: they are used once they fit each other.
 *
 * @returns stops that
 */
export function keepTlsFresh(
  server: SecureServer,
  files: TlsFiles,
  clock: Clock,
  onReload: (error: Error | undefined) => void,
  fileSystem: FileSystem = systemFiles,
): () => void {
  const paths = [files.certFile, files.keyFile, files.clientCaFile].filter((path) => path !== undefined);
  const followed = followFiles(fileSystem, clock);
  const use = (): Error | undefined => {
    try {
      server.setSecureContext(readTls(files, followed.read));
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  };
  const { stop } = followed.follow(paths, () => onReload(use()));
  // The server was made with what the files said a while ago.
  const problem = use();
  if (problem !== undefined) onReload(problem);
  return stop;
}
