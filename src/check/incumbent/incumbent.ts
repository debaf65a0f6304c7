/** Asks the incumbent over HTTP, as Envoy would. */
import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import https from 'node:https';
import type { Config } from '../../config/declare/options.ts';
import type { CheckRequest } from '../../model/check-request.ts';
import type { IncumbentAnswer } from '../../model/incumbent.ts';
import { http } from '../../runtime/node-http.ts';
import { type HeaderLine, headerLines } from '../../runtime/raw-headers.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { connectionHeaders } from './connection-headers.ts';

/** Sends a request to the incumbent. Rejects with an Error if there is no answer in time. */
export type AskIncumbent = (request: CheckRequest) => Promise<IncumbentAnswer>;

/** Maximum size of the header section and of the body of an answer, in bytes. */
const maxHeadBytes = 96 * 1024;
const maxBodyBytes = 256 * 1024;

/** Maximum number of requests at the same time. Further requests fail. */
const maxRequests = 1_024;

/** How long an idle connection stays open, in milliseconds. */
const idleTimeout = 30_000;

/** The error for an answer that is late. */
export function noAnswerInTime({ authorizer, timeout }: Config['shadow'], cause?: unknown): Error {
  return new Error(`no answer from ${new URL(authorizer).origin} within ${timeout} ms`, { cause });
}

/** Creates the client of the incumbent. */
export function createAskIncumbent(options: Config['shadow'], clock: Clock): AskIncumbent {
  const { authorizer, timeout } = options;
  const url = new URL(authorizer);
  const isSecure = url.protocol === 'https:';
  const agentOptions = { keepAlive: true, maxSockets: maxRequests, timeout: idleTimeout };
  const agent: Agent = isSecure ? new https.Agent(agentOptions) : new http.Agent(agentOptions);
  let running = 0;

  const ask = async (request: CheckRequest, signal: AbortSignal): Promise<IncumbentAnswer> => {
    const options: RequestOptions = {
      ...requestOf(request),
      hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? (isSecure ? 443 : 80) : url.port,
      setHost: false,
      maxHeaderSize: maxHeadBytes,
      signal,
    };
    const start = (by: Agent | false) =>
      isSecure ? https.request({ ...options, agent: by }) : http.request({ ...options, agent: by });
    try {
      return await answerTo(start(agent));
    } catch (error) {
      // A reused connection can be closed while the request is sent. The incumbent has not seen the request then.
      if (error instanceof ClosedConnection) return answerTo(start(false));
      throw error;
    }
  };

  return async (request) => {
    if (running >= maxRequests) throw new Error(`${maxRequests} requests already wait for an answer`);
    running++;
    const late = new AbortController();
    const cancel = clock.after(timeout, () => late.abort());
    try {
      return await ask(request, late.signal);
    } catch (cause) {
      if (late.signal.aborted) throw noAnswerInTime(options, cause);
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`no answer from ${url.origin} (${why})`, { cause });
    } finally {
      cancel();
      running--;
    }
  };
}

/** The request was sent on a connection that was already closed. */
class ClosedConnection extends Error {}

/** The request to send: without the headers of the connection, and without those that HTTP/1.1 cannot represent. */
function requestOf(request: CheckRequest): RequestOptions {
  const { target, headers } = request.original();
  const lines: HeaderLine[] = headers.filter(
    ([name, value]) => !connectionHeaders.has(name.toLowerCase()) && isValidHeader(name, value),
  );
  return {
    method: request.method,
    path: target.replaceAll(/[^\x21-\xff]/g, (character) => encodeURIComponent(character)),
    // Node.js sends a flat list unchanged, with the original names and duplicate lines.
    headers: [...lines.flat(), 'content-length', '0'] as unknown as NonNullable<RequestOptions['headers']>,
  };
}

function isValidHeader(name: string, value: string): boolean {
  try {
    http.validateHeaderName(name);
    http.validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

function answerTo(outgoing: ClientRequest): Promise<IncumbentAnswer> {
  return new Promise((resolve, reject) => {
    outgoing.once('error', (error: NodeJS.ErrnoException) => {
      const isClosed = outgoing.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      reject(isClosed ? new ClosedConnection() : error);
    });
    outgoing.once('response', (response) => {
      read(response, outgoing.method === 'HEAD').then(resolve, (error) => {
        outgoing.destroy();
        reject(error);
      });
    });
    // There is no tunnel for CONNECT, and the bytes after the header section are not a body.
    outgoing.once('connect', (response, socket) => {
      socket.destroy();
      resolve(answerOf(response, '', false));
    });
    outgoing.once('upgrade', (_, socket) => {
      socket.destroy();
      reject(new Error('it switches to another protocol, which was not requested'));
    });
    outgoing.end();
  });
}

async function read(response: IncomingMessage, isHead: boolean): Promise<IncumbentAnswer> {
  const { statusCode: status = 0 } = response;
  if (status < 200 || status > 599) throw new Error(`it answers with the status ${status}`);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new Error(`its answer is larger than ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  if (!response.complete) throw new Error('the connection ended before the answer was complete');
  const isBodyless = isHead || status === 204 || status === 304;
  return answerOf(response, Buffer.concat(chunks).toString('latin1'), isBodyless);
}

function answerOf(response: IncomingMessage, body: string, isBodyless: boolean): IncumbentAnswer {
  const { statusCode: status = 0, statusMessage: statusText = '', rawHeaders } = response;
  return { status, statusText, headers: headerLines(rawHeaders), body, isBodyless };
}
