/** CPU time per request, measured with closed loops on several servers in turn. */
import { type Answers, type ClosedLoad, runClosed } from './load/closed.ts';
import type { Answer } from './load/connection.ts';
import { grpcRequest, httpRequest, type Protocol } from './load/messages.ts';
import { cpuMicroseconds, ratios, type Spread, spread } from './measure.ts';
import type { TargetName } from './targets.ts';

/** The port of a server, and the processes whose cost counts. */
export type Measured = { readonly port: number } & (
  | { readonly pid: number }
  | { readonly pids: readonly number[] }
);

/** The divisor of the cost of a case. */
export interface Comparison {
  /** The name of the other case. */
  readonly against: string;
  readonly target?: TargetName;
}

/** A load whose cost is measured. */
export interface CpuCase extends Comparison {
  readonly name: string;
  readonly protocol: Protocol;
  readonly server: Measured;
  /** Tokens in turn, continued from the previous round; undefined for requests without one. */
  readonly tokens: readonly string[] | undefined;
  /** Prepared requests in turn, instead of those for tokens. */
  readonly requests?: readonly Buffer[];
  readonly expected: Answer;
  /** More comparisons; each one has its own row. */
  readonly also?: readonly Comparison[];
  readonly connections?: number;
}

/** The cost of a case, next to another one. */
export interface CpuRow extends Comparison {
  readonly name: string;
  /** CPU for one request in each round, in microseconds. */
  readonly costs: readonly number[];
  /** The ratios of the same rounds. */
  readonly ratio: Spread;
  /** The ratio of the lowest costs, which other work on the machine affects least. */
  readonly leastRatio: number;
}

/** The amount of measurements. */
export interface CpuOptions {
  readonly rounds: number;
  /** Requests of one case in one round, if each has a token of its own. Other cases have three times as many. */
  readonly count: number;
}

/** The number of tokens for a case that uses each one once. */
export function tokensNeeded({ rounds, count }: CpuOptions): number {
  return (rounds + warmUp) * count;
}

/** Rounds that do not count, because code is compiled in them. */
const warmUp = 2;

/**
 * How many more requests a case has whose tokens repeat. They cost little, so the new connections of a round and code that is
 * not compiled yet would be a large part of fewer ones.
 */
const moreRepeated = 3;

/** Measures the cases in turn, every second round in reverse, so that a machine that slows down favors none. */
export async function measureCpu(cases: readonly CpuCase[], options: CpuOptions): Promise<CpuRow[]> {
  const { rounds, count } = options;
  const costs = new Map<string, number[]>(cases.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds + warmUp; round++) {
    for (const one of round % 2 === 0 ? cases : cases.toReversed()) {
      const load = loadOf(one, round, count);
      const before = used(one.server);
      const answers = await runClosed(load);
      const cost = (used(one.server) - before) / load.count;
      requireAnswers(one, answers, load.count);
      if (round >= warmUp) costs.get(one.name)?.push(cost);
    }
  }
  const costsOf = (name: string) => {
    const found = costs.get(name);
    if (found === undefined) throw new Error(`there is no case ${name}`);
    return found;
  };
  return cases.flatMap(({ name, against, target, also = [] }) =>
    [{ against, ...(target !== undefined && { target }) }, ...also].map((comparison) => {
      const [own, base] = [costsOf(name), costsOf(comparison.against)];
      const leastRatio = Math.min(...own) / Math.min(...base);
      return { ...comparison, name, costs: own, ratio: spread(ratios(own, base)), leastRatio };
    }),
  );
}

function used(server: Measured): number {
  const pids = 'pid' in server ? [server.pid] : server.pids;
  return pids.reduce((sum, pid) => sum + cpuMicroseconds(pid), 0);
}

function loadOf(
  { protocol, server, tokens, requests: prepared, connections }: CpuCase,
  round: number,
  count: number,
): ClosedLoad {
  const prepare = protocol === 'http' ? httpRequest : grpcRequest;
  const areNew = tokens !== undefined && tokens.length > count;
  const first = round * count;
  const requests =
    prepared ??
    (areNew
      ? Array.from({ length: count }, (_, index) => prepare(tokens[(first + index) % tokens.length]))
      : (tokens ?? [undefined]).map(prepare));
  const streams = protocol === 'http' ? 1 : 16;
  return {
    protocol,
    port: server.port,
    connections: connections ?? (protocol === 'http' ? 32 : 2),
    streams,
    requests,
    count: areNew ? count : count * moreRepeated,
  };
}

function requireAnswers({ name, expected }: CpuCase, answers: Answers, count: number): void {
  if (answers[expected] === count) return;
  throw new Error(`${name}: expected ${count} answers to be ${expected}, got ${JSON.stringify(answers)}`);
}
