/** Runs of the benchmarks with invented results. */
import type { GroupResult, Run } from '../../bench/report/run.ts';
import type { Row } from '../../bench/report/table.ts';

const quiet = { others: 0.01, stolen: 0 };

/** A group with one table. */
export function groupWith(rows: readonly Row[], more: Partial<GroupResult> = {}): GroupResult {
  const findings = { tables: [{ title: 'a table', here: 'µs', rows }] };
  return { name: 'group', title: 'A group', findings, disturbance: quiet, seconds: 60, ...more };
}

/** A run with these groups. */
export function runWith(...groups: readonly GroupResult[]): Run {
  const circumstances = {
    commit: 'c0ffee1234',
    version: '1.2.3',
    date: '2030-01-02',
    machine: 'Machine X9',
    node: '26.0.0',
    rounds: 9,
    count: 2_000,
  };
  return { circumstances, groups };
}

/** A run as it is after it was stored and read. */
export function storedAndRead(run: Run): Run {
  return JSON.parse(JSON.stringify(run));
}
