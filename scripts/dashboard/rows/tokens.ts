/** The dashboard's row "Tokens and revocation". */
import { metric, type Panel, rate } from '../panel.ts';

export const tokensRow: readonly Panel[] = [
  {
    title: 'Look-ups in the cache',
    type: 'timeseries',
    unit: 'reqps',
    description: 'A hit is a token that was verified before; a miss costs the verification of a signature.',
    stacked: true,
    queries: { '{{result}}': `sum by (result) (${rate(metric('token_cache_lookups_total'))})` },
  },
  {
    title: 'Tokens and proofs in memory',
    type: 'timeseries',
    unit: 'short',
    description: 'Verified tokens in the cache, and DPoP proofs that must not be used again.',
    alert: 'OidcAuthzProofsWithoutRoom',
    queries: {
      'tokens {{instance}}': `${metric('token_cache_entries')}{$at}`,
      'proofs {{instance}}': `${metric('dpop_proofs')}{$at}`,
    },
  },
  {
    title: 'Deny list',
    type: 'timeseries',
    unit: 'short',
    description: 'Entries of the deny list in use. 0 without `denyList`.',
    alert: 'OidcAuthzDenyListNotReloaded',
    queries: { '{{instance}}': `${metric('deny_list_entries')}{$at}` },
  },
  {
    title: 'Reloads of the deny list',
    type: 'timeseries',
    unit: 'short',
    description: 'Reloads after a change of the file, and revocations that were lifted by one.',
    alert: 'OidcAuthzDenyListNotReloaded',
    queries: {
      '{{result}}': `sum by (result) (${metric('deny_list_reloads_total')}{$at})`,
      'entries removed': `sum(${metric('deny_list_entries_removed_total')}{$at})`,
    },
  },
];
