/** Converts the regular expression of a path to path patterns: those within it, and those around it. */
import { pathCovers, pathPatternProblem } from '../../config/rules/patterns.ts';
import { type Expression, type Sequence, type Step, segmentsOf, stepCrosses } from './path-expression.ts';

/** Patterns for an expression. */
export interface Patterns {
  readonly patterns: readonly string[];
  /** Whether the patterns match exactly the unambiguous paths of the expression. */
  readonly isExact: boolean;
}

/** The pattern for all paths. */
export const everyPath = '/{**}';

/** Patterns that match only paths of the expression; none if it cannot be parsed. */
export function patternsWithin(expression: Expression | undefined): Patterns {
  if (expression === undefined) return unconvertible;
  const each = expression.sequences.map((sequence) => {
    const steps = anchored(sequence);
    return steps === undefined ? unconvertible : within(steps);
  });
  const patterns = widest(each.flatMap(({ patterns }) => patterns));
  const isExact = !expression.isCaseless && each.every((one) => one.isExact);
  return { patterns, isExact: isExact || patterns.includes(everyPath) };
}

/** Patterns that match all paths of the expression; undefined if only the pattern for all paths would. */
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

const unconvertible: Patterns = { patterns: [], isExact: false };
const impossible: Patterns = { patterns: [], isExact: true };

/** The steps of a whole path; without an anchor, any text may come before or after. */
function anchored(sequence: Sequence): Sequence | undefined {
  const steps = sequence.filter(({ kind }) => kind !== 'start' && kind !== 'end');
  const starts = sequence.findLastIndex(({ kind }) => kind === 'start');
  const ends = sequence.findIndex(({ kind }) => kind === 'end');
  // An anchor inside a sequence is supported only if nothing comes before or after it.
  const hasInnerAnchor =
    sequence.slice(0, starts + 1).some(({ kind }) => kind !== 'start') ||
    (ends >= 0 && sequence.slice(ends).some(({ kind }) => kind !== 'end'));
  if (hasInnerAnchor) return undefined;
  const anything: Step = { kind: 'anything' };
  return merged([...(starts < 0 ? [anything] : []), ...steps, ...(ends < 0 ? [anything] : [])]);
}

/** The single step that replaces two consecutive steps. */
const mergedKinds: Readonly<Record<string, 'anything' | 'something' | 'inner' | 'segment'>> = {
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
    const kind = mergedKinds[`${all.at(-1)?.kind} ${step.kind}`];
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
    if (first.kind === 'something' || next.kind !== 'character') return unconvertible;
    const { patterns } = within(next.character === '/' ? rest : [slash, ...rest]);
    return { patterns, isExact: patterns.includes(everyPath) };
  }
  // A path begins with a slash, so the text before it is empty.
  if (first.kind === 'inner') return within(rest);
  if (first.kind !== 'character') return unconvertible;
  if (first.character !== '/') return impossible;

  const segments = segmentsOf(rest);
  let patterns = [''];
  let isExact = true;
  for (const [index, segment] of segments.entries()) {
    const reading = segmentWithin(segment, index === segments.length - 1);
    patterns = patterns.flatMap((before) => reading.patterns.map((part) => `${before}/${part}`));
    if (patterns.length === 0) return reading.isExact ? impossible : unconvertible;
    isExact &&= reading.isExact;
  }
  const usable = patterns.filter((pattern) => pathPatternProblem(pattern) === undefined);
  return { patterns: usable, isExact: isExact && usable.length === patterns.length };
}

/** Pattern segments within a segment of the expression; the last one may match all that follows. */
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
  if (text === undefined || text.text === '' || /[{}*]/.test(text.text)) return unconvertible;
  if (!isOpen) return { patterns: [text.text], isExact: text.isExact };
  const below = isLast && tail.kind !== 'inner' ? [`${text.text}/{**}`] : [];
  return { patterns: tail.kind === 'something' ? below : [text.text, ...below], isExact: false };
}

/** A text that the steps match; undefined if none is known. */
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
    // A path begins with a slash, so the text before it is empty.
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
    const converted = segmentWithin(segment, isLast);
    const isConverted = converted.isExact && converted.patterns.every((part) => isPattern(part));
    const parts = isConverted ? converted.patterns : takesRest ? ['{**}'] : roomFor(segment, isLast);
    isExact &&= isConverted;
    patterns = patterns.flatMap((before) => parts.map((part) => `${before}/${part}`));
    if (takesRest) break;
  }
  return { patterns, isExact };
}

/** Pattern segments that match every text of a segment without slashes. */
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

/** Removes patterns that another pattern covers. */
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
