/** The dashboard's row "Process and configuration". */
import { metric, type Panel, rate } from '../panel.ts';

export const processRow: readonly Panel[] = [
  {
    title: 'Event loop, 99th percentile',
    type: 'timeseries',
    unit: 's',
    description: 'How late the event loop is. Every check waits at least as long.',
    alert: 'OidcAuthzEventLoopLate',
    warnAbove: 0.1,
    queries: { '{{instance}}': 'nodejs_eventloop_lag_p99_seconds{$at}' },
  },
  {
    title: 'CPU',
    type: 'timeseries',
    unit: 'short',
    description: 'Cores; one process answers checks with one core.',
    queries: { '{{instance}}': rate('process_cpu_seconds_total') },
  },
  {
    title: 'Memory',
    type: 'timeseries',
    unit: 'bytes',
    description: 'Memory of the process, and the part of it that JavaScript objects take.',
    queries: {
      'resident {{instance}}': 'process_resident_memory_bytes{$at}',
      'heap {{instance}}': 'nodejs_heap_size_used_bytes{$at}',
    },
  },
  {
    title: 'Garbage collection',
    type: 'timeseries',
    unit: 'percentunit',
    description: 'Share of the time.',
    queries: { '{{kind}}': `sum by (kind) (${rate('nodejs_gc_duration_seconds_sum')})` },
  },
  {
    title: 'Workers',
    type: 'timeseries',
    unit: 'short',
    description: 'Processes that answer checks, how many there should be, and how many were replaced.',
    alert: 'OidcAuthzWorkersMissing',
    queries: {
      'wanted {{instance}}': `${metric('workers_wanted')}{$at}`,
      'working {{instance}}': `${metric('workers')}{$at}`,
      'replaced {{instance}}': `${metric('worker_restarts_total')}{$at}`,
    },
  },
  {
    title: 'Connections that came to nothing',
    type: 'timeseries',
    unit: 'ops',
    description:
      'Connections on which another protocol was spoken, by listener and cause. Empty until the first.',
    alert: 'OidcAuthzConnectionsRejected',
    queries: {
      '{{listener}} {{cause}}': `sum by (listener, cause) (${rate(metric('connections_rejected_total'))})`,
    },
  },
  {
    title: 'Dropped log records',
    type: 'timeseries',
    unit: 'ops',
    description: 'Records of checks that were not logged because there were too many.',
    queries: { '{{instance}}': rate(metric('check_records_left_out_total')) },
  },
  {
    title: 'Reloads',
    type: 'timeseries',
    unit: 'short',
    description: 'Reloads of the configuration by result.',
    alert: 'OidcAuthzReloadFailed',
    queries: { '{{result}}': `sum by (result) (${metric('config_reloads_total')}{$at})` },
  },
  {
    title: 'Reloads of certificates',
    type: 'timeseries',
    unit: 'short',
    description:
      'Reloads of certificates by kind (of a listener, of authorities) and result. Empty until the first change.',
    alert: 'OidcAuthzCertificatesNotReloaded',
    queries: {
      '{{kind}} {{result}}': `sum by (kind, result) (${metric('certificate_reloads_total')}{$at})`,
    },
  },
  {
    title: 'Configurations in use',
    type: 'timeseries',
    unit: 'short',
    description: 'Pods by the configuration that they use. More than one line for long is a fault.',
    alert: 'OidcAuthzConfigurationsDiffer',
    queries: { '{{hash}}': `count by (hash) (${metric('config_hash_info')}{$at})` },
  },
];
