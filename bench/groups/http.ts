/** The cost of a check over HTTP. */
import { type CpuCase, measureCpu, tokensNeeded } from '../cpu.ts';
import { startServer, startService, trusting } from '../servers.ts';
import { cpuChart, cpuTable, type Group } from './group.ts';

/** CPU per check over HTTP, next to bare servers and a minimal verifier. */
export const http: Group = {
  name: 'http',
  title: 'A check over HTTP',
  run: async (bench) => {
    const { mint, issuer, forge } = { ...bench.mint };
    const jwks = JSON.stringify({ keys: issuer.keys.map(({ publicJwk }) => publicJwk) });
    const service = () => startService(trusting(issuer.url), { listener: 'http' });
    const bare = await startServer('servers/http.ts', ['node:http']);
    const fastify = await startServer('servers/http.ts', ['fastify']);
    const [minimalCached, minimalNew] = [
      await startServer('servers/http.ts', ['minimal', jwks]),
      await startServer('servers/http.ts', ['minimal', jwks]),
    ];
    const [hot, rs, es, ed, forged] = [
      await service(),
      await service(),
      await service(),
      await service(),
      await service(),
    ];
    const needed = tokensNeeded(bench);
    bench.say(`signing ${5 * needed} tokens`);
    const [one, thousand] = [mint(1), mint(1_000)];
    const fresh = mint(needed);
    const N = 'bare node:http';
    const common = { protocol: 'http', expected: 'allowed', against: N } as const;
    const cases: CpuCase[] = [
      { ...common, name: N, server: bare, tokens: one },
      { ...common, name: 'bare fastify, hello world', server: fastify, tokens: one },
      { ...common, name: 'minimal verifier, cached token', server: minimalCached, tokens: one },
      { ...common, name: 'minimal verifier, new tokens, RS256', server: minimalNew, tokens: fresh },
      { ...common, name: 'cached token', server: hot, tokens: one, target: 1.6 },
      {
        ...common,
        name: '1,000 tokens in turn',
        server: hot,
        tokens: thousand,
        against: 'cached token',
        target: 1.15,
      },
      { ...common, name: 'no token', server: hot, tokens: undefined, expected: 'denied', target: 1.3 },
      { ...common, name: 'new tokens, RS256', server: rs, tokens: fresh, target: 6 },
      {
        ...common,
        name: 'new tokens, ES256',
        server: es,
        tokens: mint(needed, { algorithm: 'ES256' }),
        target: 11.5,
      },
      { ...common, name: 'new tokens, EdDSA', server: ed, tokens: mint(needed, { algorithm: 'EdDSA' }) },
      {
        ...common,
        name: 'forged signature',
        server: forged,
        tokens: forge(needed),
        expected: 'denied',
        target: 5,
      },
    ];
    const rows = await measureCpu(cases, bench);
    for (const server of [bare, fastify, minimalCached, minimalNew, hot, rs, es, ed, forged])
      await server.stop();
    return {
      tables: [cpuTable('CPU of the process per request', rows)],
      charts: [cpuChart('performance-http.svg', 'A check over HTTP', rows)],
    };
  },
};
