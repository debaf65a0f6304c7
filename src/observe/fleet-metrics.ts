/** Counts the DPoP proofs and the revocations that replicas share. The metrics exist only with the store. */
import type { SharedProofResult } from '../check/binding/confirm-proof.ts';
import { sharedProofResults } from './fleet-metric-definitions.ts';
import type { MetricMakers } from './metric-makers.ts';

/** Receives the numbers of entries of the deny list in the store. */
export type RevocationCount = (count: { readonly entries: number; readonly unreadable: number }) => void;

/** Creates the counter of DPoP proofs that the store was asked about. Call it once in a process. */
export function createProofCounter({
  counter,
}: Pick<MetricMakers, 'counter'>): (result: SharedProofResult) => void {
  const proofs = counter('dpop_shared_proofs_total');
  for (const result of Object.keys(sharedProofResults)) proofs.inc({ result }, 0);
  return (result) => proofs.inc({ result });
}

/**
 * Creates the metrics of the deny list in the store. Call it once in a process.
 *
 * @param age the age of the list, in milliseconds; undefined if it was never read
 */
export function createRevocationMetrics(
  { gauge }: Pick<MetricMakers, 'gauge'>,
  age: () => number | undefined,
): RevocationCount {
  const entries = gauge('deny_list_store_entries');
  const unreadable = gauge('deny_list_store_unreadable');
  gauge('deny_list_store_age_seconds', function () {
    const milliseconds = age();
    if (milliseconds === undefined) this.remove();
    else this.set(milliseconds / 1_000);
  });
  return (count) => {
    entries.set(count.entries);
    unreadable.set(count.unreadable);
  };
}
