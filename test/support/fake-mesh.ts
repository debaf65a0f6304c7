/** A mesh in this process: a TLS server that asks the service about each request, as Envoy does, and a workload that says what it got. */
import http, { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { connectGrpc, type OfficialHeaderOption } from './grpc-client.ts';

/** A request as the workload got it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A mesh that runs. */
export interface FakeMesh {
  readonly port: number;
  /** The requests that reached the workload. */
  readonly seen: Seen[];
  readonly close: () => Promise<void>;
}

/** The answer of the service to a check. */
type Verdict =
  | {
      readonly allows: true;
      readonly set: readonly (readonly [string, string])[];
      readonly remove: readonly string[];
      readonly cookies: readonly string[];
    }
  | {
      readonly allows: false;
      readonly status: number;
      readonly headers: readonly (readonly [string, string])[];
      readonly body: string;
    };

type Ask = (request: IncomingMessage) => Promise<Verdict>;

/** How the mesh asks. */
export interface FakeMeshOptions {
  readonly transport: 'http' | 'grpc';
  /** The port of the check listener. */
  readonly checkPort: number;
  readonly tls: https.ServerOptions;
  /** The `pathPrefix` of the policy for a host, over HTTP. Default: none. */
  readonly prefixOf?: (host: string) => string;
}

/** Headers of an allow over HTTP that are for the client. */
const forClient = new Set([
  'set-cookie',
  'content-length',
  'connection',
  'keep-alive',
  'cache-control',
  'date',
]);
const removals = 'x-envoy-auth-headers-to-remove';

/** Starts a mesh on a free port. */
export async function startFakeMesh(options: FakeMeshOptions): Promise<FakeMesh> {
  const { transport, checkPort, tls, prefixOf = () => '' } = options;
  const grpc = transport === 'grpc' ? connectGrpc(checkPort) : undefined;
  const ask: Ask =
    grpc === undefined
      ? (request) => askOverHttp(request, checkPort, prefixOf(request.headers.host ?? ''))
      : (request) => askOverGrpc(request, grpc);
  const seen: Seen[] = [];
  const server = https.createServer(tls, async (request, response) => {
    try {
      answer(request, response, await ask(request), seen);
    } catch (error) {
      response.writeHead(503).end(String(error));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    close: async () => {
      grpc?.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse, verdict: Verdict, seen: Seen[]): void {
  if (!verdict.allows) {
    response.writeHead(verdict.status, verdict.headers.flat() as unknown as string[]);
    response.end(verdict.body);
    return;
  }
  const headers = joined(request.headers);
  for (const [name, value] of verdict.set) headers[name] = value;
  for (const name of verdict.remove) delete headers[name];
  const got = { method: request.method ?? '', path: request.url ?? '', headers };
  seen.push(got);
  response.writeHead(200, {
    'content-type': 'application/json',
    'set-cookie': ['app=1; Path=/', ...verdict.cookies],
  });
  response.end(JSON.stringify(got));
}

function joined(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')]),
  );
}

function askOverHttp(request: IncomingMessage, port: number, prefix: string): Promise<Verdict> {
  const { connection: _, 'content-length': __, 'transfer-encoding': ___, ...headers } = request.headers;
  return new Promise((resolve, reject) => {
    const outgoing = http.request(
      {
        host: '127.0.0.1',
        port,
        method: request.method,
        path: `${prefix}${request.url}`,
        headers: { ...headers, 'content-length': 0 },
        agent: false,
      },
      async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
        const { rawHeaders, statusCode: status = 0 } = response;
        const lines = Array.from(
          { length: rawHeaders.length / 2 },
          (_, index) =>
            [(rawHeaders[2 * index] ?? '').toLowerCase(), rawHeaders[2 * index + 1] ?? ''] as const,
        );
        const ofClient = lines.filter(([name]) => !['connection', 'keep-alive'].includes(name));
        if (status !== 200)
          return resolve({
            allows: false,
            status,
            headers: ofClient,
            body: Buffer.concat(chunks).toString(),
          });
        resolve({
          allows: true,
          set: lines.filter(([name]) => !forClient.has(name) && name !== removals),
          remove: lines.filter(([name]) => name === removals).flatMap(([, value]) => value.split(',')),
          cookies: lines.filter(([name]) => name === 'set-cookie').map(([, value]) => value),
        });
      },
    );
    outgoing.once('error', reject);
    outgoing.end();
  });
}

async function askOverGrpc(request: IncomingMessage, grpc: ReturnType<typeof connectGrpc>): Promise<Verdict> {
  const response = await grpc.check({
    method: request.method ?? '',
    path: request.url ?? '',
    host: request.headers.host ?? '',
    headers: joined(request.headers),
  });
  const { okResponse, deniedResponse } = response;
  if (okResponse !== undefined && (response.status?.code ?? 0) === 0) {
    return {
      allows: true,
      set: pairs(okResponse.headers),
      remove: okResponse.headersToRemove ?? [],
      cookies: pairs(okResponse.responseHeadersToAdd)
        .filter(([name]) => name === 'set-cookie')
        .map(([, value]) => value),
    };
  }
  return {
    allows: false,
    status: statusOf(deniedResponse?.status?.code),
    headers: pairs(deniedResponse?.headers),
    body: deniedResponse?.body ?? '',
  };
}

function pairs(options: readonly OfficialHeaderOption[] = []): readonly (readonly [string, string])[] {
  return options.map(({ header }) => [header?.key ?? '', header?.value ?? '']);
}

/** The official protos name statuses. */
function statusOf(code: string | number | undefined): number {
  const names: Readonly<Record<string, number>> = {
    OK: 200,
    Found: 302,
    SeeOther: 303,
    BadRequest: 400,
    Unauthorized: 401,
    Forbidden: 403,
    NotFound: 404,
    ServiceUnavailable: 503,
  };
  return typeof code === 'number' ? code : (names[code ?? ''] ?? 403);
}
