/**
 * The used DPoP proofs of all replicas and workers, in the store that they share (`dpop.store`). Each process also has its own store,
 * which is asked first, so this one decides only between processes.
 */
import { hash } from 'node:crypto';
import type { Clock } from '../../runtime/time/clock.ts';
import type { StateStore } from '../../state/state-store.ts';
import type { UsedProof } from './used-proofs.ts';

/** The result for a proof. */
export type SharedUse =
  | { readonly result: 'new' | 'used' }
  /** Too many proofs of this key, or of all keys, wait for the store. */
  | { readonly result: 'key' | 'full' }
  /** The store is away or too slow. The text says why. */
  | { readonly result: 'unavailable'; readonly problem: string };

/** The proofs that are used in all processes. */
export interface SharedProofs {
  /**
   * Uses a proof. Never rejects, and waits at most for `state.valkey.timeout`.
   *
   * @param life how long a process can accept the proof, in milliseconds
   * @param maxWaiting maximum number of proofs that wait for the store
   */
  readonly use: (proof: UsedProof, life: number, maxWaiting: number) => Promise<SharedUse>;
  /** Returns what `use` would return, and stores nothing. */
  readonly test: (proof: UsedProof, maxWaiting: number) => Promise<SharedUse>;
}

/** The share of the waiting proofs that one key can have, so that one client cannot keep others from the store. */
const keyShare = 1 / 4;

/**
 * After this number of failures in a row, the store is asked only now and then. Otherwise every check would wait for the timeout of a
 * store that does not answer.
 */
const maxFailures = 5;

/** The time between two questions to a store that fails, in milliseconds. */
const pause = 250;

/** Creates the shared proofs of a process. */
export function createSharedProofs(store: Pick<StateStore, 'get' | 'set'>, clock: Clock): SharedProofs {
  let waiting = 0;
  const waitingOfKey = new Map<string, number>();
  let failures = 0;
  let problem = '';
  let nextQuestionAt = 0;

  const begin = (key: string) => {
    waiting++;
    waitingOfKey.set(key, (waitingOfKey.get(key) ?? 0) + 1);
  };
  const end = (key: string) => {
    waiting--;
    const left = (waitingOfKey.get(key) ?? 0) - 1;
    if (left > 0) waitingOfKey.set(key, left);
    else waitingOfKey.delete(key);
  };
  const ask = async (
    { keyThumbprint }: UsedProof,
    maxWaiting: number,
    isNew: () => Promise<boolean>,
  ): Promise<SharedUse> => {
    if (failures >= maxFailures) {
      if (clock.monotonic() < nextQuestionAt) return { result: 'unavailable', problem };
      nextQuestionAt = clock.monotonic() + pause;
    }
    if (waiting >= maxWaiting) return { result: 'full' };
    if ((waitingOfKey.get(keyThumbprint) ?? 0) >= Math.ceil(maxWaiting * keyShare)) return { result: 'key' };
    begin(keyThumbprint);
    try {
      const result = (await isNew()) ? 'new' : 'used';
      failures = 0;
      return { result };
    } catch (error) {
      failures++;
      problem = error instanceof Error ? error.message : String(error);
      return { result: 'unavailable', problem };
    } finally {
      end(keyThumbprint);
    }
  };
  return {
    use: (proof, life, maxWaiting) =>
      ask(proof, maxWaiting, () => store.set(nameOf(proof), '1', Math.max(1, Math.ceil(life)), 'absent')),
    test: (proof, maxWaiting) =>
      ask(proof, maxWaiting, async () => (await store.get(nameOf(proof))) === undefined),
  };
}

/** The name of a proof in the store. The store learns neither the issuer nor the key. */
function nameOf({ issuer, keyThumbprint, id }: UsedProof): string {
  return `dpop:${hash('sha256', JSON.stringify([issuer, keyThumbprint, id]), 'base64url')}`;
}
