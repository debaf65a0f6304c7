/** The reader of cookies, against a reference that is written in another way. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maxCookies, readCookies } from '../../src/session/read-cookies.ts';

/** The reference: a regular expression over the joined lines, as RFC 6265 section 5.4 would write them. */
function reference(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const pairs = [...lines.join(';').matchAll(/(?<=^|;)[ \t]*([^=;]*?)[ \t]*=[ \t]*([^;]*?)[ \t]*(?=;|$)/g)];
  return new Map(
    [...Map.groupBy(pairs, ([, name = '']) => name)]
      .filter(([name]) => name !== '')
      .map(([name, found]) => [name, found.map(([, , value = '']) => value)]),
  );
}

const read = (lines: readonly string[]) => {
  const cookies = readCookies(lines);
  return new Map(cookies.names().map((name) => [name, cookies.values(name)]));
};

const text = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', '=', ';', ',', ' ', '\t', '"', '\u00a0', '%') }),
  fc.string({ unit: 'binary' }).map((line) => line.replaceAll(/[\r\n]/g, '')),
);

test('reads what the reference reads', () => {
  fc.assert(
    fc.property(fc.array(text, { maxLength: 4 }), (lines) => {
      expect(read(lines)).toEqual(reference(lines));
    }),
    { numRuns: 3_000 },
  );
});

describe('reads', () => {
  test.each([
    ['a=1; b=2', { a: ['1'], b: ['2'] }],
    ['a=1;b=2;', { a: ['1'], b: ['2'] }],
    ['a=1; a=2', { a: ['1', '2'] }],
    ['a=x=y==', { a: ['x=y=='] }],
    ['a="x; b=y"', { a: ['"x'], b: ['y"'] }],
    // Two lines that a proxy joined: the second cookie is not found.
    ['a=1,session=2', { a: ['1,session=2'] }],
    ['nameless; =empty; a=', { a: [''] }],
    ['constructor=2', { constructor: ['2'] }],
    ['', {}],
  ])('%j', (line, expected) => {
    expect(read([line])).toEqual(new Map(Object.entries(expected)));
  });

  test('a name that every object has', () => {
    expect(read(['__proto__=1; a=2'])).toEqual(
      new Map([
        ['__proto__', ['1']],
        ['a', ['2']],
      ]),
    );
  });

  test('several lines in order', () => {
    expect(read(['a=1; b=2', 'a=3'])).toEqual(
      new Map([
        ['a', ['1', '3']],
        ['b', ['2']],
      ]),
    );
  });
});

describe('stops', () => {
  test(`after ${maxCookies} cookies`, () => {
    const line = Array.from({ length: 250 }, (_, index) => `c${index}=${index}`).join('; ');
    expect(read([line]).size).toBe(maxCookies);
    expect(read([line]).has('c199')).toBe(true);
  });

  test('after 64 KiB, and never returns a part of a cookie', () => {
    const filler = `a=${'x'.repeat(65_000)}`;
    expect([...read([filler, `b=${'y'.repeat(400)}`, `c=${'z'.repeat(200)}`]).keys()]).toEqual(['a', 'b']);
    expect(read([`a=${'x'.repeat(70_000)}`])).toEqual(new Map());
  });

  test('after texts without names, which do not count as cookies but as characters', () => {
    const line = `${';'.repeat(65_535)}; a=1`;
    expect(read([line])).toEqual(new Map());
    expect(read([`${';'.repeat(1_000)} a=1`])).toEqual(new Map([['a', ['1']]]));
  });
});
