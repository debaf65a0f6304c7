/** Logins and sessions. */
import { checks, metric, type Panel, rate } from '../panel.ts';

/** The panels of this row. */
export const loginsRow: readonly Panel[] = [
  {
    title: 'Logins by result',
    type: 'timeseries',
    unit: 'short',
    description:
      'Logins that ended per minute, by issuer and result. Results other than success need a look if they last.',
    alert: 'OidcAuthzLoginsFail',
    stacked: true,
    queries: {
      '{{issuer}} {{result}}': `60 * sum by (issuer, result) (${rate(metric('logins_finished_total'))})`,
    },
  },
  {
    title: 'Logins that do not end',
    type: 'timeseries',
    unit: 'short',
    description:
      'Logins per minute that were started, that ended, and whose end was refused. People who give up at the issuer make the difference. A large one means that the issuer shows an error.',
    alert: 'OidcAuthzLoginsLost',
    queries: {
      started: `60 * sum(${rate(metric('logins_started_total'))})`,
      ended: `60 * sum(${rate(metric('logins_finished_total'))})`,
      lost: `60 * sum(${rate(checks, ', reason="login_failed"')})`,
    },
  },
  {
    title: 'Duration of a login',
    type: 'timeseries',
    unit: 's',
    description: 'Time from the start of a login to its success. People spend most of it at the issuer.',
    queries: Object.fromEntries(
      [0.5, 0.95].map((quantile) => [
        `p${quantile * 100}`,
        `histogram_quantile(${quantile}, sum by (le) (${rate(`${metric('login_duration_seconds')}_bucket`)}))`,
      ]),
    ),
  },
  {
    title: 'Session lookups',
    type: 'timeseries',
    unit: 'reqps',
    description:
      'Requests that looked for a session, by result. Many invalid cookies mean that replicas have different session keys.',
    alert: 'OidcAuthzSessionKeysNotReloaded',
    stacked: true,
    queries: { '{{result}}': `sum by (result) (${rate(metric('session_lookups_total'))})` },
  },
  {
    title: 'Session refreshes',
    type: 'timeseries',
    unit: 'short',
    description:
      'Refreshes per minute, by issuer and result. Rejected ones are sessions that the issuer has ended; unavailable ones are failures.',
    alert: 'OidcAuthzSessionRefreshesFailing',
    stacked: true,
    queries: {
      '{{issuer}} {{result}}': `60 * sum by (issuer, result) (${rate(metric('session_refreshes_total'))})`,
    },
  },
  {
    title: 'Ended sessions',
    type: 'timeseries',
    unit: 'short',
    description: 'Sessions per minute that ended, by cause.',
    stacked: true,
    queries: { '{{cause}}': `60 * sum by (cause) (${rate(metric('sessions_ended_total'))})` },
  },
  {
    title: 'Cookies and the mesh',
    type: 'timeseries',
    unit: 'short',
    description:
      'Events per minute that the settings of the mesh or the size of tokens cause. All of them should be zero.',
    alert: 'OidcAuthzSessionCookiesNotDelivered',
    queries: {
      'cookie not delivered': `60 * sum(${rate(metric('session_cookie_not_delivered_total'))})`,
      'session too large': `60 * sum(${rate(metric('sessions_too_large_total'))})`,
      'return address refused': `60 * sum(${rate(metric('return_addresses_refused_total'))})`,
    },
  },
  {
    title: 'Session cache',
    type: 'timeseries',
    unit: 'short',
    description: 'Opened sessions in the cache of each instance, and the keys that open them.',
    queries: {
      'sessions {{instance}}': `sum by (instance) (${metric('session_cache_entries')}{$at})`,
      'keys {{instance}}': `sum by (instance) (${metric('session_keys')}{$at})`,
    },
  },
];
