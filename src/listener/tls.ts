/** TLS of a listener, from files that are read again when they change. */
import { readFileSync } from 'node:fs';
import type tls from 'node:tls';
import type { TlsFiles } from '../config/options.ts';
import { watchFiles } from '../files/watch.ts';
import type { Clock } from '../time/clock.ts';
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
 * @throws Error that names the file
 */
export function readTls({ certFile, keyFile, clientCaFile, minVersion, cipherSuites }: TlsFiles): TlsOptions {
  return {
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
    ...(clientCaFile !== undefined && {
      ca: readFileSync(clientCaFile),
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
 * Gives a server its new certificate each time the files change; one that is no good is told and not used.
 *
 * @returns stops that
 */
export function keepTlsFresh(
  server: SecureServer,
  files: TlsFiles,
  clock: Clock,
  onReload: (error: Error | undefined) => void,
): () => void {
  const paths = [files.certFile, files.keyFile, files.clientCaFile].filter((path) => path !== undefined);
  return watchFiles(paths, clock, () => {
    try {
      server.setSecureContext(readTls(files));
      onReload(undefined);
    } catch (error) {
      onReload(error instanceof Error ? error : new Error(String(error)));
    }
  });
}
