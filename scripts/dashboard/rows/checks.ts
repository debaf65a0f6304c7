/** The dashboard's row "Checks". */
import { checks, duration, type Panel, rate } from '../panel.ts';

export const checksRow: readonly Panel[] = [
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
];
