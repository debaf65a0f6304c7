/** Asks the authorizer that still decides, over HTTP, as Envoy would. */
import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import https from 'node:https';
import type { Config } from '../../config/declare/options.ts';
import type { CheckRequest } from '../../model/check-request.ts';
import type { IncumbentAnswer } from '../../model/incumbent.ts';
import { http } from '../../runtime/node-http.ts';
import { type HeaderLine, headerLines } from '../../runtime/raw-headers.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { connectionHeaders } from './connection-headers.ts';

/** Asks for an answer; rejects, with an Error that says why, where none can be had in time. */
export type AskIncumbent = (request: CheckRequest) => Promise<IncumbentAnswer>;

/** The largest answer, in bytes: its head, and its body. */
const maxHeadBytes = 96 * 1024;
const maxBodyBytes = 256 * 1024;

/** The most questions that are asked at once; what comes beyond them has no answer. */
const maxQuestions = 1_024;

/** How long a connection is kept for the next question, in milliseconds. */
const idleTimeout = 30_000;

/** Says that an answer did not come in time. */
export function noAnswerInTime({ authorizer, timeout }: Config['shadow'], cause?: unknown): Error {
  return new Error(`no answer from ${new URL(authorizer).origin} within ${timeout} ms`, { cause });
}

/** Makes what asks. */
export function createAskIncumbent(options: Config['shadow'], clock: Clock): AskIncumbent {
  const { authorizer, timeout } = options;
  const url = new URL(authorizer);
  const isSecure = url.protocol === 'https:';
  const agentOptions = { keepAlive: true, maxSockets: maxQuestions, timeout: idleTimeout };
  const agent: Agent = isSecure ? new https.Agent(agentOptions) : new http.Agent(agentOptions);
  let questions = 0;

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
      // A connection can be closed in the moment in which it is used again; the question was not heard then.
      if (error instanceof UnheardQuestion) return answerTo(start(false));
      throw error;
    }
  };

  return async (request) => {
    if (questions >= maxQuestions) throw new Error(`${maxQuestions} questions wait for an answer already`);
    questions++;
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
      questions--;
    }
  };
}

/** A question that was put on a connection which had ended already. */
class UnheardQuestion extends Error {}

/** What is sent on: all but what belongs to the connection that it came on, and what HTTP/1.1 cannot carry. */
function requestOf(request: CheckRequest): RequestOptions {
  const { target, headers } = request.original();
  const lines: HeaderLine[] = headers.filter(
    ([name, value]) => !connectionHeaders.has(name.toLowerCase()) && isCarried(name, value),
  );
  return {
    method: request.method,
    path: target.replaceAll(/[^\x21-\xff]/g, (character) => encodeURIComponent(character)),
    // A flat list is sent as it is: names as they were written, and lines that come twice.
    headers: [...lines.flat(), 'content-length', '0'] as unknown as NonNullable<RequestOptions['headers']>,
  };
}

function isCarried(name: string, value: string): boolean {
  try {
    http.validateHeaderName(name);
    http.validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

function answerTo(question: ClientRequest): Promise<IncumbentAnswer> {
  return new Promise((resolve, reject) => {
    question.once('error', (error: NodeJS.ErrnoException) => {
      const isUnheard = question.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      reject(isUnheard ? new UnheardQuestion() : error);
    });
    question.once('response', (response) => {
      read(response, question.method === 'HEAD').then(resolve, (error) => {
        question.destroy();
        reject(error);
      });
    });
    // To CONNECT there is no tunnel here, whatever the answer is; and what follows its head is no body.
    question.once('connect', (response, socket) => {
      socket.destroy();
      resolve(answerOf(response, '', false));
    });
    question.once('upgrade', (_, socket) => {
      socket.destroy();
      reject(new Error('it answers with another protocol, which nobody asked for'));
    });
    question.end();
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
  if (!response.complete) throw new Error('the connection ended before its answer did');
  const isBodyless = isHead || status === 204 || status === 304;
  return answerOf(response, Buffer.concat(chunks).toString('latin1'), isBodyless);
}

function answerOf(response: IncomingMessage, body: string, isBodyless: boolean): IncumbentAnswer {
  const { statusCode: status = 0, statusMessage: statusText = '', rawHeaders } = response;
  return { status, statusText, headers: headerLines(rawHeaders), body, isBodyless };
}
