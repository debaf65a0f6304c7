/** Finds white space and invisible characters at the ends of a text, and line breaks in it. A value with them never matches. */

import { isMapping } from '../values/mapping.ts';
import { invisible, quoteValue } from '../values/quote-value.ts';

/** A problem and its path. */
export interface StraySpace {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Options whose text may contain white space anywhere. */
const exempt = [
  /^issuers\/\d+\/jwks$/,
  /^(policies\/\d+\/)?rules\/\d+\/require\/expression$/,
  /^((policies\/\d+\/)?rules\/\d+\/)?outputClaimToHeaders\/\d+\/separator$/,
];

const atBeginning = new RegExp(`^${invisible}`, 'v');
const atEnd = new RegExp(`${invisible}$`, 'v');
const nothingElse = new RegExp(`^${invisible}+$`, 'v');
const lineBreak = /[\n\v\f\r\u0085\u2028\u2029]/;

/** Matches most valid texts quickly; a deny list may have 100,000. */
const plain = /^[!-~]([ -~]*[!-~])?$/;

/** Finds every value and every name with such white space. */
export function straySpace(value: unknown, path: readonly (string | number)[] = []): readonly StraySpace[] {
  if (typeof value === 'string') {
    const problem = straySpaceProblem(value);
    return problem === undefined || exempt.some((option) => option.test(path.join('/')))
      ? []
      : [{ path, message: problem }];
  }
  if (Array.isArray(value)) return value.flatMap((member, index) => straySpace(member, [...path, index]));
  if (!isMapping(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const problem = straySpaceProblem(name);
    const ofName = problem === undefined ? [] : [{ path: [...path, name], message: `the name ${problem}` }];
    return [...ofName, ...straySpace(member, [...path, name])];
  });
}

/** Returns the problem of a text; undefined if it has none. */
export function straySpaceProblem(text: string): string | undefined {
  if (plain.test(text)) return undefined;
  const [begins, ends] = [atBeginning.test(text), atEnd.test(text)];
  const what = (at: RegExp) => (lineBreak.test(at.exec(text)?.[0] ?? '') ? 'a line break' : 'white space');
  if (nothingElse.test(text)) return `must not be only white space, got ${quoteValue(text)}`;
  if (begins && ends) return `must not begin or end with white space, got ${quoteValue(text)}`;
  if (begins) return `must not begin with ${what(atBeginning)}, got ${quoteValue(text)}`;
  if (ends) return `must not end with ${what(atEnd)}, got ${quoteValue(text)}`;
  return lineBreak.test(text) ? `must not contain a line break, got ${quoteValue(text)}` : undefined;
}
