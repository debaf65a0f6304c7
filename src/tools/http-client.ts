/** Sends one HTTP/1.1 request, exactly as it is given, and reads the response with limits. */
import type { IncomingMessage, RequestOptions } from 'node:http';
import https from 'node:https';
import { http } from '../runtime/node-http.ts';
import { type HeaderLine, headerLines } from '../runtime/raw-headers.ts';
import type { Clock } from '../runtime/time/clock.ts';
import { checkAddress, connectionProblem } from './connection-problem.ts';

/** The limits of a response. */
export interface ResponseLimits {
  /** The longest wait for the whole response, in milliseconds. */
  readonly timeout: number;
  /** Maximum size of the body, in bytes. */
  readonly maxBodyBytes: number;
}

const usualLimits: ResponseLimits = { timeout: 15_000, maxBodyBytes: 4 * 1024 * 1024 };

/** Maximum size of the header section of a response, in bytes. */
const maxHeadBytes = 112 * 1024;

/** How to reach a listener with TLS. */
export interface ClientTls {
  /** PEM. Undefined for the system's CAs. */
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** The listener did not answer. The message says why. */
export class NoAnswer extends Error {}

/** The error of a connection that fails. @param why the cause and the fix */
export function noConnection(address: string, why: string, cause: unknown): NoAnswer {
  return new NoAnswer(`no answer from ${address}: ${why}`, { cause });
}

/** The body of a response is larger than the limit. */
export class TooLargeError extends Error {}

/** A request. Names and values have one character per byte. */
export interface OneRequest {
  readonly method: string;
  /** The request target. */
  readonly target: string;
  /** Every header line, `host` included. */
  readonly headers: readonly HeaderLine[];
  /** Undefined to send neither a body nor its length. */
  readonly body?: string | undefined;
}

/** A response. */
export interface OneResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly HeaderLine[];
  readonly body: string;
}

/**
 * Sends a request on a connection of its own.
 *
 * @param origin the address, such as `http://127.0.0.1:8000`
 * @throws NoAnswer if there is no complete response within the limits; its cause is a TooLargeError if the body is too large
 */
export async function sendOnce(
  origin: URL,
  request: OneRequest,
  tls: ClientTls,
  clock: Clock,
  { timeout, maxBodyBytes } = usualLimits,
): Promise<OneResponse> {
  const isSecure = origin.protocol === 'https:';
  const abort = new AbortController();
  const cancel = clock.after(timeout, () => abort.abort());
  const body = request.body === undefined ? undefined : Buffer.from(request.body, 'utf8');
  const options: RequestOptions = {
    method: request.method,
    path: request.target,
    hostname: origin.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: origin.port === '' ? (isSecure ? 443 : 80) : origin.port,
    // Node sends a flat list unchanged, with the original names and duplicate lines.
    headers: [
      ...request.headers.flat(),
      ...(body === undefined ? [] : ['content-length', String(body.length)]),
      ...['connection', 'close'],
    ] as unknown as NonNullable<RequestOptions['headers']>,
    setHost: false,
    agent: false,
    maxHeaderSize: maxHeadBytes,
    signal: abort.signal,
  };
  try {
    const sent = isSecure ? https.request({ ...options, ...tls }) : http.request(options);
    const arrived = Promise.withResolvers<IncomingMessage>();
    sent.on('response', arrived.resolve);
    sent.on('error', arrived.reject);
    sent.end(body);
    return await read(await arrived.promise, maxBodyBytes);
  } catch (error) {
    if (error instanceof TooLargeError)
      throw new NoAnswer(`no answer from ${origin.origin}: ${error.message}`, { cause: error });
    const why = abort.signal.aborted
      ? `none within ${timeout / 1000} s; ${checkAddress}`
      : connectionProblem(error);
    throw noConnection(origin.origin, why, error);
  } finally {
    cancel();
  }
}

async function read(response: IncomingMessage, maxBodyBytes: number): Promise<OneResponse> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) throw new TooLargeError(`its body is larger than ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  const { statusCode: status = 0, statusMessage: statusText = '', rawHeaders } = response;
  return {
    status,
    statusText,
    headers: headerLines(rawHeaders),
    body: Buffer.concat(chunks).toString('utf8'),
  };
}
