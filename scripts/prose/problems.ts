/** Finds the problems of a text, by the rules of this project. */
import { terms } from './terms.ts';

/** The maximum number of words in a sentence. */
export const mostWords = 30;

/** A problem of a text. */
export interface ProseProblem {
  /** Its start, in characters from the start of the text. */
  readonly index: number;
  readonly message: string;
}

/** Finds the banned phrases in a text. */
export function phraseProblems(text: string): ProseProblem[] {
  const prose = withoutCode(text);
  return terms.flatMap(({ pattern, instead }) =>
    [...prose.matchAll(new RegExp(pattern, `${pattern.flags}g`))].map(({ 0: phrase, index }) => ({
      index,
      message: `"${phrase.replaceAll(/\s+/g, ' ')}": write ${instead}`,
    })),
  );
}

/** Finds sentences that are too long. */
export function lengthProblems(text: string): ProseProblem[] {
  const problems: ProseProblem[] = [];
  let index = 0;
  for (const sentence of withoutCode(text).split(
    /(?<=[.!?][)"'*_]*)(?=\s)|(?=\n[ \t]*\n)|(?=\n[ \t]*[-*] )|(?<=;)(?= \[)/,
  )) {
    const words = sentence.split(/\s+/).filter((word) => /\w/.test(word)).length;
    if (words > mostWords)
      problems.push({
        index: index + sentence.length - sentence.trimStart().length,
        message: `a sentence of ${words} words; at most ${mostWords}: split it`,
      });
    index += sentence.length;
  }
  return problems;
}

/** Finds sentences whose subject is a clause. */
export function openingProblems(text: string): ProseProblem[] {
  return [
    ...withoutCode(text).matchAll(
      /(?:^\s*|[.!?:]\s+|\n\s*\n\s*)((?:Where|What|Whatever|None of|Nothing of|Of)\b)[^.!?]*(?:[.!?]|$)/g,
    ),
  ]
    .filter(({ 0: sentence }) => !sentence.trimEnd().endsWith('?'))
    .map(({ 0: sentence, 1: opening = '', index }) => ({
      index: index + sentence.indexOf(opening),
      message: `a sentence that begins with "${opening}": begin with its subject, or with "If" or "When"`,
    }));
}

/** Finds the problems of a heading. */
export function headingProblems(text: string): ProseProblem[] {
  const passive = /\b(?:is|are|was|were|be|been)\s+\w+(?:ed|en)\b/i.exec(withoutCode(text));
  if (passive !== null)
    return [{ index: 0, message: `"${passive[0]}" in a heading: write the active voice` }];
  return /[.:]$/.test(text.trim()) ? [{ index: 0, message: 'a heading ends without "." and ":"' }] : [];
}

/** Replaces inline code, URLs and link targets with a word of the same length, because the rules do not apply to them. */
function withoutCode(text: string): string {
  return text
    .replaceAll(/`[^`]*`/g, (code) => 'x'.repeat(code.length))
    .replaceAll(/https?:\/\/[^\s)]+/g, (url) => 'x'.repeat(url.length))
    .replaceAll(/(?<=\]\()[^\s)]+(?=\))/g, (target) => 'x'.repeat(target.length));
}
