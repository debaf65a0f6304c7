/** The table of threats: each row has tests or a note, and each test that it names exists. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { casesOf, threatsOfCorpus } from '../../scripts/security.ts';
import { tables } from './coverage.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const rows = tables.flatMap((table) => table.rows);

test('each id is unique, and the corpus names only ids of the table', () => {
  const ids = rows.map(({ id }) => id);
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  expect(threatsOfCorpus().filter((id) => !ids.includes(id))).toEqual([]);
});

describe('each threat has tests that exist, or a note', () => {
  test.each(rows)('$id: $threat', ({ id, tests = [], note }) => {
    if (casesOf(id) === 0 && tests.length === 0) expect(note).toMatch(/\w/);
    for (const [file, title] of tests) expect(readFileSync(`${root}${file}`, 'utf8')).toContain(title);
  });
});
