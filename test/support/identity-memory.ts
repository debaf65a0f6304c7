/** The memory of an identity that nothing keeps. */
import type { IdentityMemory } from '../../src/model/identity.ts';

/** Creates the memory. Each check makes its answer anew. */
export function noMemory(): IdentityMemory {
  const keeper = { grown: () => {}, keepsAnswers: () => false };
  return { headers: undefined, values: '', prepared: undefined, results: undefined, bytes: 0, keeper };
}
