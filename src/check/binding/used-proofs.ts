/**
 * Proofs that were used, so that none is good twice (RFC 9449 section 11.1).
 *
 * A proof that was taken is remembered, or its time is at or before the horizon, and what is as old as that is refused. So none is good
 * twice, whatever the clock does and however the bounds change: the horizon never goes back. It only moves when a proof is
 * forgotten, and a proof is forgotten only when it is too old to be good.
 */

/** Bounds of the store; they may change while it is in use. */
export interface ReplayBounds {
  /** Most proofs of one issuer's tokens that are remembered. */
  readonly maxProofs: number;
  /** Most of them of one key. */
  readonly maxProofsPerKey: number;
  /** How old a proof may be, in milliseconds. */
  readonly maxAge: number;
}

/** A proof that is good but for its use. */
export interface UsedProof {
  /** The exact `iss` of its token. The name in the configuration can change on a reload. */
  readonly issuer: string;
  readonly keyThumbprint: string;
  /** Equal for two proofs of one key with the same `jti`. */
  readonly id: string;
  /** `iat`, in milliseconds. */
  readonly issuedAt: number;
}

/** What became of a proof: `key` and `issuer` say which bound leaves no room for it. */
export type Taken = 'new' | 'used' | 'key' | 'issuer';

/** Remembers proofs. */
export interface ReplayStore {
  /**
   * Takes note of a proof. One that there is no room for is refused: to forget one that is still good would make it good again.
   *
   * @param now the wall clock, in milliseconds
   */
  readonly take: (proof: UsedProof, now: number, bounds: ReplayBounds) => Taken;
  /** How many are remembered. */
  readonly size: () => number;
}

/** The proofs of one issuer's tokens. */
interface Shelf {
  readonly ids: Set<string>;
  /** How many there are of a key. */
  readonly byKey: Map<string, number>;
  /** The proofs by the second of their `iat`. */
  readonly bySecond: Map<number, UsedProof[]>;
}

/** How often is looked for what can be forgotten, in milliseconds. */
const sweepInterval = 1_000;

/** Makes an empty store. */
export function createReplayStore(): ReplayStore {
  const shelves = new Map<string, Shelf>();
  let horizon = Number.NEGATIVE_INFINITY;
  let sweptAt = Number.NEGATIVE_INFINITY;

  const forgetOld = (now: number, maxAge: number) => {
    // The clock may have been set back.
    if (Math.abs(now - sweptAt) < sweepInterval) return;
    sweptAt = now;
    for (const [issuer, shelf] of shelves) {
      for (const [second, proofs] of shelf.bySecond) {
        if ((second + 1) * 1_000 > now - maxAge) continue;
        horizon = Math.max(horizon, second);
        shelf.bySecond.delete(second);
        for (const proof of proofs) forget(shelf, proof);
      }
      if (shelf.ids.size === 0) shelves.delete(issuer);
    }
  };

  return {
    take: (proof, now, { maxProofs, maxProofsPerKey, maxAge }) => {
      forgetOld(now, maxAge);
      const second = Math.floor(proof.issuedAt / 1_000);
      if (second <= horizon) return 'used';
      const shelf = shelves.getOrInsertComputed(proof.issuer, createShelf);
      if (shelf.ids.has(proof.id)) return 'used';
      const ofKey = shelf.byKey.get(proof.keyThumbprint) ?? 0;
      if (ofKey >= maxProofsPerKey) return 'key';
      if (shelf.ids.size >= maxProofs) return 'issuer';
      shelf.ids.add(proof.id);
      shelf.byKey.set(proof.keyThumbprint, ofKey + 1);
      shelf.bySecond.getOrInsertComputed(second, () => []).push(proof);
      return 'new';
    },
    size: () => shelves.values().reduce((sum, { ids }) => sum + ids.size, 0),
  };
}

function createShelf(): Shelf {
  return { ids: new Set(), byKey: new Map(), bySecond: new Map() };
}

function forget({ ids, byKey }: Shelf, { id, keyThumbprint }: UsedProof): void {
  ids.delete(id);
  const left = (byKey.get(keyThumbprint) ?? 0) - 1;
  if (left > 0) byKey.set(keyThumbprint, left);
  else byKey.delete(keyThumbprint);
}
