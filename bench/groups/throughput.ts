/** The maximum throughput, measured by other load generators. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onPath } from '../../tools/cache.ts';
import { grpcRequest } from '../load/messages.ts';
import { ratios, spread } from '../measure.ts';
import type { Row } from '../report/table.ts';
import { bareHttp, canPin, type Server, trusting } from '../servers.ts';
import { type Group, required } from './group.ts';

const seconds = 2;
const rounds = 3;

interface Case {
  readonly name: string;
  readonly against: string;
  readonly command: readonly string[];
  readonly rate: RegExp;
}

/** wrk over HTTP/1.1 and h2load over HTTP/2. */
export const throughput: Group = {
  name: 'throughput',
  title: 'Throughput with wrk and h2load',
  run: async ({ mint: { mint, issuer }, pool }) => {
    for (const program of ['wrk', 'h2load']) required(program, installed(program));
    const [token = ''] = mint(1);
    const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-bench-'));
    const body = join(folder, 'request');
    writeFileSync(body, grpcRequest(token));
    const http = (name: string, { port }: Pick<Server, 'port'>): Case => ({
      name: `${name}, by wrk`,
      against: 'bare node:http, by wrk',
      rate: /Requests\/sec:\s+([\d.]+)/,
      command: [
        ...['wrk', '-t1', '-c64', `-d${seconds}s`, '--latency', '-H', `authorization: Bearer ${token}`],
        `http://127.0.0.1:${port}/orders/1?x=1`,
      ],
    });
    const grpc = (name: string, port: number): Case => ({
      name: `${name}, by h2load`,
      against: 'raw node:http2, by h2load',
      rate: /finished in .*?, ([\d.]+) req\/s/,
      command: [
        ...['h2load', '-t1', '-c4', '-m32', '-D', String(seconds), '-d', body],
        ...['-H', 'content-type: application/grpc', '-H', 'te: trailers'],
        `http://127.0.0.1:${port}/envoy.service.auth.v3.Authorization/Check`,
      ],
    });
    const ours = await pool.service(trusting(issuer.url));
    const [goHttp, goGrpc] = [await pool.go('http'), await pool.go('grpc-prepared')];
    const cases = [
      http('bare node:http', await pool.script(bareHttp)),
      http('HTTP, cached token', ours),
      ...(goHttp === undefined ? [] : [http('bare Go net/http', goHttp)]),
      grpc('raw node:http2', (await pool.script('servers/grpc.ts', ['bare', 'node:http2'])).port),
      grpc('gRPC, cached token', ours.ports.grpc ?? 0),
      ...(goGrpc === undefined ? [] : [grpc('bare grpc-go', goGrpc.port)]),
    ];
    const rates = new Map<string, number[]>(cases.map(({ name }) => [name, []]));
    for (let round = 0; round < rounds; round++)
      for (const one of round % 2 === 0 ? cases : cases.toReversed()) rates.get(one.name)?.push(rateOf(one));
    rmSync(folder, { recursive: true });
    const of = (name: string) => rates.get(name) ?? [];
    const rows = cases.map(
      ({ name, against }): Row => ({
        name,
        ratio: spread(ratios(of(name), of(against))),
        against,
        here: Math.round(spread(of(name)).median).toLocaleString('en'),
      }),
    );
    return {
      tables: [
        {
          title: `Requests a second with the server on one core, ${rounds} rounds of ${seconds} s; more is better`,
          here: 'requests a second, median',
          rows,
        },
      ],
    };
  },
};

function installed(program: string): { readonly path: string } | { readonly missing: string } {
  const path = onPath(program);
  return path === undefined ? { missing: 'not installed' } : { path };
}

function rateOf({ command, rate }: Case): number {
  const [program = '', ...args] = canPin ? ['taskset', '-c', '1', ...command] : command;
  const { stdout } = spawnSync(program, args, { encoding: 'utf8', timeout: 60_000 });
  const [, figure] = rate.exec(stdout) ?? [];
  if (figure === undefined) throw new Error(`${command[0]} printed no rate: ${stdout}`);
  if (/Non-2xx|[1-9]\d* (?:failed|errored), /.test(stdout)) throw new Error(`${command[0]}: ${stdout}`);
  if (Number(figure) === 0) throw new Error(`${command[0]} got no answer: ${stdout}`);
  return Number(figure);
}
