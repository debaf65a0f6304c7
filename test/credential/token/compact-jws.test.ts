import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { splitCompact } from '../../../src/credential/token/compact-jws.ts';

const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((part) => Buffer.from(part));

test('three segments of base64url are decoded', () => {
  fc.assert(
    fc.property(bytes, bytes, bytes, (header, payload, signature) => {
      const token = [header, payload, signature].map((part) => part.toString('base64url')).join('.');
      expect(splitCompact(token)).toEqual({ header, payload, signature });
    }),
  );
});

test('exactly one spelling of the same bytes is a token', () => {
  const character = fc.constantFrom(...'ABCDwxyz0189-_+/= .\n');
  fc.assert(
    fc.property(fc.string({ unit: character, minLength: 5, maxLength: 30 }), (text) => {
      const parts = splitCompact(text);
      if (parts === undefined) return;
      const again = [parts.header, parts.payload, parts.signature].map((part) => part.toString('base64url'));
      expect(again.join('.')).toBe(text);
    }),
  );
});

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The bits of base64url, six per character (RFC 4648 section 5). */
const bitsOf = (text: string) =>
  [...text].map((character) => alphabet.indexOf(character).toString(2).padStart(6, '0')).join('');

const bitsOfBytes = (data: Buffer) => [...data].map((byte) => byte.toString(2).padStart(8, '0')).join('');

/**
 * Whether an encoder writes this text, judged by its bits. They fill whole bytes, and the remaining bits are zero and fewer than those
 * of a character (RFC 4648 section 3.5).
 */
function isWrittenByEncoder(text: string): boolean {
  const bits = bitsOf(text);
  const left = bits.slice(bits.length - (bits.length % 8));
  return left.length < 6 && !left.includes('1');
}

describe('a segment is accepted only with a last character that an encoder writes', () => {
  // Lengths with every remainder modulo 4, and those of signatures of each RSA size, each curve and Ed25519.
  const lengths = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 86, 128, 176, 342, 343, 344, 345, 512, 683, 684];

  test.each(['header', 'payload', 'signature'] as const)('as %s', (name) => {
    const good = { header: 'e30', payload: 'e30', signature: 'AAAA' };
    const counts = new Map<number, number>();
    for (const length of lengths) {
      for (const last of alphabet) {
        const segment = `${alphabet.repeat(11).slice(0, length - 1)}${last}`;
        const segments = { ...good, [name]: segment };
        const split = splitCompact(Object.values(segments).join('.'));
        const isAccepted = isWrittenByEncoder(segment);
        expect([segment, split && bitsOfBytes(split[name])]).toEqual([
          segment,
          isAccepted ? bitsOf(segment).slice(0, (length * 6) & ~7) : undefined,
        ]);
        if (split !== undefined) counts.set(length % 4, (counts.get(length % 4) ?? 0) + 1);
      }
    }
    // The number of the 64 characters: all with no unused bits, 16 with two, 4 with four, none with six.
    const countOf = (remainder: number, characters: number) =>
      characters * lengths.filter((length) => length % 4 === remainder).length;
    expect(Object.fromEntries(counts)).toEqual({ 0: countOf(0, 64), 2: countOf(2, 4), 3: countOf(3, 16) });
  });
});

test('segments of random bytes are split, and rejected with any unused bit set', () => {
  const segment = fc.uint8Array({ minLength: 1, maxLength: 600 });
  fc.assert(
    fc.property(segment, segment, segment, fc.nat(2), fc.nat(15), (a, b, c, at, more) => {
      const segments = [a, b, c].map((part) => Buffer.from(part).toString('base64url'));
      expect(segments.every(isWrittenByEncoder)).toBe(true);
      expect(splitCompact(segments.join('.'))).toBeDefined();
      const before = segments[at] ?? '';
      const unused = [0, 0, 16, 4][before.length % 4] ?? 0;
      if (unused === 0) return;
      const value = alphabet.indexOf(before.at(-1) ?? '') + 1 + (more % (unused - 1));
      const changed = `${before.slice(0, -1)}${alphabet[value]}`;
      // The same bytes in another spelling.
      expect(bitsOf(changed).slice(0, (changed.length * 6) & ~7)).toBe(
        bitsOf(before).slice(0, (before.length * 6) & ~7),
      );
      expect(splitCompact(segments.with(at, changed).join('.'))).toBeUndefined();
    }),
    { numRuns: 300 },
  );
});

test.each([
  '.',
  '.e30',
  '.e30.e30',
  '=',
  '==',
  '+',
  '/',
  '!',
  '%',
  ' ',
  '\t',
  '\n',
  '\r\n',
  ',',
  ';',
  '\0',
  'é',
  '.\n',
])('a token with %j at its start, at its end or at the end of a segment is rejected', (more) => {
  for (const good of ['e30', 'AAA', 'AAAA', 'AAAAAA']) {
    const segments = ['e30', 'e30', good];
    expect(splitCompact(segments.join('.'))).toBeDefined();
    expect(splitCompact(`${segments.join('.')}${more}`)).toBeUndefined();
    expect(splitCompact(`${more}${segments.join('.')}`)).toBeUndefined();
    for (const at of [0, 1, 2])
      expect(splitCompact(segments.with(at, `${good}${more}`).join('.'))).toBeUndefined();
  }
});

test('a token of two segments, one or none is rejected', () => {
  for (const text of ['', '.', '..', 'e30', 'e30.e30', 'e30.e30.', '.e30.e30', 'e30..e30'])
    expect([text, splitCompact(text)]).toEqual([text, undefined]);
});
