/** The dashboard's row "Latency". */
import { duration, metric, type Panel, rate } from '../panel.ts';

const quantile = (q: number) => `histogram_quantile(${q}, sum by (le) (${rate(`${duration}_bucket`)}))`;

export const latencyRow: readonly Panel[] = [
  {
    title: 'Duration of checks',
    type: 'heatmap',
    unit: 's',
    description: 'Distribution of the duration of checks.',
    alert: 'OidcAuthzLatencyBudgetBurnFast',
    queries: { '{{le}}': `sum by (le) (${rate(`${duration}_bucket`)})` },
  },
  {
    title: 'Quantiles',
    type: 'timeseries',
    unit: 's',
    description:
      'Median, 99th and 99.9th percentile of the duration. The objective is 25 ms for 99 % of checks.',
    alert: 'OidcAuthzLatencyBudgetBurnFast',
    warnAbove: 0.025,
    queries: { p50: quantile(0.5), p99: quantile(0.99), 'p99.9': quantile(0.999) },
  },
  {
    title: 'In flight',
    type: 'timeseries',
    unit: 'short',
    description: 'Checks that wait for a verification or a fetch.',
    queries: { '{{transport}}': `sum by (transport) (${metric('checks_in_flight')}{$at})` },
  },
];
