/** The DPoP proofs that all replicas share. This code is loaded only with `dpop.store`. */
import { type ConfirmProof, createConfirmProof } from '../check/binding/confirm-proof.ts';
import { createSharedProofs } from '../check/binding/shared-proofs.ts';
import type { Config } from '../config/declare/options.ts';
import type { StateStore } from '../state/state-store.ts';
import { createProofEvents, type ProofEventsDependencies } from './proof-events.ts';

/** Decides about proofs by the options of a configuration. */
export type FleetProofs = (config: Config) => ConfirmProof;

/** Creates them, once in a process: they count the proofs that wait for the store. */
export function createFleetProofs(store: StateStore, dependencies: ProofEventsDependencies): FleetProofs {
  const { clock } = dependencies;
  const shared = createSharedProofs(store, clock);
  const onShared = createProofEvents(dependencies);
  return (config) => createConfirmProof({ config, shared, clock, onShared });
}
