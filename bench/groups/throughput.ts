/** The maximum throughput, measured by other load generators. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { grpcRequest } from '../load/messages.ts';
import { canPin, startServer, startService, trusting } from '../servers.ts';
import { type Group, one } from './group.ts';

const seconds = 5;

/** wrk over HTTP/1.1 and h2load over HTTP/2, where they are installed. */
export const throughput: Group = {
  name: 'throughput',
  title: 'Throughput with wrk and h2load',
  run: async ({ mint: { mint, issuer } }) => {
    const [token = ''] = mint(1);
    const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-bench-'));
    const ours = await startService(trusting(issuer.url), { listener: 'http' });
    const bare = await startServer('servers/http.ts', ['node:http']);
    const raw = await startServer('servers/grpc.ts', ['node:http2']);
    const body = join(folder, 'request');
    writeFileSync(body, grpcRequest(token));
    const http = (port: number) => [
      ...['wrk', '-t1', '-c64', `-d${seconds}s`, '--latency', '-H', `authorization: Bearer ${token}`],
      `http://127.0.0.1:${port}/orders/1?x=1`,
    ];
    const grpc = (port: number) => [
      ...['h2load', '-t1', '-c4', '-m32', '-D', String(seconds), '-d', body],
      ...['-H', 'content-type: application/grpc', '-H', 'te: trailers'],
      `http://127.0.0.1:${port}/envoy.service.auth.v3.Authorization/Check`,
    ];
    const rows = [
      ['bare node:http', ...measured(http(bare.port), /Requests\/sec:\s+([\d.]+)/)],
      ['HTTP, cached token', ...measured(http(ours.port), /Requests\/sec:\s+([\d.]+)/)],
      ['raw node:http2, unary call', ...measured(grpc(raw.port), /finished in .*?, ([\d.]+) req\/s/)],
      ['gRPC, cached token', ...measured(grpc(ours.ports.grpc ?? 0), /finished in .*?, ([\d.]+) req\/s/)],
    ];
    for (const server of [ours, bare, raw]) await server.stop();
    rmSync(folder, { recursive: true });
    return {
      tables: [
        {
          title: `Requests a second, ${seconds} s, the server on one core`,
          columns: ['case', 'by', 'requests a second'],
          rows,
        },
      ],
    };
  },
};

function measured(command: readonly string[], rate: RegExp): [by: string, figure: string] {
  const [program = '', ...args] = command;
  if (spawnSync('which', [program]).status !== 0) return [program, `${program} is not installed`];
  const pinned = canPin ? ['taskset', '-c', '1', program, ...args] : command;
  const { stdout } = spawnSync(pinned[0] ?? '', pinned.slice(1), { encoding: 'utf8', timeout: 60_000 });
  const [, figure] = rate.exec(stdout) ?? [];
  if (figure === undefined) throw new Error(`${program} printed no rate: ${stdout}`);
  if (/Non-2xx|[1-9]\d* (?:failed|errored), /.test(stdout)) throw new Error(`${program}: ${stdout}`);
  return [program, one(Number(figure))];
}
