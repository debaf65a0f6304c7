/** Makes metrics from their definitions. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { metricDefinitions, metricPrefix } from './metric-definitions.ts';

type MetricName = keyof typeof metricDefinitions;
type MetricOfType<T> = {
  [M in MetricName]: (typeof metricDefinitions)[M]['type'] extends T ? M : never;
}[MetricName];
type Label<M extends MetricName> = (typeof metricDefinitions)[M]['labels'][number];

/** Makes metrics. `collect` sets the values at each scrape. */
export interface MetricMakers {
  readonly counter: <M extends MetricOfType<'counter'>>(
    name: M,
    collect?: (this: Counter<Label<M>>) => void,
  ) => Counter<Label<M>>;
  readonly gauge: <M extends MetricOfType<'gauge'>>(
    name: M,
    collect?: (this: Gauge<Label<M>>) => void,
  ) => Gauge<Label<M>>;
  readonly histogram: <M extends MetricOfType<'histogram'>>(
    name: M,
    buckets: readonly number[],
  ) => Histogram<Label<M>>;
}

/** Creates the makers of metrics in a registry. */
export function createMetricMakers(registry: Registry): MetricMakers {
  const common = <M extends MetricName>(name: M) => ({
    name: metricPrefix + name,
    help: metricDefinitions[name].help,
    labelNames: metricDefinitions[name].labels as readonly Label<M>[],
    registers: [registry],
    // All processes have the same configuration and build, so these metrics are not summed.
    ...(isSameInAllProcesses(name) && { aggregator: 'first' as const }),
    // The store is up if it is for every process.
    ...(name === 'store_up' && { aggregator: 'min' as const }),
    // The process that knows least.
    ...(name === 'session_ends_age_seconds' && { aggregator: 'max' as const }),
  });
  return {
    counter: <M extends MetricName>(name: M, collect?: (this: Counter<Label<M>>) => void) =>
      new Counter<Label<M>>({ ...common(name), ...(collect !== undefined && { collect }) }),
    gauge: <M extends MetricName>(name: M, collect?: (this: Gauge<Label<M>>) => void) =>
      new Gauge<Label<M>>({ ...common(name), ...(collect !== undefined && { collect }) }),
    histogram: (name, buckets) => new Histogram({ ...common(name), buckets: [...buckets] }),
  };
}

function isSameInAllProcesses(name: MetricName): boolean {
  return (
    name.startsWith('config_') ||
    name === 'keys_max_stale_seconds' ||
    name === 'shadow_mode' ||
    name === 'shadow_authorizer' ||
    name.startsWith('deny_list_') ||
    name.startsWith('session_keys') ||
    name === 'build_info'
  );
}
