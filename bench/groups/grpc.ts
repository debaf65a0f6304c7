/** The cost of a check over gRPC. */
import { type CpuCase, measureCpu, tokensNeeded } from '../cpu.ts';
import { startServer, startService, trusting } from '../servers.ts';
import { cpuChart, cpuTable, type Group } from './group.ts';

/** CPU per check over gRPC, next to bare servers. */
export const grpc: Group = {
  name: 'grpc',
  title: 'A check over gRPC',
  run: async (bench) => {
    const { mint, issuer, forge } = bench.mint;
    const service = () => startService(trusting(issuer.url), { listener: 'grpc' });
    const bare = await startServer('servers/http.ts', ['node:http']);
    const raw = await startServer('servers/grpc.ts', ['node:http2']);
    const grpcJs = await startServer('servers/grpc.ts', ['grpc-js']);
    const [hot, rs, es, ed, forged] = [
      await service(),
      await service(),
      await service(),
      await service(),
      await service(),
    ];
    const needed = tokensNeeded(bench);
    bench.say(`signing ${4 * needed} tokens`);
    const [one, thousand] = [mint(1), mint(1_000)];
    const N = 'bare node:http';
    const R = 'raw node:http2, unary call';
    const common = { protocol: 'grpc', expected: 'allowed', against: N } as const;
    const cases: CpuCase[] = [
      { ...common, protocol: 'http', name: N, server: bare, tokens: one },
      { ...common, name: R, server: raw, tokens: one },
      { ...common, name: 'bare grpc-js, unary call', server: grpcJs, tokens: one },
      { ...common, name: 'cached token', server: hot, tokens: one, target: 3.3 },
      {
        ...common,
        name: '1,000 tokens in turn',
        server: hot,
        tokens: thousand,
        against: 'cached token',
        target: 1.15,
      },
      { ...common, name: 'no token', server: hot, tokens: undefined, expected: 'denied', against: R },
      { ...common, name: 'new tokens, RS256', server: rs, tokens: mint(needed), target: 8 },
      { ...common, name: 'new tokens, ES256', server: es, tokens: mint(needed, { algorithm: 'ES256' }) },
      { ...common, name: 'new tokens, EdDSA', server: ed, tokens: mint(needed, { algorithm: 'EdDSA' }) },
      { ...common, name: 'forged signature', server: forged, tokens: forge(needed), expected: 'denied' },
    ];
    const rows = await measureCpu(cases, bench);
    for (const server of [bare, raw, grpcJs, hot, rs, es, ed, forged]) await server.stop();
    return {
      tables: [cpuTable('CPU of the process per request', rows)],
      charts: [cpuChart('performance-grpc.svg', 'A check over gRPC', rows)],
    };
  },
};
