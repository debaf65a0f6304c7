/** Reading configured claims, compared with a model that tries every way to split a dotted path. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createReadClaim } from '../../../src/credential/token/claim-path.ts';

const find = (claims: Record<string, unknown>, name: string | readonly string[]) =>
  createReadClaim(name)(claims);

/** Claims as in a token, with names that an object literal cannot have. */
const token = (text: string) => JSON.parse(text) as Record<string, unknown>;

describe('a string', () => {
  const claims = {
    sub: 'alice',
    realm_access: { roles: ['admin'] },
    'kubernetes.io': { namespace: 'prod', 'pod.name': { a: 1 } },
    'https://example.com/roles': ['r'],
    'urn:zitadel:iam:org:project:roles': { admin: {} },
    'a.b': 1,
    a: { b: 2 },
    'x.': { y: 3 },
    '': { z: 4 },
  };

  test.each([
    ['sub', 'alice'],
    ['realm_access.roles', ['admin']],
    ['kubernetes.io.namespace', 'prod'],
    ['kubernetes.io.pod.name', { a: 1 }],
    ['kubernetes.io.pod.name.a', 1],
    ['https://example.com/roles', ['r']],
    ['urn:zitadel:iam:org:project:roles', { admin: {} }],
    ['urn:zitadel:iam:org:project:roles.admin', {}],
    ['a.b', 1],
    ['x..y', 3],
    ['.z', 4],
  ])('%s is found', (name, value) => {
    expect(find(claims, name)).toEqual(value);
  });

  test.each([
    ['a.b.c', { 'a.b': { c: 1 }, a: { 'b.c': 2 } }, 1],
    ['a.b.c', { 'a.b.c': 0, 'a.b': { c: 1 }, a: { 'b.c': 2 } }, 0],
    ['a.b.c', { a: { 'b.c': 2, b: { c: 3 } } }, 2],
    // The longest name wins, also if the rest of the path is not found.
    ['a.b.c', { 'a.b': { d: 1 }, a: { 'b.c': 2 } }, undefined],
    ['a.b.c', { 'a.b': 'text', a: { 'b.c': 2 } }, undefined],
    // Null counts as absent.
    ['a.b.c', { 'a.b.c': null, 'a.b': null, a: { 'b.c': null, b: { c: 3 } } }, 3],
    ['a.b', { 'a.b': null, a: { b: null } }, undefined],
  ])('%s of %j is %j', (name, claims, value) => {
    expect(find(claims, name)).toBe(value);
  });

  test.each([
    'constructor',
    'toString',
    '__proto__',
    '__proto__.toString',
    'realm_access.constructor',
    'realm_access.__proto__',
    'realm_access.roles.length',
    'realm_access.roles.0',
    'sub.length',
    'sub.0',
    'a.b.c',
  ])('%s is not an own claim of the token, and is not found', (name) => {
    expect(find(claims, name)).toBe(undefined);
    expect(find(claims, name.split('.'))).toBe(undefined);
  });

  test('every own name of the token is found', () => {
    const own = token('{"__proto__": {"constructor": 1}, "toString": 2}');
    expect(find(own, '__proto__.constructor')).toBe(1);
    expect(find(own, 'toString')).toBe(2);
  });

  test('has the same result as the model', () => {
    const names = fc.array(fc.constantFrom('a', 'b', '', 'toString'), { minLength: 1, maxLength: 3 });
    const objects = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 3 }, fc.constantFrom(1, 'x', null, [1]), tie('object')),
      object: fc.dictionary(
        names.map((parts) => parts.join('.')),
        tie('value'),
        { maxKeys: 4 },
      ),
    })).object as fc.Arbitrary<Record<string, unknown>>;
    const paths = fc.array(fc.constantFrom('a', 'b', '', 'toString'), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(objects, paths, (claims, parts) => {
        expect(find(claims, parts.join('.'))).toEqual(modelled(claims, parts.join('.')));
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('a list of names', () => {
  const claims = { 'kubernetes.io': { namespace: 'prod' }, kubernetes: { 'io.namespace': 'test' }, 'a.b': 1 };

  test.each([
    [['kubernetes.io', 'namespace'], 'prod'],
    [['kubernetes', 'io.namespace'], 'test'],
    [['kubernetes', 'io', 'namespace'], undefined],
    [['kubernetes.io.namespace'], undefined],
    [['a.b'], 1],
    [['a', 'b'], undefined],
  ])('%j is read name by name', (names, value) => {
    expect(find(claims, names)).toBe(value);
    expect(find(claims, JSON.stringify(names))).toBe(value);
  });

  test('a null on the path counts as absent', () => {
    expect(find({ a: null }, ['a', 'b'])).toBe(undefined);
    expect(find({ a: { b: null } }, ['a', 'b'])).toBe(undefined);
  });
});

/** Reads a dotted path by trying all 2^n ways to split it. */
function modelled(claims: unknown, path: string): unknown {
  let ways = splittings(path);
  let value = claims;
  for (let level = 0; ; level++) {
    const here: unknown = value;
    const names = Object.entries(
      typeof here === 'object' && here !== null && !Array.isArray(here) ? here : {},
    )
      .filter(([, member]) => member !== null)
      .map(([name]) => name);
    const possible = ways.filter((way) => names.includes(way[level] as string));
    const longest = Math.max(...possible.map((way) => (way[level] as string).split('.').length));
    ways = possible.filter((way) => (way[level] as string).split('.').length === longest);
    const [way] = ways;
    if (way === undefined) return undefined;
    value = Object.entries(here as object).find(([name]) => name === way[level])?.[1];
    if (way.length === level + 1) return value;
  }
}

function splittings(path: string): string[][] {
  const dots = [...path.matchAll(/\./g)].map(({ index }) => index);
  return Array.from({ length: 2 ** dots.length }, (_, bits) => {
    const cuts = dots.filter((_dot, index) => (bits >> index) & 1);
    return [...cuts, path.length].map((end, index) =>
      path.slice(index === 0 ? 0 : (cuts[index - 1] as number) + 1, end),
    );
  });
}
