/** How the cost of a check grows with tokens, issuers, connections and the length of a token. */
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { audience } from '../../test/support/fake-issuer.ts';
import { type CpuCase, measureCpu } from '../cpu.ts';
import { runClosed } from '../load/closed.ts';
import { httpRequest } from '../load/messages.ts';
import type { Findings } from '../report/run.ts';
import { type Server, trusting } from '../servers.ts';
import { type Bench, cpuTable, type Group } from './group.ts';

const sizes = [1, 100, 10_000, 100_000];
const connections = [1, 32, 1_000];
const issuerCounts = [1, 50];

/** Cost per check of cached tokens over HTTP, by number and length. */
export const growth: Group = {
  name: 'growth',
  title: 'Growth',
  run: async (bench) => {
    const parts = [
      await ofTokens(bench),
      await ofIssuers(bench),
      await ofConnections(bench),
      await ofLengths(bench),
    ];
    return { tables: parts.flatMap(({ tables }) => tables) };
  },
};

const common = { protocol: 'http', expected: 'allowed' } as const;

async function ofTokens(bench: Bench): Promise<Findings> {
  const {
    mint: { mint, issuer },
    pool,
  } = bench;
  bench.say(`signing ${sizes.at(-1)} tokens`);
  const tokens = mint(sizes.at(-1) ?? 0, { algorithm: 'ES256' });
  const flags = [...trusting(issuer.url), '--cache-max-entries', '200000', '--cache-max-bytes', '2Gi'];
  const cases: CpuCase[] = [];
  for (const size of sizes) {
    const server = await pool.service(flags);
    const live = tokens.slice(0, size);
    await fill(server, live);
    const name = `cached tokens: ${size.toLocaleString('en')}`;
    const isFirst = size === sizes[0];
    cases.push({
      ...common,
      name,
      server,
      tokens: live,
      against: 'cached tokens: 1',
      ...(!isFirst && { target: 'growth' }),
    });
  }
  // Enough to request each token of the largest set at least once.
  const count = Math.max(bench.count, Math.ceil((sizes.at(-1) ?? 0) / bench.rounds));
  const rows = await measureCpu(cases, { ...bench, count });
  return { tables: [cpuTable('Cached tokens, requested in turn', rows)] };
}

/** Requests every token once, so that it is cached. */
async function fill(server: Server, tokens: readonly string[]): Promise<void> {
  const requests = tokens.map((token) => httpRequest(token));
  const count = tokens.length;
  const answers = await runClosed({
    protocol: 'http',
    port: server.port,
    connections: 32,
    streams: 1,
    requests,
    count,
  });
  if (answers.allowed !== count) throw new Error(`not all tokens are valid: ${JSON.stringify(answers)}`);
}

async function ofIssuers(bench: Bench): Promise<Findings> {
  const {
    mint: { mint },
    pool,
  } = bench;
  const cases: CpuCase[] = [];
  for (const count of issuerCounts) {
    const names = Array.from({ length: count }, (_, index) => `https://tenant-${index}.example.com`);
    const file = join(tmpdir(), `oidc-authz-bench-${process.pid}-${count}.json`);
    writeFileSync(
      file,
      JSON.stringify({
        issuers: names.map((name) => ({ issuer: name, audiences: [audience], jwks: bench.mint.jwks })),
      }),
    );
    const server = await pool.service(['--config', file]);
    rmSync(file);
    const tokens = names.flatMap((name) => mint(1_000 / count, { issuer: name, algorithm: 'ES256' }));
    await fill(server, tokens);
    const isFirst = count === issuerCounts[0];
    cases.push({
      ...common,
      name: `issuers: ${count}`,
      server,
      tokens,
      against: `issuers: ${issuerCounts[0]}`,
      ...(!isFirst && { target: 'growth' }),
    });
  }
  const rows = await measureCpu(cases, bench);
  return { tables: [cpuTable('Issuers, with 1,000 cached tokens in total', rows)] };
}

async function ofConnections(bench: Bench): Promise<Findings> {
  const {
    mint: { mint, issuer },
    pool,
  } = bench;
  const server = await pool.service(trusting(issuer.url));
  const tokens = mint(1);
  const cases = connections.map(
    (many): CpuCase => ({
      ...common,
      name: `connections: ${many.toLocaleString('en')}`,
      server,
      tokens,
      connections: many,
      against: 'connections: 32',
    }),
  );
  const rows = await measureCpu(cases, bench);
  return {
    tables: [
      cpuTable(
        'Connections, one cached token',
        rows,
        'The cost includes the connections, which are new in each round.',
      ),
    ],
  };
}

async function ofLengths(bench: Bench): Promise<Findings> {
  const {
    mint: { mint, issuer },
    pool,
  } = bench;
  const server = await pool.service(trusting(issuer.url));
  const padding: readonly (readonly [string, number])[] = [
    ['1 KiB', 250],
    ['16 KiB', 11_680],
  ];
  const cases = padding.map(([name, bytes]): CpuCase => {
    const tokens = mint(1, { padding: bytes });
    const length = tokens[0]?.length ?? 0;
    return {
      ...common,
      name: `a token of ${name} (${length.toLocaleString('en')} bytes)`,
      server,
      tokens,
      against: '',
      ...(bytes > 1_000 && { target: 'longToken' }),
    };
  });
  const base = cases[0]?.name ?? '';
  const rows = await measureCpu(
    cases.map((one) => ({ ...one, against: base })),
    bench,
  );
  return { tables: [cpuTable('Length of a cached token', rows)] };
}
