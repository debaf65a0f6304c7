/** The operands of `explain`: a configuration, a request, or a decision ID. */
import { singleProblem } from '../../tools/single-problem.ts';

/** The operands by kind. At most one of each. */
export interface Operands {
  readonly configs: readonly string[];
  /** A file with a request. */
  readonly request: string | undefined;
  /** A decision ID. */
  readonly id: string | undefined;
}

/** 8 random bytes in base32. */
const decisionId = /^[a-z2-7]{13}$/;

/**
 * Sorts the operands: a name that ends with `.json` is a request, 13 characters of base32 are a decision ID, any other operand is a
 * configuration.
 *
 * @throws ConfigError if there are two of a kind, or a decision ID and a file
 */
export function operandsOf(words: readonly string[]): Operands {
  const kindOf = (word: string) =>
    decisionId.test(word) ? 'id' : word.toLowerCase().endsWith('.json') ? 'request' : 'config';
  const { id = [], request = [], config = [] } = Object.groupBy(words, kindOf);
  const [first, second] = [id, request, config].find((same) => same.length > 1) ?? [];
  if (second !== undefined)
    throw singleProblem(`argument ${second}`, `not allowed with ${first}; keep one of the two`);
  const [file] = [...request, ...config];
  if (id.length > 0 && file !== undefined)
    throw singleProblem(`argument ${file}`, `not allowed with the decision ID ${id[0]}; keep one of the two`);
  return { configs: config, request: request[0], id: id[0] };
}
