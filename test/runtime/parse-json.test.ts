import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mostUnsafeNames, parseJson } from '../../src/runtime/parse-json.ts';

/** Writes each UTF-16 unit of a text as an escape sequence. */
const escaped = (text: string) =>
  Array.from(
    { length: text.length },
    (_, index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('');

/** Writes JSON in which every member name is escaped. */
function withEscapedNames(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(withEscapedNames).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, member]) => `"${escaped(name)}":${withEscapedNames(member)}`)
    .join(',')}}`;
}

describe('a member name with escape sequences', () => {
  test.each([
    ['{"a":1,"\\\\":1}', '{"a":1,"\\u0061":2}', ['a']],
    ['{"iss":1,"\\\\u0":1}', '{"iss":1,"\\u0073ub":2}', ['iss', 'sub']],
    ['{"iss":1,"gr\\\\u0":1}', '{"iss":1,"gr\\u00f6\\u00dfe":2}', ['iss', 'größe']],
    ['[{"x":{"a":1,"\\\\":1}}]', '{"x":{"a":1,"\\u0062" : 2}}', ['x']],
  ])('is decoded after an object that has its text as a name: %s, %s', (earlier, text, names) => {
    JSON.parse(earlier);
    expect(Object.keys(parseJson(text) as object)).toEqual(names);
  });

  test('is read as it was written, regardless of what was read before', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON does not allow them
    const isPlain = (text: string) => !/["\\\u0000-\u001f]/.test(text);
    const name = fc.string({ unit: 'grapheme', maxLength: 4 }).filter(isPlain);
    fc.assert(
      fc.property(
        fc.uniqueArray(name, { minLength: 1, maxLength: 5 }),
        fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
        fc.nat({ max: 4 }),
        (names, escapes, last) => {
          const written = names.map((text, index) => (escapes[index] ? escaped(text) : text));
          // An object whose last name is the raw text of an escaped name, cut to the length of that name.
          const index = Math.min(last, names.length - 1);
          const raw = (written[index] ?? '').slice(0, names[index]?.length);
          JSON.parse(
            `{${[...names.slice(0, index), raw].map((text) => `${JSON.stringify(text)}:0`).join(',')}}`,
          );
          const value = parseJson(`{${written.map((text, place) => `"${text}":${place}`).join(',')}}`);
          expect(new Map(Object.entries(value as object))).toEqual(
            new Map(names.map((text, place) => [text, place])),
          );
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('can be one that needs an escape sequence, at any depth', () => {
    const object = { 'CORP\\admins': { '"': [{ '\n': 1, ['__proto__']: null }], '%5c': 3 }, a: 1 };
    const text = JSON.stringify(object);
    expect(parseJson(text)).toEqual(JSON.parse(text));
    expect(Object.entries(parseJson('{"%5c":1,"\\\\":2,"\\u0025":3,"%":4}') as object)).toEqual([
      ['%5c', 1],
      ['\\', 2],
      ['%', 4],
    ]);
  });

  test('is rejected if more names need an escape sequence than the limit', () => {
    const text = (count: number) =>
      JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, index) => [`\\${index}`, index])));
    expect(parseJson(text(mostUnsafeNames))).toEqual(JSON.parse(text(mostUnsafeNames)));
    expect(() => parseJson(text(mostUnsafeNames + 1))).toThrow(SyntaxError);
  });

  test('is one member with the last value if it is repeated', () => {
    expect(parseJson('{"\\\\":1,"\\u005c":2}')).toEqual({ '\\': 2 });
    expect(parseJson('{"a":1,"\\u0061":2}')).toEqual({ a: 2 });
  });

  test('is read as it was written, with every character', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 3 })), (object) => {
        const text = withEscapedNames(object);
        expect(Object.keys(parseJson(text) as object)).toEqual(Object.keys(object));
        expect(JSON.stringify(parseJson(text))).toBe(JSON.stringify(object));
      }),
      { numRuns: 500 },
    );
  });
});

test('escape sequences in values are read as JSON.parse reads them', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (values) => {
      const text = JSON.stringify({ a: values, b: { c: '\\":' } });
      expect(parseJson(text)).toEqual(JSON.parse(text));
    }),
  );
});

test.each(['{"a', '{"a\\', '{"a\\"', '{"\\u00":1}', '"\\', ''])('%j is not JSON', (text) => {
  expect(() => parseJson(text)).toThrow(SyntaxError);
});
