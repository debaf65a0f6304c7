/** White space, and what else nobody sees, in a configuration, which nothing would ever equal: at the ends of a text, or a line break in it. */
import { invisible, shown } from '../values/quote.ts';
import { isTree } from '../values/raw-values.ts';

/** A problem, and where it is. */
export interface StraySpace {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Options whose texts may have any white space: it has a meaning there, or none at all. */
const exempt = [
  /^issuers\/\d+\/jwks$/,
  /^(policies\/\d+\/)?rules\/\d+\/require\/expression$/,
  /^((policies\/\d+\/)?rules\/\d+\/)?outputClaimToHeaders\/\d+\/separator$/,
];

const atBeginning = new RegExp(`^${invisible}`, 'v');
const atEnd = new RegExp(`${invisible}$`, 'v');
const nothingElse = new RegExp(`^${invisible}+$`, 'v');
const lineBreak = /[\n\v\f\r\u0085\u2028\u2029]/;

/** Most texts, of which nothing has to be said; a deny list may have a hundred thousand. */
const plain = /^[!-~]([ -~]*[!-~])?$/;

/** Finds every text and every name in a tree that has such white space. */
export function straySpace(value: unknown, path: readonly (string | number)[] = []): readonly StraySpace[] {
  if (typeof value === 'string') {
    const problem = straySpaceProblem(value);
    return problem === undefined || exempt.some((option) => option.test(path.join('/')))
      ? []
      : [{ path, message: problem }];
  }
  if (Array.isArray(value)) return value.flatMap((member, index) => straySpace(member, [...path, index]));
  if (!isTree(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const problem = straySpaceProblem(name);
    const ofName = problem === undefined ? [] : [{ path: [...path, name], message: `this name: ${problem}` }];
    return [...ofName, ...straySpace(member, [...path, name])];
  });
}

/** Says what white space a text has that it must not have; undefined if it has none. */
export function straySpaceProblem(text: string): string | undefined {
  if (plain.test(text)) return undefined;
  const [begins, ends] = [atBeginning.test(text), atEnd.test(text)];
  const what = (at: RegExp) => (lineBreak.test(at.exec(text)?.[0] ?? '') ? 'a line break' : 'white space');
  if (nothingElse.test(text)) return `expected more than white space, not ${shown(text)}`;
  if (begins && ends) return `expected no white space at its beginning and its end, not ${shown(text)}`;
  if (begins)
    return `expected no ${what(atBeginning).replace(/^a /, '')} at its beginning, not ${shown(text)}`;
  if (ends) return `expected no ${what(atEnd).replace(/^a /, '')} at its end, not ${shown(text)}`;
  return lineBreak.test(text)
    ? `expected one line, without a line break in it, not ${shown(text)}`
    : undefined;
}
