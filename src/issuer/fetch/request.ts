/** Sends one request to an issuer. Time, size and destination are limited, and redirects are not followed. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import https from 'node:https';
import type { LookupFunction, Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { maskUrls } from '../../config/values/quote-value.ts';
import { isLoopback, urlProblem } from '../../config/values/urls.ts';
import { http } from '../../runtime/node-http.ts';
import { type Agents, createAgents } from './agents.ts';
import { decoderOf } from './content-coding.ts';
import { codeOf, rootOf } from './error-details.ts';
import type { Attempt } from './fetch-attempt.ts';
import { explainFailure } from './fetch-problems.ts';
import { guardedLookup, type Resolve, resolveBySystem } from './guarded-lookup.ts';
import { type ClientCertificate, createTrust, type TrustOptions } from './trust.ts';

/** The settings of all requests to an issuer. */
export interface RequestOptions extends TrustOptions {
  /** Milliseconds for a whole request: name lookup, connection, headers and body. */
  readonly timeout: number;
  /** The option that sets the time, for messages. */
  readonly timeoutOption: string;
  /** Maximum size of a response body, in bytes. */
  readonly maxBytes: number;
  /** Whether http:// is allowed for other hosts than this machine. */
  readonly insecureHttp: boolean;
  /** The URL of a proxy; `env` to read it from the environment; empty for no proxy. */
  readonly proxy: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The name of the issuer, for messages. */
  readonly issuerName?: string;
}

/** A request. */
export interface OutgoingRequest {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The URL of the document that named this one, which limits the addresses; undefined if the configuration names it. */
  readonly from: string | undefined;
  /** The option that names the URL, for messages; undefined if a discovery document does. */
  readonly option: Attempt['option'];
  readonly clientCertificate?: ClientCertificate | undefined;
  /** Called before the body is read. Throws to reject the response. */
  readonly acceptHead?: (status: number, headers: IncomingHttpHeaders) => void;
  /** Whether to connect a second time if the first connection failed before anything was sent. */
  readonly mayReconnect?: boolean;
}

/** A response. */
export interface Received {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A request without a response. The message explains the failure. */
export class RequestError extends Error {
  /** Whether nothing of the request was sent. */
  readonly isUnsent: boolean;

  constructor(message: string, isUnsent: boolean, cause?: unknown) {
    super(message, { cause });
    this.isUnsent = isUnsent;
  }
}

/** Sends a request. Rejects with a {@link RequestError}. */
export type Send = (url: string, request: OutgoingRequest) => Promise<Received>;

/** Failures to connect that a second attempt can avoid. */
const transient = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'EAI_AGAIN', 'EHOSTUNREACH']);

/** Creates a {@link Send}. */
export function createSend(options: RequestOptions, resolve: Resolve = resolveBySystem): Send {
  const agentsFor = createAgents(options.proxy, options.environment);
  const trust = createTrust(options);
  const { issuerName } = options;
  const whose = issuerName === undefined ? '' : ` of the issuer ${issuerName}`;

  return async (text, request) => {
    const url = allowedUrl(text, options.insecureHttp);
    const signal = AbortSignal.timeout(options.timeout);
    let proxy: string | undefined;
    let hasAnswered = false;
    const progress: Progress = { isSent: false };

    const exchange = async (): Promise<Received> => {
      const agents = agentsFor(url);
      proxy = agents.proxy;
      const lookup = guardedLookup(resolve, { url, from: request.from, insecureHttp: options.insecureHttp });
      const secureContext = trust(request.clientCertificate);
      const response = await send(url, request, { agents, secureContext, lookup, signal, progress });
      hasAnswered = true;
      try {
        request.acceptHead?.(response.statusCode ?? 0, response.headers);
        return await collect(response, options.maxBytes);
      } finally {
        response.destroy();
      }
    };
    const canConnectAgain = (error: unknown) =>
      request.mayReconnect === true &&
      !progress.isSent &&
      !signal.aborted &&
      transient.has(codeOf(rootOf(error)));

    try {
      return await exchange().catch((error) => {
        if (canConnectAgain(error)) return exchange();
        throw error;
      });
    } catch (error) {
      const place = `${shortened(text)}${whose}`;
      const isUnsent = !progress.isSent;
      if (signal.aborted)
        throw new RequestError(
          `${place} did not respond within ${options.timeout} ms${proxy === undefined ? '' : ` through the proxy ${proxy}`}; check that it runs and that egress to it is allowed (NetworkPolicy, firewall, ServiceEntry), or raise \`${options.timeoutOption}\` (ETIMEDOUT)`,
          isUnsent,
        );
      const problem = explainFailure(error, {
        url,
        option: request.option,
        hasCaFile: options.extraCa !== undefined,
        trustSystemCas: options.trustSystemCas,
        hasAnswered,
        proxy,
        isProxyOfEnvironment: options.proxy === 'env',
      });
      throw new RequestError(`cannot fetch ${place}: ${problem}`, isUnsent, error);
    }
  };
}

/** @throws RequestError if the URL must not be fetched */
function allowedUrl(text: string, insecureHttp: boolean): URL {
  const problem = urlProblem(text);
  if (problem !== undefined)
    throw new RequestError(`${shortened(text)} must not be fetched: ${problem}`, true);
  const url = new URL(text);
  if (url.protocol === 'http:' && !insecureHttp && !isLoopback(url))
    throw new RequestError(
      `${shortened(text)} must not be fetched: plain http:// requires \`issuers[].insecureHttp: true\``,
      true,
    );
  return url;
}

/** How far a request is. */
interface Progress {
  isSent: boolean;
}

/** The settings of one connection. */
interface Means {
  readonly agents: Agents;
  readonly secureContext: SecureContext | undefined;
  readonly lookup: LookupFunction;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

function send(
  url: URL,
  { method, headers, body }: OutgoingRequest,
  { agents, secureContext, lookup, signal, progress }: Means,
): Promise<IncomingMessage> {
  const options: https.RequestOptions = {
    method,
    signal,
    headers: { ...headers, 'accept-encoding': 'identity', 'user-agent': 'oidc-authz' },
    // Explicit, because NODE_TLS_REJECT_UNAUTHORIZED changes the default.
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ...(secureContext !== undefined && { secureContext }),
    lookup,
  };
  return new Promise((resolve, reject) => {
    const request =
      url.protocol === 'https:'
        ? https.request(url, { ...options, agent: agents.https })
        : http.request(url, { ...options, agent: agents.http });
    request.once('socket', (socket) => watchConnection(socket, progress));
    request.once('error', reject);
    request.once('response', resolve);
    request.end(body);
  });
}

/** Marks a request as sent as soon as its connection can carry it. */
function watchConnection(socket: Socket, progress: Progress): void {
  const sent = () => {
    progress.isSent = true;
  };
  if ('secureConnecting' in socket && socket.secureConnecting === true) socket.once('secureConnect', sent);
  else if (socket.connecting) socket.once('connect', sent);
  else sent();
}

async function collect(response: IncomingMessage, maxBytes: number): Promise<Received> {
  const { headers, statusCode: status = 0 } = response;
  const decode = decoderOf(headers['content-encoding'] ?? '');
  const tooLarge = () =>
    new Error(`the response is larger than ${maxBytes} bytes; raise \`limits.maxIssuerResponseSize\``);
  if (Number(headers['content-length'] ?? 0) > maxBytes) throw tooLarge();

  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  if (!response.complete) throw new Error('the connection closed before the whole response arrived');
  const body = await decode(Buffer.concat(chunks), maxBytes);
  const flat = Object.entries(headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : (value ?? ''),
  ]);
  return { status, body: body.toString('utf8'), headers: Object.fromEntries(flat) };
}

/** A URL for a message, without secrets and at most 200 characters. */
export function shortened(url: string): string {
  const masked = maskUrls(url);
  return masked.length > 200 ? `${masked.slice(0, 200)}…` : masked;
}
