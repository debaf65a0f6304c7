/** Cases in which each alert fires and does not fire, with series in the notation of promtool. */

/** A case of an alert. */
export interface AlertCase {
  readonly alert: string;
  readonly when: string;
  readonly series: Readonly<Record<string, string>>;
  readonly at: string;
  /** Interval between the points of the series; default: one minute. */
  readonly step?: string;
  /** The labels of the firing alert, without namespace, job and severity; undefined if it does not fire. */
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
const crossChecks = (result: string) => one('oidc_authz_cross_checks_total', { result });
const logins = (result: string) => one('oidc_authz_logins_finished_total', { issuer: 'main', result });
const lostLogins = one('oidc_authz_checks_total', {
  transport: 'http',
  outcome: 'deny',
  reason: 'login_failed',
  issuer: 'none',
});
const sessionRefreshes = (result: string) =>
  one('oidc_authz_session_refreshes_total', { issuer: 'main', result });
const operations = (result: string, le?: string, operation = 'get') =>
  one(`oidc_authz_store_operations_seconds_${le === undefined ? 'count' : 'bucket'}`, {
    ...{ operation, result },
    ...(le !== undefined && { le }),
  });
const storeUp = (pod = '1') => one('oidc_authz_store_up', { pod });
const build = one('oidc_authz_build_info', { version: '1', node: '26' });

/** An unreachable issuer whose keys have this age. */
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
    when: 'there are only a few checks, and some end in error',
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
    when: 'only four checks in a thousand end in error for a day',
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
    when: 'half of the checks are denied, and none was a day ago',
    series: { [checks('allow')]: '0+100x1440 144050+50x120', [checks('deny')]: '0x1440 50+50x120' },
    at: '25h20m',
    fires: {},
  },
  {
    alert: 'OidcAuthzDenialsJump',
    when: 'half of the checks are denied, as a day ago',
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
    when: 'no issuer has keys, which another alert reports',
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
    when: 'keys are two hours old',
    series: failing('7200+60x60'),
    at: '25m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzKeysAboutToExpire',
    when: 'keys are two hours old, and keys.maxStale is two and a half hours',
    series: { ...failing('7200+60x60'), [one('oidc_authz_keys_max_stale_seconds')]: '9000x60' },
    at: '25m',
    fires: { issuer: 'main' },
  },
  {
    alert: 'OidcAuthzKeysStale',
    when: 'keys are two hours old, and keys.maxStale is a week',
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
    when: 'keys are two hours old because the refresh interval is long',
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
    when: 'all fetches fail',
    series: failing('600x60'),
    at: '30m',
    fires: { issuer: 'main', kind: 'jwks' },
  },
  {
    alert: 'OidcAuthzRefreshesFailing',
    when: 'some fetches fail, and others succeed',
    series: { ...failing('600x60'), [refreshes('success')]: '0+1x60' },
    at: '30m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzKeysRejected',
    when: 'a key is rejected for the first time',
    series: { [issuer('keys_rejected_total', { cause: 'size' })]: '_x65 1x60' },
    at: '70m',
    fires: { issuer: 'main', cause: 'size' },
  },
  {
    alert: 'OidcAuthzKeysRejected',
    when: 'a key was rejected hours ago',
    series: { [issuer('keys_rejected_total', { cause: 'size' })]: '1x200' },
    at: '3h',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzCrossCheckDiffers',
    when: 'jose judges one token differently',
    series: { [crossChecks('differed')]: '0x10 1x60', [crossChecks('agreed')]: '0+5x70' },
    at: '20m',
    fires: {},
  },
  {
    alert: 'OidcAuthzCrossCheckDiffers',
    when: 'jose has no verdict on some tokens, and others are skipped',
    series: {
      [crossChecks('differed')]: '0x70',
      [crossChecks('failed')]: '0+1x70',
      [crossChecks('skipped')]: '0+1x70',
    },
    at: '20m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzLoginsFail',
    when: 'two logins of three fail',
    series: { [logins('success')]: '0+1x30', [logins('failed')]: '0+2x30' },
    at: '25m',
    fires: { issuer: 'main' },
  },
  {
    alert: 'OidcAuthzLoginsFail',
    when: 'one login of ten fails',
    series: { [logins('success')]: '0+9x30', [logins('failed')]: '0+1x30' },
    at: '25m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzLoginsFail',
    when: 'the only login of the night fails',
    series: { [logins('success')]: '9x30', [logins('failed')]: '0x10 1x20' },
    at: '25m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzLoginsLost',
    when: 'people come back without the cookie of their login, and none has success',
    series: { [logins('success')]: '5x30', [lostLogins]: '0+1x30' },
    at: '25m',
    fires: {},
  },
  {
    alert: 'OidcAuthzLoginsLost',
    when: 'a client forges answers of an issuer, and people sign in',
    series: { [logins('success')]: '0+1x30', [lostLogins]: '0+1000x30' },
    at: '25m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzLoginUnavailable',
    when: 'the token endpoint does not answer',
    series: { [logins('success')]: '5x30', [logins('unavailable')]: '0+1x30' },
    at: '20m',
    fires: { issuer: 'main' },
  },
  {
    alert: 'OidcAuthzLoginUnavailable',
    when: 'the token endpoint does not answer one login of ten',
    series: { [logins('success')]: '0+9x30', [logins('unavailable')]: '0+1x30' },
    at: '20m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzSessionRefreshesFailing',
    when: 'half of the refreshes get no answer',
    series: { [sessionRefreshes('success')]: '0+1x30', [sessionRefreshes('unavailable')]: '0+1x30' },
    at: '25m',
    fires: { issuer: 'main' },
  },
  {
    alert: 'OidcAuthzSessionRefreshesFailing',
    when: 'the issuer ends half of the sessions',
    series: { [sessionRefreshes('success')]: '0+1x30', [sessionRefreshes('rejected')]: '0+1x30' },
    at: '25m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzSessionCookiesNotDelivered',
    when: 'browsers send old cookies all the time',
    series: { [one('oidc_authz_session_cookie_not_delivered_total')]: '0+1x30' },
    at: '25m',
    fires: {},
  },
  {
    alert: 'OidcAuthzSessionCookiesNotDelivered',
    when: 'one browser closed a connection early',
    series: { [one('oidc_authz_session_cookie_not_delivered_total')]: '0x10 1x20' },
    at: '25m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzLogoutsFail',
    when: 'a logout token was rejected',
    series: {
      [one('oidc_authz_logout_tokens_total', { issuer: 'main', result: 'rejected' })]: '0x5 1x20',
      [one('oidc_authz_logout_tokens_total', { issuer: 'main', result: 'success' })]: '0+1x25',
    },
    at: '10m',
    fires: { issuer: 'main' },
  },
  {
    alert: 'OidcAuthzLogoutsFail',
    when: 'logout tokens count, and one came twice',
    series: {
      [one('oidc_authz_logout_tokens_total', { issuer: 'main', result: 'success' })]: '0+1x25',
      [one('oidc_authz_logout_tokens_total', { issuer: 'main', result: 'replayed' })]: '0x5 1x20',
    },
    at: '10m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzSessionEndsLost',
    when: 'the list of ended sessions is full',
    series: { [one('oidc_authz_session_ends_lost_total', { cause: 'list_full' })]: '0x10 1x30' },
    at: '20m',
    fires: {},
  },
  {
    alert: 'OidcAuthzSessionEndsLost',
    when: 'it was full hours ago',
    series: { [one('oidc_authz_session_ends_lost_total', { cause: 'list_full' })]: '1x200' },
    at: '3h',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzSessionsTooLarge',
    when: 'the first session is too large',
    series: { [one('oidc_authz_sessions_too_large_total', { issuer: 'main' })]: '0x65 1x60' },
    at: '70m',
    fires: { issuer: 'main' },
  },
  {
    alert: 'OidcAuthzSessionsTooLarge',
    when: 'a session was too large hours ago',
    series: { [one('oidc_authz_sessions_too_large_total', { issuer: 'main' })]: '1x200' },
    at: '3h',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzSessionKeysNotReloaded',
    when: 'one pod rejected the file',
    series: {
      [one('oidc_authz_session_keys_last_reload_successful')]: '0x20',
      [one('oidc_authz_session_keys_last_reload_successful', { pod: '2' })]: '1x20',
    },
    at: '10m',
    fires: {},
  },
  {
    alert: 'OidcAuthzSessionKeysNotReloaded',
    when: 'the last reload succeeded',
    series: { [one('oidc_authz_session_keys_last_reload_successful')]: '1x20' },
    at: '10m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzStoreAway',
    when: 'one of two pods has no connection',
    series: { [storeUp()]: '1x5 0x20', [storeUp('2')]: '1x30' },
    at: '10m',
    fires: {},
  },
  {
    alert: 'OidcAuthzStoreAway',
    when: 'the connection is back within a minute',
    series: { [storeUp()]: '1x5 0 1x20', [storeUp('2')]: '1x30' },
    at: '10m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzStoreAway',
    when: 'there is no store',
    series: { [build]: '1x30' },
    at: '10m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzStoreSlow',
    when: 'a tenth of the operations is slow, or gets no answer',
    series: {
      [storeUp()]: '1x40',
      [operations('success')]: '0+95x40',
      [operations('success', '0.1')]: '0+90x40',
      [operations('timeout')]: '0+5x40',
      [operations('timeout', '0.1')]: '0x40',
    },
    at: '30m',
    fires: {},
  },
  {
    alert: 'OidcAuthzStoreSlow',
    when: 'only the reads of feeds take long, because they wait for entries',
    series: {
      [storeUp()]: '1x40',
      [operations('success')]: '0+95x40',
      [operations('success', '0.1')]: '0+95x40',
      [operations('success', undefined, 'feed_read')]: '0+30x40',
      [operations('success', '0.1', 'feed_read')]: '0x40',
    },
    at: '30m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzStoreSlow',
    when: 'the store is away',
    series: {
      [storeUp()]: '0x40',
      [operations('timeout')]: '0+5x40',
      [operations('timeout', '0.1')]: '0x40',
    },
    at: '30m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzStoreRefuses',
    when: 'the memory of the store is full',
    series: { [operations('full', undefined, 'set')]: '0+1x30' },
    at: '20m',
    fires: { result: 'full' },
  },
  {
    alert: 'OidcAuthzStoreRefuses',
    when: 'the store answers',
    series: { [operations('success')]: '0+9x30', [operations('rejected')]: '0x10 1x20' },
    at: '20m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzRevocationsStale',
    when: 'one pod does not read them',
    series: {
      [storeUp()]: '1x30',
      [one('oidc_authz_deny_list_store_age_seconds')]: '1x5 60+60x20',
      [one('oidc_authz_deny_list_store_age_seconds', { pod: '2' })]: '1x30',
    },
    at: '12m',
    fires: {},
  },
  {
    alert: 'OidcAuthzRevocationsStale',
    when: 'the store is away, which is another alert',
    series: {
      [storeUp()]: '0x30',
      [one('oidc_authz_deny_list_store_age_seconds')]: '1x5 60+60x20',
    },
    at: '12m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzRevocationsUnreadable',
    when: 'one pod has other keys',
    series: {
      [one('oidc_authz_deny_list_store_unreadable')]: '3x30',
      [one('oidc_authz_deny_list_store_unreadable', { pod: '2' })]: '0x30',
    },
    at: '12m',
    fires: {},
  },
  {
    alert: 'OidcAuthzRevocationsUnreadable',
    when: 'every pod reads them',
    series: { [one('oidc_authz_deny_list_store_unreadable')]: '0x30' },
    at: '12m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzAbsent',
    when: 'no pod is scraped any more',
    series: { [build]: '1x10 _x30' },
    at: '30m',
    fires: {},
  },
  {
    alert: 'OidcAuthzAbsent',
    when: 'a pod is scraped',
    series: { [build]: '1x40' },
    at: '30m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzRestarts',
    when: 'a pod starts four times in 15 minutes',
    series: { [build]: '1x20', [one('process_start_time_seconds')]: '100 200 300 400 500 500x10' },
    at: '10m',
    fires: {},
  },
  {
    alert: 'OidcAuthzRestarts',
    when: 'another process of the same job restarts',
    series: { [one('process_start_time_seconds')]: '100 200 300 400 500 500x10' },
    at: '10m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzIncumbentUnavailable',
    when: 'the incumbent does not answer one check in twenty',
    series: { [compared('same')]: '0+95x20', [compared('unavailable')]: '0+5x20' },
    at: '10m',
    fires: {},
  },
  {
    alert: 'OidcAuthzIncumbentUnavailable',
    when: 'the incumbent answers, with other decisions',
    series: { [compared('incumbent_refuses')]: '0+95x20', [compared('unavailable')]: '3x20' },
    at: '10m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzWorkersDying',
    when: 'workers of two pods were replaced five times in 15 minutes',
    series: {
      [one('oidc_authz_worker_restarts_total')]: '0 0 1 2 3 3x15',
      [one('oidc_authz_worker_restarts_total', { pod: '2' })]: '0 0 1 2 2 2x15',
    },
    at: '15m',
    fires: {},
  },
  {
    alert: 'OidcAuthzWorkersDying',
    when: 'one worker was replaced, and the others long ago',
    series: { [one('oidc_authz_worker_restarts_total')]: '9x10 10x30' },
    at: '15m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzWorkersMissing',
    when: 'one pod of two has one worker instead of two',
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
    when: 'a worker is replaced within minutes',
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
    when: 'the last reload succeeded',
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
    when: 'the last reload succeeded',
    series: { [one('oidc_authz_deny_list_last_reload_successful')]: '1x20' },
    at: '5m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzProofsWithoutRoom',
    when: 'the cache is full for an issuer',
    series: {
      [one('oidc_authz_dpop_replay_store_full_total', { issuer: 'main', bound: 'issuer' })]: '0+1x20',
    },
    at: '15m',
    fires: { issuer: 'main' },
  },
  {
    alert: 'OidcAuthzProofsWithoutRoom',
    when: 'the cache is full only for one client',
    series: {
      [one('oidc_authz_dpop_replay_store_full_total', { issuer: 'main', bound: 'key' })]: '0+1x20',
    },
    at: '15m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzConfigurationsDiffer',
    when: 'two pods have used two configurations for 30 minutes',
    series: {
      [one('oidc_authz_config_hash_info', { hash: 'x' })]: '1x60',
      [one('oidc_authz_config_hash_info', { hash: 'y', pod: '2' })]: '1x60',
    },
    at: '40m',
    fires: {},
  },
  {
    alert: 'OidcAuthzConfigurationsDiffer',
    when: 'two pods used two configurations only during a rollout',
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
    when: 'the event loop is delayed for ten minutes',
    series: { [build]: '1x30', [one('nodejs_eventloop_lag_p99_seconds')]: '0.2x30' },
    at: '15m',
    fires: {},
  },
  {
    alert: 'OidcAuthzEventLoopLate',
    when: 'the event loop was delayed for a moment',
    series: { [build]: '1x30', [one('nodejs_eventloop_lag_p99_seconds')]: '0.2x3 0.01x27' },
    at: '15m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzCertificatesNotReloaded',
    when: 'a new certificate could not be loaded',
    series: {
      [one('oidc_authz_certificate_reloads_total', { kind: 'listener', result: 'failure' })]: '0x10 1x30',
    },
    at: '20m',
    fires: { kind: 'listener' },
  },
  {
    alert: 'OidcAuthzCertificatesNotReloaded',
    when: 'certificates were reloaded, and the last failure is hours ago',
    series: {
      [one('oidc_authz_certificate_reloads_total', { kind: 'listener', result: 'failure' })]: '0x10 1x200',
      [one('oidc_authz_certificate_reloads_total', { kind: 'listener', result: 'success' })]: '0x10 1+1x200',
    },
    at: '3h',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzShadowModeLasts',
    when: 'shadow mode has been on for eight days',
    series: { [one('oidc_authz_shadow_mode')]: '1x200' },
    step: '1h',
    at: '8d',
    fires: {},
  },
  {
    alert: 'OidcAuthzShadowModeLasts',
    when: 'shadow mode has been on since yesterday',
    series: { [one('oidc_authz_shadow_mode')]: '0x168 1x24' },
    step: '1h',
    at: '8d',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzKeysMoved',
    when: 'one pod reports another host for the keys',
    series: {
      [issuer('jwks_uri_moved')]: '1x20',
      [issuer('jwks_uri_moved', { pod: '2' })]: '0x20',
    },
    at: '10m',
    fires: { issuer: 'main' },
  },
  {
    alert: 'OidcAuthzKeysMoved',
    when: 'the keys are on the same host',
    series: { [issuer('jwks_uri_moved')]: '0x20' },
    at: '10m',
    fires: undefined,
  },
  {
    alert: 'OidcAuthzConnectionsRejected',
    when: 'Envoy repeatedly uses TLS on a plain port',
    series: {
      [one('oidc_authz_connections_rejected_total', { listener: 'http', cause: 'tls' })]: '_x5 0+2x30',
    },
    at: '30m',
    fires: { listener: 'http', cause: 'tls' },
  },
  {
    alert: 'OidcAuthzConnectionsRejected',
    when: 'a scanner connected once',
    series: {
      [one('oidc_authz_connections_rejected_total', { listener: 'http', cause: 'tls' })]: '_x5 1x60',
    },
    at: '50m',
    fires: undefined,
  },
];
