/** The table of threats: no row is empty, and every test that it names is there. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { casesOf, rowsOfCorpus } from '../../scripts/security.ts';
import { tables } from './coverage.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const rows = tables.flatMap((table) => table.rows);

test('no row comes twice, and every row of the corpus is one', () => {
  const ids = rows.map(({ id }) => id);
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  expect(rowsOfCorpus().filter((id) => !ids.includes(id))).toEqual([]);
});

describe('a threat', () => {
  test.each(rows)('$id: $threat', ({ id, tests = [], note }) => {
    if (casesOf(id) === 0 && tests.length === 0) expect(note).toMatch(/\w/);
    for (const [file, title] of tests) expect(readFileSync(`${root}${file}`, 'utf8')).toContain(title);
  });
});
