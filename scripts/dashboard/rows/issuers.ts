/** The dashboard's row "Issuers". */
import { metric, type Panel, rate } from '../panel.ts';

export const issuersRow: readonly Panel[] = [
  {
    title: 'Age of the keys',
    type: 'timeseries',
    unit: 's',
    description:
      'Time since the last refresh. A few minutes are normal. The dashed line is `keys.maxStale`, the maximum age.',
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
    description: 'Keys that can verify tokens, in the pod with the fewest.',
    alert: 'OidcAuthzIssuerWithoutKeys',
    queries: { '{{issuer}}': `min by (issuer) (${metric('issuer_keys')}{$at})` },
  },
  {
    title: 'Fetches',
    type: 'timeseries',
    unit: 'ops',
    description: 'Fetches from the issuers, by kind and result.',
    alert: 'OidcAuthzRefreshesFailing',
    queries: {
      '{{issuer}} {{kind}} {{result}}': `sum by (issuer, kind, result) (${rate(metric('issuer_refreshes_total'))})`,
    },
  },
  {
    title: 'Rejected keys',
    type: 'timeseries',
    unit: 'short',
    description: 'Weak or malformed keys that an issuer published, by cause.',
    alert: 'OidcAuthzKeysRejected',
    queries: {
      '{{issuer}} {{cause}}': `max by (issuer, cause) (${metric('issuer_keys_rejected_total')}{$at})`,
    },
  },
  {
    title: 'Unused keys',
    type: 'timeseries',
    unit: 'short',
    description: 'Published keys that the service does not use, by cause. Unsupported keys are normal.',
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
      'Shows 1 while the discovery document of an issuer names another host for its keys. The service uses it only after a reload.',
    alert: 'OidcAuthzKeysMoved',
    queries: { '{{issuer}}': `max by (issuer) (${metric('issuer_jwks_uri_moved')}{$at})` },
  },
  {
    title: 'Withheld header values',
    type: 'timeseries',
    unit: 'ops',
    description: 'Claims that the service did not forward, or only in part, by header and cause.',
    queries: {
      '{{header}} {{cause}}': `sum by (header, cause) (${rate(metric('forwarded_headers_withheld_total'))})`,
    },
  },
];
