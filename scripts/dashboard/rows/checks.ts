/** The dashboard's row "Checks". */
import { checks, duration, type Panel, rate } from '../panel.ts';

export const checksRow: readonly Panel[] = [
  {
    title: 'Outcomes',
    type: 'timeseries',
    unit: 'reqps',
    description: 'Checks by outcome: allow, deny or error.',
    stacked: true,
    queries: { '{{outcome}}': `sum by (outcome) (${rate(`${duration}_count`)})` },
  },
  {
    title: 'Reasons of denials and errors',
    type: 'timeseries',
    unit: 'reqps',
    description: 'Reasons of checks that were not allowed. docs/reasons.md explains each.',
    alert: 'OidcAuthzDenialsJump',
    queries: { '{{reason}}': `sum by (reason) (${rate(checks, ', outcome!="allow"')})` },
  },
  {
    title: 'By issuer',
    type: 'timeseries',
    unit: 'reqps',
    description: 'Checks by issuer of the token. `none`: the token has no configured issuer.',
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
];
