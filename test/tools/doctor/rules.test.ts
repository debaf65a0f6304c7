/**
 * The rules of `doctor`. Each folder of `fixtures/` has a manifest with a mistake and the fixed manifest. A comment such as
 * `# K01 error` marks the line of each expected finding.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { doctor } from '../../../src/cli/doctor.ts';
import { systemClock } from '../../../src/runtime/time/clock.ts';
import type { Finding } from '../../../src/tools/doctor/finding.ts';
import { manifestRules } from '../../../src/tools/doctor/rules.ts';

const folder = fileURLToPath(new URL('fixtures/', import.meta.url));
const fixtures = readdirSync(folder);
/** Certificates in fixtures end relative to this time. */
const now = Date.parse('2026-11-26T12:00:00Z');

/** The findings in a file of a fixture, with the configuration of the fixture. */
async function findingsIn(fixture: string, file: string): Promise<readonly Finding[]> {
  const path = join(folder, fixture, file);
  const config = join(folder, fixture, 'config.yaml');
  const result = await doctor({
    words: [path],
    flags: [
      { name: '--output', value: 'json' },
      ...(existsSync(config) ? [{ name: '--config', value: config }] : []),
    ],
    readFile: (name) => readFileSync(name, 'utf8'),
    readInput: () => '',
    environment: {},
    clock: { ...systemClock, now: () => now },
  });
  expect(result.problems).toBe('');
  return JSON.parse(result.output).findings;
}

/** The marked lines of a file: `line id severity`. */
function markedLines(text: string): readonly string[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      [...line.matchAll(/# .*?\b(K\d\d) (error|warning|note)/g)].map(
        ([, id, severity]) => `${index + 1} ${id} ${severity}`,
      ),
    );
}

describe.each(fixtures)('%s', (fixture) => {
  const id = fixture.slice(0, 3);

  test('finds the mistake at its line', async () => {
    const findings = (await findingsIn(fixture, 'bad.yaml')).filter((finding) => finding.id === id);
    const expected = markedLines(readFileSync(join(folder, fixture, 'bad.yaml'), 'utf8'));
    expect(expected).not.toEqual([]);
    expect(findings.map(({ place, severity }) => `${place.line} ${id} ${severity}`).toSorted()).toEqual(
      expected.toSorted(),
    );
  });

  test('finds nothing in the fixed manifest', async () => {
    const findings = await findingsIn(fixture, 'fixed.yaml');
    expect(findings.filter((finding) => finding.id === id || finding.severity === 'error')).toEqual([]);
  });
});

test('every rule has a fixture', () => {
  const tested = new Set(fixtures.map((fixture) => fixture.slice(0, 3)));
  expect(manifestRules.map((rule) => rule.id).filter((id) => !tested.has(id))).toEqual([]);
});

test('each id has one rule, in order', () => {
  const ids = manifestRules.map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)].toSorted());
});

test.each(manifestRules)('the texts of $id are sentences', ({ id, title, effect, fix }) => {
  expect(id).toMatch(/^K\d\d$/);
  expect(title).toMatch(/^[A-Z][^.]*$/);
  for (const text of [effect, fix]) expect(text).toMatch(/^["`\w].*\.$/);
});
