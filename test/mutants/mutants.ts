/** Every mutant, by the folder that it changes. */
import { check } from './check.ts';
import { config } from './config.ts';
import { issuer } from './issuer.ts';
import { listener } from './listener.ts';
import type { Mutant } from './mutant.ts';
import { rulesMutants } from './rules.ts';
import { token } from './token.ts';

/** All of them. */
export const mutants: readonly Mutant[] = [
  ...token,
  ...issuer,
  ...check,
  ...rulesMutants,
  ...listener,
  ...config,
];
