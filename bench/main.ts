/** `npm run bench`: CPU time per check, always beside the limits that the same run measured. */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { audience, type FakeIssuer, startFakeIssuer } from '../test/support/fake-issuer.ts';
import { officialCheck } from '../test/support/official-protos.ts';
import { loadGrpc, loadHttp } from './load.ts';
import { cpuMicroseconds, residentMebibytes, spread } from './measure.ts';
import { canPin, type Server, startServer } from './servers.ts';

const rounds = Number(process.env.BENCH_ROUNDS ?? 25);
const requests = Number(process.env.BENCH_REQUESTS ?? 6_000);

/** A server, and the load that it is put under. */
interface Target {
  readonly name: string;
  /** The target that its figures are divided by. */
  readonly against: string;
  readonly server: Server;
  readonly run: (requests: number) => Promise<number>;
}

async function startTargets(issuer: FakeIssuer): Promise<Target[]> {
  const token = await issuer.mint();
  const lines = [
    ...[
      'GET /orders/1?x=1 HTTP/1.1',
      'host: orders.example.com',
      'content-length: 0',
      `authorization: Bearer ${token}`,
    ],
    ...[
      'x-request-id: 3f2c',
      'x-forwarded-for: 10.0.0.1',
      'x-envoy-internal: true',
      'x-envoy-expected-rq-timeout-ms: 2000',
    ],
  ];
  const httpCheck = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
  const pseudo = {
    ':method': 'GET',
    ':path': '/orders/1?x=1',
    ':authority': 'orders.example.com',
    ':scheme': 'https',
  };
  const headers = {
    ...pseudo,
    authorization: `Bearer ${token}`,
    'x-request-id': '3f2c',
    'user-agent': 'curl/8',
    accept: '*/*',
    'x-forwarded-proto': 'https',
  };
  const request = {
    id: '1',
    method: 'GET',
    path: '/orders/1?x=1',
    host: 'orders.example.com',
    protocol: 'HTTP/1.1',
    headers,
  };
  const grpcCheck = officialCheck.requestSerialize({ attributes: { request: { http: request } } });

  const overHttp =
    ({ port }: Server) =>
    (count: number) =>
      loadHttp({ port, requests: count, connections: 32 }, [httpCheck]);
  const overGrpc =
    ({ port }: Server) =>
    (count: number) =>
      loadGrpc({ port, requests: count, connections: 2 }, [grpcCheck], 16);
  const target = async (
    name: string,
    against: string,
    starting: Promise<Server>,
    load: typeof overHttp,
  ): Promise<Target> => {
    const server = await starting;
    return { name, against, server, run: load(server) };
  };
  const flags = [
    '--issuer',
    issuer.url,
    '--audience',
    audience,
    '--http-port',
    '0',
    '--grpc-port',
    '0',
    '--admin-port',
    '0',
  ];
  const bare = (kind: string) => startServer('servers/http.ts', [kind]);
  // A process for each transport, so that neither pays for the other's memory.
  return [
    await target('bare node:http', 'bare node:http', bare('node:http'), overHttp),
    await target('bare fastify, hijacked', 'bare node:http', bare('hijacked'), overHttp),
    await target('bare fastify, empty answer', 'bare node:http', bare('empty'), overHttp),
    await target('bare fastify, hello world', 'bare node:http', bare('hello world'), overHttp),
    await target(
      'HTTP check, hot token',
      'bare fastify, hello world',
      startServer('../dist/main.js', flags, 'http'),
      overHttp,
    ),
    await target('bare fastify, same answer', 'bare fastify, hello world', bare('same answer'), overHttp),
    await target('bare grpc-js', 'bare node:http', startServer('servers/grpc.ts', ['grpc-js']), overGrpc),
    await target(
      'bare gRPC on node:http2',
      'bare grpc-js',
      startServer('servers/grpc.ts', ['node:http2']),
      overGrpc,
    ),
    await target(
      'gRPC check, hot token',
      'bare grpc-js',
      startServer('../dist/main.js', flags, 'grpc'),
      overGrpc,
    ),
  ];
}

async function main(): Promise<void> {
  if (canPin) spawnSync('taskset', ['-pc', '1', String(process.pid)]);
  const issuer = await startFakeIssuer();
  const targets = await startTargets(issuer);
  const figures = new Map<string, number[]>(targets.map(({ name }) => [name, []]));
  for (const { run } of targets) await run(3 * requests);
  for (let round = 0; round < rounds; round++) {
    for (const { name, server, run } of targets) {
      const before = cpuMicroseconds(server.pid);
      await run(requests);
      figures.get(name)?.push((cpuMicroseconds(server.pid) - before) / requests);
    }
  }
  report(targets, (name) => figures.get(name) ?? []);
  await Promise.all(targets.map(({ server }) => server.stop()));
  await issuer.close();
}

function report(targets: readonly Target[], figuresOf: (name: string) => readonly number[]): void {
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const machine = `Node ${process.versions.node}, ${cpus()[0]?.model}${canPin ? ', server on a core of its own' : ''}`;
  say(`CPU per request in µs, ${rounds} interleaved rounds of ${requests} requests, ${machine}.`);
  say(
    "A ratio is the median of the rounds' own: the machine changes its speed between rounds more than within one.",
  );
  say('');
  say('| | median | min | max | memory, MiB | ratio |');
  say('| --- | --- | --- | --- | --- | --- |');
  for (const { name, against, server } of targets) {
    const { median, min, max } = spread(figuresOf(name));
    const ratios = figuresOf(name).map((figure, round) => figure / (figuresOf(against)[round] ?? figure));
    const numbers = [median, min, max].map((figure) => figure.toFixed(1));
    const memory = residentMebibytes(server.pid).toFixed(0);
    say(`| ${[name, ...numbers, memory, `${spread(ratios).median.toFixed(2)} × ${against}`].join(' | ')} |`);
  }
}

await main();
