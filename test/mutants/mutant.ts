/** A mutant: the source with one check removed, and the tests that must notice. */

/** One change of one file. */
export interface Mutant {
  /** The wrong behavior of the changed source. */
  readonly name: string;
  /** The path of the file from the root of the repository. */
  readonly file: string;
  /** The replaced text. It occurs in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** The test files. At least one must fail. */
  readonly tests: readonly string[];
  /** The project of those tests: `quick` (the default), which includes `thorough`, or `live`. */
  readonly project?: 'quick' | 'live';
}

/** A failed test. */
export interface FailedTest {
  readonly name: string;
  /** The path of its file from the root of the repository. */
  readonly file: string;
}

/**
 * The result of a mutant.
 *
 * - `killed`: a test failed (`by`), or the tests did not end in time (`by` is undefined).
 * - `survived`: every test passed.
 * - `broken`: the text to replace does not occur exactly once, no test finished, or the test also fails without the mutant.
 */
export type MutantResult =
  | { readonly kind: 'killed'; readonly by: FailedTest | undefined }
  | { readonly kind: 'survived' }
  | { readonly kind: 'broken'; readonly why: string };

/**
 * Applies a mutant to a text.
 *
 * @returns undefined if the text to replace does not occur exactly once
 */
export function mutate(
  text: string,
  { find, replace }: Pick<Mutant, 'find' | 'replace'>,
): string | undefined {
  const parts = text.split(find);
  return parts.length === 2 ? parts.join(replace) : undefined;
}
