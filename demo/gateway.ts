/** The gateway in front of the workload: a real Envoy, or a stand-in if there is no Envoy. */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Client, credentials } from '@grpc/grpc-js';
import { loadSync, type MethodDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import { loginEntryHeaders } from '../src/config/rules/entry-headers.ts';
import { startEnvoy } from '../tools/envoy.ts';
import { istioSidecar } from '../tools/istio.ts';

/** The protocol between the gateway and the authorizer. */
export type Transport = 'http' | 'grpc';

/** A gateway that runs. */
export interface Gateway {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/** The ports that a gateway connects. */
export interface GatewayOptions {
  readonly transport: Transport;
  readonly authorizer: number;
  readonly workload: number;
}

/** The headers of a check with a login. */
const checkHeaders = ['authorization', ...loginEntryHeaders.include];

/** Starts Envoy, configured as Istio configures a sidecar. */
export async function envoyGateway(
  path: string,
  { transport, authorizer, workload }: GatewayOptions,
): Promise<Gateway> {
  const mesh = {
    transport,
    authorizers: [authorizer],
    workload,
    timeout: 5,
    ...(transport === 'http' && {
      includeRequestHeadersInCheck: checkHeaders,
      headersToUpstreamOnAllow: ['x-auth-request-*', 'cookie', 'authorization'],
      headersToDownstreamOnAllow: [...loginEntryHeaders.toBrowserOnAllow],
    }),
  };
  return startEnvoy(path, (ports) => istioSidecar(mesh, ports));
}

/** The authorizer's answer: header changes for the workload, or the response to the client. */
type Answer =
  | { readonly set: Readonly<Record<string, string>>; readonly remove: readonly string[] }
  | { readonly status: number; readonly headers: http.OutgoingHttpHeaders; readonly body: string };

/** Starts the stand-in. Like Envoy, it sends a check to the authorizer and applies the answer. It has no other feature of Envoy. */
export async function standInGateway({ transport, authorizer, workload }: GatewayOptions): Promise<Gateway> {
  const ask = transport === 'http' ? askOverHttp(authorizer) : askOverGrpc(authorizer);
  const server = http.createServer(async (request, response) => {
    const answer = await ask(request);
    if ('status' in answer) response.writeHead(answer.status, answer.headers).end(answer.body);
    else forward(request, response, answer, workload);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function askOverHttp(port: number): (request: IncomingMessage) => Promise<Answer> {
  return async ({ method, url, headers }) => {
    const included = Object.fromEntries(
      ['host', ...checkHeaders].flatMap((name) =>
        headers[name] === undefined ? [] : [[name, headers[name]]],
      ),
    );
    const {
      status,
      headers: responseHeaders,
      body,
    } = await fetchPlain({ port, method, path: url, headers: included });
    if (status !== 200) return { status, headers: { ...responseHeaders, connection: 'close' }, body };
    const remove = String(responseHeaders['x-envoy-auth-headers-to-remove'] ?? '').split(',');
    const set = Object.entries(responseHeaders).filter(
      ([name]) => name.startsWith('x-auth-request-') || name === 'cookie' || name === 'authorization',
    );
    return { set: Object.fromEntries(set.map(([name, value]) => [name, String(value)])), remove };
  };
}

interface HeaderOption {
  readonly header: { readonly key: string; readonly value: string };
}

interface CheckResponse {
  readonly status?: { readonly code?: number };
  readonly okResponse?: {
    readonly headers?: readonly HeaderOption[];
    readonly headersToRemove?: readonly string[];
  };
  readonly deniedResponse?: {
    readonly status: { readonly code: number };
    readonly headers?: readonly HeaderOption[];
    readonly body?: string;
  };
}

function askOverGrpc(port: number): (request: IncomingMessage) => Promise<Answer> {
  const folder = fileURLToPath(new URL('../protos/', import.meta.url));
  const service = loadSync('external_auth.proto', { includeDirs: [folder] })[
    'envoy.service.auth.v3.Authorization'
  ] as ServiceDefinition;
  const { path, requestSerialize, responseDeserialize } = service.Check as MethodDefinition<object, object>;
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const headersOf = (options: readonly HeaderOption[] = []) =>
    Object.fromEntries(options.map(({ header }) => [header.key, header.value]));

  return ({ method, url, headers }) =>
    new Promise((resolve, reject) => {
      const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
      const message = {
        attributes: { request: { http: { method, path: url, host: headers.host, headers: sent } } },
      };
      const read = (bytes: Buffer) => responseDeserialize(bytes) as CheckResponse;
      client.makeUnaryRequest(path, requestSerialize, read, message, (error, response) => {
        if (error !== null || response === undefined) return reject(error);
        const { status, okResponse, deniedResponse } = response;
        if ((status?.code ?? 0) === 0)
          return resolve({ set: headersOf(okResponse?.headers), remove: okResponse?.headersToRemove ?? [] });
        return resolve({
          status: deniedResponse?.status.code ?? 403,
          headers: headersOf(deniedResponse?.headers),
          body: deniedResponse?.body ?? '',
        });
      });
    });
}

function forward(
  request: IncomingMessage,
  response: ServerResponse,
  { set, remove }: Extract<Answer, { set: object }>,
  port: number,
): void {
  const remaining = Object.entries(request.headers).filter(([name]) => !remove.includes(name));
  const headers = { ...Object.fromEntries(remaining), ...set };
  const upstream = http.request(
    { port, host: '127.0.0.1', method: request.method, path: request.url, headers },
    (upstreamResponse) => {
      response.writeHead(upstreamResponse.statusCode ?? 502, upstreamResponse.headers);
      upstreamResponse.pipe(response);
    },
  );
  upstream.on('error', () => response.destroy());
  request.pipe(upstream);
}

/** Sends a request, and reads the whole response. */
export function fetchPlain({
  body: sent,
  ...options
}: http.RequestOptions & { readonly body?: string | undefined }): Promise<{
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
}> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', ...options }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    });
    request.on('error', reject).end(sent);
  });
}
