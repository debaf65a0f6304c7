/** The targets of a release: none is missing from the summary, and none is met by a figure beyond its limit. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assert as assertProperty, constantFrom, double, oneof, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sectionOf } from '../../bench/report/page.ts';
import { capacityText, outcomesOf, summaryText } from '../../bench/report/summary.ts';
import { type Row, tableText } from '../../bench/report/table.ts';
import { type TargetName, targets } from '../../bench/targets.ts';
import { groupWith, runWith, storedAndRead } from './runs.ts';

/** The promises, written down apart from the program. */
const promised = [
  'gRPC, cached token / bare node:http: ≤ 1',
  'gRPC, cached token / bare grpc-go: ≤ 0.9',
  'gRPC, p99 at 1,000 checks a second / bare grpc-go: ≤ 2',
  'gRPC, new tokens, RS256 / minimal verifier on node:http2: ≤ 1.1',
  'through Envoy, gRPC / Envoy to bare node:http: ≤ 1.1',
  'HTTP, 1,000 tokens in turn / cached token: ≤ 1.2',
  'oauth2-proxy / HTTP, cached token: ≥ 10',
  'oauth2-proxy / HTTP, 1,000 tokens in turn: ≥ 8',
  'oauth2-proxy / HTTP, new tokens, RS256: ≥ 2.5',
  'oauth2-proxy over HTTP / gRPC, new tokens, RS256: ≥ 2',
  'oauth2-proxy over HTTP / gRPC, new tokens, ES256: ≥ 1.5',
  'memory with 10,000 cached tokens, HTTP: ≤ 105 MB',
  'memory with 10,000 cached tokens, gRPC: ≤ 110 MB',
  'memory with 100,000 cached tokens, HTTP: ≤ 180 MB',
  'memory with 100,000 cached tokens, gRPC: ≤ 180 MB',
  'start to listening / `node -e 0`: ≤ 2.7',
];

const names = Object.keys(targets) as TargetName[];
const inSummary = names.filter((name) => 'summary' in targets[name]);

/** A row whose figure for the target is this. */
const rowWith = (target: TargetName, figure: number): Row => ({
  name: 'a case',
  target,
  here: '1.0',
  ...('unit' in targets[target]
    ? { judged: figure }
    : { ratio: { median: figure, min: figure, max: figure } }),
});

describe('the summary', () => {
  test('has every promised target with its limit, in order', () => {
    const shown = outcomesOf(runWith()).map(({ text, target }) => `${text}: ${target}`);
    expect(shown).toEqual(promised);
  });

  test('says that a target without a result is not measured', () => {
    const lines = summaryText(runWith()).trimEnd().split('\n').slice(2);
    expect(lines).toHaveLength(promised.length);
    for (const line of lines) expect(line).toMatch(/\| \*\*not measured\*\* \|$/);
  });

  test('has only the targets of its groups in a run of some', () => {
    const run = runWith(groupWith([rowWith('start', 1), rowWith('grpcHot', Number.NaN)]));
    const lines = summaryText(run, true).trimEnd().split('\n').slice(2);
    expect(lines).toEqual([
      expect.stringMatching(/^\| gRPC, cached token .*not measured/),
      expect.stringMatching(/^\| start to listening .*met \|$/),
    ]);
  });

  test('says that a target of a group whose program is missing is not measured', () => {
    const run = runWith(groupWith([], { findings: { missing: 'Go is not on the PATH' } }));
    expect(outcomesOf(run).every(({ result }) => result === '**not measured**')).toBe(true);
  });

  test.each(inSummary)('takes the result of %s from its table', (name) => {
    const run = runWith(
      groupWith([{ name: 'other', here: '' }]),
      groupWith([rowWith(name, targets[name].limit)]),
    );
    const outcomes = outcomesOf(run);
    expect(outcomes.filter(({ result }) => result === 'met')).toHaveLength(1);
    expect(outcomes[inSummary.indexOf(name)]).toMatchObject({ result: 'met' });
  });

  test('marks a target that was met on a noisy machine', () => {
    const disturbance = { others: 0.5, stolen: 0 };
    const run = runWith(groupWith([rowWith('start', 1)], { disturbance }));
    expect(outcomesOf(run).at(-1)).toMatchObject({ figure: '1.00', result: 'met, noisy' });
  });
});

describe('a verdict', () => {
  const beyond = (name: TargetName, figure: number) =>
    targets[name].bound === 'at most' ? figure > targets[name].limit : figure < targets[name].limit;

  /** The figures at and next to the limit, and any other. */
  const figureFor = (name: TargetName) => {
    const { limit } = targets[name];
    const near = [limit, limit * (1 + 1e-12), limit * 1.0001, limit * 0.9999, limit + 0.004, limit - 0.004];
    return oneof(constantFrom(...near), double({ min: 0, max: 400, noNaN: true }));
  };

  test.each(names)('of %s is "met" for no figure beyond the limit', (name) => {
    assertProperty(
      property(figureFor(name), (figure) => {
        const text = tableText({ title: 'a table', here: 'µs', rows: [rowWith(name, figure)] });
        expect(text.includes('**not met**')).toBe(beyond(name, figure));
      }),
    );
  });

  test.each(inSummary)('of %s agrees with the figure that the summary shows', (name) => {
    assertProperty(
      property(figureFor(name), (figure) => {
        const outcome = outcomesOf(runWith(groupWith([rowWith(name, figure)])))[inSummary.indexOf(name)];
        const shown = Number.parseFloat(outcome?.figure ?? '');
        // Beyond the limit by less than a program can compute is at the limit for a reader.
        if (Math.abs(figure - targets[name].limit) < 1e-7) return;
        expect(outcome?.result).toBe(beyond(name, shown) ? '**not met**' : 'met');
      }),
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'is "not measured" for %s, also after it was stored',
    (figure) => {
      for (const name of inSummary) {
        const run = runWith(groupWith([rowWith(name, figure)]));
        for (const one of [run, storedAndRead(run)]) {
          const outcome = outcomesOf(one)[inSummary.indexOf(name)];
          expect(outcome).toMatchObject({ figure: '', result: '**not measured**' });
          const [table = ''] = one.groups.map(sectionOf);
          expect(table).toContain('**not measured**');
          expect(table).not.toMatch(/\bmet\b/);
        }
      }
    },
  );

  test('is "not measured" if the row has no figure', () => {
    const text = tableText({ title: '', here: '', rows: [{ name: 'a', target: 'start', here: '' }] });
    expect(text).toContain('**not measured**');
  });
});

test('every target is the target of a case', () => {
  const folder = fileURLToPath(new URL('../../bench/groups/', import.meta.url));
  const sources = globSync('*.ts', { cwd: folder }).map((file) => readFileSync(join(folder, file), 'utf8'));
  expect(names.filter((name) => !sources.some((text) => text.includes(`'${name}'`)))).toEqual([]);
});

test('one core does as many checks as their CPU time allows', () => {
  const capacities = [{ name: 'HTTP', microseconds: 20 }];
  const run = runWith(groupWith([], { findings: { tables: [], capacities } }));
  expect(capacityText(run)).toContain('| HTTP | 50,000 |');
});
