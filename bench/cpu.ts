/** CPU time per request: loads in a closed loop on several servers in turn, round by round. */
import { type Answers, type ClosedLoad, runClosed } from './load/closed.ts';
import type { Answer } from './load/connection.ts';
import { grpcRequest, httpRequest, type Protocol } from './load/messages.ts';
import { cpuMicroseconds, type Spread, spread } from './measure.ts';

/** What is asked, and whose cost counts: one process, or several together. */
export type Measured = { readonly port: number } & (
  | { readonly pid: number }
  | { readonly pids: readonly number[] }
);

/** A load whose cost is measured. */
export interface CpuCase {
  readonly name: string;
  readonly protocol: Protocol;
  readonly server: Measured;
  /** Tokens in turn, from where the round before ended; undefined for requests without one. */
  readonly tokens: readonly string[] | undefined;
  readonly expected: Answer;
  /** The name of the case that its cost is divided by. */
  readonly against: string;
  /** The greatest ratio that is aimed at. */
  readonly target?: number;
  readonly connections?: number;
}

/** What a case cost. */
export interface CpuRow {
  readonly name: string;
  /** Microseconds of CPU for one request. */
  readonly cost: Spread;
  readonly against: string;
  readonly ratio: Spread;
  /** The ratio of the least costs: what other work on the machine adds is in neither. */
  readonly leastRatio: number;
  readonly target?: number;
}

/** How much is measured. */
export interface CpuOptions {
  readonly rounds: number;
  /** Requests of one case in one round. */
  readonly count: number;
}

/** How many tokens a case uses up that takes each only once. */
export function tokensNeeded({ rounds, count }: CpuOptions): number {
  return (rounds + warmUp) * count;
}

/** Rounds that do not count: code is compiled in them. */
const warmUp = 2;

/** Measures cases against each other. */
export async function measureCpu(cases: readonly CpuCase[], options: CpuOptions): Promise<CpuRow[]> {
  const { rounds, count } = options;
  const costs = new Map<string, number[]>(cases.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds + warmUp; round++) {
    for (const one of cases) {
      const before = used(one.server);
      const answers = await runClosed(loadOf(one, round, count));
      const cost = (used(one.server) - before) / count;
      demand(one, answers, count);
      if (round >= warmUp) costs.get(one.name)?.push(cost);
    }
  }
  return cases.map(({ name, against, target }) => {
    const own = costs.get(name) ?? [];
    const base = costs.get(against) ?? own;
    const ratio = spread(own.map((cost, round) => cost / (base[round] ?? cost)));
    const leastRatio = Math.min(...own) / Math.min(...base);
    return { name, cost: spread(own), against, ratio, leastRatio, ...(target !== undefined && { target }) };
  });
}

function used(server: Measured): number {
  const pids = 'pid' in server ? [server.pid] : server.pids;
  return pids.reduce((sum, pid) => sum + cpuMicroseconds(pid), 0);
}

function loadOf(
  { protocol, server, tokens, connections }: CpuCase,
  round: number,
  count: number,
): ClosedLoad {
  const prepare = protocol === 'http' ? httpRequest : grpcRequest;
  const first = round * count;
  const requests =
    tokens === undefined
      ? [prepare(undefined)]
      : tokens.length === 1
        ? [prepare(tokens[0])]
        : Array.from({ length: count }, (_, index) => prepare(tokens[(first + index) % tokens.length]));
  const streams = protocol === 'http' ? 1 : 16;
  return {
    protocol,
    port: server.port,
    connections: connections ?? (protocol === 'http' ? 32 : 2),
    streams,
    requests,
    count,
  };
}

function demand({ name, expected }: CpuCase, answers: Answers, count: number): void {
  if (answers[expected] === count) return;
  throw new Error(`${name}: ${count} answers should be ${expected}, but they are ${JSON.stringify(answers)}`);
}
