/** The reasons why a file cannot be read. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readProblem } from '../../../src/runtime/files/read-problem.ts';

function problemOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    return readProblem(error);
  }
  throw new TypeError('the file can be read');
}

test.each([
  ['an absent file', '/nowhere/file', 'it does not exist (ENOENT)'],
  ['a directory', '/', 'it is a directory (EISDIR)'],
  ['a file below a file', `${import.meta.filename}/file`, 'a part of its path is not a directory (ENOTDIR)'],
])('explains %s', (_, path, expected) => {
  expect(problemOf(() => readFileSync(path))).toBe(expected);
});

test('returns only the code for an unknown one, and the message of an error without a code', () => {
  expect(readProblem(Object.assign(new Error('i/o error'), { code: 'EIO' }))).toBe('EIO');
  expect(readProblem(new Error('it is not a file'))).toBe('it is not a file');
  expect(readProblem('text')).toBe('text');
});
