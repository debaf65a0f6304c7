/** The dashboard's row "Rules, policies and shadow". */
import { metric, type Panel, rate } from '../panel.ts';

export const rulesRow: readonly Panel[] = [
  {
    title: 'Rules',
    type: 'timeseries',
    unit: 'reqps',
    description: 'Checks by rule and outcome. Empty without `rules`.',
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
    title: 'Allowed only by shadow mode',
    type: 'timeseries',
    unit: 'reqps',
    description:
      'Requests that are allowed only because of `mode: shadow`, by the rule and the reason that would deny them.',
    alert: 'OidcAuthzShadowModeLasts',
    queries: { '{{rule}} {{reason}}': `sum by (rule, reason) (${rate(metric('checks_shadow_total'))})` },
  },
  {
    title: 'Comparison with the incumbent',
    type: 'timeseries',
    unit: 'ops',
    description:
      'Answers of the incumbent compared with the decisions of this service. Only with `shadow.authorizer`.',
    alert: 'OidcAuthzIncumbentUnavailable',
    queries: {
      '{{result}}': `sum by (result) (${rate(metric('shadow_comparisons_total'))})`,
    },
  },
];
