/** The questions of the admin listener to the processes that answer checks. */
import type { ExplainRequest, Explanation } from '../model/explanation.ts';
import type { RecordedDenial } from '../model/recorded-denial.ts';
import type { DenialFilter } from '../observe/recent-denials.ts';

/** The questions by name, and the answer of one process. Both must be JSON. */
export interface Questions {
  readonly denials: { readonly question: DenialFilter; readonly answer: readonly RecordedDenial[] };
  readonly explain: { readonly question: ExplainRequest; readonly answer: Explanation };
}

/**
 * Asks each process that answers checks. A process that does not answer in time has no answer in the list.
 *
 * @param limit the largest number of processes to ask; undefined for all
 */
export type Ask = <Name extends keyof Questions>(
  name: Name,
  question: Questions[Name]['question'],
  limit?: number,
) => Promise<readonly Questions[Name]['answer'][]>;

/** Answers each question for one process. */
export type Answers = {
  readonly [Name in keyof Questions]: (
    question: Questions[Name]['question'],
  ) => Questions[Name]['answer'] | Promise<Questions[Name]['answer']>;
};
