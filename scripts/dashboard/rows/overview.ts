/** The dashboard's row "At a glance". */
import { checks, duration, metric, type Panel, rate } from '../panel.ts';

export const overviewRow: readonly Panel[] = [
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
];
