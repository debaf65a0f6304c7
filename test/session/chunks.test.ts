/** Sessions in several cookies. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { join, split } from '../../src/session/chunks.ts';
import { readCookies } from '../../src/session/read-cookies.ts';

const name = '__Host-oidc-authz';
/** The longest cookie that Chromium 156 keeps: name and value together. */
const browserLimit = 4_096;

const header = (chunks: readonly { readonly name: string; readonly value: string }[]) =>
  readCookies([chunks.map((chunk) => `${chunk.name}=${chunk.value}`).join('; ')]);

test('what is split is joined again, and a browser keeps each cookie', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 13_000 }), (length) => {
      const sealed = Array.from({ length }, (_, index) => 'abcdefghijklmnopqrstuvwxyz'[index % 26]).join('');
      const chunks = split(name, sealed);
      const room = browserLimit - name.length;
      expect(chunks?.length).toBe(
        length <= room ? 1 : length <= 3 * (room - 2) ? Math.ceil(length / (room - 2)) : undefined,
      );
      if (chunks === undefined) return;
      for (const chunk of chunks) {
        expect(chunk.name.length + chunk.value.length).toBeLessThanOrEqual(browserLimit);
        expect(chunk.value).not.toBe('');
      }
      expect(join(name, header(chunks))).toBe(sealed);
      expect(join(name, header(chunks.toReversed()))).toBe(sealed);
    }),
    { numRuns: 300 },
  );
});

describe('is invalid', () => {
  const chunks = split(name, 'x'.repeat(10_000)) ?? [];
  const [first, second, third] = chunks;
  if (first === undefined || second === undefined || third === undefined) throw new Error('too few chunks');

  test.each([
    ['without the first', [second, third]],
    ['without the second', [first, third]],
    ['with only the last', [third]],
    ['with a whole cookie next to chunks', [{ name, value: 'y' }, first, second, third]],
    ['with a second value of a chunk', [first, second, third, { ...second, value: 'planted' }]],
    [
      'with two whole cookies',
      [
        { name, value: 'a' },
        { name, value: 'b' },
      ],
    ],
    ['with the word invalid', [{ name, value: 'invalid' }]],
  ])('%s', (_, cookies) => {
    expect(join(name, header(cookies))).toBe('invalid');
  });
});

test('equal values count once', () => {
  const twice = [
    { name, value: 'a' },
    { name, value: 'a' },
  ];
  expect(join(name, header(twice))).toBe('a');
});

test('other cookies do not count', () => {
  expect(join(name, header([{ name: `${name}.3`, value: 'x' }]))).toBeUndefined();
  expect(join(name, header([{ name: `${name}-team`, value: 'x' }]))).toBeUndefined();
  expect(join(name, header([]))).toBeUndefined();
});
