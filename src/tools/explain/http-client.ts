/** Sends one HTTP/1.1 request, exactly as it is given, and reads the response with limits. */
import type { IncomingMessage, RequestOptions } from 'node:http';
import https from 'node:https';
import { http } from '../../runtime/node-http.ts';
import { type HeaderLine, headerLines } from '../../runtime/raw-headers.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { connectionProblem } from '../connection-problem.ts';
import { type ClientTls, NoAnswer } from './envoy-answer.ts';

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

/** The body of a response is larger than the limit. */
export class TooLargeError extends Error {}

/** A request. Names and values have one character per byte. */
export interface OneRequest {
  readonly method: string;
  /** The request target. */
  readonly target: string;
  /** Every header line, `host` included. */
  readonly headers: readonly HeaderLine[];
  readonly body?: string;
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
  const body = Buffer.from(request.body ?? '', 'utf8');
  const options: RequestOptions = {
    method: request.method,
    path: request.target,
    hostname: origin.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: origin.port === '' ? (isSecure ? 443 : 80) : origin.port,
    // Node sends a flat list unchanged, with the original names and duplicate lines.
    headers: [
      ...request.headers.flat(),
      ...['content-length', String(body.length)],
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
    const why = abort.signal.aborted ? `none within ${timeout / 1000} s` : connectionProblem(error);
    throw new NoAnswer(`no answer from ${origin.origin}: ${why}`, { cause: error });
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

/** The cause of a failed request. An error of several addresses has no message of its own. */
