/** From the regular expression of a path to patterns of paths: such as lie within it, and such as it lies within. */
import { pathCovers, pathPatternProblem } from '../../config/rules/patterns.ts';
import { type Expression, type Sequence, type Step, segmentsOf, stepCrosses } from './path-expression.ts';

/** Patterns for an expression. */
export interface Patterns {
  readonly patterns: readonly string[];
  /** Whether they have exactly the paths of the expression, of those that can be read without doubt. */
  readonly isExact: boolean;
}

/** The pattern of all paths. */
export const everyPath = '/{**}';

/** Patterns that have no path beside those of an expression, if that was understood; there may be none. */
export function patternsWithin(expression: Expression | undefined): Patterns {
  if (expression === undefined) return unsaid;
  const each = expression.sequences.map((sequence) => {
    const steps = anchored(sequence);
    return steps === undefined ? unsaid : within(steps);
  });
  const patterns = widest(each.flatMap(({ patterns }) => patterns));
  const isExact = !expression.isCaseless && each.every((one) => one.isExact);
  return { patterns, isExact: isExact || patterns.includes(everyPath) };
}

/** Patterns that have every path of an expression; undefined where they would be all paths, or nobody can say. */
export function patternsAround(expression: Expression | undefined): Patterns | undefined {
  if (expression === undefined || expression.isCaseless) return undefined;
  const each = expression.sequences.map((sequence) => {
    const steps = anchored(sequence);
    return steps === undefined ? undefined : around(steps);
  });
  if (!each.every((one) => one !== undefined)) return undefined;
  const patterns = widest(each.flatMap(({ patterns }) => patterns));
  return patterns.includes(everyPath)
    ? undefined
    : { patterns, isExact: each.every(({ isExact }) => isExact) };
}

const unsaid: Patterns = { patterns: [], isExact: false };
const impossible: Patterns = { patterns: [], isExact: true };

/** The steps of a whole path: anything stands where the expression is not tied to an end. */
function anchored(sequence: Sequence): Sequence | undefined {
  const steps = sequence.filter(({ kind }) => kind !== 'start' && kind !== 'end');
  const starts = sequence.findLastIndex(({ kind }) => kind === 'start');
  const ends = sequence.findIndex(({ kind }) => kind === 'end');
  // An anchor in the middle says something only where what is before or behind it is nothing.
  const isTiedInside =
    sequence.slice(0, starts + 1).some(({ kind }) => kind !== 'start') ||
    (ends >= 0 && sequence.slice(ends).some(({ kind }) => kind !== 'end'));
  if (isTiedInside) return undefined;
  const anything: Step = { kind: 'anything' };
  return merged([...(starts < 0 ? [anything] : []), ...steps, ...(ends < 0 ? [anything] : [])]);
}

/** Two steps behind each other that are one: the kind of both together. */
const together: Readonly<Record<string, 'anything' | 'something' | 'inner' | 'segment'>> = {
  'anything anything': 'anything',
  'anything something': 'something',
  'something anything': 'something',
  'anything inner': 'anything',
  'inner anything': 'anything',
  'something inner': 'something',
  'inner something': 'something',
  'inner inner': 'inner',
  'inner segment': 'segment',
  'segment inner': 'segment',
};

function merged(steps: Sequence): Sequence {
  const all: Step[] = [];
  for (const step of steps) {
    const kind = together[`${all.at(-1)?.kind} ${step.kind}`];
    if (kind === undefined) all.push(step);
    else all.splice(-1, 1, { kind });
  }
  return all;
}

function within(steps: Sequence): Patterns {
  const [first, ...rest] = steps;
  if (first === undefined) return impossible;
  if (first.kind === 'anything' || first.kind === 'something') {
    const [next] = rest;
    if (next === undefined) return { patterns: [everyPath], isExact: true };
    if (first.kind === 'something' || next.kind !== 'character') return unsaid;
    const { patterns } = within(next.character === '/' ? rest : [slash, ...rest]);
    return { patterns, isExact: patterns.includes(everyPath) };
  }
  // A path begins with a slash, so before it is nothing.
  if (first.kind === 'inner') return within(rest);
  if (first.kind !== 'character') return unsaid;
  if (first.character !== '/') return impossible;

  const segments = segmentsOf(rest);
  let patterns = [''];
  let isExact = true;
  for (const [index, segment] of segments.entries()) {
    const reading = segmentWithin(segment, index === segments.length - 1);
    patterns = patterns.flatMap((before) => reading.patterns.map((part) => `${before}/${part}`));
    if (patterns.length === 0) return reading.isExact ? impossible : unsaid;
    isExact &&= reading.isExact;
  }
  const usable = patterns.filter((pattern) => pathPatternProblem(pattern) === undefined);
  return { patterns: usable, isExact: isExact && usable.length === patterns.length };
}

/** Parts of patterns that lie within a segment; the last one takes all that follows. */
function segmentWithin(steps: readonly Step[], isLast: boolean): Patterns {
  const [first, second] = steps;
  if (first === undefined) return isLast ? { patterns: [''], isExact: true } : impossible;
  if (steps.length === 1 && first.kind === 'segment') return { patterns: ['{*}'], isExact: true };
  if (steps.length === 1 && first.kind === 'inner')
    return { patterns: isLast ? ['{*}', ''] : ['{*}'], isExact: true };
  if (steps.length === 1 && first.kind === 'anything')
    return isLast ? { patterns: ['{**}'], isExact: true } : { patterns: ['{*}'], isExact: false };
  const isSomething =
    (first.kind === 'something' && steps.length === 1) ||
    (first.kind === 'segment' && second?.kind === 'anything' && steps.length === 2);
  if (isSomething)
    return isLast ? { patterns: ['{*}', '{*}/{**}'], isExact: true } : { patterns: ['{*}'], isExact: false };

  const tail = steps.at(-1);
  const isOpen = tail?.kind === 'anything' || tail?.kind === 'something' || tail?.kind === 'inner';
  const text = textOf(isOpen ? steps.slice(0, -1) : steps);
  if (text === undefined || text.text === '' || /[{}*]/.test(text.text)) return unsaid;
  if (!isOpen) return { patterns: [text.text], isExact: text.isExact };
  const below = isLast && tail.kind !== 'inner' ? [`${text.text}/{**}`] : [];
  return { patterns: tail.kind === 'something' ? below : [text.text, ...below], isExact: false };
}

/** A text that steps can be; undefined where none is known. */
function textOf(steps: readonly Step[]): { readonly text: string; readonly isExact: boolean } | undefined {
  const characters = steps.map((step) => {
    if (step.kind === 'character') return step.character;
    return step.kind === 'opaque' ? step.sample : undefined;
  });
  if (!characters.every((character) => character !== undefined)) return undefined;
  return { text: characters.join(''), isExact: steps.every(({ kind }) => kind === 'character') };
}

function around(steps: Sequence): Patterns | undefined {
  const [first, ...rest] = steps;
  if (first === undefined) return impossible;
  if (first.kind !== 'character') {
    if (stepCrosses(first)) return undefined;
    // A path begins with a slash, so before it is nothing.
    const mayBeNothing = first.kind === 'inner' || (first.kind === 'opaque' && first.mayBeEmpty);
    return mayBeNothing ? around(rest) : impossible;
  }
  if (first.character !== '/') return impossible;

  let patterns = [''];
  let isExact = true;
  const segments = segmentsOf(rest);
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    const takesRest = segment.some(stepCrosses);
    const said = segmentWithin(segment, isLast);
    const isSaid = said.isExact && said.patterns.every((part) => isPattern(part));
    const parts = isSaid ? said.patterns : takesRest ? ['{**}'] : roomFor(segment, isLast);
    isExact &&= isSaid;
    patterns = patterns.flatMap((before) => parts.map((part) => `${before}/${part}`));
    if (takesRest) break;
  }
  return { patterns, isExact };
}

/** Parts of patterns that have every text of a segment without slashes. */
function roomFor(steps: readonly Step[], isLast: boolean): readonly string[] {
  const mayBeEmpty = steps.every(
    (step) => step.kind === 'inner' || (step.kind === 'opaque' && step.mayBeEmpty),
  );
  return isLast && mayBeEmpty ? ['{*}', ''] : ['{*}'];
}

function isPattern(part: string): boolean {
  return pathPatternProblem(`/${part}`) === undefined;
}

const slash: Step = { kind: 'character', character: '/' };

/** Patterns without those that another one has all paths of. */
function widest(patterns: readonly string[]): string[] {
  const all = [...new Set(patterns)].toSorted();
  return all.filter(
    (one, index) =>
      !all.some(
        (other, place) =>
          place !== index && pathCovers(other, one) && !(pathCovers(one, other) && place > index),
      ),
  );
}
