/** The cost of a check through a real Envoy. */
import { findEnvoy, startEnvoy } from '../../tools/envoy.ts';
import { type CpuCase, measureCpu, tokensNeeded } from '../cpu.ts';
import { type Authorization, envoyConfig } from '../envoy-config.ts';
import { latencyHere, measureLatency } from '../latency.ts';
import { bareHttp, pinToFirst, type Server, trusting } from '../servers.ts';
import { cpuChart, cpuTable, type Group, required } from './group.ts';

const options = { rate: 500, seconds: 2, rounds: 3, compared: 'p50' } as const;

/** CPU of Envoy and authorizer together, and the latency. */
export const envoy: Group = {
  name: 'envoy',
  title: 'Through Envoy',
  run: async (bench) => {
    const { mint, pool, say } = bench;
    const path = required('Envoy', await findEnvoy());
    const service = () => pool.service(trusting(mint.issuer.url));
    const one = mint.mint(1);
    const needed = tokensNeeded(bench);
    say(`signing ${needed} tokens`);
    const fresh = mint.shared(needed);
    const B = 'to bare node:http, over HTTP';
    const N = 'no authorization';
    const cases: CpuCase[] = [];
    const add = async (
      name: string,
      authorization: Authorization,
      authorizer?: Server,
      more: Partial<CpuCase> = {},
    ) => {
      const running = pool.add(await startEnvoy(path, (ports) => envoyConfig(authorization, ports)));
      pinToFirst(running.pid);
      const pids = authorizer === undefined ? [running.pid] : [running.pid, authorizer.pid];
      const common = { protocol: 'http', expected: 'allowed', tokens: one, against: B } as const;
      cases.push({ ...common, name, server: { port: running.port, pids }, ...more });
    };
    const overHttp = (authorizer: Server): [Authorization, Server] => [
      { kind: 'ext_authz', protocol: 'http', port: authorizer.ports.http ?? authorizer.port },
      authorizer,
    ];
    const overGrpc = (authorizer: Server): [Authorization, Server] => [
      { kind: 'ext_authz', protocol: 'grpc', port: authorizer.ports.grpc ?? authorizer.port },
      authorizer,
    ];
    const verified = { kind: 'jwt_authn', issuer: mint.issuer.url, jwks: mint.jwks } as const;
    const go = await pool.go('grpc-prepared');

    await add(N, { kind: 'none' });
    await add("Envoy's own jwt_authn", verified);
    await add(B, ...overHttp(await pool.script(bareHttp)));
    await add('to oidc-authz, over HTTP', ...overHttp(await service()), { target: 'envoyHttp' });
    await add('to oidc-authz, over gRPC', ...overGrpc(await service()), { target: 'envoyGrpc' });
    await add(
      'to raw node:http2, over gRPC',
      ...overGrpc(await pool.script('servers/grpc.ts', ['bare', 'node:http2'])),
    );
    if (go !== undefined) await add('to bare grpc-go, over gRPC', ...overGrpc(go));
    const hot = [...cases];
    const tokens = { tokens: fresh };
    await add("Envoy's own jwt_authn, new tokens", verified, undefined, tokens);
    await add('to oidc-authz, over HTTP, new tokens', ...overHttp(await service()), tokens);
    await add('to oidc-authz, over gRPC, new tokens', ...overGrpc(await service()), tokens);

    const rows = await measureCpu(cases, bench);
    say('latency');
    const latencies = await measureLatency(
      hot.map(({ name, server }) => ({ name, protocol: 'http', port: server.port, tokens: one, against: N })),
      options,
    );
    return {
      tables: [
        cpuTable('CPU of Envoy and authorizer together per request, RS256', rows),
        {
          title: `p50 at ${options.rate} requests a second, cached token, ${options.rounds} rounds of ${options.seconds} s`,
          here: latencyHere,
          rows: latencies,
        },
      ],
      charts: [cpuChart('performance-envoy.svg', 'A request through Envoy, with its authorizer', rows, B)],
    };
  },
};
