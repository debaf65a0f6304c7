/** Counts the DPoP proofs and the revocations that replicas share. The metrics exist only with the store. */
import type { SharedProofResult } from '../check/binding/confirm-proof.ts';
import { sharedProofResults } from './fleet-metric-definitions.ts';
import type { MetricMakers } from './metric-makers.ts';

/** The metrics. */
export interface FleetMetrics {
  /** Creates the counter of DPoP proofs that the store was asked about, unless it exists. */
  readonly sharedProofs: () => (result: SharedProofResult) => void;
  /**
   * Creates the metrics of the deny list in the store. Call it once.
   *
   * @param age the age of the list, in milliseconds; undefined if it was never read
   * @returns a function that receives the numbers of its entries
   */
  readonly revocations: (
    age: () => number | undefined,
  ) => (count: { readonly entries: number; readonly unreadable: number }) => void;
}

/** Creates none of the metrics yet. */
export function createFleetMetrics({
  counter,
  gauge,
}: Pick<MetricMakers, 'counter' | 'gauge'>): FleetMetrics {
  let countProof: ((result: SharedProofResult) => void) | undefined;
  return {
    sharedProofs: () => {
      if (countProof !== undefined) return countProof;
      const proofs = counter('dpop_shared_proofs_total');
      for (const result of Object.keys(sharedProofResults)) proofs.inc({ result }, 0);
      countProof = (result) => proofs.inc({ result });
      return countProof;
    },
    revocations: (age) => {
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
    },
  };
}
