/** From the regular expression of a path to patterns: which lie within it, and which it lies within. */
import { pathPatternProblem, readPathPattern, type SegmentPattern } from '../../config/patterns.ts';
import { readRegularPath, type Sequence, type Step } from './regular-path.ts';

/** A path in patterns. */
export interface PathReading {
  /** Patterns of which every path is one of the expression's. */
  readonly within: readonly string[];
  /** Patterns that have every path of the expression; the same ones where it can be said exactly. */
  readonly around: readonly string[];
  readonly isExact: boolean;
  /** Which of the two is likely to be meant, where it cannot. */
  readonly meant: 'within' | 'around';
}

/** Reads a path of v1beta1. */
export function readPath(path: string, isIstio: boolean): PathReading {
  if (path === '/*' && isIstio) return exact(['/*']);
  // As a regular expression it is a number of slashes, and only one of them is a path that anybody sends.
  if (path === '/*') return { within: ['/'], around: ['/*'], isExact: false, meant: 'around' };
  // Istio's policies took such a path as it is written, dots too, so nothing else was ever let in.
  const isText = isIstio && !hasOperator(path);
  const sequences = readRegularPath(isText ? path.replaceAll('.', '\\.') : path);
  if (sequences === undefined)
    return { within: [], around: [aroundText(path)], isExact: false, meant: 'around' };
  const readings = sequences.map(readSequence);
  const within = distinct(readings.flatMap((reading) => reading.within));
  const around = distinct(readings.flatMap((reading) => reading.around));
  const isExact = readings.every((reading) => reading.isExact);
  const inexact = readings.filter((reading) => !reading.isExact);
  return {
    within,
    around,
    isExact,
    meant: inexact.every(({ meant }) => meant === 'within') && within.length > 0 ? 'within' : 'around',
  };
}

/** Whether a path is an expression by more than its dots. */
export function hasOperator(path: string): boolean {
  return /[*+?()[\]{}|\\]/.test(path);
}

/** The paths that two patterns have in common, as a pattern; undefined if there are none. */
export function commonPaths(one: string, other: string): string | undefined {
  const [a, b] = [readPathPattern(one), readPathPattern(other)];
  const common: SegmentPattern[] = [];
  for (let index = 0; ; index++) {
    const [left, right] = [a[index], b[index]];
    if (left === undefined && right === undefined) break;
    if (left === undefined || right === undefined) return undefined;
    if (left === 'rest' || right === 'rest') {
      common.push(...(left === 'rest' ? b : a).slice(index));
      break;
    }
    const both = commonSegment(left, right);
    if (both === undefined) return undefined;
    common.push(both);
  }
  const written = common.map((part) => (part === 'one' ? '{*}' : part === 'rest' ? '{**}' : part.literal));
  return normal(`/${written.join('/')}`);
}

/** Whether every path of the one pattern is one of the other, and not the other way round. */
export function isNarrower(narrow: string, wide: string): boolean {
  return narrow !== wide && commonPaths(narrow, wide) === narrow;
}

/** Whether any path is one of both lists. */
export function overlaps(some: readonly string[], others: readonly string[]): boolean {
  return some.some((one) => others.some((other) => commonPaths(one, other) !== undefined));
}

function commonSegment(left: SegmentPattern, right: SegmentPattern): SegmentPattern | undefined {
  if (left === 'one') return typeof right === 'object' && right.literal === '' ? undefined : right;
  if (right === 'one') return typeof left === 'object' && left.literal === '' ? undefined : left;
  return typeof left === 'object' && typeof right === 'object' && left.literal === right.literal
    ? left
    : undefined;
}

/** What a segment of a sequence becomes: patterns within it, patterns around it, each one or two segments. */
interface SegmentReading {
  readonly within: readonly string[];
  readonly around: readonly string[];
  readonly meant: 'within' | 'around';
  /** Nothing behind it is looked at: what is around it takes all the rest. */
  readonly takesRest?: true;
}

function readSequence(sequence: Sequence): PathReading {
  // What begins with anything has the slash among it.
  const [first] = sequence;
  const steps = first?.set === 'any' && first.times !== 'once' ? [slash, ...sequence] : sequence;
  if (steps[0]?.literal !== '/' || steps[0].times !== 'once')
    return { within: [], around: ['/*'], isExact: false, meant: 'around' };
  const segments = segmentsOf(steps.slice(1));
  if (segments === undefined)
    return { within: [], around: [prefixAround(steps)], isExact: false, meant: 'around' };

  let within = [''];
  let around = [''];
  let meant: 'within' | 'around' = 'within';
  const isLastAt = segments.length - 1;
  for (const [index, segment] of segments.entries()) {
    const reading = readSegment(segment, index === isLastAt);
    if (!same(reading) && reading.meant === 'around') meant = 'around';
    within = within.flatMap((before) => reading.within.map((part) => `${before}/${part}`));
    around = around.flatMap((before) => reading.around.map((part) => `${before}/${part}`));
    if (reading.takesRest === true) {
      const behind = segments
        .slice(index + 1)
        .map((one, at) => readSegment(one, index + 1 + at === isLastAt));
      for (const { within: parts } of behind)
        within = within.flatMap((before) => parts.map((part) => `${before}/${part}`));
      break;
    }
  }
  const usable = within.map(normal).filter((pattern) => pathProblem(pattern) === undefined);
  const wide = around.map(aroundPattern);
  const isExact = usable.length === wide.length && usable.every((pattern, index) => pattern === wide[index]);
  return { within: usable, around: wide, isExact, meant: usable.length === 0 ? 'around' : meant };
}

function readSegment(steps: readonly Step[], isLast: boolean): SegmentReading {
  const crossing = steps.findIndex(({ set }) => set === 'any' || set === 'across');
  const [only] = steps;
  if (crossing < 0) {
    if (steps.every(({ literal, times }) => literal !== undefined && times === 'once'))
      return textSegment(textOf(steps));
    if (steps.length === 1 && only?.set === 'segment' && only.times === 'many') return exactSegment(['{*}']);
    if (steps.length === 1 && only?.set === 'segment' && only.times === 'any number')
      return exactSegment(['', '{*}']);
    const maybeEmpty = steps.every(({ times }) => times === 'any number');
    return { within: [], around: maybeEmpty ? ['', '{*}'] : ['{*}'], meant: 'around' };
  }
  const step = steps[crossing];
  const repeats = step?.set === 'any' && step.times !== 'once';
  if (repeats && isLast && steps.length === 1)
    return exactSegment(step.times === 'many' ? ['{*}', '{*}/{**}'] : ['{**}']);
  const before = steps.slice(0, crossing);
  const isText = before.every(({ literal, times }) => literal !== undefined && times === 'once');
  if (repeats && isLast && crossing === steps.length - 1 && isText) {
    const text = textOf(before);
    const wanted = step.times === 'many' ? [`${text}/{**}`] : [text, `${text}/{**}`];
    const within = isOperator(text) ? [] : wanted;
    return { within, around: ['{*}', '{*}/{**}'], meant: 'within', takesRest: true };
  }
  // A dot that stands for itself, as in `/v1.0`.
  const dotted = steps.map((one): Step => (one.set === 'any' && one.times === 'once' ? dot : one));
  if (dotted.every(({ literal, times }) => literal !== undefined && times === 'once'))
    return {
      within: isOperator(textOf(dotted)) ? [] : [textOf(dotted)],
      around: ['{**}'],
      meant: 'within',
      takesRest: true,
    };
  const within = repeats && steps.length === 1 ? ['{*}'] : [];
  return { within, around: ['{**}'], meant: 'around', takesRest: true };
}

const slash: Step = { literal: '/', set: undefined, times: 'once' };
const dot: Step = { literal: '.', set: undefined, times: 'once' };

/** The steps between slashes; undefined where a slash repeats. */
function segmentsOf(steps: Sequence): readonly (readonly Step[])[] | undefined {
  const segments: Step[][] = [[]];
  for (const step of steps) {
    if (step.literal !== '/') segments.at(-1)?.push(step);
    else if (step.times === 'once') segments.push([]);
    else return undefined;
  }
  return segments;
}

/** A segment that is a text; where that looks like an operator of patterns, nothing says it. */
function textSegment(text: string): SegmentReading {
  return isOperator(text) ? { within: [], around: ['{*}'], meant: 'around' } : exactSegment([text]);
}

function isOperator(text: string): boolean {
  return /[{}*]/.test(text);
}

function exactSegment(parts: readonly string[]): SegmentReading {
  return { within: parts, around: parts, meant: 'within' };
}

function same({ within, around }: SegmentReading): boolean {
  return within === around;
}

function textOf(steps: readonly Step[]): string {
  return steps.map(({ literal }) => literal).join('');
}

function exact(patterns: readonly string[]): PathReading {
  return { within: patterns, around: patterns, isExact: true, meant: 'around' };
}

function distinct(patterns: readonly string[]): string[] {
  const all = [...new Set(patterns)];
  return all.filter((one) => !all.some((other) => isNarrower(one, other)));
}

function normal(pattern: string): string {
  return pattern === '/{**}' ? '/*' : pattern;
}

/** What keeps a text from being a pattern both here and in APIRule v2. */
function pathProblem(pattern: string): string | undefined {
  const operators = pattern.replaceAll(/\{\*{1,2}\}/g, '');
  if (pattern !== '/*' && !/^[-_.~!$&'()+,=:@A-Za-z0-9/]*$/.test(operators))
    return 'a character that v2 lacks';
  return pathPatternProblem(pattern);
}

/** A pattern, or where it is none, as much of it as is one, and all that is below. */
function aroundPattern(pattern: string): string {
  if (pathProblem(normal(pattern)) === undefined) return normal(pattern);
  const kept: string[] = [];
  for (const segment of pattern.slice(1).split('/')) {
    if (segment === '{**}' || segment === '' || pathProblem(`/${segment}`) !== undefined) break;
    kept.push(segment);
  }
  return normal(['', ...kept, '{**}'].join('/'));
}

function prefixAround(steps: Sequence): string {
  const end = steps.findIndex(({ literal, times }) => literal === undefined || times !== 'once');
  return aroundText(textOf(steps.slice(0, end < 0 ? steps.length : end)));
}

/** Everything below the last slash of the beginning that is plain text. */
function aroundText(text: string): string {
  if (text.includes('|')) return '/*';
  const [plain = ''] = /^(?:\/[A-Za-z0-9_-]+)*\//.exec(text) ?? [];
  const next = text[plain.length] ?? '';
  const isFirm = plain !== '' && !/[?*+{]/.test(next);
  return normal(isFirm ? `${plain}{**}` : '/{**}');
}
