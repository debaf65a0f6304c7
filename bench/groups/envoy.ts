/** The cost of a check through a real Envoy. */
import { spawnSync } from 'node:child_process';
import { findEnvoy, startEnvoy } from '../../tools/envoy.ts';
import { type CpuCase, measureCpu, tokensNeeded } from '../cpu.ts';
import { type Authorization, envoyConfig } from '../envoy-config.ts';
import type { OpenResult } from '../load/open.ts';
import { runOpen } from '../load/start-open.ts';
import { canPin, type Server, startServer, startService, trusting } from '../servers.ts';
import { cpuChart, cpuTable, type Findings, type Group, type Table, two } from './group.ts';

const rate = 500;
const seconds = 5;

/** CPU of Envoy and authorizer together, and the added latency. */
export const envoy: Group = {
  name: 'envoy',
  title: 'Through Envoy',
  run: async (bench): Promise<Findings> => {
    const found = await findEnvoy();
    if ('missing' in found) throw new Error(found.missing);
    const { mint, issuer } = bench.mint;
    const jwks = JSON.stringify({ keys: issuer.keys.map(({ publicJwk }) => publicJwk) });
    const stops: (() => Promise<void>)[] = [];
    const started = (server: Server) => {
      stops.push(server.stop);
      return server;
    };
    const service = async () => started(await startService(trusting(issuer.url), { listener: 'http' }));
    const bareHttp = started(await startServer('servers/http.ts', ['node:http']));
    const bareGrpc = started(await startServer('servers/grpc.ts', ['node:http2']));
    const [http, grpc, fresh] = [await service(), await service(), await service()];

    const one = mint(1);
    const needed = tokensNeeded(bench);
    bench.say(`signing ${2 * needed} tokens`);
    const cases: CpuCase[] = [];
    const add = async (
      name: string,
      authorization: Authorization,
      authorizer?: Server,
      more: Partial<CpuCase> = {},
    ) => {
      const running = await startEnvoy(found.path, (ports) => envoyConfig(authorization, ports));
      stops.push(running.stop);
      if (canPin) spawnSync('taskset', ['-apc', '0', String(running.pid)]);
      const pids = authorizer === undefined ? [running.pid] : [running.pid, authorizer.pid];
      const against = 'to bare node:http, over HTTP';
      const common = { protocol: 'http', expected: 'allowed', tokens: one, against } as const;
      cases.push({ ...common, name, server: { port: running.port, pids }, ...more });
    };
    const ask = (protocol: 'http' | 'grpc', port = 0): Authorization => ({
      kind: 'ext_authz',
      protocol,
      port,
    });
    const verified = { kind: 'jwt_authn', issuer: issuer.url, jwks } as const;
    await add('no authorization', { kind: 'none' });
    await add("Envoy's own jwt_authn", verified);
    await add('to bare node:http, over HTTP', ask('http', bareHttp.port), bareHttp);
    await add('to oidc-authz, over HTTP', ask('http', http.port), http, { target: 1.1 });
    await add('to raw node:http2, over gRPC', ask('grpc', bareGrpc.port), bareGrpc);
    await add('to oidc-authz, over gRPC', ask('grpc', grpc.ports.grpc), grpc);
    const hot = [...cases];
    await add("Envoy's own jwt_authn, new tokens", verified, undefined, { tokens: mint(needed) });
    await add('to oidc-authz, over HTTP, new tokens', ask('http', fresh.port), fresh, {
      tokens: mint(needed),
    });

    const rows = await measureCpu(cases, bench);
    const latency = await latencies(hot, bench.say);
    for (const stop of stops) await stop();
    return {
      tables: [cpuTable('CPU of Envoy and authorizer together per request, RS256', rows), latency],
      charts: [cpuChart('performance-envoy.svg', 'A request through Envoy, with its authorizer', rows)],
    };
  },
};

async function latencies(cases: readonly CpuCase[], say: (line: string) => void): Promise<Table> {
  const results: [string, OpenResult][] = [];
  for (const { name, server, tokens } of cases) {
    say(`latency: ${name}`);
    const load = { protocol: 'http', port: server.port, connections: 16, streams: 1, rate, seconds } as const;
    results.push([name, await runOpen({ ...load, tokens: tokens ?? [] })]);
  }
  const [[, none] = ['', undefined], [, own] = ['', undefined]] = results;
  const added = (to: OpenResult | undefined, p50: number) => (to === undefined ? '' : two(p50 - to.p50));
  return {
    title: `Milliseconds at ${rate} requests a second, cached token, ${seconds} s`,
    columns: ['case', 'p50', 'p99', 'p99.9', 'p50 above no authorization', 'p50 above jwt_authn'],
    rows: results.map(([name, { p50, p99, p999 }]) => [
      name,
      two(p50),
      two(p99),
      two(p999),
      added(none, p50),
      added(own, p50),
    ]),
  };
}
