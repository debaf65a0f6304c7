/** Tables of ratios. A target is judged here, from the figures, so a table cannot claim another result. */
import type { Spread } from '../measure.ts';
import { meets, type Target, type TargetName, targets } from '../targets.ts';

/** A measured case. */
export interface Row {
  readonly name: string;
  /** The ratios of all rounds. Those of a baseline are 1. */
  readonly ratio?: Spread;
  /** The case that the ratio is relative to. */
  readonly against?: string;
  readonly target?: TargetName;
  /** The figure that the target judges, if it is not the median of the ratios. */
  readonly judged?: number;
  /** The absolute figures, which are true for one machine only. */
  readonly here: string;
}

/** A table of cases. */
export interface Table {
  readonly title: string;
  /** The meaning and the unit of the absolute figures. */
  readonly here: string;
  /** The place of the measurement, if it is not this machine. */
  readonly place?: string;
  readonly rows: readonly Row[];
  readonly note?: string;
}

/** A figure and its limit. */
export interface Judged {
  readonly figure: number;
  readonly target: Target;
}

/** The figure and the limit of a row that has a target. */
export function judgedOf({ ratio, target, judged }: Row): Judged | undefined {
  if (target === undefined) return undefined;
  return { figure: judged ?? ratio?.median ?? Number.NaN, target: targets[target] };
}

/** Whether a target is met, in a word. */
export function verdictOf({ figure, target }: Judged): string {
  if (!Number.isFinite(figure)) return '**not measured**';
  return meets(figure, target) ? 'met' : '**not met**';
}

/** A limit, as text. */
export function limitText({ limit, bound, unit }: Target): string {
  return `${bound === 'at most' ? '≤' : '≥'} ${limit}${unit === undefined ? '' : ` ${unit}`}`;
}

/** A judged figure, rounded to the bad side, so that it never looks better than its verdict. */
export function figureText({ figure, target: { bound, unit } }: Judged): string {
  if (!Number.isFinite(figure)) return '';
  const decimals = unit === undefined ? 2 : 1;
  const scaled = figure * 10 ** decimals;
  // A millionth is the noise of binary fractions, not a figure.
  const rounded = bound === 'at most' ? Math.ceil(scaled - 1e-6) : Math.floor(scaled + 1e-6);
  return `${(rounded / 10 ** decimals).toFixed(decimals)}${unit === undefined ? '' : ` ${unit}`}`;
}

/** The median and the range, with two decimals; `1` for a baseline, and no range if all rounds agree. */
export function spreadText({ median, min, max }: Spread): string {
  if (!Number.isFinite(median)) return 'no figure';
  if (min !== max) return `${two(median)} (${two(min)} to ${two(max)})`;
  return median === 1 ? '1' : two(median);
}

/** Formats a table as Markdown. Columns without content are left out. */
export function tableText({ title, here, place = 'this machine', rows, note }: Table): string {
  const columns: readonly (readonly [string, (row: Row) => string])[] = [
    ['case', ({ name }) => name],
    ['ratio, median (min to max)', ({ ratio }) => (ratio === undefined ? '' : spreadText(ratio))],
    ['relative to', ({ name, against = '' }) => (against === name ? '' : against)],
    ['target', (row) => textOf(row, ({ target }) => limitText(target))],
    ['result', (row) => textOf(row, resultText)],
    [`*${place}:* ${here}`, ({ here: figures }) => figures],
  ];
  const shown = columns.filter(([, text]) => rows.some((row) => text(row) !== ''));
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const lines = [
    `**${title}**`,
    '',
    line(shown.map(([head]) => head)),
    line(shown.map(() => '---')),
    ...rows.map((row) => line(shown.map(([, text]) => text(row)))),
  ];
  return `${lines.join('\n')}\n${note === undefined ? '' : `\n${note}\n`}`;
}

function textOf(row: Row, text: (judged: Judged) => string): string {
  const judged = judgedOf(row);
  return judged === undefined ? '' : text(judged);
}

function resultText(judged: Judged): string {
  return judged.target.unit === undefined
    ? verdictOf(judged)
    : `${verdictOf(judged)} (${figureText(judged)})`;
}

/** A number with one decimal. */
export function one(value: number): string {
  return value.toFixed(1);
}

/** A number with two decimals. */
export function two(value: number): string {
  return value.toFixed(2);
}
