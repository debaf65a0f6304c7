/** The summary of a run: every target of a release with its result, and what one core does. */
import { isNoisy } from '../quiet.ts';
import { type TargetName, targets } from '../targets.ts';
import type { GroupResult, Run } from './run.ts';
import { figureText, judgedOf, limitText, type Row, verdictOf } from './table.ts';

/** A target of the summary, and what became of it. */
interface Outcome {
  readonly text: string;
  readonly target: string;
  readonly figure: string;
  readonly result: string;
  /** Whether a group of the run has a row for it. */
  readonly isInRun: boolean;
}

/** The rows of the summary, one for each target that has a text. */
export function outcomesOf({ groups }: Pick<Run, 'groups'>): readonly Outcome[] {
  return Object.entries(targets).flatMap(([name, target]) => {
    if (!('summary' in target)) return [];
    const found = rowOf(name as TargetName, groups);
    const base = { text: target.summary, target: limitText(target), isInRun: found !== undefined };
    const judged = found === undefined ? undefined : judgedOf(found.row);
    if (found === undefined || judged === undefined)
      return [{ ...base, figure: '', result: '**not measured**' }];
    const noise = isNoisy(found.group.disturbance) ? ', noisy' : '';
    return [{ ...base, figure: figureText(judged), result: `${verdictOf(judged)}${noise}` }];
  });
}

function rowOf(
  target: TargetName,
  groups: readonly GroupResult[],
): { readonly row: Row; readonly group: GroupResult } | undefined {
  for (const group of groups) {
    if ('missing' in group.findings) continue;
    const row = group.findings.tables.flatMap(({ rows }) => rows).find((one) => one.target === target);
    if (row !== undefined) return { row, group };
  }
  return undefined;
}

/**
 * The summary as Markdown.
 *
 * @param isPart whether the run has only some groups: then the summary has only their targets
 */
export function summaryText(run: Pick<Run, 'groups'>, isPart = false): string {
  const outcomes = outcomesOf(run).filter(({ isInRun }) => !isPart || isInRun);
  const rows = outcomes.map(
    ({ text, target, figure, result }) => `| ${text} | ${target} | ${figure} | ${result} |`,
  );
  return ['| target | limit | measured | result |', '| --- | --- | --- | --- |', ...rows, ''].join('\n');
}

/** The capacities of one core, as Markdown; undefined if no group has measured one. */
export function capacityText({ groups }: Pick<Run, 'groups'>): string | undefined {
  const rows = groups
    .flatMap(({ findings }) => ('missing' in findings ? [] : (findings.capacities ?? [])))
    .map(({ name, microseconds }) => `| ${name} | ${checksPerSecond(microseconds)} |`);
  if (rows.length === 0) return undefined;
  return ['| load | *this machine:* checks a second on one core |', '| --- | --- |', ...rows, ''].join('\n');
}

function checksPerSecond(microseconds: number): string {
  return (Math.round(1_000_000 / microseconds / 100) * 100).toLocaleString('en');
}
