/** The report of the canary, for people and for programs. */
import { escapeInvisible } from '../../observe/escape-invisible.ts';
import type { ProbeResult } from './probes.ts';

const marks = { passed: 'ok  ', warning: 'WARN', failed: 'FAIL', unknown: '??  ' } as const;

/** Writes the report: a line for each probe, the fix below it, then a summary. */
export function canaryText(url: string, results: readonly ProbeResult[]): string {
  const lines = results.flatMap(({ probe, result, found, fix }) => [
    `${marks[result]}  ${probe}: ${found}`,
    ...(fix === undefined ? [] : [`      fix: ${fix}`]),
  ]);
  const count = (result: ProbeResult['result']) => results.filter((one) => one.result === result).length;
  const summary = `${count('passed')} passed, ${count('failed')} failed, ${warnings(count('warning'))}, ${count('unknown')} not tested`;
  return `${[`canary of ${url}`, '', ...lines, '', summary].join('\n')}\n`;
}

function warnings(count: number): string {
  return count === 1 ? '1 warning' : `${count} warnings`;
}

/** Writes the report as JSON. */
export function canaryJson(url: string, results: readonly ProbeResult[]): string {
  return `${escapeInvisible(JSON.stringify({ url, results }, null, 2))}\n`;
}
