/** Every mutant, by the folder that it changes. */
import { bounds } from './bounds.ts';
import { check } from './check.ts';
import { config } from './config.ts';
import { files } from './files.ts';
import { grpc } from './grpc.ts';
import { http } from './http.ts';
import { issuer } from './issuer.ts';
import { migrateMutants } from './migrate.ts';
import type { Mutant } from './mutant.ts';
import { proof } from './proof.ts';
import { reach } from './reach.ts';
import { rulesMutants } from './rules.ts';
import { token } from './token.ts';

/** All mutants. */
export const mutants: readonly Mutant[] = [
  ...token,
  ...issuer,
  ...check,
  ...rulesMutants,
  ...config,
  ...grpc,
  ...http,
  ...proof,
  ...files,
  ...reach,
  ...bounds,
  ...migrateMutants,
];
