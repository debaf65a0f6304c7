/** The TLS settings of a listener, from files that are read again when they change. */
import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import type { TlsFiles } from '../../config/declare/options.ts';
import { type FileSystem, systemFiles } from '../../runtime/files/file-snapshot.ts';
import { followFiles } from '../../runtime/files/follow.ts';
import { requireCertificates, requirePrivateKey } from '../../runtime/files/pem-blocks.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { cipherList } from './cipher-suites.ts';

/** The options of a TLS server. */
export type TlsOptions = Pick<
  tls.TlsOptions & tls.SecureContextOptions,
  'cert' | 'key' | 'ca' | 'requestCert' | 'rejectUnauthorized' | 'minVersion' | 'ciphers' | 'handshakeTimeout'
>;

/** The timeout of a TLS handshake, in milliseconds. */
const handshakeTimeout = 10_000;

/**
 * Reads the files.
 *
 * @param read reads one file as text
 * @throws Error if a file cannot be read or used, or the key does not match the certificate
 */
export function readTls(
  files: TlsFiles,
  read: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): TlsOptions {
  const { certFile, keyFile, clientCaFile } = files;
  const options = optionsOf(files, read);
  // Node accepts an empty file, and a CA file without certificates, without an error.
  checkFile(certFile, () => requireCertificates(String(options.cert)));
  checkFile(keyFile, () => requirePrivateKey(String(options.key)));
  if (clientCaFile !== undefined) checkFile(clientCaFile, () => requireCertificates(String(options.ca)));
  tls.createSecureContext(options);
  return options;
}

function checkFile(file: string, check: () => void): void {
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

/** A server whose certificate can be replaced while it runs. */
interface SecureServer {
  readonly setSecureContext: (options: tls.SecureContextOptions) => void;
}

/**
 * Replaces the certificate of a server when the files change. Invalid files are reported and not used. The certificate and
 * its key may change one after the other: they are used once they match.
 *
 * @param onReload called after each change, with the error if the files cannot be used
 * @returns a function that stops following the files
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
  // The files may have changed since the server was created.
  const problem = use();
  if (problem !== undefined) onReload(problem);
  return stop;
}
