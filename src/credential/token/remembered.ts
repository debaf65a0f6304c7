/** Stores a result about the claims of a token with the token, because reading claims costs more than the rest of a check. */
import type { IdentityMemory } from '../../model/identity.ts';

/** Something with the memory of its token. */
interface WithMemory {
  readonly memory: IdentityMemory | undefined;
}

/** Creates a function that computes a result once for each token that is kept. @param compute returns undefined for no result */
export function createRemembered<T extends WithMemory, R extends object>(
  compute: (of: T) => R | undefined,
): (of: T) => R | undefined {
  const results = new WeakMap<IdentityMemory, R | typeof none>();
  return (of) => {
    const { memory } = of;
    if (memory === undefined) return compute(of);
    const known = results.get(memory);
    if (known !== undefined) return known === none ? undefined : (known as R);
    const result = compute(of);
    results.set(memory, result ?? none);
    return result;
  };
}

const none = Object.freeze({});
