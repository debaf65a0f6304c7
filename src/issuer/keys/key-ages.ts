/** Since when each key of an issuer has been in its key set. */
import type { KeySet, VerificationKey } from './key-set.ts';

/** A key as operators see it. */
export interface KeyDescription {
  /** `kid`; undefined if the key has none. */
  readonly id: string | undefined;
  readonly algorithms: readonly string[];
  /** When this service first loaded it, in milliseconds since the epoch. */
  readonly since: number;
}

/** The keys of an issuer and its next fetch, for operators. */
export interface IssuerDetails {
  readonly keys: readonly KeyDescription[];
  /** Milliseconds until the next fetch; undefined while a fetch runs, or after the issuer has stopped. */
  readonly nextFetch: number | undefined;
}

/** The ages of keys. */
export interface KeyAges {
  /** Records the keys of a set that are new. */
  readonly loaded: (keySet: KeySet, now: number) => void;
  readonly describe: (keySet: KeySet) => readonly KeyDescription[];
}

/** Creates an empty record. A key that leaves the set is forgotten. */
export function createKeyAges(): KeyAges {
  const since = new WeakMap<VerificationKey, number>();
  return {
    loaded: (keySet, now) => {
      for (const key of keySet.keys) if (!since.has(key)) since.set(key, now);
    },
    describe: (keySet) =>
      [...Map.groupBy(keySet.keys, ({ id, material }) => JSON.stringify([id, material])).values()].map(
        (keys) => ({
          id: keys[0]?.id,
          algorithms: keys.map(({ algorithm }) => algorithm),
          since: Math.min(...keys.map((key) => since.get(key) ?? 0)),
        }),
      ),
  };
}
