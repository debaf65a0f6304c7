/** The cost of a check over gRPC. */
import { type CpuCase, measureCpu, tokensNeeded } from '../cpu.ts';
import { bareHttp, trusting } from '../servers.ts';
import { capacitiesOf, cpuChart, cpuTable, type Group } from './group.ts';

/** CPU per check over gRPC, next to bare servers and a minimal verifier. */
export const grpc: Group = {
  name: 'grpc',
  title: 'A check over gRPC',
  run: async (bench) => {
    const { mint, pool, say } = bench;
    const service = () => pool.service(trusting(mint.issuer.url), { listener: 'grpc' });
    const script = (...args: string[]) => pool.script('servers/grpc.ts', args);
    const [go, goDecoding] = [await pool.go('grpc-prepared'), await pool.go('grpc')];
    const needed = tokensNeeded(bench);
    say(`signing ${needed} tokens for each algorithm`);
    const [one, thousand] = [mint.mint(1), mint.mint(1_000)];
    const [rs, es, ed] = [mint.shared(needed), mint.shared(needed, 'ES256'), mint.shared(needed, 'EdDSA')];
    const hot = await service();
    const N = 'bare node:http';
    const G = 'bare grpc-go';
    const O = 'raw, on the HTTP/2 of this service';
    const M = 'minimal verifier on node:http2, new tokens, RS256';
    const MO = 'minimal verifier on the HTTP/2 of this service, new tokens, RS256';
    const common = { protocol: 'grpc', expected: 'allowed', against: N } as const;
    const bareGo: CpuCase[] =
      go === undefined || goDecoding === undefined
        ? []
        : [
            { ...common, name: G, server: go, tokens: one },
            { ...common, name: 'bare grpc-go, decodes and encodes', server: goDecoding, tokens: one },
          ];
    const cases: CpuCase[] = [
      {
        ...common,
        protocol: 'http',
        name: N,
        server: await pool.script(bareHttp),
        tokens: one,
      },
      {
        ...common,
        name: 'cached token',
        server: hot,
        tokens: one,
        target: 'grpcHot',
        also: [{ against: O }, ...(go === undefined ? [] : [{ against: G, target: 'grpcHotToGo' } as const])],
      },
      ...bareGo,
      { ...common, name: 'raw node:http2', server: await script('bare', 'node:http2'), tokens: one },
      { ...common, name: O, server: await script('bare', 'own'), tokens: one },
      {
        ...common,
        name: '1,000 tokens in turn',
        server: hot,
        tokens: thousand,
        against: 'cached token',
        target: 'grpcThousand',
      },
      { ...common, name: 'no token', server: hot, tokens: undefined, expected: 'denied' },
      { ...common, name: M, server: await script('minimal', 'node:http2', mint.jwks), tokens: rs },
      { ...common, name: MO, server: await script('minimal', 'own', mint.jwks), tokens: rs },
      {
        ...common,
        name: 'new tokens, RS256',
        server: await service(),
        tokens: rs,
        target: 'grpcNew',
        also: [{ against: M, target: 'grpcNewToFloor' }, { against: MO }],
      },
      { ...common, name: 'new tokens, ES256', server: await service(), tokens: es },
      { ...common, name: 'new tokens, EdDSA', server: await service(), tokens: ed },
      {
        ...common,
        name: 'forged signature',
        server: await service(),
        tokens: mint.forge(needed),
        expected: 'denied',
      },
      { ...common, name: 'bare grpc-js', server: await script('grpc-js'), tokens: one },
    ];
    const rows = await measureCpu(cases, bench);
    return {
      tables: [cpuTable('CPU of the process per request', rows)],
      charts: [cpuChart('performance-grpc.svg', 'A check over gRPC', rows, N)],
      capacities: capacitiesOf(rows, {
        'cached token': 'gRPC, cached token',
        '1,000 tokens in turn': 'gRPC, 1,000 tokens in turn',
        'no token': 'gRPC, no token',
        'new tokens, RS256': 'gRPC, new tokens, RS256',
        'new tokens, ES256': 'gRPC, new tokens, ES256',
      }),
    };
  },
};
