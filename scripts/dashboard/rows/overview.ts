/** The dashboard's row "At a glance". */
import { checks, duration, metric, type Panel, rate } from '../panel.ts';

export const overviewRow: readonly Panel[] = [
  {
    title: 'Checks per second',
    type: 'stat',
    unit: 'reqps',
    description: 'Answered checks, over HTTP and gRPC.',
    queries: { '': `sum(${rate(checks)})` },
  },
  {
    title: 'Allowed',
    type: 'stat',
    unit: 'percentunit',
    description: 'Share of checks that end in allow.',
    alert: 'OidcAuthzDenialsJump',
    queries: { '': `sum(${rate(checks, ', outcome="allow"')}) / sum(${rate(checks)})` },
  },
  {
    title: 'Errors',
    type: 'stat',
    unit: 'percentunit',
    description: 'Share of checks that end in error. The objective is at most 0.1 %.',
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
    description: 'Share of checks that take longer than 25 ms. The objective is at most 1 %.',
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
    description: 'Issuers without usable keys in at least one pod. This pod denies their tokens.',
    alert: 'OidcAuthzIssuerWithoutKeys',
    alarmAbove: 0,
    queries: { '': `count(min by (issuer) (${metric('issuer_ready')}{$at}) == 0) or vector(0)` },
  },
  {
    title: 'Failed reloads',
    type: 'stat',
    unit: 'short',
    description: 'Pods that rejected a new configuration or deny list and use the old one.',
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
      'Pods in shadow mode (`mode: shadow`), and pods for which the incumbent decides (`shadow.authorizer`).',
    alert: 'OidcAuthzShadowModeLasts',
    warnAbove: 0,
    queries: {
      'shadow mode': `sum(${metric('shadow_mode')}{$at})`,
      incumbent: `sum(${metric('shadow_authorizer')}{$at})`,
    },
  },
  {
    title: 'Pods',
    type: 'stat',
    unit: 'short',
    description: 'Pods that Prometheus scrapes.',
    alert: 'OidcAuthzAbsent',
    queries: { '': `count(${metric('build_info')}{$at})` },
  },
];
