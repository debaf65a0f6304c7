/** The keys of an issuer, for verifications without a network. */
import type { IssuerKeys } from '../../src/issuer/issuer.ts';
import type { KeySet } from '../../src/issuer/keys/key-set.ts';
import { readKeySet } from '../../src/issuer/keys/read-key-set.ts';
import { lenientRules, type SigningKey } from './keys.ts';

/** The keys, and what was fetched. */
export interface TestIssuerKeys {
  readonly issuer: IssuerKeys;
  fetches: number;
  /** Fetches keys because of an unknown `kid`. */
  fetch: () => Promise<void>;
}

/** Creates the keys. The first fetch adds the next ones. */
export function keysOf(published: readonly SigningKey[], next: readonly SigningKey[] = []): TestIssuerKeys {
  const textOf = (all: readonly SigningKey[]) =>
    JSON.stringify({ keys: all.map(({ publicJwk }) => publicJwk) });
  const read = (all: readonly SigningKey[], before?: KeySet): KeySet =>
    readKeySet(textOf(all), lenientRules, before).keySet;
  let [set, text] = [read(published), textOf(published)];
  const keys: TestIssuerKeys = {
    fetches: 0,
    fetch: async () => {
      const all = [...published, ...next];
      [set, text] = [read(all, set), textOf(all)];
    },
    issuer: {
      hasKeys: () => true,
      findKeys: (id, algorithm) => set.find(id, algorithm),
      knowsKeyId: (id) => set.knows(id),
      holds: (one) => set.holds(one),
      published: () => text,
      fetchForUnknownKey: () => {
        keys.fetches++;
        return keys.fetch();
      },
      describeKeys: () => {
        throw new TypeError('the keys are not described here');
      },
    },
  };
  return keys;
}
