/** The cost of a check over HTTP. */
import { type CpuCase, measureCpu, tokensNeeded } from '../cpu.ts';
import { bareHttp, trusting } from '../servers.ts';
import { capacitiesOf, cpuChart, cpuTable, type Group } from './group.ts';

/** CPU per check over HTTP, next to bare servers and a minimal verifier. */
export const http: Group = {
  name: 'http',
  title: 'A check over HTTP',
  run: async (bench) => {
    const { mint, pool, say } = bench;
    const service = () => pool.service(trusting(mint.issuer.url));
    const minimal = () => pool.script('servers/http.ts', ['minimal', mint.jwks]);
    const go = await pool.go('http');
    const needed = tokensNeeded(bench);
    say(`signing ${needed} tokens for each algorithm`);
    const [one, thousand] = [mint.mint(1), mint.mint(1_000)];
    const [rs, es, ed] = [mint.shared(needed), mint.shared(needed, 'ES256'), mint.shared(needed, 'EdDSA')];
    const hot = await service();
    const N = 'bare node:http';
    const M = 'minimal verifier, new tokens, RS256';
    const common = { protocol: 'http', expected: 'allowed', against: N } as const;
    const cases: CpuCase[] = [
      { ...common, name: N, server: await pool.script(bareHttp), tokens: one },
      { ...common, name: 'minimal verifier, cached token', server: await minimal(), tokens: one },
      { ...common, name: 'cached token', server: hot, tokens: one, target: 'httpHot' },
      {
        ...common,
        name: '1,000 tokens in turn',
        server: hot,
        tokens: thousand,
        against: 'cached token',
        target: 'httpThousand',
      },
      { ...common, name: 'no token', server: hot, tokens: undefined, expected: 'denied', target: 'httpNone' },
      { ...common, name: M, server: await minimal(), tokens: rs },
      {
        ...common,
        name: 'new tokens, RS256',
        server: await service(),
        tokens: rs,
        target: 'httpNew',
        also: [{ against: M }],
      },
      { ...common, name: 'new tokens, ES256', server: await service(), tokens: es, target: 'httpNewEs256' },
      { ...common, name: 'new tokens, EdDSA', server: await service(), tokens: ed },
      {
        ...common,
        name: 'forged signature',
        server: await service(),
        tokens: mint.forge(needed),
        expected: 'denied',
        target: 'httpForged',
      },
      {
        ...common,
        name: 'bare fastify, hello world',
        server: await pool.script('servers/http.ts', ['fastify']),
        tokens: one,
      },
      ...(go === undefined ? [] : [{ ...common, name: 'bare Go net/http', server: go, tokens: one }]),
    ];
    const rows = await measureCpu(cases, bench);
    return {
      tables: [cpuTable('CPU of the process per request', rows)],
      charts: [cpuChart('performance-http.svg', 'A check over HTTP', rows, N)],
      capacities: capacitiesOf(rows, {
        'cached token': 'HTTP, cached token',
        '1,000 tokens in turn': 'HTTP, 1,000 tokens in turn',
        'no token': 'HTTP, no token',
        'new tokens, RS256': 'HTTP, new tokens, RS256',
        'new tokens, ES256': 'HTTP, new tokens, ES256',
      }),
    };
  },
};
