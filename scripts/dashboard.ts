/** The Grafana dashboard: every panel declared in a line or two, laid out in rows. */

/** A panel. */
export interface Panel {
  readonly title: string;
  readonly type: 'timeseries' | 'stat' | 'heatmap';
  /** A unit of Grafana's. */
  readonly unit: string;
  readonly description?: string;
  /** PromQL by legend. `$at` stands for the selection of namespace, job and instance. */
  readonly queries: Readonly<Record<string, string>>;
  readonly stacked?: true;
}

const metric = (name: string) => `oidc_authz_${name}`;
const rate = (name: string, more = '') => `rate(${name}{$at${more}}[$__rate_interval])`;
const checks = metric('checks_total');
const duration = metric('check_duration_seconds');
const quantile = (q: number) => `histogram_quantile(${q}, sum by (le) (${rate(`${duration}_bucket`)}))`;

/** The panels, by the row that they stand in. */
export const rows: Readonly<Record<string, readonly Panel[]>> = {
  'At a glance': [
    {
      title: 'Checks per second',
      type: 'stat',
      unit: 'reqps',
      queries: { '': `sum(${rate(checks)})` },
    },
    {
      title: 'Allowed',
      type: 'stat',
      unit: 'percentunit',
      queries: { '': `sum(${rate(checks, ', outcome="allow"')}) / sum(${rate(checks)})` },
    },
    {
      title: 'Without a verdict',
      type: 'stat',
      unit: 'percentunit',
      description: 'Checks that ended in error. The objective is 0.1 %.',
      queries: {
        '': `sum(${rate(`${duration}_count`, ', outcome="error"')}) / sum(${rate(`${duration}_count`)})`,
      },
    },
    {
      title: 'Within 25 ms',
      type: 'stat',
      unit: 'percentunit',
      description: 'The objective is 99 %.',
      queries: {
        '': `sum(${rate(`${duration}_bucket`, ', le="0.025"')}) / sum(${rate(`${duration}_count`)})`,
      },
    },
    {
      title: 'Issuers with keys',
      type: 'stat',
      unit: 'short',
      queries: { '': `count(max by (issuer) (${metric('issuer_ready')}{$at}) == 1)` },
    },
    {
      title: 'Pods',
      type: 'stat',
      unit: 'short',
      queries: { '': `count(${metric('build_info')}{$at})` },
    },
  ],
  Checks: [
    {
      title: 'Outcomes',
      type: 'timeseries',
      unit: 'reqps',
      stacked: true,
      queries: { '{{outcome}}': `sum by (outcome) (${rate(`${duration}_count`)})` },
    },
    {
      title: 'Reasons, other than allowed',
      type: 'timeseries',
      unit: 'reqps',
      queries: { '{{reason}}': `sum by (reason) (${rate(checks, ', outcome!="allow"')})` },
    },
    {
      title: 'By issuer',
      type: 'timeseries',
      unit: 'reqps',
      stacked: true,
      queries: { '{{issuer}}': `sum by (issuer) (${rate(checks)})` },
    },
    {
      title: 'By transport',
      type: 'timeseries',
      unit: 'reqps',
      stacked: true,
      queries: { '{{transport}}': `sum by (transport) (${rate(checks)})` },
    },
    {
      title: 'Compared with the authorizer that still decides',
      type: 'timeseries',
      unit: 'ops',
      description: 'Only with `shadow.authorizer`: how its answers compare with our own decisions.',
      queries: {
        '{{result}}': `sum by (result) (${rate(metric('shadow_comparisons_total'))})`,
      },
    },
  ],
  Latency: [
    {
      title: 'Time of a check',
      type: 'heatmap',
      unit: 's',
      queries: { '{{le}}': `sum by (le) (${rate(`${duration}_bucket`)})` },
    },
    {
      title: 'Quantiles',
      type: 'timeseries',
      unit: 's',
      queries: { p50: quantile(0.5), p99: quantile(0.99), 'p99.9': quantile(0.999) },
    },
    {
      title: 'In flight',
      type: 'timeseries',
      unit: 'short',
      description: 'Checks that wait for a verification or a fetch.',
      queries: { '{{transport}}': `sum by (transport) (${metric('checks_in_flight')}{$at})` },
    },
  ],
  'Cache of verified tokens': [
    {
      title: 'Look-ups',
      type: 'timeseries',
      unit: 'reqps',
      stacked: true,
      queries: { '{{result}}': `sum by (result) (${rate(metric('token_cache_lookups_total'))})` },
    },
    {
      title: 'Entries',
      type: 'timeseries',
      unit: 'short',
      queries: { '{{instance}}': `${metric('token_cache_entries')}{$at}` },
    },
  ],
  Issuers: [
    {
      title: 'Age of the keys',
      type: 'timeseries',
      unit: 's',
      description: 'Minutes are usual. Keys serve for keys.maxStale, 24 h unless configured.',
      queries: { '{{issuer}}': `max by (issuer) (${metric('issuer_keys_age_seconds')}{$at})` },
    },
    {
      title: 'Usable keys',
      type: 'timeseries',
      unit: 'short',
      queries: { '{{issuer}}': `min by (issuer) (${metric('issuer_keys')}{$at})` },
    },
    {
      title: 'Fetches',
      type: 'timeseries',
      unit: 'ops',
      queries: {
        '{{issuer}} {{kind}} {{result}}': `sum by (issuer, kind, result) (${rate(metric('issuer_refreshes_total'))})`,
      },
    },
    {
      title: 'Refused keys',
      type: 'timeseries',
      unit: 'short',
      queries: {
        '{{issuer}} {{cause}}': `max by (issuer, cause) (${metric('issuer_keys_rejected_total')}{$at})`,
      },
    },
    {
      title: 'Values withheld from the upstream',
      type: 'timeseries',
      unit: 'ops',
      queries: {
        '{{header}} {{cause}}': `sum by (header, cause) (${rate(metric('forwarded_headers_withheld_total'))})`,
      },
    },
  ],
  'Process and configuration': [
    {
      title: 'Event loop, 99th percentile',
      type: 'timeseries',
      unit: 's',
      queries: { '{{instance}}': 'nodejs_eventloop_lag_p99_seconds{$at}' },
    },
    {
      title: 'CPU',
      type: 'timeseries',
      unit: 'short',
      description: 'Cores; the checks are answered by one.',
      queries: { '{{instance}}': rate('process_cpu_seconds_total') },
    },
    {
      title: 'Memory',
      type: 'timeseries',
      unit: 'bytes',
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
      title: 'Reloads',
      type: 'timeseries',
      unit: 'short',
      queries: { '{{result}}': `sum by (result) (${metric('config_reloads_total')}{$at})` },
    },
    {
      title: 'Configurations in use',
      type: 'timeseries',
      unit: 'short',
      queries: { '{{hash}}': `count by (hash) (${metric('config_hash_info')}{$at})` },
    },
  ],
};

/** The selection that every query has. */
const selection = 'namespace=~"$namespace", job=~"$job", instance=~"$instance"';

/** Writes a query with another selection, for whoever asks Prometheus by themselves. */
export function queryWith(query: string, select: string, rateInterval: string): string {
  return query.replaceAll('$at', select).replaceAll('$__rate_interval', rateInterval).replaceAll('{, ', '{');
}

/** The dashboard as Grafana imports it. */
export function dashboardJson(): string {
  const panels: object[] = [];
  let [id, y] = [1, 0];
  for (const [row, members] of Object.entries(rows)) {
    panels.push({
      id: id++,
      type: 'row',
      title: row,
      collapsed: false,
      gridPos: { x: 0, y: y++, w: 24, h: 1 },
      panels: [],
    });
    const isStats = members.every(({ type }) => type === 'stat');
    const [perLine, h] = isStats ? [members.length, 4] : [Math.min(3, members.length), 8];
    const w = Math.floor(24 / perLine);
    members.forEach((panel, index) => {
      const gridPos = { x: (index % perLine) * w, y: y + Math.floor(index / perLine) * h, w, h };
      panels.push({ id: id++, gridPos, ...toGrafana(panel) });
    });
    y += Math.ceil(members.length / perLine) * h;
  }
  const dashboard = {
    uid: 'oidc-authz',
    title: 'oidc-authz',
    description: 'An external authorizer for Envoy, Istio and Kyma.',
    tags: ['oidc-authz', 'envoy', 'ext_authz'],
    schemaVersion: 41,
    editable: true,
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    templating: { list: variables() },
    panels,
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

const datasource = { type: 'prometheus', uid: '$' + '{datasource}' };

function toGrafana({ title, type, unit, description = '', queries, stacked }: Panel): object {
  const targets = Object.entries(queries).map(([legend, query], index) => ({
    refId: String.fromCharCode(65 + index),
    datasource,
    expr: query.replaceAll('$at', selection),
    legendFormat: legend,
    ...(type === 'heatmap' && { format: 'heatmap' }),
  }));
  const custom = stacked === true ? { fillOpacity: 30, stacking: { mode: 'normal' } } : { fillOpacity: 5 };
  const options = {
    timeseries: {
      legend: { displayMode: 'list', placement: 'bottom' },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
    stat: { reduceOptions: { calcs: ['lastNotNull'] }, graphMode: 'area' },
    heatmap: { calculate: false, yAxis: { unit }, color: { mode: 'scheme', scheme: 'Oranges' } },
  }[type];
  return {
    title,
    type,
    description,
    datasource,
    fieldConfig: { defaults: { unit, min: 0, ...(type === 'timeseries' && { custom }) }, overrides: [] },
    options,
    targets,
  };
}

function variables(): object[] {
  const fromLabel = (name: string, above: string) => ({
    name,
    type: 'query',
    datasource,
    query: { query: `label_values(oidc_authz_build_info${above}, ${name})`, refId: name },
    refresh: 2,
    multi: true,
    includeAll: true,
    // Also where a scrape sets no such label.
    allValue: '.*',
    current: { text: 'All', value: '$__all' },
  });
  return [
    { name: 'datasource', type: 'datasource', query: 'prometheus', current: {} },
    fromLabel('namespace', ''),
    fromLabel('job', '{namespace=~"$namespace"}'),
    fromLabel('instance', '{namespace=~"$namespace", job=~"$job"}'),
  ];
}
