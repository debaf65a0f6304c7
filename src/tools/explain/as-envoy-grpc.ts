/** Asks a gRPC check listener with a real CheckRequest, as Envoy's gRPC ext_authz does. */
import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import { fileURLToPath } from 'node:url';

import type { ServiceError } from '@grpc/grpc-js';
import type { ExplainRequest } from '../../model/explanation.ts';
import { reasons } from '../../model/reasons.ts';
import type { HeaderLine } from '../../runtime/raw-headers.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { connectionProblem } from '../connection-problem.ts';
import { type ClientTls, NoAnswer, noConnection } from '../http-client.ts';
import type { EnvoyAnswer, EnvoyDecision } from './envoy-answer.ts';
import { headerLinesOf } from './request-lines.ts';

/** The longest wait for a response, in milliseconds. */
const answerTimeout = 15_000;

/** Maximum size of a response, in bytes. */
const maxAnswerBytes = 1024 * 1024;

/** The folder of the protos: next to `src` in the repository, and next to `dist`, which has no folders, in the package. */
const protos = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../../protos/' : '../protos/', import.meta.url),
);

/** The CheckResponse, as proto-loader decodes it. */
interface CheckResponse {
  readonly status?: { readonly code?: number; readonly message?: string };
  readonly ok_response?: {
    readonly headers?: readonly HeaderOption[];
    readonly headers_to_remove?: readonly string[];
  };
  readonly denied_response?: {
    readonly status?: { readonly code?: number };
    readonly headers?: readonly HeaderOption[];
    readonly body?: string;
  };
  readonly dynamic_metadata?: Struct;
}

interface HeaderOption {
  readonly header?: { readonly key?: string; readonly value?: string; readonly raw_value?: Buffer };
}

interface Struct {
  readonly fields?: Readonly<Record<string, StructValue>>;
}

interface StructValue {
  readonly stringValue?: string;
  readonly numberValue?: number;
  readonly boolValue?: boolean;
  readonly structValue?: Struct;
  readonly listValue?: { readonly values?: readonly StructValue[] };
}

/**
 * Sends a check.
 *
 * @param target HOST:PORT
 * @param tls undefined for a connection without TLS
 * @throws NoAnswer if the call fails, or if this process may not compile the protos
 */
export async function askOverGrpc(
  target: string,
  request: ExplainRequest,
  tls: ClientTls | undefined,
  clock: Clock,
): Promise<EnvoyAnswer> {
  const grpc = await import('@grpc/grpc-js');
  const address = addressOf(target);
  const credentials =
    tls === undefined
      ? grpc.credentials.createInsecure()
      : grpc.credentials.createSsl(bufferOf(tls.ca), bufferOf(tls.key), bufferOf(tls.cert), {
          checkServerIdentity: (name, certificate) => checkServerIdentity(address ?? name, certificate),
        });
  const client = new grpc.Client(target, credentials, {
    'grpc.max_receive_message_length': maxAnswerBytes,
    'grpc.enable_retries': 0,
    'grpc.enable_http_proxy': 0,
    // An address cannot be the name in a TLS handshake (RFC 6066 section 3), but grpc-js would write it there.
    ...(tls !== undefined && address !== undefined && { 'grpc.ssl_target_name_override': 'localhost' }),
  });
  try {
    const { path, requestSerialize, responseDeserialize } = await loadCheckMethod();
    const response = await new Promise<CheckResponse>((resolve, reject) => {
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize as (bytes: Buffer) => CheckResponse,
        messageOf(request),
        { deadline: clock.now() + answerTimeout },
        (error: ServiceError | null, answer?: CheckResponse) => {
          if (error !== null) reject(error);
          else resolve(answer ?? {});
        },
      );
    });
    return answerOf(response);
  } catch (error) {
    throw problemOf(error, target);
  } finally {
    client.close();
  }
}

async function loadCheckMethod() {
  const { loadSync } = await import('@grpc/proto-loader');
  const definition = loadSync('external_auth.proto', {
    keepCase: true,
    oneofs: true,
    includeDirs: [protos],
  })['envoy.service.auth.v3.Authorization'];
  const method = definition !== undefined && 'Check' in definition ? definition.Check : undefined;
  if (method === undefined || typeof method !== 'object' || !('requestSerialize' in method))
    throw new TypeError('protos/external_auth.proto does not define Check');
  return method;
}

function bufferOf(text: string | undefined): Buffer | null {
  return text === undefined ? null : Buffer.from(text);
}

/** The message that Envoy makes from a request: it joins the lines of a header with commas. */
function messageOf(request: ExplainRequest): object {
  const { method, host, path, policy, source } = request;
  const headers: Record<string, string> = { ':authority': host, ':method': method, ':path': path };
  for (const [name, value] of headerLinesOf(request)) {
    const key = name.toLowerCase();
    headers[key] = headers[key] === undefined ? value : `${headers[key]},${value}`;
  }
  return {
    attributes: {
      ...(source !== undefined && {
        source: {
          address: { socket_address: { address: source.address } },
          principal: source.principal,
          certificate: source.certificate,
        },
      }),
      request: { http: { method, host, path, headers } },
      context_extensions: policy === undefined ? {} : { policy },
    },
  };
}

function answerOf({ status, ok_response, denied_response, dynamic_metadata }: CheckResponse): EnvoyAnswer {
  const code = status?.code ?? 0;
  const isAllow = code === reasons.allowed.grpcCode;
  return {
    transport: 'grpc',
    status: code,
    statusText: status?.message ?? '',
    headers: linesOf((isAllow ? ok_response?.headers : denied_response?.headers) ?? []),
    remove: isAllow ? (ok_response?.headers_to_remove ?? []) : [],
    body: isAllow ? '' : (denied_response?.body ?? ''),
    metadata: plainOf(dynamic_metadata),
    envoy: envoyDecision(isAllow, denied_response?.status?.code),
  };
}

/** Envoy allows only the code 0. Without a status for the client, it sends 403. */
function envoyDecision(isAllow: boolean, clientStatus: number | undefined): EnvoyDecision {
  if (isAllow) return { does: 'allow' };
  return { does: 'deny', clientStatus: (clientStatus ?? 0) === 0 ? 403 : (clientStatus ?? 403) };
}

function linesOf(options: readonly HeaderOption[]): readonly HeaderLine[] {
  return options.map(({ header }) => {
    const raw = header?.raw_value;
    const value = raw !== undefined && raw.length > 0 ? raw.toString('utf8') : (header?.value ?? '');
    return [header?.key ?? '', value];
  });
}

function plainOf(struct: Struct | undefined): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(struct?.fields ?? {}).map(([name, value]) => [name, plainValue(value)]),
  );
}

function plainValue(value: StructValue): unknown {
  if (value.structValue !== undefined) return plainOf(value.structValue);
  if (value.listValue !== undefined) return (value.listValue.values ?? []).map(plainValue);
  return value.stringValue ?? value.numberValue ?? value.boolValue ?? null;
}

function problemOf(error: unknown, target: string): NoAnswer {
  if (error instanceof EvalError)
    return new NoAnswer(
      'this process may not compile the protos, because Node runs with --disallow-code-generation-from-strings; run the command without this flag (docs/explain.md), or use --http',
      { cause: error },
    );
  const details = error instanceof Error && 'details' in error ? String(error.details) : String(error);
  return noConnection(target, lastError(details), error);
}

/** The last error of the connection, without the words of grpc-js around it. */
function lastError(details: string): string {
  const [, cause = details] = /Last error: (?:Error: )?(.*?)\.? Resolution note:/s.exec(details) ?? [];
  return /^(Protocol error|Failed to connect)/.test(cause)
    ? 'the port does not use gRPC without TLS; for a port with TLS, add --tls, and for HTTP checks, use --http'
    : connectionProblem(new Error(cause));
}

/** The IP address in `HOST:PORT`; undefined if the host is a name. */
function addressOf(target: string): string | undefined {
  const host = target.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return isIP(host) === 0 ? undefined : host;
}
