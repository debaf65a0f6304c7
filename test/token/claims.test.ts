import { expect, test } from 'vitest';
import { findClaim } from '../../src/token/claims.ts';

const claims = { sub: 'alice', realm_access: { roles: ['admin'] }, 'a.b': 1, a: { b: 2 }, list: [1] };

test.each([
  ['sub', 'alice'],
  ['realm_access.roles', ['admin']],
  ['a.b', 1],
])('%s is found', (name, value) => {
  expect(findClaim(claims, name)).toEqual(value);
});

test.each([
  'constructor',
  'realm_access.constructor',
  'realm_access.__proto__',
  'list.length',
  'sub.length',
  'a.c',
])('%s is not a claim of its own, and is not found', (name) => {
  expect(findClaim(claims, name)).toBe(undefined);
});
