import { expect, test } from 'vitest';
import { createTokenCache } from '../../../src/credential/token/cache.ts';
import type { VerifiedToken } from '../../../src/credential/token/verified-token.ts';

const token = { identity: { issuer: 'https://i' } } as VerifiedToken;
const limits = { maxEntries: 3, maxAge: 60_000, maxBytes: 1024 * 1024 };

test('a token is remembered until its age, by the wall clock', () => {
  const cache = createTokenCache(limits);
  cache.put('a', token, 1_000, 500);
  expect(cache.get('a', 1_059.9)).toMatchObject(token);
  expect(cache.get('a', 1_060)).toBeUndefined();
  expect(cache.size()).toBe(0);
});

test('the token used longest ago goes when there are too many', () => {
  const cache = createTokenCache(limits);
  for (const digest of ['a', 'b', 'c']) cache.put(digest, token, 0, 500);
  cache.get('a', 11);
  cache.put('d', token, 11, 500);
  expect(['a', 'b', 'c', 'd'].filter((digest) => cache.get(digest, 1) !== undefined)).toEqual([
    'a',
    'c',
    'd',
  ]);
});

test('the memory is bounded too, and a token that is larger than all of it is not kept', () => {
  const cache = createTokenCache({ ...limits, maxEntries: 1_000, maxBytes: 10_000 });
  for (let index = 0; index < 100; index++) cache.put(`t${index}`, token, 0, 500);
  expect(cache.size()).toBeLessThan(10_000 / 500);
  expect(cache.size()).toBeGreaterThan(0);
  cache.put('huge', token, 0, 100_000);
  expect(cache.get('huge', 1)).toBeUndefined();
});

test.each(['maxEntries', 'maxAge', 'maxBytes'] as const)('a %s of 0 remembers nothing', (option) => {
  const cache = createTokenCache({ ...limits, [option]: 0 });
  cache.put('a', token, 0, 500);
  expect(cache.get('a', 0)).toBeUndefined();
  expect(cache.size()).toBe(0);
});

test('some can be forgotten', () => {
  const cache = createTokenCache(limits);
  const other = { identity: { issuer: 'https://other' } } as VerifiedToken;
  cache.put('a', token, 0, 500);
  cache.put('b', other, 0, 500);
  cache.keepOnly(({ identity }) => identity.issuer === 'https://i');
  expect(cache.get('a', 1)).toMatchObject(token);
  expect(cache.get('b', 1)).toBeUndefined();
});
