/** The regular expression of a v1beta1 path, taken apart into plain sequences: alternatives and what may be absent are written out. */

/** One step of a sequence: a character, or any of a set, once or repeated. */
export interface Step {
  /** The character, where it is only one. */
  readonly literal: string | undefined;
  /** `any`, a dot; `segment`, whatever is no slash; `some`, a part of that; `across`, a set that holds the slash too. */
  readonly set: 'any' | 'segment' | 'some' | 'across' | undefined;
  readonly times: 'once' | 'many' | 'any number';
}

/** A sequence of steps, which all of a path must follow. */
export type Sequence = readonly Step[];

/** More would be a list that nobody reads. */
const maxSequences = 32;

/**
 * Takes a regular expression apart.
 *
 * @returns undefined where it says what no list of sequences does: a group that repeats, looking around, counts of groups
 */
export function readRegularPath(expression: string): readonly Sequence[] | undefined {
  const text = expression.replace(/^\^/, '').replace(/(?<!\\)\$$/, '');
  const read = readAlternatives(text, 0, 0);
  return read === undefined || read.end !== text.length ? undefined : read.sequences;
}

interface Read {
  readonly sequences: readonly Sequence[];
  readonly end: number;
}

function readAlternatives(text: string, start: number, depth: number): Read | undefined {
  if (depth > 8) return undefined;
  const all: Sequence[] = [];
  let at = start;
  for (;;) {
    const read = readSequence(text, at, depth);
    if (read === undefined) return undefined;
    all.push(...read.sequences);
    if (all.length > maxSequences) return undefined;
    if (text[read.end] !== '|') return { sequences: all, end: read.end };
    at = read.end + 1;
  }
}

function readSequence(text: string, start: number, depth: number): Read | undefined {
  let sequences: Sequence[] = [[]];
  let at = start;
  while (at < text.length && text[at] !== '|' && text[at] !== ')') {
    const read = readPiece(text, at, depth);
    if (read === undefined) return undefined;
    const combined = sequences.flatMap((before) => read.sequences.map((after) => [...before, ...after]));
    if (combined.length > maxSequences) return undefined;
    sequences = combined;
    at = read.end;
  }
  return { sequences, end: at };
}

function readPiece(text: string, at: number, depth: number): Read | undefined {
  if (text[at] === '(') return readGroup(text, at, depth);
  const step = readStep(text, at);
  if (step === undefined) return undefined;
  const { literal, set, end } = step;
  const repeated = (times: Step['times'], length: number): Read => ({
    sequences: [[{ literal, set, times }]],
    end: end + length,
  });
  // What follows a quantifier as `?` makes it lazy, which says nothing here; `+` is no RE2.
  const lazy = text[end + 1] === '?' ? 2 : 1;
  // Several slashes in a row are refused as ambiguous, so one is as many as there can be.
  if (literal === '/' && text[end] === '*')
    return { sequences: [[{ literal, set, times: 'once' }], []], end: end + lazy };
  if (literal === '/' && text[end] === '+') return repeated('once', lazy);
  if (text[end] === '*') return repeated('any number', lazy);
  if (text[end] === '+') return repeated('many', lazy);
  if (text[end] === '?') return { sequences: [[{ literal, set, times: 'once' }], []], end: end + lazy };
  const count = /^\{(\d+)(,?)(\d*)\}/.exec(text.slice(end));
  if (count === null) return repeated('once', 0);
  // A counted set is a part of what it is uncounted.
  const part = set === 'segment' ? 'some' : set === 'any' ? 'across' : set;
  const times = count[1] === '0' ? 'any number' : 'many';
  return { sequences: [[{ literal, set: part, times }]], end: end + count[0].length };
}

function readGroup(text: string, at: number, depth: number): Read | undefined {
  const start = text.startsWith('(?:', at) ? at + 3 : at + 1;
  if (text[start] === '?') return undefined;
  const read = readAlternatives(text, start, depth + 1);
  if (read === undefined || text[read.end] !== ')') return undefined;
  const end = read.end + 1;
  if (text[end] === '?') return { sequences: [...read.sequences, []], end: end + 1 };
  return /[*+{]/.test(text[end] ?? '') ? undefined : { sequences: read.sequences, end };
}

function readStep(text: string, at: number): (Pick<Step, 'literal' | 'set'> & { end: number }) | undefined {
  const character = text[at] ?? '';
  if (character === '.') return { literal: undefined, set: 'any', end: at + 1 };
  if (character === '[') return readSet(text, at);
  if (character === '\\') {
    const next = text[at + 1] ?? '';
    if (/[dw]/.test(next)) return { literal: undefined, set: 'some', end: at + 2 };
    if (/[SDW]/.test(next)) return { literal: undefined, set: 'across', end: at + 2 };
    return /[A-Za-z0-9]|^$/.test(next) ? undefined : { literal: next, set: undefined, end: at + 2 };
  }
  return /[*+?{}^$)\]]/.test(character) ? undefined : { literal: character, set: undefined, end: at + 1 };
}

function readSet(text: string, at: number): (Pick<Step, 'literal' | 'set'> & { end: number }) | undefined {
  const found = /^\[(\^?)((?:\\.|[^\]\\[])+)\]/.exec(text.slice(at));
  if (found === null) return undefined;
  const [whole, negation, members = ''] = found;
  const end = at + whole.length;
  const plain = members.replaceAll('\\', '');
  // A path has neither a query nor a fragment, so leaving them out leaves out nothing.
  if (negation === '^' && /^[/?#]*$/.test(plain) && plain.includes('/'))
    return { literal: undefined, set: 'segment', end };
  const holdsSlash = setHoldsSlash(whole);
  if (holdsSlash === undefined) return undefined;
  if (negation === '' && plain.length === 1 && !/^\\[A-Za-z]/.test(members))
    return { literal: plain, set: undefined, end };
  return { literal: undefined, set: holdsSlash ? 'across' : 'some', end };
}

function setHoldsSlash(set: string): boolean | undefined {
  try {
    return new RegExp(`^${set}$`).test('/');
  } catch {
    return undefined;
  }
}
