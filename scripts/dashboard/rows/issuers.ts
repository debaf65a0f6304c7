/** The dashboard's row "Issuers". */
import { metric, type Panel, rate } from '../panel.ts';

export const issuersRow: readonly Panel[] = [
  {
    title: 'Age of the keys',
    type: 'timeseries',
    unit: 's',
    description: 'Minutes are usual. Keys serve for `keys.maxStale`, which is the dashed line.',
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
    description: 'Keys that tokens can be verified with, in the pod that has the fewest.',
    alert: 'OidcAuthzIssuerWithoutKeys',
    queries: { '{{issuer}}': `min by (issuer) (${metric('issuer_keys')}{$at})` },
  },
  {
    title: 'Fetches',
    type: 'timeseries',
    unit: 'ops',
    description: 'Requests to the issuers, by kind and result.',
    alert: 'OidcAuthzRefreshesFailing',
    queries: {
      '{{issuer}} {{kind}} {{result}}': `sum by (issuer, kind, result) (${rate(metric('issuer_refreshes_total'))})`,
    },
  },
  {
    title: 'Refused keys',
    type: 'timeseries',
    unit: 'short',
    description: 'Published keys that are not safe to use, by cause.',
    alert: 'OidcAuthzKeysRejected',
    queries: {
      '{{issuer}} {{cause}}': `max by (issuer, cause) (${metric('issuer_keys_rejected_total')}{$at})`,
    },
  },
  {
    title: 'Keys that are not used',
    type: 'timeseries',
    unit: 'short',
    description: 'Published keys that are not used, by cause: unsupported ones are usual beside good ones.',
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
      'Is 1 while the discovery document of an issuer names another host for its keys, which is not followed.',
    alert: 'OidcAuthzKeysMoved',
    queries: { '{{issuer}}': `max by (issuer) (${metric('issuer_jwks_uri_moved')}{$at})` },
  },
  {
    title: 'Values withheld from the upstream',
    type: 'timeseries',
    unit: 'ops',
    description: 'Claims that were not forwarded, or not whole, by header and cause.',
    queries: {
      '{{header}} {{cause}}': `sum by (header, cause) (${rate(metric('forwarded_headers_withheld_total'))})`,
    },
  },
];
