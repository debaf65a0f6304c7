/** Finds the prose in source files: comments, and strings of several words. */
import { parseSync, Visitor } from 'oxc-parser';

/** A text and its position. */
export interface SourceText {
  readonly text: string;
  /** The position, in characters from the start of the file. */
  readonly start: number;
  readonly kind: 'comment' | 'string';
}

/** The minimum number of words in a string that counts as prose. */
const fewestWords = 4;

/** Finds the prose in a TypeScript file. */
export function textsOfTypeScript(path: string, source: string): SourceText[] {
  const { program, comments } = parseSync(path, source);
  const texts: SourceText[] = joined(comments, source);
  const add = (text: string, start: number) => {
    if (isSentence(text)) texts.push({ text, start, kind: 'string' });
  };
  new Visitor({
    Literal: ({ value, start }) => {
      if (typeof value === 'string') add(value, start + 1);
    },
    TemplateLiteral: ({ quasis, start }) => add(quasis.map(({ value }) => value.raw).join('x'), start + 1),
  }).visit(program);
  return texts;
}

/** Finds the comments in a YAML file or a shell script. Consecutive lines are one text. */
export function textsOfHashComments(source: string): SourceText[] {
  return [...source.matchAll(/(?:^[ \t]*#(?!!)[^\n]*\n?)+/gm)].map(({ 0: block, index }) => ({
    text: block.replaceAll(/^[ \t]*#+/gm, (mark) => ' '.repeat(mark.length)),
    start: index,
    kind: 'comment',
  }));
}

/** Finds the values in a YAML file that are sentences. It reads the file line by line, because a Helm template is not valid YAML. */
export function textsOfYamlValues(source: string): SourceText[] {
  return [...source.matchAll(/^[ \t]*(?:- )?(?:[\w-]+: )?(?!#)(\S.*)$/gm)].flatMap(
    ({ 0: line, 1: text = '', index }) =>
      isSentence(text) ? [{ text, start: index + line.length - text.length, kind: 'string' as const }] : [],
  );
}

/** Whether a string has enough words to count as prose. */
function isSentence(text: string): boolean {
  return text.split(/\s+/).filter((word) => /^[a-z'",.;:()-]+$/i.test(word)).length >= fewestWords;
}

/** Finds comments, without their marks. Consecutive line comments are one text. */
function joined(
  comments: readonly {
    readonly type: string;
    readonly value: string;
    readonly start: number;
    readonly end: number;
  }[],
  source: string,
): SourceText[] {
  const texts: SourceText[] = [];
  let end = -1;
  let isLine = false;
  for (const comment of comments) {
    const last = texts.at(-1);
    const text = `  ${comment.value.replaceAll(/^(\s*)\*+/gm, (mark) => ' '.repeat(mark.length))}`;
    if (
      comment.type === 'Line' &&
      isLine &&
      last !== undefined &&
      /^\s*$/.test(source.slice(end, comment.start))
    )
      texts[texts.length - 1] = { ...last, text: last.text + source.slice(end, comment.start) + text };
    else texts.push({ text, start: comment.start, kind: 'comment' });
    end = comment.end;
    isLine = comment.type === 'Line';
  }
  return texts;
}
