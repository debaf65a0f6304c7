/** The page of a run: made from one run, with ratios first, and honest about noise. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { groups } from '../../bench/groups/all.ts';
import { pageOf } from '../../bench/report/page.ts';
import { readRun } from '../../bench/report/run.ts';
import { tableText } from '../../bench/report/table.ts';
import { groupWith, runWith } from './runs.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const frame = read('bench/report.md');

describe('the page', () => {
  test('has no mark left, and says once which commit, machine and day it is from', () => {
    const page = pageOf(runWith(groupWith([]), groupWith([])), frame);
    expect(page).not.toContain('<!--');
    for (const text of ['c0ffee1234', '2030-01-02', 'Machine X9']) expect(page.split(text)).toHaveLength(2);
    expect(page).toContain('one run of 2 minutes');
  });

  test('names the noisy groups at the top and in their sections', () => {
    const disturbance = { others: 0.2, stolen: 0.1 };
    const run = runWith(groupWith([]), groupWith([], { name: 'loud', title: 'A loud group', disturbance }));
    const page = pageOf(run, frame);
    expect(page).toContain('**The machine was noisy** in loud: other processes used 20.0 % of the CPU');
    expect(page).toMatch(/## A loud group\n\n\*\*Noisy:\*\*/);
    expect(page).not.toMatch(/## A group\n\n\*\*Noisy:\*\*/);
  });

  test('says why a group was not measured', () => {
    const page = pageOf(runWith(groupWith([], { findings: { missing: 'Envoy: not here' } })), frame);
    expect(page).toContain('## A group\n\nNot measured: Envoy: not here.\n');
  });

  test('says that a run of some groups did not include the others', () => {
    const page = pageOf(runWith(groupWith([])), frame, [{ name: 'other', title: 'Another group' }]);
    expect(page).toContain('## Another group\n\nNot measured: this run did not include it.\n');
  });

  test('shows the stored run', () => {
    expect(read('docs/performance.md')).toBe(pageOf(readRun(), frame, groups));
  });
});

describe('a table', () => {
  const ratio = { median: 2, min: 1.5, max: 3 };
  const base = { name: 'base', ratio: { median: 1, min: 1, max: 1 }, against: 'base', here: '10.0' };

  test('has the absolute figures in its last column only', () => {
    const row = { name: 'a case', ratio, against: 'base', here: '20.0', target: 'start' } as const;
    expect(tableText({ title: 'CPU', here: 'µs', rows: [base, row] })).toBe(
      [
        '**CPU**',
        '',
        '| case | ratio, median (min to max) | relative to | target | result | *this machine:* µs |',
        '| --- | --- | --- | --- | --- | --- |',
        '| base | 1 |  |  |  | 10.0 |',
        '| a case | 2.00 (1.50 to 3.00) | base | ≤ 2.7 | met | 20.0 |',
        '',
      ].join('\n'),
    );
  });

  test('leaves out columns without content', () => {
    expect(tableText({ title: 'CPU', here: 'µs', rows: [base] })).toContain(
      '| case | ratio, median (min to max) | *this machine:* µs |',
    );
  });
});
