/** Repeated members at known positions. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { duplicateMembers } from '../../../src/issuer/fetch/duplicate-members.ts';

/** A document whose objects are lists of members, so members can be repeated. */
type Written =
  | { readonly scalar: string }
  | { readonly list: readonly Written[] }
  | { readonly members: readonly (readonly [string, Written])[] };

const { written } = fc.letrec<{ written: Written }>((tie) => ({
  written: fc.oneof(
    { maxDepth: 5 },
    fc
      .oneof(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('{', '":', '\\', ',"a":'),
        fc.integer(),
        fc.boolean(),
      )
      .map((value) => ({ scalar: JSON.stringify(value) })),
    fc.array(tie('written'), { maxLength: 4 }).map((list) => ({ list })),
    fc
      .array(fc.tuple(fc.constantFrom('a', 'b', '"', ':', '\\', '__proto__', '1'), tie('written')), {
        maxLength: 5,
      })
      .map((members) => ({ members })),
  ),
}));

/** Escapes every character of every second name. */
function textOf(one: Written): string {
  if ('scalar' in one) return one.scalar;
  if ('list' in one) return `[${one.list.map(textOf).join(' ,')}]`;
  const escaped = (name: string) =>
    `"${[...name].map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`;
  return `{${one.members
    .map(
      ([name, value], index) =>
        `${index % 2 === 0 ? JSON.stringify(name) : escaped(name)}\n: ${textOf(value)}`,
    )
    .join(',\t')}}`;
}

function pathsOf(one: Written, from: readonly (string | number)[] = []): string[] {
  if ('scalar' in one || from.length >= 3) return [];
  if ('list' in one) return one.list.flatMap((value, index) => pathsOf(value, [...from, index]));
  return one.members.flatMap(([name, value], index) => [
    ...(one.members.slice(0, index).some(([other]) => other === name)
      ? [JSON.stringify([...from, name])]
      : []),
    ...pathsOf(value, [...from, name]),
  ]);
}

test('finds each repeated member at any position, and no other', () => {
  let found = 0;
  fc.assert(
    fc.property(written, (one) => {
      const text = textOf(one);
      JSON.parse(text);
      const paths = duplicateMembers(text).map((path) => JSON.stringify(path));
      found += paths.length;
      expect(paths).toEqual(pathsOf(one));
    }),
    { numRuns: 1_000, seed: 17 },
  );
  expect(found).toBeGreaterThan(100);
});

test('reads a deeply nested document, and one with a long string', () => {
  const deep = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)},"a":1}`;
  expect(duplicateMembers(deep)).toEqual([['a']]);
  expect(duplicateMembers(`{"a":${JSON.stringify('x\\"'.repeat(200_000))},"a":1}`)).toEqual([['a']]);
});
