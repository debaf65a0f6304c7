/** The texts of source files that people read: comments, and strings of several words. */
import { parseSync, Visitor } from 'oxc-parser';

/** A text, and where it stands. */
export interface SourceText {
  readonly text: string;
  /** In characters from the start of the file. */
  readonly start: number;
  readonly kind: 'comment' | 'string';
}

/** Fewest words of a string that is a text for people. */
const fewestWords = 4;

/** The texts of a TypeScript file. */
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

/** The comments of a YAML file or a shell script; lines that follow each other are one text. */
export function textsOfHashComments(source: string): SourceText[] {
  return [...source.matchAll(/(?:^[ \t]*#(?!!)[^\n]*\n?)+/gm)].map(({ 0: block, index }) => ({
    text: block.replaceAll(/^[ \t]*#+/gm, (mark) => ' '.repeat(mark.length)),
    start: index,
    kind: 'comment',
  }));
}

/** The values of a YAML file that are sentences. It is read line by line, because a template of Helm is not YAML yet. */
export function textsOfYamlValues(source: string): SourceText[] {
  return [...source.matchAll(/^[ \t]*(?:- )?(?:[\w-]+: )?(?!#)(\S.*)$/gm)].flatMap(
    ({ 0: line, 1: text = '', index }) =>
      isSentence(text) ? [{ text, start: index + line.length - text.length, kind: 'string' as const }] : [],
  );
}

/** Whether a string has so many words that people read it. */
function isSentence(text: string): boolean {
  return text.split(/\s+/).filter((word) => /^[a-z'",.;:()-]+$/i.test(word)).length >= fewestWords;
}

/** Comments without their marks; line comments that follow each other are one text. */
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
