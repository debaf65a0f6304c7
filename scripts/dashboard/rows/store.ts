/** The store that replicas share. Its panels are empty without `state`. */
import { metric, type Panel, rate } from '../panel.ts';

const operations = metric('store_operations_seconds');
const exceptWaits = ', operation!="feed_read"';

/** The panels of this row. */
export const storeRow: readonly Panel[] = [
  {
    title: 'Connection to the store',
    type: 'timeseries',
    unit: 'short',
    description: 'Whether every process of an instance is connected to Valkey or Redis: 1 or 0.',
    alert: 'OidcAuthzStoreAway',
    queries: { '{{instance}}': `min by (instance) (${metric('store_up')}{$at})` },
  },
  {
    title: 'Operations',
    type: 'timeseries',
    unit: 'reqps',
    description: 'Operations at the store per second. Checks with a cached session need none.',
    stacked: true,
    queries: { '{{operation}}': `sum by (operation) (${rate(`${operations}_count`)})` },
  },
  {
    title: 'Time of an operation',
    type: 'timeseries',
    unit: 's',
    description:
      'Time of an operation, including those without an answer. Reads of feeds, which wait for entries, are not included.',
    alert: 'OidcAuthzStoreSlow',
    queries: Object.fromEntries(
      [0.5, 0.99].map((quantile) => [
        `p${quantile * 100}`,
        `histogram_quantile(${quantile}, sum by (le) (${rate(`${operations}_bucket`, exceptWaits)}))`,
      ]),
    ),
  },
  {
    title: 'Failed operations',
    type: 'timeseries',
    unit: 'short',
    description: 'Operations per minute that failed, by cause.',
    alert: 'OidcAuthzStoreRefuses',
    stacked: true,
    queries: {
      '{{operation}} {{result}}': `60 * sum by (operation, result) (${rate(`${operations}_count`, ', result!="success"')})`,
    },
  },
  {
    title: 'Revocations in the store',
    type: 'timeseries',
    unit: 'short',
    description:
      'Entries that an instance has read, those that it cannot read, and the age of its list in seconds.',
    alert: 'OidcAuthzRevocationsStale',
    queries: {
      'entries {{instance}}': `max by (instance) (${metric('deny_list_store_entries')}{$at})`,
      'unreadable {{instance}}': `max by (instance) (${metric('deny_list_store_unreadable')}{$at})`,
      'age {{instance}}': `max by (instance) (${metric('deny_list_store_age_seconds')}{$at})`,
    },
  },
  {
    title: 'DPoP proofs at the store',
    type: 'timeseries',
    unit: 'reqps',
    description:
      'Proofs per second that the store was asked about, by result. `used` is a replay at another process.',
    alert: 'OidcAuthzStoreAway',
    stacked: true,
    queries: { '{{result}}': `sum by (result) (${rate(metric('dpop_shared_proofs_total'))})` },
  },
  {
    title: 'Connections',
    type: 'timeseries',
    unit: 'short',
    description: 'Attempts to connect per minute, by result.',
    queries: { '{{result}}': `60 * sum by (result) (${rate(metric('store_connections_total'))})` },
  },
];
