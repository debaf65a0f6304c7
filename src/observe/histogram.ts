/** The latency histogram of checks: plain numbers during checks, Prometheus samples at a scrape. */
import type { Metric } from 'prom-client';
import type { Outcome } from '../model/reasons.ts';
import type { Transport } from '../model/transport.ts';

/** Upper bounds of the buckets, in seconds. */
export const bounds = [
  0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
];

/** A histogram by transport and outcome. */
export interface LatencyHistogram {
  readonly observe: (transport: Transport, outcome: Outcome, seconds: number) => void;
  /** For the registry. */
  readonly metric: Metric;
}

interface Series {
  readonly labels: { readonly transport: Transport; readonly outcome: Outcome };
  /** Observations by bucket. The last bucket is above every bound. */
  readonly buckets: number[];
  sum: number;
}

/** Creates a histogram. prom-client's histogram is not used: an observation in it takes 1 µs, a tenth of a whole check. */
export function createLatencyHistogram(name: string, help: string): LatencyHistogram {
  const seriesOf = (transport: Transport): Record<Outcome, Series> => {
    const empty = (outcome: Outcome): Series => ({
      labels: { transport, outcome },
      buckets: new Array(bounds.length + 1).fill(0),
      sum: 0,
    });
    return { allow: empty('allow'), deny: empty('deny'), error: empty('error') };
  };
  const all: Record<Transport, Record<Outcome, Series>> = { http: seriesOf('http'), grpc: seriesOf('grpc') };

  const get = async () => ({
    name,
    help,
    type: 'histogram',
    aggregator: 'sum',
    values: Object.values(all).flatMap((byOutcome) =>
      Object.values(byOutcome).flatMap((series) => samples(name, series)),
    ),
  });
  return {
    observe: (transport, outcome, seconds) => {
      const series = all[transport][outcome];
      let bucket = 0;
      while (bucket < bounds.length && seconds > (bounds[bucket] ?? 0)) bucket++;
      series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1;
      series.sum += seconds;
    },
    metric: { name, help, type: 'histogram', get, reset: () => {} } as unknown as Metric,
  };
}

function samples(name: string, { labels, buckets, sum }: Series) {
  let count = 0;
  const cumulative = buckets.map((observations, index) => {
    count += observations;
    return { metricName: `${name}_bucket`, labels: { ...labels, le: bounds[index] ?? '+Inf' }, value: count };
  });
  return [
    ...cumulative,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}
