/** Chooses the tokens whose answers stay prepared: those that are requested often. The answers of all others are made anew. */
import type { MemoryKeeper } from '../../model/identity.ts';
import type { VerifiedToken } from './verified-token.ts';

/** A token is requested often if at most this many lookups are between two of its own. So many answers are prepared at most. */
export const maxPrepared = 1_024;

/** Numbers of lookups have 30 bits, which V8 stores in place. */
const lookupMask = 2 ** 30 - 1;

/** The prepared answers of one cache. */
export interface PreparedAnswers extends Pick<MemoryKeeper, 'keepsAnswers'> {
  /** Call it when a lookup finds a token, before its answer is made. */
  readonly found: (token: VerifiedToken) => void;
}

/** Creates the choice. The newest answers stay prepared. */
export function createPreparedAnswers(): PreparedAnswers {
  const tokens: (VerifiedToken | undefined)[] = new Array(maxPrepared).fill(undefined);
  let next = 0;
  let lookup = 0;
  let frequent: VerifiedToken | undefined;
  return {
    found: (token) => {
      lookup = (lookup + 1) & lookupMask;
      frequent = ((lookup - token.lookup) & lookupMask) <= maxPrepared ? token : undefined;
      token.lookup = lookup;
    },
    keepsAnswers: (memory) => {
      if (frequent === undefined || memory !== frequent || memory.bytes === 0) return false;
      const oldest = tokens[next];
      if (oldest !== undefined) oldest.prepared = undefined;
      tokens[next] = frequent;
      next = (next + 1) % maxPrepared;
      return true;
    },
  };
}
