/** What stands in front of the workload: a real Envoy, or a stand-in that plays its part where none can be had. */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Client, credentials } from '@grpc/grpc-js';
import { loadSync, type MethodDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import { startEnvoy } from '../tools/envoy.ts';
import { istioSidecar } from '../tools/istio.ts';

/** How the gateway asks the authorizer. */
export type Transport = 'http' | 'grpc';

/** A gateway that runs. */
export interface Gateway {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/** What a gateway stands between. */
export interface Between {
  readonly transport: Transport;
  readonly authorizer: number;
  readonly workload: number;
}

/** Starts Envoy, configured as Istio configures a sidecar. */
export async function envoyGateway(
  path: string,
  { transport, authorizer, workload }: Between,
): Promise<Gateway> {
  return startEnvoy(path, (ports) => istioSidecar({ transport, authorizers: [authorizer], workload }, ports));
}

/** What the authorizer said: let it through with these changes, or answer so. */
type Verdict =
  | { readonly set: Readonly<Record<string, string>>; readonly remove: readonly string[] }
  | { readonly status: number; readonly headers: http.OutgoingHttpHeaders; readonly body: string };

/** Starts the stand-in: it asks, and does what the answer says, as Envoy does; nothing else of Envoy is in it. */
export async function standInGateway({ transport, authorizer, workload }: Between): Promise<Gateway> {
  const ask = transport === 'http' ? askOverHttp(authorizer) : askOverGrpc(authorizer);
  const server = http.createServer(async (request, response) => {
    const verdict = await ask(request);
    if ('status' in verdict) response.writeHead(verdict.status, verdict.headers).end(verdict.body);
    else pass(request, response, verdict, workload);
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

function askOverHttp(port: number): (request: IncomingMessage) => Promise<Verdict> {
  return async ({ method, url, headers }) => {
    const included = {
      host: headers.host ?? '',
      ...(headers.authorization !== undefined && { authorization: headers.authorization }),
    };
    const {
      status,
      headers: answered,
      body,
    } = await fetchPlain({ port, method, path: url, headers: included });
    if (status !== 200) return { status, headers: { ...answered, connection: 'close' }, body };
    const remove = String(answered['x-envoy-auth-headers-to-remove'] ?? '').split(',');
    const set = Object.entries(answered).filter(([name]) => name.startsWith('x-auth-request-'));
    return { set: Object.fromEntries(set.map(([name, value]) => [name, String(value)])), remove };
  };
}

interface Option {
  readonly header: { readonly key: string; readonly value: string };
}

interface CheckResponse {
  readonly status?: { readonly code?: number };
  readonly okResponse?: {
    readonly headers?: readonly Option[];
    readonly headersToRemove?: readonly string[];
  };
  readonly deniedResponse?: {
    readonly status: { readonly code: number };
    readonly headers?: readonly Option[];
    readonly body?: string;
  };
}

function askOverGrpc(port: number): (request: IncomingMessage) => Promise<Verdict> {
  const folder = fileURLToPath(new URL('../protos/', import.meta.url));
  const service = loadSync('external_auth.proto', { includeDirs: [folder] })[
    'envoy.service.auth.v3.Authorization'
  ] as ServiceDefinition;
  const { path, requestSerialize, responseDeserialize } = service.Check as MethodDefinition<object, object>;
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const named = (options: readonly Option[] = []) =>
    Object.fromEntries(options.map(({ header }) => [header.key, header.value]));

  return ({ method, url, headers }) =>
    new Promise((resolve, reject) => {
      const asked = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
      const message = {
        attributes: { request: { http: { method, path: url, host: headers.host, headers: asked } } },
      };
      const read = (bytes: Buffer) => responseDeserialize(bytes) as CheckResponse;
      client.makeUnaryRequest(path, requestSerialize, read, message, (error, answer) => {
        if (error !== null || answer === undefined) return reject(error);
        const { status, okResponse, deniedResponse } = answer;
        if ((status?.code ?? 0) === 0)
          return resolve({ set: named(okResponse?.headers), remove: okResponse?.headersToRemove ?? [] });
        return resolve({
          status: deniedResponse?.status.code ?? 403,
          headers: named(deniedResponse?.headers),
          body: deniedResponse?.body ?? '',
        });
      });
    });
}

function pass(
  request: IncomingMessage,
  response: ServerResponse,
  { set, remove }: Extract<Verdict, { set: object }>,
  port: number,
): void {
  const kept = Object.entries(request.headers).filter(([name]) => !remove.includes(name));
  const headers = { ...Object.fromEntries(kept), ...set };
  const upstream = http.request(
    { port, host: '127.0.0.1', method: request.method, path: request.url, headers },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    },
  );
  upstream.on('error', () => response.destroy());
  request.pipe(upstream);
}

/** Makes a request and reads its answer whole. */
export function fetchPlain(
  options: http.RequestOptions,
): Promise<{ status: number; headers: http.IncomingHttpHeaders; body: string }> {
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
    request.on('error', reject).end();
  });
}
