/** Sends GET requests to the admin port of a running process: of this service, or of an Envoy. */
import { isOrigin } from '../config/values/urls.ts';
import type { Clock } from '../runtime/time/clock.ts';
import { type ClientTls, NoAnswer } from './explain/envoy-answer.ts';
import { type OneResponse, type ResponseLimits, sendOnce, TooLargeError } from './explain/http-client.ts';
import { readInputFile } from './input-file.ts';
import { singleProblem } from './single-problem.ts';

/** How to reach an admin port, by the flags of a command. */
export interface AdminTarget {
  /** For example `http://127.0.0.1:8081`. */
  readonly url: string;
  /** The flag that names the URL, for problems. */
  readonly flag: string;
  /** The file with the token of `admin.tokenFile`. */
  readonly tokenFile?: string | undefined;
  /** PEM files for TLS. */
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

/**
 * Sends a GET request. The response can have any status.
 *
 * @throws NoAnswer if the response exceeds a limit
 * @throws ConfigError if there is no response
 */
export type AskAdmin = (path: string) => Promise<OneResponse>;

/**
 * Creates the client of an admin port.
 *
 * @throws ConfigError if the URL is more than an origin, or if a file cannot be read
 */
export function createAdminClient(
  { url, flag, tokenFile, caFile, certFile, keyFile }: AdminTarget,
  {
    limits,
    readFile,
    clock,
  }: {
    readonly limits: ResponseLimits;
    readonly readFile: (path: string) => string;
    readonly clock: Clock;
  },
): AskAdmin {
  if (!isOrigin(url))
    throw singleProblem(`flag ${flag}`, 'expected a URL such as http://127.0.0.1:8081, without a path');
  const origin = new URL(url);
  const read = (file: string | undefined) => (file === undefined ? undefined : readInputFile(file, readFile));
  const token = read(tokenFile)?.trim();
  const tls: ClientTls = { ca: read(caFile), cert: read(certFile), key: read(keyFile) };
  const headers = [
    ['host', origin.host] as const,
    ...(token === undefined ? [] : [['authorization', `Bearer ${token}`] as const]),
  ];
  return async (target) => {
    try {
      return await sendOnce(origin, { method: 'GET', target, headers }, tls, clock, limits);
    } catch (error) {
      if (!(error instanceof NoAnswer) || isTooLarge(error)) throw error;
      throw singleProblem(
        `flag ${flag}`,
        `${error.message}; check the URL, and that the process runs (in Kubernetes: kubectl port-forward)`,
      );
    }
  };
}

/** Whether a response was too large. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof NoAnswer && error.cause instanceof TooLargeError;
}
