/** The metrics of what replicas share through the store, except for sessions. */

/** The metrics by name, without the prefix. */
export const fleetMetricDefinitions = {
  dpop_shared_proofs_total: {
    type: 'counter',
    labels: ['result'],
    help: 'DPoP proofs that the store was asked about (`dpop.store`), by `result`: `new`, `used` (at another process, or here before a restart), `unavailable` (the store is away, and the check ended with `proofs_unavailable`), `local` (the store is away, and the proof was accepted once in this process), or `overloaded` (too many waited for the store).',
  },
  deny_list_store_entries: {
    type: 'gauge',
    labels: [],
    help: 'Entries of the deny list in the store (`denyList.store`). They are in `oidc_authz_deny_list_entries` too. Absent without `denyList.store`.',
  },
  deny_list_store_unreadable: {
    type: 'gauge',
    labels: [],
    help: 'Entries of the deny list in the store that this process cannot read, because other keys sealed them. They have no effect. Absent without `denyList.store`.',
  },
  deny_list_store_age_seconds: {
    type: 'gauge',
    labels: [],
    help: 'Time since this process last knew that it has every entry of the deny list in the store, in seconds. It is less than 5 while the store answers. Absent without `denyList.store`, and until the list was read.',
  },
} as const;
