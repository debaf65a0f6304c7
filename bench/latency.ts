/** Latency at a fixed rate, measured with open loops on several servers in turn. */
import type { Protocol } from './load/messages.ts';
import type { OpenResult } from './load/open.ts';
import { runOpen } from './load/start-open.ts';
import { ratios, spread } from './measure.ts';
import { type Row, two } from './report/table.ts';
import type { TargetName } from './targets.ts';

/** A load whose latency is measured. */
export interface LatencyCase {
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly tokens: readonly string[];
  /** The name of the case that the figure is divided by. */
  readonly against: string;
  readonly target?: TargetName;
}

/** The rate and the amount of measurements. */
export interface LatencyOptions {
  /** Requests a second. */
  readonly rate: number;
  readonly seconds: number;
  readonly rounds: number;
  /** The figure that the ratios compare. */
  readonly compared: 'p50' | 'p99';
}

/** The meaning of the absolute figures of these rows. */
export const latencyHere = 'p50, p99 and p99.9 in ms';

/** Enough for each request to leave when it is due, even if the server pauses for a tenth of a second. */
const places: Readonly<Record<Protocol, { readonly connections: number; readonly streams: number }>> = {
  http: { connections: 128, streams: 1 },
  grpc: { connections: 2, streams: 64 },
};

/** Measures the cases in turn. @throws Error if a request has another answer than allowed */
export async function measureLatency(
  cases: readonly LatencyCase[],
  { rate, seconds, rounds, compared }: LatencyOptions,
): Promise<Row[]> {
  const results = new Map<string, OpenResult[]>(cases.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, protocol, port, tokens } of round % 2 === 0 ? cases : cases.toReversed()) {
      const result = await runOpen({ protocol, port, tokens, rate, seconds, ...places[protocol] });
      if (result.allowed !== result.sent)
        throw new Error(
          `${name}: expected ${result.sent} answers to be allowed, got ${JSON.stringify(result)}`,
        );
      // A request that found no free connection would have had the highest latency, so these percentiles would be too good.
      const isTooSlow = result.sent < 0.99 * result.offered;
      results.get(name)?.push(isTooSlow ? { ...result, p50: Number.NaN, p99: Number.NaN } : result);
    }
  }
  const figures = (name: string, of: keyof OpenResult) => (results.get(name) ?? []).map((one) => one[of]);
  const middle = (name: string, of: keyof OpenResult) => {
    const { median } = spread(figures(name, of));
    return Number.isFinite(median) ? two(median) : 'none';
  };
  return cases.map(({ name, against, target }) => ({
    name,
    ratio: spread(ratios(figures(name, compared), figures(against, compared))),
    against,
    ...(target !== undefined && { target }),
    here: `${middle(name, 'p50')}, ${middle(name, 'p99')}, ${middle(name, 'p999')}`,
  }));
}
