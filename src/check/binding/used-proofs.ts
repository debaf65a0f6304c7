/**
 * The store of used DPoP proofs: each proof is accepted once (RFC 9449 section 11.1).
 *
 * Every used proof is either in the store, or its time is at or before the horizon. A proof at or before the horizon is denied. The
 * horizon never moves back, so no proof is accepted twice, even if the clock or the limits change. The horizon moves only when a proof
 * is removed, and a proof is removed only when it is too old to be valid.
 */

/** The limits of the store. They can change while it is in use. */
export interface ReplayBounds {
  /** Maximum number of proofs for the tokens of one issuer. */
  readonly maxProofs: number;
  /** Maximum number of proofs of one key. */
  readonly maxProofsPerKey: number;
  /** The greatest age of a proof, in milliseconds. */
  readonly maxAge: number;
}

/** A valid proof that may have been used before. */
export interface UsedProof {
  /** The exact `iss` of its token. The configured name can change on a reload. */
  readonly issuer: string;
  readonly keyThumbprint: string;
  /** Equal for two proofs with the same key and `jti`. */
  readonly id: string;
  /** `iat`, in milliseconds. */
  readonly issuedAt: number;
}

/** The result for a proof. `key` and `issuer` name the limit that was reached. */
export type UseResult = 'new' | 'used' | 'key' | 'issuer';

/** The store. */
export interface ReplayStore {
  /**
   * Adds a proof. If the store is full, the proof is denied: removing a valid proof would allow its replay.
   *
   * @param now the wall clock, in milliseconds
   */
  readonly take: (proof: UsedProof, now: number, bounds: ReplayBounds) => UseResult;
  /** Returns what `take` would return, and changes nothing. */
  readonly test: (proof: UsedProof, bounds: ReplayBounds) => UseResult;
  /** The number of stored proofs. */
  readonly size: () => number;
}

/** The proofs for tokens of one issuer. */
interface IssuerProofs {
  readonly ids: Set<string>;
  /** The number of proofs of each key. */
  readonly byKey: Map<string, number>;
  /** The proofs by the second of their `iat`. */
  readonly bySecond: Map<number, UsedProof[]>;
}

/** How often old proofs are removed, in milliseconds. */
const sweepInterval = 1_000;

/** Creates an empty store. */
export function createReplayStore(): ReplayStore {
  const byIssuer = new Map<string, IssuerProofs>();
  let horizon = Number.NEGATIVE_INFINITY;
  let sweptAt = Number.NEGATIVE_INFINITY;

  const removeOld = (now: number, maxAge: number) => {
    // Math.abs, because the clock can be set back.
    if (Math.abs(now - sweptAt) < sweepInterval) return;
    sweptAt = now;
    for (const [issuer, stored] of byIssuer) {
      for (const [second, proofs] of stored.bySecond) {
        if ((second + 1) * 1_000 > now - maxAge) continue;
        horizon = Math.max(horizon, second);
        stored.bySecond.delete(second);
        for (const proof of proofs) remove(stored, proof);
      }
      if (stored.ids.size === 0) byIssuer.delete(issuer);
    }
  };

  const test: ReplayStore['test'] = (proof, { maxProofs, maxProofsPerKey }) => {
    if (secondOf(proof) <= horizon) return 'used';
    const stored = byIssuer.get(proof.issuer);
    if (stored?.ids.has(proof.id)) return 'used';
    if ((stored?.byKey.get(proof.keyThumbprint) ?? 0) >= maxProofsPerKey) return 'key';
    return (stored?.ids.size ?? 0) >= maxProofs ? 'issuer' : 'new';
  };

  return {
    take: (proof, now, bounds) => {
      removeOld(now, bounds.maxAge);
      const result = test(proof, bounds);
      if (result !== 'new') return result;
      const stored = byIssuer.getOrInsertComputed(proof.issuer, createIssuerProofs);
      stored.ids.add(proof.id);
      stored.byKey.set(proof.keyThumbprint, (stored.byKey.get(proof.keyThumbprint) ?? 0) + 1);
      stored.bySecond.getOrInsertComputed(secondOf(proof), () => []).push(proof);
      return 'new';
    },
    test,
    size: () => byIssuer.values().reduce((sum, { ids }) => sum + ids.size, 0),
  };
}

function secondOf({ issuedAt }: UsedProof): number {
  return Math.floor(issuedAt / 1_000);
}

function createIssuerProofs(): IssuerProofs {
  return { ids: new Set(), byKey: new Map(), bySecond: new Map() };
}

function remove({ ids, byKey }: IssuerProofs, { id, keyThumbprint }: UsedProof): void {
  ids.delete(id);
  const left = (byKey.get(keyThumbprint) ?? 0) - 1;
  if (left > 0) byKey.set(keyThumbprint, left);
  else byKey.delete(keyThumbprint);
}
