/** The Grafana dashboard: every panel declared in a line or two, laid out in rows. */

/** A panel. */
export interface Panel {
  readonly title: string;
  readonly type: 'timeseries' | 'stat' | 'heatmap';
  /** A unit of Grafana's. */
  readonly unit: string;
  readonly description: string;
  /** The alert whose runbook says what to do about what the panel shows. */
  readonly alert?: string;
  /** From where on the value is yellow, and red. */
  readonly warnAbove?: number;
  readonly alarmAbove?: number;
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
      description: 'Checks that were answered, over HTTP and gRPC.',
      queries: { '': `sum(${rate(checks)})` },
    },
    {
      title: 'Allowed',
      type: 'stat',
      unit: 'percentunit',
      description: 'Share of the checks that ended in allow.',
      alert: 'OidcAuthzDenialsJump',
      queries: { '': `sum(${rate(checks, ', outcome="allow"')}) / sum(${rate(checks)})` },
    },
    {
      title: 'Without a verdict',
      type: 'stat',
      unit: 'percentunit',
      description: 'Checks that ended in error. The objective is 0.1 %.',
      alert: 'OidcAuthzErrorBudgetBurnFast',
      warnAbove: 0.001,
      alarmAbove: 0.0144,
      queries: {
        '': `sum(${rate(`${duration}_count`, ', outcome="error"')}) / sum(${rate(`${duration}_count`)})`,
      },
    },
    {
      title: 'Slower than 25 ms',
      type: 'stat',
      unit: 'percentunit',
      description: 'Share of the checks that took longer. The objective is 1 %.',
      alert: 'OidcAuthzLatencyBudgetBurnFast',
      warnAbove: 0.01,
      alarmAbove: 0.144,
      queries: {
        '': `1 - sum(${rate(`${duration}_bucket`, ', le="0.025"')}) / sum(${rate(`${duration}_count`)})`,
      },
    },
    {
      title: 'Issuers without keys',
      type: 'stat',
      unit: 'short',
      description: 'Issuers that have no usable keys in at least one pod: that pod refuses their tokens.',
      alert: 'OidcAuthzIssuerWithoutKeys',
      alarmAbove: 0,
      queries: { '': `count(min by (issuer) (${metric('issuer_ready')}{$at}) == 0) or vector(0)` },
    },
    {
      title: 'Failed reloads',
      type: 'stat',
      unit: 'short',
      description:
        'Pods that were given a configuration or a deny list that they cannot use, and keep the one before.',
      alert: 'OidcAuthzReloadFailed',
      alarmAbove: 0,
      queries: {
        configuration: `count(${metric('config_last_reload_successful')}{$at} == 0) or vector(0)`,
        'deny list': `count(${metric('deny_list_last_reload_successful')}{$at} == 0) or vector(0)`,
      },
    },
    {
      title: 'Not enforced',
      type: 'stat',
      unit: 'short',
      description:
        'Pods whose rules are only tried (`mode: shadow`), and pods for which another authorizer still decides (`shadow.authorizer`).',
      alert: 'OidcAuthzShadowModeLasts',
      warnAbove: 0,
      queries: {
        'shadow mode': `sum(${metric('shadow_mode')}{$at})`,
        'another decides': `sum(${metric('shadow_authorizer')}{$at})`,
      },
    },
    {
      title: 'Pods',
      type: 'stat',
      unit: 'short',
      description: 'Pods that answer scrapes.',
      alert: 'OidcAuthzAbsent',
      queries: { '': `count(${metric('build_info')}{$at})` },
    },
  ],
  Checks: [
    {
      title: 'Outcomes',
      type: 'timeseries',
      unit: 'reqps',
      description: 'Checks by outcome: allow, deny, or error, which is no verdict.',
      stacked: true,
      queries: { '{{outcome}}': `sum by (outcome) (${rate(`${duration}_count`)})` },
    },
    {
      title: 'Reasons, other than allowed',
      type: 'timeseries',
      unit: 'reqps',
      description: 'Why checks were refused. docs/reasons.md says what to do about each.',
      alert: 'OidcAuthzDenialsJump',
      queries: { '{{reason}}': `sum by (reason) (${rate(checks, ', outcome!="allow"')})` },
    },
    {
      title: 'By issuer',
      type: 'timeseries',
      unit: 'reqps',
      description: 'Checks by the issuer of the token; `none` where the token names no configured one.',
      stacked: true,
      queries: { '{{issuer}}': `sum by (issuer) (${rate(checks)})` },
    },
    {
      title: 'By transport',
      type: 'timeseries',
      unit: 'reqps',
      description: 'Checks over HTTP and over gRPC.',
      stacked: true,
      queries: { '{{transport}}': `sum by (transport) (${rate(checks)})` },
    },
  ],
  'Rules, policies and shadow': [
    {
      title: 'Rules',
      type: 'timeseries',
      unit: 'reqps',
      description: 'Checks by the rule that decided, and its outcome. Empty without `rules`.',
      queries: { '{{rule}} {{outcome}}': `sum by (rule, outcome) (${rate(metric('rule_checks_total'))})` },
    },
    {
      title: 'Policies',
      type: 'timeseries',
      unit: 'reqps',
      description: 'Checks by policy and outcome. Empty without `policies`.',
      queries: {
        '{{policy}} {{outcome}}': `sum by (policy, outcome) (${rate(metric('policy_checks_total'))})`,
      },
    },
    {
      title: 'Passed only because rules are tried',
      type: 'timeseries',
      unit: 'reqps',
      description:
        'Requests that passed in `mode: shadow`, by the rule and the reason that would have refused them.',
      alert: 'OidcAuthzShadowModeLasts',
      queries: { '{{rule}} {{reason}}': `sum by (rule, reason) (${rate(metric('checks_shadow_total'))})` },
    },
    {
      title: 'Compared with the authorizer that still decides',
      type: 'timeseries',
      unit: 'ops',
      description: 'Only with `shadow.authorizer`: how its answers compare with our own decisions.',
      alert: 'OidcAuthzIncumbentUnavailable',
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
      description: 'How many checks took how long.',
      alert: 'OidcAuthzLatencyBudgetBurnFast',
      queries: { '{{le}}': `sum by (le) (${rate(`${duration}_bucket`)})` },
    },
    {
      title: 'Quantiles',
      type: 'timeseries',
      unit: 's',
      description: 'The median and the slowest 1 % and 0.1 %. The objective is 25 ms for 99 %.',
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
  ],
  'Tokens and revocation': [
    {
      title: 'Look-ups in the cache',
      type: 'timeseries',
      unit: 'reqps',
      description: 'A hit is a token that was verified before; a miss costs the verification of a signature.',
      stacked: true,
      queries: { '{{result}}': `sum by (result) (${rate(metric('token_cache_lookups_total'))})` },
    },
    {
      title: 'Tokens and proofs in memory',
      type: 'timeseries',
      unit: 'short',
      description: 'Verified tokens in the cache, and DPoP proofs that must not be used again.',
      alert: 'OidcAuthzProofsWithoutRoom',
      queries: {
        'tokens {{instance}}': `${metric('token_cache_entries')}{$at}`,
        'proofs {{instance}}': `${metric('dpop_proofs')}{$at}`,
      },
    },
    {
      title: 'Deny list',
      type: 'timeseries',
      unit: 'short',
      description: 'Entries of the deny list in use. 0 without `denyList`.',
      alert: 'OidcAuthzDenyListNotReloaded',
      queries: { '{{instance}}': `${metric('deny_list_entries')}{$at}` },
    },
    {
      title: 'Reloads of the deny list',
      type: 'timeseries',
      unit: 'short',
      description: 'Reloads after a change of the file, and revocations that were lifted by one.',
      alert: 'OidcAuthzDenyListNotReloaded',
      queries: {
        '{{result}}': `sum by (result) (${metric('deny_list_reloads_total')}{$at})`,
        'entries removed': `sum(${metric('deny_list_entries_removed_total')}{$at})`,
      },
    },
  ],
  Issuers: [
    {
      title: 'Age of the keys',
      type: 'timeseries',
      unit: 's',
      description: 'Minutes are usual. Keys serve for `keys.maxStale`, which is the dashed line.',
      alert: 'OidcAuthzKeysAboutToExpire',
      queries: {
        '{{issuer}}': `max by (issuer) (${metric('issuer_keys_age_seconds')}{$at})`,
        'keys.maxStale': `min(${metric('keys_max_stale_seconds')}{$at})`,
      },
    },
    {
      title: 'Usable keys',
      type: 'timeseries',
      unit: 'short',
      description: 'Keys that tokens can be verified with, in the pod that has the fewest.',
      alert: 'OidcAuthzIssuerWithoutKeys',
      queries: { '{{issuer}}': `min by (issuer) (${metric('issuer_keys')}{$at})` },
    },
    {
      title: 'Fetches',
      type: 'timeseries',
      unit: 'ops',
      description: 'Requests to the issuers, by kind and result.',
      alert: 'OidcAuthzRefreshesFailing',
      queries: {
        '{{issuer}} {{kind}} {{result}}': `sum by (issuer, kind, result) (${rate(metric('issuer_refreshes_total'))})`,
      },
    },
    {
      title: 'Refused keys',
      type: 'timeseries',
      unit: 'short',
      description: 'Published keys that are not safe to use, by cause.',
      alert: 'OidcAuthzKeysRejected',
      queries: {
        '{{issuer}} {{cause}}': `max by (issuer, cause) (${metric('issuer_keys_rejected_total')}{$at})`,
      },
    },
    {
      title: 'Keys that are not used',
      type: 'timeseries',
      unit: 'short',
      description: 'Published keys that are not used, by cause: unsupported ones are usual beside good ones.',
      alert: 'OidcAuthzKeysRejected',
      queries: {
        '{{issuer}} {{cause}}': `max by (issuer, cause) (${metric('issuer_keys_unused')}{$at})`,
      },
    },
    {
      title: 'Keys on another host',
      type: 'timeseries',
      unit: 'short',
      description:
        'Is 1 while the discovery document of an issuer names another host for its keys, which is not followed.',
      alert: 'OidcAuthzKeysMoved',
      queries: { '{{issuer}}': `max by (issuer) (${metric('issuer_jwks_uri_moved')}{$at})` },
    },
    {
      title: 'Values withheld from the upstream',
      type: 'timeseries',
      unit: 'ops',
      description: 'Claims that were not forwarded, or not whole, by header and cause.',
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
    const [perLine, h] = isStats ? [4, 4] : [Math.min(3, members.length), 8];
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
    annotations: { list: [firingAlerts()] },
    links: [
      {
        type: 'link',
        title: 'Runbooks',
        icon: 'doc',
        targetBlank: true,
        url: `${runbooks}README.md`,
      },
    ],
    panels,
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

const datasource = { type: 'prometheus', uid: '$' + '{datasource}' };

/** What the chart replaces by `runbookBaseUrl`; where it does not know one, it leaves the links out. */
const runbooks = 'docs/runbooks/';

function toGrafana(panel: Panel): object {
  const { title, type, unit, description, queries, stacked, alert } = panel;
  const targets = Object.entries(queries).map(([legend, query], index) => ({
    refId: String.fromCharCode(65 + index),
    datasource,
    expr: query.replaceAll('$at', selection),
    legendFormat: legend,
    ...(type === 'heatmap' && { format: 'heatmap' }),
  }));
  const steps = stepsOf(panel);
  const custom = {
    ...(stacked === true ? { fillOpacity: 30, stacking: { mode: 'normal' } } : { fillOpacity: 5 }),
    ...(steps.length > 1 && { thresholdsStyle: { mode: 'dashed' } }),
  };
  const options = {
    timeseries: {
      legend: { displayMode: 'list', placement: 'bottom' },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
    stat: {
      reduceOptions: { calcs: ['lastNotNull'] },
      graphMode: 'area',
      colorMode: steps.length > 1 ? 'background' : 'value',
    },
    heatmap: { calculate: false, yAxis: { unit }, color: { mode: 'scheme', scheme: 'Oranges' } },
  }[type];
  const defaults = {
    unit,
    min: 0,
    thresholds: { mode: 'absolute', steps },
    ...(type === 'stat' && { color: { mode: 'thresholds' } }),
    ...(type === 'timeseries' && { custom }),
  };
  return {
    title,
    type,
    description,
    datasource,
    fieldConfig: { defaults, overrides: type === 'timeseries' ? [limitLines] : [] },
    options,
    targets,
    ...(alert !== undefined && {
      links: [{ title: `Runbook: ${alert}`, url: `${runbooks}${alert}.md`, targetBlank: true }],
    }),
  };
}

/** A bound of the configuration is a dashed line. */
const limitLines = {
  matcher: { id: 'byName', options: 'keys.maxStale' },
  properties: [{ id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 8] } }],
};

function stepsOf({ warnAbove, alarmAbove }: Panel): object[] {
  // A step begins at its value, and zero is good.
  const from = (value: number) => (value === 0 ? 1 : value);
  return [
    { color: 'green', value: null },
    ...(warnAbove === undefined ? [] : [{ color: 'yellow', value: from(warnAbove) }]),
    ...(alarmAbove === undefined ? [] : [{ color: 'red', value: from(alarmAbove) }]),
  ];
}

/** Marks on every panel while an alert of the selection fires. */
function firingAlerts(): object {
  return {
    name: 'Alerts',
    datasource,
    enable: true,
    iconColor: 'red',
    expr: 'ALERTS{alertname=~"OidcAuthz.*", alertstate="firing", namespace=~"$namespace", job=~"$job"}',
    step: '60s',
    titleFormat: '{{alertname}}',
    textFormat: '{{issuer}} {{severity}}',
    tagKeys: 'alertname,severity',
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
