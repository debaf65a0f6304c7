/** The dashboard's row "Rules, policies and shadow". */
import { metric, type Panel, rate } from '../panel.ts';

export const rulesRow: readonly Panel[] = [
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
];
