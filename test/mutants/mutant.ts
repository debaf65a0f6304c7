/** A mutant: the source with one check removed, and the tests that must notice. */

/** One change of one file. */
export interface Mutant {
  /** What the changed source does wrong. */
  readonly name: string;
  /** The file, below the root of the repository. */
  readonly file: string;
  /** The text that is replaced; it stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Test files, of which one must fail. */
  readonly tests: readonly string[];
  /** The vitest project of those tests; `quick` by default. */
  readonly project?: 'quick' | 'live';
}

/** A test that failed. */
export interface FailedTest {
  readonly name: string;
  /** Its file, below the root of the repository. */
  readonly file: string;
}

/**
 * What came of a mutant. `killed`: a test failed; none did where the mutant never ends. `survived`: every test passed. `broken`: the
 * text to replace is not there exactly once, no test ran to its end, or the test fails without the mutant as well.
 */
export type Fate =
  | { readonly kind: 'killed'; readonly by: FailedTest | undefined }
  | { readonly kind: 'survived' }
  | { readonly kind: 'broken'; readonly why: string };

/**
 * Changes a text as a mutant says.
 *
 * @returns undefined if the text to replace does not stand there exactly once
 */
export function mutate(
  text: string,
  { find, replace }: Pick<Mutant, 'find' | 'replace'>,
): string | undefined {
  const parts = text.split(find);
  return parts.length === 2 ? parts.join(replace) : undefined;
}
