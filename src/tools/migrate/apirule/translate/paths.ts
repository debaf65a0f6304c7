/** From the regular expression of a path to patterns: which lie within it, and which it lies within. */
import { readPathPattern, type SegmentPattern } from '../../../../config/rules/patterns.ts';
import {
  type Expression,
  readExpression,
  type Sequence,
  type Step,
  segmentsOf,
} from '../../path-expression.ts';
import { everyPath, patternsAround, patternsWithin } from '../../path-patterns.ts';

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
  const expression = readExpression(isText ? path.replaceAll('.', '\\.') : path);
  if (expression === undefined || expression.isCaseless)
    return { within: [], around: [aroundText(path)], isExact: false, meant: 'around' };
  const readings = expression.sequences.map(readSequence);
  const within = distinct(readings.flatMap((reading) => reading.within));
  const inexact = readings.filter(({ isExact }) => !isExact);
  if (inexact.length === 0) return exact(within);
  const around = distinct(readings.flatMap((reading) => reading.around));
  return {
    within,
    around: around.includes('/*') ? [aroundText(path)] : around,
    isExact: false,
    meant: inexact.every(({ meant }) => meant === 'within') ? 'within' : 'around',
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

/** Reads one of the sequences that a whole path may follow. */
function readSequence(sequence: Sequence): PathReading {
  const segments = segmentsOf(sequence.filter(({ kind }) => kind !== 'start' && kind !== 'end'));
  // No pattern says a path with `//`, yet the gateway takes one. So that it stays guarded, all from there on is around.
  const gap = segments.findIndex(
    (steps, index) => index > 0 && index < segments.length - 1 && steps.every(mayBeEmpty),
  );
  const inside = patternsWithin(whole(...withSlash(sequence)));
  const within = inside.patterns.map(normal).filter(isOfV2);
  if (inside.isExact && gap < 0 && within.length > 0 && within.length === inside.patterns.length)
    return exact(within);

  const before = segments.slice(0, Math.max(gap, 0)).flatMap((steps) => [...steps, slash]);
  const outside = patternsAround(whole(gap < 0 ? sequence : [...before, anything]))?.patterns ?? [];
  const around = (outside.length === 0 ? [everyPath] : outside)
    .map(inV2)
    .flatMap((pattern) => (endsInText(segments, pattern) ? belowText(pattern) : [pattern]));
  const meant = within.length > 0 && isTextMeant(segments) ? 'within' : 'around';
  return { within, around: around.map(normal), isExact: false, meant };
}

function exact(patterns: readonly string[]): PathReading {
  return { within: patterns, around: patterns, isExact: true, meant: 'within' };
}

const slash: Step = { kind: 'character', character: '/' };
const anything: Step = { kind: 'anything' };

/** An expression that has to be all of a path. */
function whole(...sequences: readonly Sequence[]): Expression {
  const tied = sequences.map((one): Sequence => [{ kind: 'start' }, ...one, { kind: 'end' }]);
  return { sequences: tied, isCaseless: false };
}

/** What begins with anything has among it what begins with a slash and anything. */
function withSlash(sequence: Sequence): readonly Sequence[] {
  const [first, ...others] = sequence.slice(sequence.findIndex(({ kind }) => kind !== 'start'));
  const isAnything = first?.kind === 'anything' || first?.kind === 'something';
  return isAnything ? [sequence, [slash, anything, ...others]] : [sequence];
}

/** Whether what a pattern calls the rest is a text and what goes on behind it, as in `/orders.*`. */
function endsInText(segments: readonly Sequence[], pattern: string): boolean {
  const [before, last] = [segments[0] ?? [], segments.at(-1) ?? []];
  const text = withoutTail(last);
  const isRest = pattern.endsWith('/{**}') && pattern.split('/').length === segments.length;
  return (
    isRest &&
    before.length === 0 &&
    text.length === last.length - 1 &&
    text.length > 0 &&
    text.every(isCharacter)
  );
}

/** The rest, but for the empty one. */
function belowText(pattern: string): readonly string[] {
  const below = pattern.replace(/\{\*\*\}$/, '{*}');
  return [below, `${below}/{**}`];
}

/** Whether the first segment that is no pattern is meant as its text: with dots as in `/v1.0`, or as in `/orders.*`. */
function isTextMeant(segments: readonly Sequence[]): boolean {
  const odd = segments.find(
    (steps) =>
      !steps.every(isCharacter) &&
      !(steps.length === 1 && (steps[0]?.kind === 'segment' || steps[0]?.kind === 'inner')),
  );
  const text = odd === segments.at(-1) ? withoutTail(odd ?? []) : odd;
  return (text ?? []).every(
    (step) => isCharacter(step) || (step.kind === 'opaque' && step.sample !== undefined),
  );
}

function withoutTail(steps: Sequence): Sequence {
  const tail = steps.at(-1)?.kind;
  return tail === 'anything' || tail === 'something' ? steps.slice(0, -1) : steps;
}

function isCharacter({ kind }: Step): boolean {
  return kind === 'character';
}

function mayBeEmpty(step: Step): boolean {
  return step.kind === 'anything' || step.kind === 'inner' || (step.kind === 'opaque' && step.mayBeEmpty);
}

function distinct(patterns: readonly string[]): string[] {
  const all = [...new Set(patterns)];
  return all.filter((one) => !all.some((other) => isNarrower(one, other)));
}

function normal(pattern: string): string {
  return pattern === everyPath ? '/*' : pattern;
}

/** Whether a pattern has only what one of APIRule v2 can have too. */
function isOfV2(pattern: string): boolean {
  const operators = pattern.replaceAll(/\{\*{1,2}\}/g, '');
  return pattern === '/*' || /^[-_.~!$&'()+,=:@A-Za-z0-9/]*$/.test(operators);
}

/** The same with any segment in place of one that v2 cannot say. */
function inV2(pattern: string): string {
  return pattern
    .split('/')
    .map((part) => (isOfV2(part) ? part : '{*}'))
    .join('/');
}

/** Everything below the last slash of the beginning that is plain text. */
function aroundText(text: string): string {
  if (text.includes('|')) return '/*';
  const [plain = ''] = /^(?:\/[A-Za-z0-9_-]+)*\//.exec(text) ?? [];
  const next = text[plain.length] ?? '';
  const isFirm = plain !== '' && !/[?*+{]/.test(next);
  return normal(isFirm ? `${plain}{**}` : everyPath);
}
