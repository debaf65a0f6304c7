/** Converts the path expressions of v1beta1 to patterns of v2: those within an expression, and those around it. */
import { readPathPattern, type SegmentPattern } from '../../../../config/rules/patterns.ts';
import {
  type Expression,
  readExpression,
  type Sequence,
  type Step,
  segmentsOf,
} from '../../path-expression.ts';
import { everyPath, patternsAround, patternsWithin } from '../../path-patterns.ts';

/** A path as patterns. */
export interface PathReading {
  /** Patterns that match only paths of the expression. */
  readonly within: readonly string[];
  /** Patterns that match all paths of the expression; equal to `within` if the conversion is exact. */
  readonly around: readonly string[];
  readonly isExact: boolean;
  /** Which of the two the operator probably means if the conversion is not exact. */
  readonly meant: 'within' | 'around';
}

/** Converts a path of v1beta1. */
export function readPath(path: string, isIstio: boolean): PathReading {
  if (path === '/*' && isIstio) return exact(['/*']);
  // As a regular expression it matches a number of slashes, and clients only send one.
  if (path === '/*') return { within: ['/'], around: ['/*'], isExact: false, meant: 'around' };
  // Istio's policies compare such a path literally, including its dots.
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

/** Whether a path contains an operator other than a dot. */
export function hasOperator(path: string): boolean {
  return /[*+?()[\]{}|\\]/.test(path);
}

/** The common paths of two patterns, as a pattern; undefined if there are none. */
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

/** Whether one pattern is contained in the other and differs from it. */
export function isNarrower(narrow: string, wide: string): boolean {
  return narrow !== wide && commonPaths(narrow, wide) === narrow;
}

/** Whether the two lists have a path in common. */
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

/** Converts one sequence that a whole path may match. */
function readSequence(sequence: Sequence): PathReading {
  const segments = segmentsOf(sequence.filter(({ kind }) => kind !== 'start' && kind !== 'end'));
  // No pattern matches a path with `//`, but the gateway accepts one. To keep it guarded, the pattern around includes
  // everything after it.
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

/** An expression that must match a whole path. */
function whole(...sequences: readonly Sequence[]): Expression {
  const tied = sequences.map((one): Sequence => [{ kind: 'start' }, ...one, { kind: 'end' }]);
  return { sequences: tied, isCaseless: false };
}

/** Adds the sequence with a leading slash to one that begins with any text. */
function withSlash(sequence: Sequence): readonly Sequence[] {
  const [first, ...others] = sequence.slice(sequence.findIndex(({ kind }) => kind !== 'start'));
  const isAnything = first?.kind === 'anything' || first?.kind === 'something';
  return isAnything ? [sequence, [slash, anything, ...others]] : [sequence];
}

/** Whether the rest of a pattern stands for a text and any suffix, as in `/orders.*`. */
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

/** The rest of the path without the empty one. */
function belowText(pattern: string): readonly string[] {
  const below = pattern.replace(/\{\*\*\}$/, '{*}');
  return [below, `${below}/{**}`];
}

/** Whether the first inexact segment is probably meant as plain text, as in `/v1.0` or `/orders.*`. */
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

/** Whether APIRule v2 accepts a pattern. */
function isOfV2(pattern: string): boolean {
  const operators = pattern.replaceAll(/\{\*{1,2}\}/g, '');
  return pattern === '/*' || /^[-_.~!$&'()+,=:@A-Za-z0-9/]*$/.test(operators);
}

/** Replaces segments that v2 does not accept by `{*}`. */
function inV2(pattern: string): string {
  return pattern
    .split('/')
    .map((part) => (isOfV2(part) ? part : '{*}'))
    .join('/');
}

/** All paths below the last slash of the plain beginning. */
function aroundText(text: string): string {
  if (text.includes('|')) return '/*';
  const [plain = ''] = /^(?:\/[A-Za-z0-9_-]+)*\//.exec(text) ?? [];
  const next = text[plain.length] ?? '';
  const isFirm = plain !== '' && !/[?*+{]/.test(next);
  return normal(isFirm ? `${plain}{**}` : everyPath);
}
