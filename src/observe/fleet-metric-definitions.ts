/** The metrics of what replicas share through the store, except for sessions. */

import type { SharedProofResult } from '../check/binding/confirm-proof.ts';

/** The metrics by name, without the prefix. */
export const fleetMetricDefinitions = {
  dpop_shared_proofs_total: {
    type: 'counter',
    labels: ['result'],
    help: 'DPoP proofs that the store was asked about (`dpop.store`), by result.',
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

/** The results of `dpop_shared_proofs_total`. */
export const sharedProofResults: Readonly<Record<SharedProofResult, string>> = {
  new: 'No process has seen the proof.',
  used: 'Another process has accepted the proof, or this one did before a restart.',
  overloaded: 'Too many proofs waited for the store, so the check ended with `overloaded`.',
  unavailable: 'The store was away, so the check ended with `proofs_unavailable` (`dpop.store: closed`).',
  local: 'The store was away, so the proof was accepted once in this process (`dpop.store: local`).',
};
