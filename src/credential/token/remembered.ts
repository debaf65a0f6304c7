/** Keeps results about the claims of a token with the token, because reading claims costs more than the rest of a check. */
import type { IdentityMemory, KeptResult } from '../../model/identity.ts';

/** So many results stay with a token: the newest. With more rules that need claims, its claims are read again. */
export const maxKept = 8;

/** The memory of a result, on the heap of V8 with pointers of 64 bits. */
const bytesOfResult = 56;

/** Something with the memory of its token. */
interface WithMemory {
  readonly memory: IdentityMemory | undefined;
}

/**
 * Creates a function that computes a result once for each token that is kept.
 *
 * @param compute returns undefined for no result. The memory counts no result, so it must be an object that many tokens share.
 * @param versionOf what results are valid for; they are computed again after it changes
 */
export function createRemembered<T extends WithMemory, R extends object>(
  compute: (of: T) => R | undefined,
  versionOf?: () => object,
): (of: T) => R | undefined {
  const owner = {};
  return (of) => {
    const { memory } = of;
    if (memory === undefined) return compute(of);
    const version = versionOf === undefined ? owner : versionOf();
    let kept = memory.results;
    while (kept !== undefined && kept.owner !== owner) kept = kept.next;
    if (kept?.version === version) return kept.result as R | undefined;
    const result = compute(of);
    if (kept === undefined) add(memory, { owner, version, result, next: memory.results });
    else {
      kept.version = version;
      kept.result = result;
    }
    return result;
  };
}

function add(memory: IdentityMemory, newest: KeptResult): void {
  memory.results = newest;
  let last = newest;
  for (let count = 1; count < maxKept && last.next !== undefined; count++) last = last.next;
  const isFull = last.next !== undefined;
  last.next = undefined;
  if (!isFull) memory.keeper.grown(memory, bytesOfResult);
}
