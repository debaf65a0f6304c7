/** The secrets that authenticate this service at the store. The files are read for each connection, so a new password needs no restart. */
import type { ValkeyConfig } from './valkey-config.ts';

/** A user of an ACL and its password. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** The options of TLS, as `node:tls` has them. */
export interface StoreTls {
  /** Absent: those of Node.js. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly minVersion: 'TLSv1.2';
}

/** The secrets of a connection. */
export interface Secrets {
  readonly server: Credentials | undefined;
  readonly sentinel: Credentials | undefined;
  /** Undefined without TLS. */
  readonly tls: StoreTls | undefined;
}

/** Reads the files. @throws Error if one cannot be read. Its message names the option and the file */
export function readSecrets(options: ValkeyConfig, readFile: (path: string) => string): Secrets {
  const read = (option: keyof ValkeyConfig & `${string}File`): string | undefined => {
    const path = options[option];
    return path === undefined ? undefined : readOrThrow(readFile, path, option);
  };
  const credentials = (username: string | undefined, password: string | undefined) =>
    password === undefined ? undefined : { username: username ?? 'default', password };
  const [ca, cert, key] = [read('caFile'), read('certFile'), read('keyFile')];
  return {
    server: credentials(read('usernameFile'), read('passwordFile')),
    sentinel: credentials(read('sentinelUsernameFile'), read('sentinelPasswordFile')),
    tls: options.urls.some((url) => url.startsWith('rediss:'))
      ? {
          ...(ca !== undefined && { ca }),
          ...(cert !== undefined && { cert }),
          ...(key !== undefined && { key }),
          minVersion: 'TLSv1.2',
        }
      : undefined,
  };
}

function readOrThrow(readFile: (path: string) => string, path: string, option: string): string {
  try {
    return readFile(path).trimEnd();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    throw new Error(`the file ${path} (\`state.valkey.${option}\`) cannot be read${code}`);
  }
}
