/** Asks the authorizer that still decides, over HTTP, as Envoy would. */
import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import https from 'node:https';
import type { CheckRequest, IncumbentAnswer } from '../check/types.ts';
import type { Config } from '../config/options.ts';
import { http } from '../node-http.ts';
import { connectionHeaders } from './connection-headers.ts';

/** Asks for an answer; rejects where none can be had in time. */
export type AskIncumbent = (request: CheckRequest) => Promise<IncumbentAnswer>;

/** The largest answer, in bytes: its head, and its body. */
const maxHeadBytes = 96 * 1024;
const maxBodyBytes = 256 * 1024;

/** The most questions that are asked at once; what comes beyond them has no answer. */
const maxQuestions = 1_024;

/** How long a connection is kept for the next question, in milliseconds. */
const idleTimeout = 30_000;

/** Makes what asks. */
export function createAskIncumbent({ authorizer, timeout }: Config['shadow']): AskIncumbent {
  const url = new URL(authorizer);
  const isSecure = url.protocol === 'https:';
  const agentOptions = { keepAlive: true, maxSockets: maxQuestions, timeout: idleTimeout };
  const agent: Agent = isSecure ? new https.Agent(agentOptions) : new http.Agent(agentOptions);
  let questions = 0;

  const ask = (request: CheckRequest, signal: AbortSignal): Promise<IncumbentAnswer> => {
    const { target, headers } = request.original();
    const options: RequestOptions = {
      agent,
      hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? (isSecure ? 443 : 80) : url.port,
      method: request.method,
      path: target,
      // A flat list is sent as it is: names as they were written, and lines that come twice.
      headers: [
        ...headers.filter(([name]) => !connectionHeaders.has(name.toLowerCase())).flat(),
        'content-length',
        '0',
      ] as unknown as NonNullable<RequestOptions['headers']>,
      setHost: false,
      maxHeaderSize: maxHeadBytes,
      signal,
    };
    return new Promise((resolve, reject) => {
      const question: ClientRequest = isSecure ? https.request(options) : http.request(options);
      const answered = (response: IncomingMessage) =>
        read(response, request.method === 'HEAD').then(resolve, (error) => {
          question.destroy();
          reject(error);
        });
      question.once('error', (error) => reject(Object.assign(error, { isStale: isStale(question, error) })));
      question.once('response', answered);
      // To CONNECT there is no tunnel here, whatever the answer is.
      question.once('connect', (response, socket) => {
        socket.destroy();
        resolve(answerOf(response, '', true));
      });
      question.once('upgrade', (response, socket) => {
        socket.destroy();
        resolve(answerOf(response, '', true));
      });
      question.end();
    });
  };

  return async (request) => {
    if (questions >= maxQuestions) throw new Error(`${maxQuestions} questions wait for an answer already`);
    questions++;
    const signal = AbortSignal.timeout(timeout);
    try {
      // A connection can be closed in the moment in which it is used again; the question was not heard then.
      return await ask(request, signal).catch((error: unknown) =>
        isMarkedStale(error) ? ask(request, signal) : Promise.reject(error),
      );
    } finally {
      questions--;
    }
  };
}

async function read(response: IncomingMessage, isHead: boolean): Promise<IncumbentAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new Error(`the answer is larger than ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  if (!response.complete) throw new Error('the connection ended before the answer did');
  return answerOf(response, Buffer.concat(chunks).toString('latin1'), isHead);
}

function answerOf(response: IncomingMessage, body: string, isHead: boolean): IncumbentAnswer {
  const { statusCode: status = 0, statusMessage: statusText = '', rawHeaders } = response;
  const headers = rawHeaders.flatMap((name, index): [string, string][] =>
    index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? '']] : [],
  );
  return { status, statusText, headers, body, isBodyless: isHead || status === 204 || status === 304 };
}

function isStale(question: ClientRequest, error: NodeJS.ErrnoException): boolean {
  return question.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

function isMarkedStale(error: unknown): boolean {
  return error instanceof Error && 'isStale' in error && error.isStale === true;
}
