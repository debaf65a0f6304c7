import { expect, test } from 'vitest';
import { createTokenCache } from '../../../src/credential/token/cache.ts';
import type { VerifiedToken } from '../../../src/credential/token/verified-token.ts';

const token = { identity: { issuer: 'https://i' } } as VerifiedToken;
const limits = { maxEntries: 3, maxAge: 60_000, maxBytes: 1024 * 1024 };

test('a token is cached until maxAge, by the wall clock', () => {
  const cache = createTokenCache(limits);
  cache.put('a', token, 1_000, 500);
  expect(cache.get('a', 1_059.9)).toMatchObject(token);
  expect(cache.get('a', 1_060)).toBeUndefined();
  expect(cache.size()).toBe(0);
});

test('the least recently used token is removed when there are too many', () => {
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

test('the memory is limited too, and a token larger than the limit is not cached', () => {
  const cache = createTokenCache({ ...limits, maxEntries: 1_000, maxBytes: 10_000 });
  for (let index = 0; index < 100; index++) cache.put(`t${index}`, token, 0, 500);
  expect(cache.size()).toBeLessThan(10_000 / 500);
  expect(cache.size()).toBeGreaterThan(0);
  cache.put('huge', token, 0, 100_000);
  expect(cache.get('huge', 1)).toBeUndefined();
});

test.each(['maxEntries', 'maxAge', 'maxBytes'] as const)('a %s of 0 caches nothing', (option) => {
  const cache = createTokenCache({ ...limits, [option]: 0 });
  cache.put('a', token, 0, 500);
  expect(cache.get('a', 0)).toBeUndefined();
  expect(cache.size()).toBe(0);
});

test('tokens can be removed by a filter', () => {
  const cache = createTokenCache(limits);
  const other = { identity: { issuer: 'https://other' } } as VerifiedToken;
  cache.put('a', token, 0, 500);
  cache.put('b', other, 0, 500);
  cache.keepOnly(({ identity }) => identity.issuer === 'https://i');
  expect(cache.get('a', 1)).toMatchObject(token);
  expect(cache.get('b', 1)).toBeUndefined();
});
