/** The memory of an idle service, and with many cached tokens. */
import { setTimeout as sleep } from 'node:timers/promises';
import { runClosed } from '../load/closed.ts';
import { grpcRequest, httpRequest, type Protocol } from '../load/messages.ts';
import { ratios, residentMegabytes, spread } from '../measure.ts';
import type { Row, Table } from '../report/table.ts';
import { bareHttp, type Server, trusting } from '../servers.ts';
import type { TargetName } from '../targets.ts';
import { type Bench, type Group, rangeText } from './group.ts';

interface Filling {
  readonly protocol: Protocol;
  readonly live: number;
  readonly runs: number;
  readonly target: TargetName;
  readonly flags: readonly string[];
}

const large = ['--cache-max-entries', '100000', '--cache-max-bytes', '1Gi'];
const fillings: readonly Filling[] = [
  { protocol: 'http', live: 10_000, runs: 3, target: 'memoryHttp', flags: [] },
  { protocol: 'grpc', live: 10_000, runs: 3, target: 'memoryGrpc', flags: [] },
  { protocol: 'http', live: 100_000, runs: 1, target: 'memoryLargeHttp', flags: large },
  { protocol: 'grpc', live: 100_000, runs: 1, target: 'memoryLargeGrpc', flags: large },
];

/** Resident memory over both protocols. */
export const memory: Group = {
  name: 'memory',
  title: 'Memory',
  run: async (bench) => ({ tables: [await ofProcesses(bench)] }),
};

async function ofProcesses({ mint: { mint, issuer }, pool, say }: Bench): Promise<Table> {
  say('signing 100,000 tokens');
  // The size of an RS256 token with the same claims; its signature costs less.
  const tokens = mint(100_000, { algorithm: 'ES256', padding: 226 });
  const bare = [await settledMegabytes(await pool.script(bareHttp))];
  const idle = [await settledMegabytes(await pool.service(trusting(issuer.url)))];
  const B = 'bare node:http, idle';
  const rows: Row[] = [
    { name: B, ratio: spread(ratios(bare, bare)), against: B, here: rangeText(spread(bare)) },
    { name: 'idle', ratio: spread(ratios(idle, bare)), against: B, here: rangeText(spread(idle)) },
  ];
  for (const { protocol, live, runs, target, flags } of fillings) {
    const name = `${live.toLocaleString('en')} cached tokens, ${protocol === 'http' ? 'HTTP' : 'gRPC'}`;
    const full: number[] = [];
    for (let run = 0; run < runs; run++) {
      say(`${name}, run ${run + 1}`);
      const server = await pool.service([...trusting(issuer.url), ...flags], { listener: protocol });
      full.push(await megabytesWith(tokens.slice(0, live), protocol, server));
    }
    const { median } = spread(full);
    const bytes = Math.round(((median - (idle[0] ?? 0)) * 1e6) / live).toLocaleString('en');
    rows.push({
      name,
      ratio: spread(full.map((figure) => figure / (bare[0] ?? Number.NaN))),
      against: B,
      target,
      judged: median,
      here: `${rangeText(spread(full))}; ${bytes} bytes for each token above idle`,
    });
  }
  return {
    title: 'Resident memory, each token requested twice',
    here: 'MB, median (min to max)',
    rows,
    note: `The tokens have ${tokens[0]?.length} characters. Memory differs little between machines, so its limits are in MB.`,
  };
}

/** The resident memory of a process after two seconds without work. Stops the process. */
async function settledMegabytes(server: Server): Promise<number> {
  await sleep(2_000);
  const megabytes = residentMegabytes(server.pid);
  await server.stop();
  return megabytes;
}

/** The resident memory of a process that has these tokens in its cache. */
async function megabytesWith(tokens: readonly string[], protocol: Protocol, server: Server): Promise<number> {
  const requests = tokens.map(protocol === 'http' ? httpRequest : grpcRequest);
  const places = protocol === 'http' ? { connections: 32, streams: 1 } : { connections: 2, streams: 16 };
  const load = { protocol, port: server.port, requests, count: tokens.length, ...places };
  for (let pass = 0; pass < 2; pass++) {
    const { allowed } = await runClosed(load);
    if (allowed !== tokens.length) throw new Error(`${tokens.length - allowed} tokens were not allowed`);
  }
  return settledMegabytes(server);
}
