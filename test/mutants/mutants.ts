/** Every mutant, by the folder that it changes. */
import { listener } from './listener.ts';
import type { Mutant } from './mutant.ts';
import { token } from './token.ts';

/** All of them. */
export const mutants: readonly Mutant[] = [...token, ...listener];
