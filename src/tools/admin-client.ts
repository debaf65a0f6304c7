/** Sends requests to the admin port of a running process: of this service, or of an Envoy. Time and size are limited. */
import type { IncomingMessage, RequestOptions } from 'node:http';
import https from 'node:https';
import { maskUrls } from '../config/values/quote-value.ts';
import { isOrigin } from '../config/values/urls.ts';
import { http } from '../runtime/node-http.ts';
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

/** A response of an admin port, with any status. */
export interface AdminAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** The limits of one request. */
export interface AdminLimits {
  /** Milliseconds for the whole request. */
  readonly timeout: number;
  /** Maximum size of the response, in bytes. */
  readonly maxBytes: number;
}

/**
 * Sends a request: GET, or POST with a JSON body.
 *
 * @throws ConfigError if there is no complete response within the limits
 */
export type AskAdmin = (path: string, body?: string) => Promise<AdminAnswer>;

/** The response is larger than the limit. */
export class TooLargeError extends Error {}

/**
 * Creates the client of an admin port.
 *
 * @throws ConfigError if the URL is more than an origin, or if a file cannot be read
 */
export function createAdminClient(
  { url, flag, tokenFile, caFile, certFile, keyFile }: AdminTarget,
  limits: AdminLimits,
  readFile: (path: string) => string,
): AskAdmin {
  const origin = url.replace(/\/$/, '');
  if (!isOrigin(origin))
    throw singleProblem(`flag ${flag}`, 'expected a URL such as http://127.0.0.1:8081, without a path');
  const { protocol } = new URL(origin);
  const read = (file: string | undefined) => (file === undefined ? undefined : readInputFile(file, readFile));
  const token = read(tokenFile)?.trim();
  const [ca, cert, key] = [caFile, certFile, keyFile].map(read);
  // Explicit, because NODE_TLS_REJECT_UNAUTHORIZED changes the default.
  const tls = { ca, cert, key, rejectUnauthorized: true, minVersion: 'TLSv1.2' as const };
  return async (path, body) => {
    const signal = AbortSignal.timeout(limits.timeout);
    const options: RequestOptions = {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        }),
      },
      agent: false,
      signal,
    };
    try {
      const address = new URL(path, origin);
      const sent =
        protocol === 'https:'
          ? https.request(address, { ...options, ...tls })
          : http.request(address, options);
      const arrived = Promise.withResolvers<IncomingMessage>();
      sent.on('response', arrived.resolve);
      sent.on('error', arrived.reject);
      sent.end(body);
      return await answerOf(await arrived.promise, limits.maxBytes);
    } catch (error) {
      if (error instanceof TooLargeError) throw error;
      const why = signal.aborted ? `no response within ${limits.timeout} ms` : reasonOf(error);
      throw singleProblem(
        `flag ${flag}`,
        `cannot ask ${maskUrls(origin)}: ${why}; check the URL, and that the process runs (in Kubernetes: kubectl port-forward)`,
      );
    }
  };
}

async function answerOf(response: IncomingMessage, maxBytes: number): Promise<AdminAnswer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) throw new TooLargeError(`the response is larger than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
  } finally {
    response.destroy();
  }
  if (!response.complete) throw new Error('the connection closed before the whole response arrived');
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

/** The cause of a failed request. An error of several addresses has no message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0)
    return [...new Set(error.errors.map(reasonOf))].join('; ');
  return error instanceof Error && error.message !== '' ? error.message : String(error);
}
