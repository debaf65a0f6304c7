/** The regular expression (RE2) of a path, taken apart into sequences; alternatives and what may be absent are written out. */

/** One step of a sequence. */
export type Step =
  | { readonly kind: 'character'; readonly character: string }
  /** Any text, or any that is not empty. */
  | { readonly kind: 'anything' | 'something' }
  /** Any text without a slash, or any such that is not empty. */
  | { readonly kind: 'inner' | 'segment' }
  /** A text of which is only known whether it may hold a slash, whether it may be empty, and one that it can be. */
  | {
      readonly kind: 'opaque';
      readonly crosses: boolean;
      readonly mayBeEmpty: boolean;
      readonly sample: string | undefined;
    }
  | { readonly kind: 'start' | 'end' };

/** Steps, one behind the other. */
export type Sequence = readonly Step[];

/** An expression, taken apart: a path matches if one of the sequences is found in it. */
export interface Expression {
  readonly sequences: readonly Sequence[];
  /** Whether capitals and small letters are the same to it. */
  readonly isCaseless: boolean;
}

/** More alternatives would be a list that nobody reads. */
const maxSequences = 64;
const maxDepth = 16;
const maxMembers = 8;

interface Read {
  readonly sequences: readonly Sequence[];
  readonly end: number;
}

/** One step of an expression, or alternatives of it, before they are repeated. */
interface Atom extends Read {
  /** `dot` and `segment` have steps of their own when they repeat. */
  readonly kind: 'dot' | 'segment' | 'one' | 'group';
}

/** Takes an expression apart; undefined where it has something that is not understood here. */
export function readExpression(text: string): Expression | undefined {
  const [, flags = ''] = /^\(\?([a-zA-Z]+)\)/.exec(text) ?? [];
  // Multiple lines and the like make no difference to a path; without the letter i nothing is lost by them.
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
  // Hardly anybody escapes the dot of `robots.txt`.
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
  // A path that is read without doubt has none of these, so leaving them out leaves out nothing.
  if (isNegated && !hasRange && plain.includes('/') && /^[/?#;\\]*$/.test(plain))
    return { ...one([[opaque(false)]]), kind: 'segment' };
  if (!isNegated && !hasRange && plain.length <= maxMembers)
    return one([...new Set(plain)].map((character) => [{ kind: 'character', character }]));
  // A bracket that comes first is a member to RE2, and not here.
  return one([[opaque(members.startsWith(']') || setHoldsSlash(whole))]]);
}

function setHoldsSlash(set: string): boolean {
  try {
    return new RegExp(`^${set}$`).test('/');
  } catch {
    return true;
  }
}

/** Reads what stands behind an atom and says how often it comes; a `?` behind that says nothing of what matches. */
function readRepeats(text: string, atom: Atom): Read | undefined {
  const [quantifier = ''] = /^(?:[*+?]|\{\d+(?:,\d*)?\})/.exec(text.slice(atom.end)) ?? [];
  if (quantifier === '') return atom;
  const isLazy = text[atom.end + quantifier.length] === '?';
  const end = atom.end + quantifier.length + (isLazy ? 1 : 0);
  // Two of them behind each other are no RE2.
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
  // Several slashes behind each other are no path that is read without doubt, so they are as good as one.
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

/** Whether a step may hold a slash. */
export function stepCrosses(step: Step): boolean {
  if (step.kind === 'character') return step.character === '/';
  return step.kind === 'anything' || step.kind === 'something' || (step.kind === 'opaque' && step.crosses);
}

/** The steps between slashes. */
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
