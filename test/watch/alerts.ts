/** When each alert fires, and when it must not, in series as promtool writes them. */

/** A case of an alert. */
export interface AlertCase {
  readonly alert: string;
  readonly when: string;
  readonly series: Readonly<Record<string, string>>;
  readonly at: string;
  /** How far apart the points of the series are; default: a minute. */
  readonly step?: string;
  /** The labels that it fires with beside namespace, job and severity; undefined if it does not fire. */
  readonly fires: Readonly<Record<string, string>> | undefined;
}

const one = (metric: string, labels: Readonly<Record<string, string>> = {}) => {
  const all = { namespace: 'a', job: 'authz', pod: '1', instance: '1', ...labels };
  return `${metric}{${Object.entries(all)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',')}}`;
};
const checks = (outcome: string) =>
  one('oidc_authz_check_duration_seconds_count', { transport: 'http', outcome });
const fast = one('oidc_authz_check_duration_seconds_bucket', {
  transport: 'http',
  outcome: 'allow',
  le: '0.025',
});
const issuer = (metric: string, labels: Readonly<Record<string, string>> = {}) =>
  one(`oidc_authz_issuer_${metric}`, { issuer: 'main', ...labels });
const refreshes = (result: string) => issuer('refreshes_total', { kind: 'jwks', result });
const compared = (result: string) => one('oidc_authz_shadow_comparisons_total', { result });
const build = one('oidc_authz_build_info', { version: '1', node: '26' });

/** An issuer that cannot be reached while its keys of this age serve on. */
const failing = (age: string) => ({
  [issuer('ready')]: '1x60',
  [issuer('keys_age_seconds')]: age,
  [one('oidc_authz_keys_max_stale_seconds')]: '86400x60',
  [refreshes('failure')]: '0+1x60',
  [refreshes('success')]: '5x60',
});

/** The cases. */
export const alertCases: readonly AlertCase[] = [
  {
    alert: 'OidcAuthzErrorBudgetBurnFast',
    when: 'one check in ten ends in error',
    series: { [checks('allow')]: '0+90x120', [checks('error')]: '0+10x120' },
    at: '2h',
    fires: {},
  },
  {
    alert: 'OidcAuthzErrorBudgetBurnFast',
    when: 'no check ends in error',
    series: { [checks('allow')]: '0+90x120', [checks('error')]: '0x120' },
    at: '2h',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzErrorBudgetBurnFast',
    when: 'a handful of checks are all there were, and some ended in error',
    series: { [checks('allow')]: '5x120', [checks('error')]: '0x100 1 2 3 4 4x20' },
    at: '2h',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzErrorBudgetBurnSlow',
    when: 'four checks in a thousand end in error for a day',
    series: { [checks('allow')]: '0+996x1500', [checks('error')]: '0+4x1500' },
    at: '25h',
    fires: {},
  },
  {
    alert: 'OidcAuthzErrorBudgetBurnFast',
    when: 'four checks in a thousand end in error for a day, which is not urgent',
    series: { [checks('allow')]: '0+996x1500', [checks('error')]: '0+4x1500' },
    at: '25h',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzErrorBudgetBurnSlow',
    when: 'one check in ten thousand ends in error',
    series: { [checks('allow')]: '0+9999x1500', [checks('error')]: '0+1x1500' },
    at: '25h',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzLatencyBudgetBurnFast',
    when: 'a fifth of the checks is slow',
    series: { [checks('allow')]: '0+100x120', [fast]: '0+80x120' },
    at: '2h',
    fires: {},
  },
  {
    alert: 'OidcAuthzLatencyBudgetBurnFast',
    when: 'all checks are fast',
    series: { [checks('allow')]: '0+100x120', [fast]: '0+100x120' },
    at: '2h',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzLatencyBudgetBurnSlow',
    when: 'four checks in a hundred are slow for a day',
    series: { [checks('allow')]: '0+100x1500', [fast]: '0+96x1500' },
    at: '25h',
    fires: {},
  },
  {
    alert: 'OidcAuthzLatencyBudgetBurnSlow',
    when: 'one check in a thousand is slow',
    series: { [checks('allow')]: '0+1000x1500', [fast]: '0+999x1500' },
    at: '25h',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzDenialsJump',
    when: 'half of the checks are denied, and a day ago none was',
    series: { [checks('allow')]: '0+100x1440 144050+50x120', [checks('deny')]: '0x1440 50+50x120' },
    at: '25h20m',
    fires: {},
  },
  {
    alert: 'OidcAuthzDenialsJump',
    when: 'half of the checks are denied, as they were a day ago',
    series: { [checks('allow')]: '0+50x1560', [checks('deny')]: '0+50x1560' },
    at: '25h20m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzNoReadyIssuer',
    when: 'no pod has keys of any issuer',
    series: {
      [issuer('ready')]: '0x20',
      [issuer('ready', { pod: '2' })]: '0x20',
      [issuer('ready', { issuer: 'other' })]: '0x20',
    },
    at: '5m',
    fires: {},
  },
  {
    alert: 'OidcAuthzNoReadyIssuer',
    when: 'one pod of two has keys',
    series: { [issuer('ready')]: '0x20', [issuer('ready', { pod: '2' })]: '1x20' },
    at: '5m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzIssuerWithoutKeys',
    when: 'one issuer of two has no keys',
    series: { [issuer('ready')]: '0x20', [issuer('ready', { issuer: 'other' })]: '1x20' },
    at: '10m',
    fires: { issuer: 'main' },
  },
  {
    alert: 'OidcAuthzIssuerWithoutKeys',
    when: 'none has any, which another alert tells',
    series: { [issuer('ready')]: '0x20', [issuer('ready', { issuer: 'other' })]: '0x20' },
    at: '10m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzKeysAboutToExpire',
    when: 'keys are over twenty hours old and cannot be refreshed',
    series: failing('73000+60x60'),
    at: '25m',
    fires: { issuer: 'main' },
  },
  {
    alert: 'OidcAuthzKeysAboutToExpire',
    when: 'they are two hours old',
    series: failing('7200+60x60'),
    at: '25m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzKeysAboutToExpire',
    when: 'they are two hours old, and keys serve for two and a half',
    series: { ...failing('7200+60x60'), [one('oidc_authz_keys_max_stale_seconds')]: '9000x60' },
    at: '25m',
    fires: { issuer: 'main' },
  },
  {
    alert: 'OidcAuthzKeysStale',
    when: 'they are two hours old, and keys serve for a week',
    series: { ...failing('7200+60x60'), [one('oidc_authz_keys_max_stale_seconds')]: '604800x60' },
    at: '25m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzKeysStale',
    when: 'keys are two hours old and cannot be refreshed',
    series: failing('7200+60x60'),
    at: '25m',
    fires: { issuer: 'main' },
  },
  {
    alert: 'OidcAuthzKeysStale',
    when: 'keys are two hours old since that is how often they are fetched',
    series: {
      [issuer('ready')]: '1x60',
      [issuer('keys_age_seconds')]: '7200+60x60',
      [one('oidc_authz_keys_max_stale_seconds')]: '86400x60',
      [refreshes('failure')]: '0x60',
    },
    at: '25m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzRefreshesFailing',
    when: 'fetches fail, one after the other',
    series: failing('600x60'),
    at: '30m',
    fires: { issuer: 'main', kind: 'jwks' },
  },
  {
    alert: 'OidcAuthzRefreshesFailing',
    when: 'some fetches fail, and others do not',
    series: { ...failing('600x60'), [refreshes('success')]: '0+1x60' },
    at: '30m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzKeysRejected',
    when: 'a key is refused for the first time',
    series: { [issuer('keys_rejected_total', { cause: 'size' })]: '_x65 1x60' },
    at: '70m',
    fires: { issuer: 'main', cause: 'size' },
  },
  {
    alert: 'OidcAuthzKeysRejected',
    when: 'it was refused hours ago',
    series: { [issuer('keys_rejected_total', { cause: 'size' })]: '1x200' },
    at: '3h',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzAbsent',
    when: 'what was scraped before is no longer',
    series: { [build]: '1x10 _x30' },
    at: '30m',
    fires: {},
  },
  {
    alert: 'OidcAuthzAbsent',
    when: 'it is scraped',
    series: { [build]: '1x40' },
    at: '30m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzRestarts',
    when: 'a pod starts four times in a quarter of an hour',
    series: { [build]: '1x20', [one('process_start_time_seconds')]: '100 200 300 400 500 500x10' },
    at: '10m',
    fires: {},
  },
  {
    alert: 'OidcAuthzRestarts',
    when: 'something else does that is scraped beside it',
    series: { [one('process_start_time_seconds')]: '100 200 300 400 500 500x10' },
    at: '10m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzIncumbentUnavailable',
    when: 'one check in twenty has no answer from the authorizer that still decides',
    series: { [compared('same')]: '0+95x20', [compared('unavailable')]: '0+5x20' },
    at: '10m',
    fires: {},
  },
  {
    alert: 'OidcAuthzIncumbentUnavailable',
    when: 'it answers, though otherwise',
    series: { [compared('incumbent_refuses')]: '0+95x20', [compared('unavailable')]: '3x20' },
    at: '10m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzWorkersDying',
    when: 'workers of two pods were replaced five times in a quarter of an hour',
    series: {
      [one('oidc_authz_worker_restarts_total')]: '0 0 1 2 3 3x15',
      [one('oidc_authz_worker_restarts_total', { pod: '2' })]: '0 0 1 2 2 2x15',
    },
    at: '15m',
    fires: {},
  },
  {
    alert: 'OidcAuthzWorkersDying',
    when: 'one was replaced, and all were long ago',
    series: { [one('oidc_authz_worker_restarts_total')]: '9x10 10x30' },
    at: '15m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzWorkersMissing',
    when: 'one of two workers does not come back, in one pod of two',
    series: {
      [one('oidc_authz_workers')]: '1x20',
      [one('oidc_authz_workers_wanted')]: '2x20',
      [one('oidc_authz_workers', { pod: '2' })]: '2x20',
      [one('oidc_authz_workers_wanted', { pod: '2' })]: '2x20',
    },
    at: '10m',
    fires: {},
  },
  {
    alert: 'OidcAuthzWorkersMissing',
    when: 'one is replaced, and comes back within minutes',
    series: {
      [one('oidc_authz_workers')]: '2x3 1x3 2x20',
      [one('oidc_authz_workers_wanted')]: '2x30',
    },
    at: '10m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzReloadFailed',
    when: 'the last reload of one pod failed',
    series: {
      [one('oidc_authz_config_last_reload_successful')]: '0x20',
      [one('oidc_authz_config_last_reload_successful', { pod: '2' })]: '1x20',
    },
    at: '10m',
    fires: {},
  },
  {
    alert: 'OidcAuthzReloadFailed',
    when: 'the last reload was good',
    series: { [one('oidc_authz_config_last_reload_successful')]: '1x20' },
    at: '10m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzDenyListNotReloaded',
    when: 'the last reload of one pod failed',
    series: {
      [one('oidc_authz_deny_list_last_reload_successful')]: '0x20',
      [one('oidc_authz_deny_list_last_reload_successful', { pod: '2' })]: '1x20',
    },
    at: '5m',
    fires: {},
  },
  {
    alert: 'OidcAuthzDenyListNotReloaded',
    when: 'the last reload was good',
    series: { [one('oidc_authz_deny_list_last_reload_successful')]: '1x20' },
    at: '5m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzProofsWithoutRoom',
    when: 'all the room of an issuer is taken',
    series: {
      [one('oidc_authz_dpop_replay_store_full_total', { issuer: 'main', bound: 'issuer' })]: '0+1x20',
    },
    at: '15m',
    fires: { issuer: 'main' },
  },
  {
    alert: 'OidcAuthzProofsWithoutRoom',
    when: 'one client has taken all of its own room',
    series: {
      [one('oidc_authz_dpop_replay_store_full_total', { issuer: 'main', bound: 'key' })]: '0+1x20',
    },
    at: '15m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzConfigurationsDiffer',
    when: 'two pods have had two configurations for half an hour',
    series: {
      [one('oidc_authz_config_hash_info', { hash: 'x' })]: '1x60',
      [one('oidc_authz_config_hash_info', { hash: 'y', pod: '2' })]: '1x60',
    },
    at: '40m',
    fires: {},
  },
  {
    alert: 'OidcAuthzConfigurationsDiffer',
    when: 'they did while a change went round',
    series: {
      [one('oidc_authz_config_hash_info', { hash: 'x' })]: '1x10 _x50',
      [one('oidc_authz_config_hash_info', { hash: 'y' })]: '_x10 1x50',
      [one('oidc_authz_config_hash_info', { hash: 'y', pod: '2' })]: '1x60',
    },
    at: '40m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzEventLoopLate',
    when: 'the event loop is late for ten minutes',
    series: { [build]: '1x30', [one('nodejs_eventloop_lag_p99_seconds')]: '0.2x30' },
    at: '15m',
    fires: {},
  },
  {
    alert: 'OidcAuthzEventLoopLate',
    when: 'it was late for a moment',
    series: { [build]: '1x30', [one('nodejs_eventloop_lag_p99_seconds')]: '0.2x3 0.01x27' },
    at: '15m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzCertificatesNotReloaded',
    when: 'a renewed certificate could not be read',
    series: {
      [one('oidc_authz_certificate_reloads_total', { kind: 'listener', result: 'failure' })]: '0x10 1x30',
    },
    at: '20m',
    fires: { kind: 'listener' },
  },
  {
    alert: 'OidcAuthzCertificatesNotReloaded',
    when: 'certificates were renewed, and the last failure is hours ago',
    series: {
      [one('oidc_authz_certificate_reloads_total', { kind: 'listener', result: 'failure' })]: '0x10 1x200',
      [one('oidc_authz_certificate_reloads_total', { kind: 'listener', result: 'success' })]: '0x10 1+1x200',
    },
    at: '3h',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzShadowModeLasts',
    when: 'rules have been tried for eight days',
    series: { [one('oidc_authz_shadow_mode')]: '1x200' },
    step: '1h',
    at: '8d',
    fires: {},
  },
  {
    alert: 'OidcAuthzShadowModeLasts',
    when: 'they are tried since yesterday',
    series: { [one('oidc_authz_shadow_mode')]: '0x168 1x24' },
    step: '1h',
    at: '8d',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzKeysMoved',
    when: 'one pod has seen another host for the keys',
    series: {
      [issuer('jwks_uri_moved')]: '1x20',
      [issuer('jwks_uri_moved', { pod: '2' })]: '0x20',
    },
    at: '10m',
    fires: { issuer: 'main' },
  },
  {
    alert: 'OidcAuthzKeysMoved',
    when: 'the keys are where they were',
    series: { [issuer('jwks_uri_moved')]: '0x20' },
    at: '10m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzConnectionsRejected',
    when: 'Envoy speaks TLS to a port without it, again and again',
    series: {
      [one('oidc_authz_connections_rejected_total', { listener: 'http', cause: 'tls' })]: '_x5 0+2x30',
    },
    at: '30m',
    fires: { listener: 'http', cause: 'tls' },
  },
  {
    alert: 'OidcAuthzConnectionsRejected',
    when: 'a scanner tried once, and nothing since',
    series: {
      [one('oidc_authz_connections_rejected_total', { listener: 'http', cause: 'tls' })]: '_x5 1x60',
    },
    at: '50m',
    fires: undefined,
  },
];
