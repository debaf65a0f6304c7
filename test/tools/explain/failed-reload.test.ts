/** Failed reloads of a service in the output of `explain --admin`. */
import { expect, test } from 'vitest';
import { reloadFixes, reloadNote } from '../../../src/tools/explain/failed-reload.ts';

const since = Date.parse('2026-11-26T12:00:00Z');

test.each([
  [
    'a file that is invalid',
    { what: 'configuration', files: ['/etc/a.yaml'], problem: 'line 1:\n  invalid', since },
    'the configuration (/etc/a.yaml) has changed but is invalid since 2026-11-26T12:00:00.000Z: the service still uses the old one. line 1: invalid',
    ['Correct /etc/a.yaml first. The service then loads it without a restart, with your last changes.'],
  ],
  [
    'keys that are invalid',
    { what: 'session keys', files: ['/etc/keys'], problem: 'is empty', since },
    'the session keys (/etc/keys) have changed but are invalid since 2026-11-26T12:00:00.000Z: the service still uses the old ones. is empty',
    ['Correct /etc/keys first. The service then loads it without a restart, with your last changes.'],
  ],
  [
    'a deny list of the store that is not complete, without a file to correct',
    { what: 'revocations', files: [], problem: 'the list was never read', since },
    'the deny list of the store is not complete since 2026-11-26T12:00:00.000Z: the list was never read',
    [],
  ],
])('names %s', (_, problem, note, fixes) => {
  expect(reloadNote(problem)).toBe(note);
  expect(reloadFixes(problem)).toEqual(fixes);
});
