/** The quick reader of configurations, compared with zod: each schema of the options reads random values with both. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { configSchema } from '../../../src/config/declare/options.ts';
import { readValid } from '../../../src/config/schema/read.ts';
import { Schema, z } from '../../../src/config/schema/schema.ts';
import { zodOf } from '../../../src/config/schema/to-zod.ts';
import { isMapping } from '../../../src/config/values/mapping.ts';

/** The schemas that a schema consists of. */
function partsOf(schema: Schema, found = new Set<Schema>()): ReadonlySet<Schema> {
  if (found.has(schema)) return found;
  found.add(schema);
  const visit = (value: unknown): void => {
    if (value instanceof Schema) partsOf(value, found);
    else if (Array.isArray(value)) value.forEach(visit);
    else if (schema.call === 'strictObject') Object.values(value ?? {}).forEach(visit);
  };
  visit(schema.on);
  schema.values.forEach(visit);
  return found;
}

/** Texts that some option accepts, and others. */
const texts = [
  ...['', 'a', ' a', 'A', 'env', 'auto', 'none', 'aud', 'x-id', 'X-Id', 'cookie', '__proto__', 'constructor'],
  ...['5m', '30s', '500ms', '9999h', '16Ki', '64Mi', '1', 'GET', '/a', '/a/', '/orders/{*}', '*.example.com'],
  ...['example.com', 'https://idp.example.com', 'http://a', 'redis://a:1', '10.0.0.0/8', '::1/129', 'a@b.c'],
  ...['a.b', '["a","b"]', 'é', 'a\nb', 'RS256', 'enc', 'x'.repeat(300)],
];
const scalars: readonly unknown[] = [
  ...texts,
  ...[null, true, false, 0, 1, -1, 1.5, 0.5, 401, 8000, 70_000, 2 ** 53, 1e300],
];

const odd: readonly unknown[] = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  1n,
  new Date(0),
  new Map(),
  Object.create({ a: 1 }),
];

/** Values as a file can have them; mostly, each has the form that the schema expects. */
function valuesOf(schema: Schema): fc.Arbitrary<unknown> {
  const { call, values, on } = schema;
  const expected = (): fc.Arbitrary<unknown> => {
    if (on !== undefined)
      return call === 'optional' ? fc.option(valuesOf(on), { nil: undefined }) : valuesOf(on);
    if (call === 'array') return fc.array(valuesOf(values[0] as Schema), { maxLength: 3 });
    if (call === 'record')
      return fc.dictionary(fc.constantFrom(...texts), valuesOf(values[1] as Schema), {
        maxKeys: 3,
        noNullPrototype: true,
      });
    if (call === 'union') return fc.oneof(...(values[0] as Schema[]).map(valuesOf));
    if (call === 'strictObject') {
      const members = Object.entries(values[0] as object).map(([name, one]) => [name, valuesOf(one)]);
      const known = fc.record(Object.fromEntries(members), { requiredKeys: [], noNullPrototype: true });
      const more = fc.constantFrom({}, {}, {}, {}, {}, {}, { unknown: 1 }, { constructor: 1 });
      return fc.tuple(known, more).map(([one, other]) => ({ ...one, ...other }));
    }
    if (call === 'enum') return fc.constantFrom(...(values[0] as readonly string[]));
    if (call === 'literal') return fc.constant(values[0]);
    if (call === 'codec') return valuesOf(values[0] as Schema);
    return fc.constantFrom(...scalars);
  };
  return fc.oneof(
    { weight: 30, arbitrary: expected() },
    { weight: 1, arbitrary: fc.constantFrom(...scalars, ...odd, [], {}, { unknown: 1 }, ['a', 'a']) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
}

/** Whether a file can have this value, and zod reads all of it. */
function isOfFile(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  const isPlain = [Object.prototype, Array.prototype].includes(Object.getPrototypeOf(value));
  return isPlain && !Object.hasOwn(value, '__proto__') && Object.values(value).every(isOfFile);
}

/** Whether two values are equal, with the same order of their members. */
function isSame(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(one, other) && JSON.stringify(one) === JSON.stringify(other);
}

const parts = [...partsOf(configSchema)];

describe('a value that the quick reader reads', () => {
  test('is read by zod in the same way, and the reader misses no value that a file can have', () => {
    let [valid, invalid] = [0, 0];
    for (const [index, part] of parts.entries()) {
      const zod = zodOf(part);
      const samples = fc.sample(valuesOf(part), { numRuns: 30, seed: index + 1 });
      for (const sample of samples) {
        // Its own check takes a mapping for granted.
        if (part === configSchema && !isMapping(sample)) continue;
        const { success, data } = zod.safeParse(sample);
        const quick = readValid(part, sample);
        if (success) valid++;
        else invalid++;
        if (!success) expect([sample, quick]).toEqual([sample, undefined]);
        else if (quick !== undefined || data === undefined)
          expect([sample, quick, isSame(quick, data)]).toEqual([sample, quick, true]);
        else expect([sample, isOfFile(sample)]).toEqual([sample, false]);
      }
    }
    expect(parts.length).toBeGreaterThan(500);
    expect(valid).toBeGreaterThan(2_000);
    expect(invalid).toBeGreaterThan(2_000);
  });
});

test.each([
  ['', z.string()],
  [' in another case', z.string().toLowerCase()],
])('the quick reader leaves a mapping with the name __proto__%s to zod', (_, key) => {
  const name = key.call === 'string' ? '__proto__' : '__PROTO__';
  const value = { a: 'b', [name]: 'c' };
  expect(Object.keys(value)).toEqual(['a', name]);
  expect(readValid(z.record(key, z.string()), value)).toBeUndefined();
});
