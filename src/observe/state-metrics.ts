/** Measures the operations of the store that processes share. */
import type { StateOperation } from '../state/state-events.ts';
import type { StateFailure } from '../state/state-store.ts';
import type { MetricMakers } from './metric-makers.ts';

/** Upper bounds of the buckets of an operation, in seconds. `state.valkey.timeout` is at most 1 s. */
const durationBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] as const;

/** The metrics of the store. */
export interface StateMetrics {
  readonly operation: (operation: StateOperation, result: 'success' | StateFailure, seconds: number) => void;
  readonly up: (isUp: boolean) => void;
  readonly connected: (isSuccess: boolean) => void;
}

/** Creates the metrics of the store. */
export function createStateMetrics({ counter, gauge, histogram }: MetricMakers): StateMetrics {
  const up = gauge('store_up');
  const operations = histogram('store_operations_seconds', durationBounds);
  const connections = counter('store_connections_total');
  up.set(0);
  for (const result of ['success', 'failure']) connections.inc({ result }, 0);
  return {
    operation: (operation, result, seconds) => operations.observe({ operation, result }, seconds),
    up: (isUp) => up.set(isUp ? 1 : 0),
    connected: (isSuccess) => connections.inc({ result: isSuccess ? 'success' : 'failure' }),
  };
}
