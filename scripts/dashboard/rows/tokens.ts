/** The dashboard's row "Tokens and revocation". */
import { metric, type Panel, rate } from '../panel.ts';

export const tokensRow: readonly Panel[] = [
  {
    title: 'Token cache lookups',
    type: 'timeseries',
    unit: 'reqps',
    description: 'A hit is a cached token. A miss requires the verification of a signature.',
    stacked: true,
    queries: { '{{result}}': `sum by (result) (${rate(metric('token_cache_lookups_total'))})` },
  },
  {
    title: 'Cached tokens and proofs',
    type: 'timeseries',
    unit: 'short',
    description: 'Verified tokens, and DPoP proofs that a client must not use again.',
    alert: 'OidcAuthzProofsWithoutRoom',
    queries: {
      'tokens {{instance}}': `${metric('token_cache_entries')}{$at}`,
      'proofs {{instance}}': `${metric('dpop_proofs')}{$at}`,
    },
  },
  {
    title: 'Cross-checks by jose',
    type: 'timeseries',
    unit: 'short',
    description: 'New tokens that jose verified as well, per minute, by result. 0 without `crossCheck`.',
    alert: 'OidcAuthzCrossCheckDiffers',
    queries: { '{{result}}': `sum by (result) (${rate(metric('cross_checks_total'))}) * 60` },
  },
  {
    title: 'Deny list',
    type: 'timeseries',
    unit: 'short',
    description: 'Entries of the deny list. 0 without `denyList`.',
    alert: 'OidcAuthzDenyListNotReloaded',
    queries: { '{{instance}}': `${metric('deny_list_entries')}{$at}` },
  },
  {
    title: 'Deny list reloads',
    type: 'timeseries',
    unit: 'short',
    description: 'Reloads of the deny list, and entries that a reload removed.',
    alert: 'OidcAuthzDenyListNotReloaded',
    queries: {
      '{{result}}': `sum by (result) (${metric('deny_list_reloads_total')}{$at})`,
      'entries removed': `sum(${metric('deny_list_entries_removed_total')}{$at})`,
    },
  },
];
