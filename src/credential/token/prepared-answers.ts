/** Bounds the prepared answers of tokens. A token that is not requested often gets its answer anew each time. */
import type { IdentityMemory, MemoryKeeper } from '../../model/identity.ts';

/** Maximum number of prepared answers. */
export const maxPrepared = 256;

/** Keeps the newest prepared answers, and removes those before them from their tokens. */
export function createPreparedAnswers(): Pick<MemoryKeeper, 'prepared'> {
  const tokens: (IdentityMemory | undefined)[] = new Array(maxPrepared).fill(undefined);
  let next = 0;
  return {
    prepared: (memory, owner, forwarding) => {
      if (memory.bytes === 0) return;
      const oldest = tokens[next];
      if (oldest !== undefined) oldest.prepared = undefined;
      tokens[next] = memory;
      next = (next + 1) % maxPrepared;
      memory.prepared = { owner, forwarding, next: memory.prepared };
    },
  };
}
