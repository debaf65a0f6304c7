/** The text of `sessions.keysFile`. */
import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { readSessionKeys } from '../../../src/config/session/session-keys.ts';

const [one, two] = [randomBytes(32), randomBytes(32)] as [Buffer, Buffer];

test('reads keys in base64 and base64url, with empty lines, Windows line ends and a byte order mark', () => {
  const keys = readSessionKeys(`\ufeff${one.toString('base64')}\r\n\n  ${two.toString('base64url')}  \n`);
  expect(keys.map(({ bytes }) => Buffer.from(bytes))).toEqual([one, two]);
  expect(keys[0]?.id).toBe(createHash('sha256').update(one).digest('base64url').slice(0, 8));
});

test.each([
  ['', 'the file has no key'],
  [' \n\n', 'the file has no key'],
  ['not base64!', 'line 1 is not base64'],
  [`${one.toString('base64')}\n\n${one.toString('base64')} x`, 'line 3 is not base64'],
  [randomBytes(31).toString('base64'), 'line 1 has 31 bytes instead of 32'],
  [randomBytes(33).toString('base64'), 'line 1 has 33 bytes instead of 32'],
  [one.toString('hex'), 'line 1 has 48 bytes instead of 32'],
  [Buffer.alloc(32, 'a').toString('base64'), 'line 1 is not random'],
  [
    `${one.toString('base64')}\n\n${one.toString('base64url')}`,
    'lines 1 and 3 have the same key; remove one of them',
  ],
  [Array.from({ length: 17 }, () => randomBytes(32).toString('base64')).join('\n'), 'at most 16 keys'],
])('rejects %j', (text, problem) => {
  expect(() => readSessionKeys(text)).toThrow(problem);
});

test('no error contains a part of a key', () => {
  const written = one.toString('base64');
  for (const text of [
    `${written}x`,
    `${written} `.repeat(2),
    `${written}\n${written}`,
    written.slice(0, 40),
  ]) {
    const message = messageOf(() => readSessionKeys(text));
    for (let start = 0; start + 6 <= written.length; start++)
      expect(message).not.toContain(written.slice(start, start + 6));
  }
});

function messageOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    return String(error);
  }
  throw new Error('no error');
}
