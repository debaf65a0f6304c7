/** The dashboard's row "Process and configuration". */
import { metric, type Panel, rate } from '../panel.ts';

export const processRow: readonly Panel[] = [
  {
    title: 'Event loop delay, 99th percentile',
    type: 'timeseries',
    unit: 's',
    description: 'Delay of the event loop. Every check waits at least this long.',
    alert: 'OidcAuthzEventLoopLate',
    warnAbove: 0.1,
    queries: { '{{instance}}': 'nodejs_eventloop_lag_p99_seconds{$at}' },
  },
  {
    title: 'CPU',
    type: 'timeseries',
    unit: 'short',
    description: 'Used cores. One process answers checks with one core.',
    queries: { '{{instance}}': rate('process_cpu_seconds_total') },
  },
  {
    title: 'Memory',
    type: 'timeseries',
    unit: 'bytes',
    description: 'Resident memory of the process, and its JavaScript heap.',
    queries: {
      'resident {{instance}}': 'process_resident_memory_bytes{$at}',
      'heap {{instance}}': 'nodejs_heap_size_used_bytes{$at}',
    },
  },
  {
    title: 'Garbage collection',
    type: 'timeseries',
    unit: 'percentunit',
    description: 'Share of time spent in garbage collection.',
    queries: { '{{kind}}': `sum by (kind) (${rate('nodejs_gc_duration_seconds_sum')})` },
  },
  {
    title: 'Workers',
    type: 'timeseries',
    unit: 'short',
    description: 'Processes that answer checks, the requested number, and the number of replaced ones.',
    alert: 'OidcAuthzWorkersMissing',
    queries: {
      'wanted {{instance}}': `${metric('workers_wanted')}{$at}`,
      'working {{instance}}': `${metric('workers')}{$at}`,
      'replaced {{instance}}': `${metric('worker_restarts_total')}{$at}`,
    },
  },
  {
    title: 'Rejected connections',
    type: 'timeseries',
    unit: 'ops',
    description:
      'Connections with the wrong protocol, a flood or a protocol error, by listener and cause. Empty until the first one.',
    alert: 'OidcAuthzConnectionsRejected',
    queries: {
      '{{listener}} {{cause}}': `sum by (listener, cause) (${rate(metric('connections_rejected_total'))})`,
    },
  },
  {
    title: 'Dropped log records',
    type: 'timeseries',
    unit: 'ops',
    description: 'Log records of checks that were dropped because of the rate limit.',
    queries: { '{{instance}}': rate(metric('check_records_left_out_total')) },
  },
  {
    title: 'Configuration reloads',
    type: 'timeseries',
    unit: 'short',
    description: 'Reloads of the configuration by result.',
    alert: 'OidcAuthzReloadFailed',
    queries: { '{{result}}': `sum by (result) (${metric('config_reloads_total')}{$at})` },
  },
  {
    title: 'Certificate reloads',
    type: 'timeseries',
    unit: 'short',
    description: 'Certificate reloads by kind (`listener`, `ca`) and result. Empty until the first change.',
    alert: 'OidcAuthzCertificatesNotReloaded',
    queries: {
      '{{kind}} {{result}}': `sum by (kind, result) (${metric('certificate_reloads_total')}{$at})`,
    },
  },
  {
    title: 'Configurations in use',
    type: 'timeseries',
    unit: 'short',
    description: 'Pods by configuration. More than one line for a long time is a problem.',
    alert: 'OidcAuthzConfigurationsDiffer',
    queries: { '{{hash}}': `count by (hash) (${metric('config_hash_info')}{$at})` },
  },
];
