/** Parses the regular expression (RE2) of a path into sequences. Alternatives and optional parts are expanded. */

/** One step of a sequence. */
export type Step =
  | { readonly kind: 'character'; readonly character: string }
  /** Any text; `something` is not empty. */
  | { readonly kind: 'anything' | 'something' }
  /** Any text without a slash; `segment` is not empty. */
  | { readonly kind: 'inner' | 'segment' }
  /** A text of unknown content: it may contain a slash, may be empty, and may have a sample. */
  | {
      readonly kind: 'opaque';
      readonly crosses: boolean;
      readonly mayBeEmpty: boolean;
      readonly sample: string | undefined;
    }
  | { readonly kind: 'start' | 'end' };

/** The steps in order. */
export type Sequence = readonly Step[];

/** A parsed expression: a path matches if it contains one of the sequences. */
export interface Expression {
  readonly sequences: readonly Sequence[];
  /** Whether the expression ignores case. */
  readonly isCaseless: boolean;
}

/** A longer list of alternatives would be unreadable. */
const maxSequences = 64;
const maxDepth = 16;
const maxMembers = 8;

interface Read {
  readonly sequences: readonly Sequence[];
  readonly end: number;
}

/** One step of an expression or its alternatives, before repetition. */
interface Atom extends Read {
  /** `dot` and `segment` have their own steps when repeated. */
  readonly kind: 'dot' | 'segment' | 'one' | 'group';
}

/** Parses an expression; undefined if it uses a feature that is not supported. */
export function readExpression(text: string): Expression | undefined {
  const [, flags = ''] = /^\(\?([a-zA-Z]+)\)/.exec(text) ?? [];
  // Flags such as multi-line make no difference for a path; ignoring them loses nothing.
  if (!/^[imsU]*$/.test(flags)) return undefined;
  const start = flags === '' ? 0 : flags.length + 3;
  const read = readAlternatives(text, start, 0);
  if (read === undefined || read.end !== text.length) return undefined;
  return { sequences: read.sequences, isCaseless: flags.includes('i') };
}

function readAlternatives(text: string, start: number, depth: number): Read | undefined {
  if (depth > maxDepth) return undefined;
  const all: Sequence[] = [];
  for (let at = start; ; ) {
    const read = readSequence(text, at, depth);
    if (read === undefined) return undefined;
    all.push(...read.sequences);
    if (all.length > maxSequences) return undefined;
    if (text[read.end] !== '|') return { sequences: all, end: read.end };
    at = read.end + 1;
  }
}

function readSequence(text: string, start: number, depth: number): Read | undefined {
  let sequences: readonly Sequence[] = [[]];
  let at = start;
  while (at < text.length && text[at] !== '|' && text[at] !== ')') {
    const atom = readAtom(text, at, depth);
    const read = atom === undefined ? undefined : readRepeats(text, atom);
    if (read === undefined) return undefined;
    sequences = sequences.flatMap((before) => read.sequences.map((after) => [...before, ...after]));
    if (sequences.length > maxSequences) return undefined;
    at = read.end;
  }
  return { sequences, end: at };
}

function readAtom(text: string, at: number, depth: number): Atom | undefined {
  const character = text[at] ?? '';
  if (character === '(') return readGroup(text, at, depth);
  if (character === '[') return readSet(text, at);
  if (character === '\\') return readEscape(text, at);
  const one = (step: Step): Atom => ({ kind: 'one', sequences: [[step]], end: at + 1 });
  // Operators rarely escape the dot of `robots.txt`.
  if (character === '.') return { ...one(opaque(true, '.')), kind: 'dot' };
  if (character === '^') return one({ kind: 'start' });
  if (character === '$') return one({ kind: 'end' });
  if (/[*+?)\]]/.test(character)) return undefined;
  const whole = String.fromCodePoint(text.codePointAt(at) ?? 0);
  return { ...one({ kind: 'character', character: whole }), end: at + whole.length };
}

function readGroup(text: string, at: number, depth: number): Atom | undefined {
  const [opening = '('] = /^\(\?(?::|P?<[A-Za-z_]\w*>)/.exec(text.slice(at)) ?? [];
  if (text[at + opening.length] === '?') return undefined;
  const read = readAlternatives(text, at + opening.length, depth + 1);
  if (read === undefined || text[read.end] !== ')') return undefined;
  return { kind: 'group', sequences: read.sequences, end: read.end + 1 };
}

function readEscape(text: string, at: number): Atom | undefined {
  const next = text[at + 1] ?? '';
  const one = (step: Step, length = 2): Atom => ({ kind: 'one', sequences: [[step]], end: at + length });
  if (/[dws]/.test(next)) return one(opaque(false));
  if (/[DWS]/.test(next)) return one(opaque(true));
  if (next === 'A') return one({ kind: 'start' });
  if (next === 'z') return one({ kind: 'end' });
  const [hex = '', digits = ''] = /^\\x([0-9A-Fa-f]{2})/.exec(text.slice(at)) ?? [];
  if (hex !== '')
    return one(
      { kind: 'character', character: String.fromCharCode(Number.parseInt(digits, 16)) },
      hex.length,
    );
  return /^[!-/:-@[-`{-~]$/.test(next) ? one({ kind: 'character', character: next }) : undefined;
}

function readSet(text: string, at: number): Atom | undefined {
  const found = /^\[(\^?)(\]?(?:\\[\s\S]|\[:\^?\w+:\]|[^\]\\])*)\]/.exec(text.slice(at));
  if (found === null) return undefined;
  const [whole, negation, members = ''] = found;
  const end = at + whole.length;
  const one = (sequences: readonly Sequence[]): Atom => ({ kind: 'one', sequences, end });
  const isNegated = negation === '^';
  const isPlain = !/\\[A-Za-z0-9]|\[:/.test(members);
  const plain = members.replaceAll(/\\([\s\S])/g, '$1');
  const hasRange = /[\s\S]-[\s\S]/.test(members);
  if (!isPlain) return one([[opaque(true)]]);
  // An unambiguous path contains none of these characters, so the exclusion has no effect.
  if (isNegated && !hasRange && plain.includes('/') && /^[/?#;\\]*$/.test(plain))
    return { ...one([[opaque(false)]]), kind: 'segment' };
  if (!isNegated && !hasRange && plain.length <= maxMembers)
    return one([...new Set(plain)].map((character) => [{ kind: 'character', character }]));
  // RE2 treats a leading bracket as a member; this pattern does not.
  return one([[opaque(members.startsWith(']') || setContainsSlash(whole))]]);
}

function setContainsSlash(set: string): boolean {
  try {
    return new RegExp(`^${set}$`).test('/');
  } catch {
    return true;
  }
}

/** Parses the quantifier after an atom; a lazy quantifier matches the same paths. */
function readRepeats(text: string, atom: Atom): Read | undefined {
  const [quantifier = ''] = /^(?:[*+?]|\{\d+(?:,\d*)?\})/.exec(text.slice(atom.end)) ?? [];
  if (quantifier === '') return atom;
  const isLazy = text[atom.end + quantifier.length] === '?';
  const end = atom.end + quantifier.length + (isLazy ? 1 : 0);
  // RE2 rejects two quantifiers in a row.
  if (/^[*+?]|^\{\d+(,\d*)?\}/.test(text.slice(end))) return undefined;
  const sequences = repeated(atom, quantifier);
  return sequences === undefined ? undefined : { sequences, end };
}

function repeated({ kind, sequences }: Atom, quantifier: string): readonly Sequence[] | undefined {
  const isAnchor = sequences.some((sequence) =>
    sequence.some(({ kind: of }) => of === 'start' || of === 'end'),
  );
  if (quantifier === '?') return [...sequences, []];
  if (isAnchor) return undefined;
  const mayBeAbsent = quantifier === '*' || /^\{0+[,}]/.test(quantifier);
  const isOpenEnded = quantifier === '*' || quantifier === '+' || /^\{0*[01],\}$/.test(quantifier);
  if (kind === 'dot' && isOpenEnded) return [[{ kind: mayBeAbsent ? 'anything' : 'something' }]];
  if (kind === 'segment' && isOpenEnded) return [[{ kind: mayBeAbsent ? 'inner' : 'segment' }]];
  const [only] = sequences.length === 1 ? (sequences[0] ?? []) : [];
  // An unambiguous path has no consecutive slashes, so several are equal to one.
  if (kind === 'one' && only?.kind === 'character' && only.character === '/' && isOpenEnded)
    return mayBeAbsent ? [[only], []] : [[only]];
  const crosses = kind === 'dot' || sequences.some((sequence) => sequence.some(stepCrosses));
  const some: Step = {
    kind: 'opaque',
    crosses,
    mayBeEmpty: mayBeAbsent || kind === 'group',
    sample: undefined,
  };
  return mayBeAbsent ? [[some], []] : [[some]];
}

/** Whether a step may contain a slash. */
export function stepCrosses(step: Step): boolean {
  if (step.kind === 'character') return step.character === '/';
  return step.kind === 'anything' || step.kind === 'something' || (step.kind === 'opaque' && step.crosses);
}

/** Splits the steps at slashes. */
export function segmentsOf(steps: Sequence): readonly (readonly Step[])[] {
  const segments: Step[][] = [[]];
  for (const step of steps) {
    if (step.kind === 'character' && step.character === '/') segments.push([]);
    else segments.at(-1)?.push(step);
  }
  return segments;
}

function opaque(crosses: boolean, sample?: string): Step {
  return { kind: 'opaque', crosses, mayBeEmpty: false, sample };
}
