import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maxNesting, readJsonObject } from '../../../src/credential/token/json.ts';

const read = (text: string) => readJsonObject(Buffer.from(text));

test('every JSON object within the nesting limit is parsed as by JSON.parse', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 })), (object) => {
      const text = JSON.stringify(object);
      expect(read(text)).toEqual(JSON.parse(text));
    }),
  );
});

test('any bytes give an object or undefined', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const value = readJsonObject(Buffer.from(bytes));
      expect(value === undefined || typeof value === 'object').toBe(true);
    }),
  );
});

describe('is rejected', () => {
  test.each([
    ['a list', '[]'],
    ['a string', '"a"'],
    ['a number', '1'],
    ['null', 'null'],
    ['no bytes', ''],
    ['an object without an end', '{"a":1'],
    ['a string without an end', '{"a'],
    ['text after the object', '{} x'],
    ['a byte order mark', '\ufeff{}'],
    ['a name twice', '{"a":1,"a":1}'],
    ['a name twice, the second time with an escape', '{"a":1,"\\u0061":1}'],
    ['a name twice, with quotes and braces in a string', '{"a":"{\\"b\\":1}","a":2}'],
    ['one nested list too many', `{"a":${'['.repeat(maxNesting)}${']'.repeat(maxNesting)}}`],
    ['100,000 nested lists', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
  ])('%s', (_, text) => {
    expect(read(text)).toBeUndefined();
  });

  test('bytes that are not UTF-8', () => {
    expect(readJsonObject(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toBeUndefined();
  });
});

test('colons and braces in strings are not counted', () => {
  expect(read('{"a":"b:c{[,:","d":{"a":1,"e:":":"}}')).toEqual({ a: 'b:c{[,:', d: { a: 1, 'e:': ':' } });
});

test('__proto__ is an ordinary member name', () => {
  const object = read('{"__proto__":{"x":1}}');
  expect(Object.keys(object ?? {})).toEqual(['__proto__']);
  expect(({} as { x?: number }).x).toBeUndefined();
});

test('an earlier object does not change how an escaped member name is read', () => {
  expect(read('{"iss":1,"\\\\u0":1}')).toEqual({ iss: 1, '\\u0': 1 });
  expect(read('{"iss":1,"\\u0073ub":2}')).toEqual({ iss: 1, sub: 2 });
  expect(read('{"a":1,"\\\\":1}')).toEqual({ a: 1, '\\': 1 });
  expect(read('{"a":1,"\\u0061":1}')).toBeUndefined();
});
