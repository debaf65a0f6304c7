import { expect, test } from 'vitest';
import { createTokenCache, type TokenCache } from '../../../src/credential/token/cache.ts';
import { maxPrepared } from '../../../src/credential/token/prepared-answers.ts';
import type { VerifiedToken } from '../../../src/credential/token/verified-token.ts';
import type { Forwarding } from '../../../src/model/forwarding.ts';

/** A token without a text, so that each takes the same memory. */
const tokenFor = (cache: TokenCache, issuer = 'https://i'): VerifiedToken => ({
  profile: cache.share({
    issuer,
    issuerName: 'i',
    provesBinding: false,
    type: 'jwt',
    audiences: [],
    scopes: [],
    isCounted: false,
  }),
  key: { id: 'k' } as VerifiedToken['key'],
  subject: undefined,
  confirmation: undefined,
  expiresAt: 1,
  notBefore: undefined,
  issuedAt: undefined,
  cachedUntil: 0,
  usedAt: 0,
  headers: undefined,
  values: '',
  prepared: undefined,
  bytes: 0,
  keeper: cache.keeper,
});
const limits = { maxEntries: 3, maxAge: 60_000, maxBytes: 1024 * 1024 };

test('a token is cached until maxAge, by the wall clock', () => {
  const cache = createTokenCache(limits);
  const token = tokenFor(cache);
  cache.put('a', token, 1_000);
  expect(cache.get('a', 1_059.9)).toBe(token);
  expect(cache.get('a', 1_060)).toBeUndefined();
  expect(cache.size()).toBe(0);
});

test('the least recently used token is removed when there are too many', () => {
  const cache = createTokenCache(limits);
  for (const digest of ['a', 'b', 'c']) cache.put(digest, tokenFor(cache), 0);
  cache.get('a', 11);
  cache.put('d', tokenFor(cache), 11);
  expect(['a', 'b', 'c', 'd'].filter((digest) => cache.get(digest, 1) !== undefined)).toEqual([
    'a',
    'c',
    'd',
  ]);
});

test('the memory is limited too, and a token larger than the limit is not cached', () => {
  const cache = createTokenCache({ ...limits, maxEntries: 1_000, maxBytes: 10_000 });
  for (let index = 0; index < 100; index++) cache.put(`t${index}`, tokenFor(cache), 0);
  expect(cache.size()).toBeLessThan(10_000 / 250);
  expect(cache.size()).toBeGreaterThan(10_000 / 500);
  expect(cache.bytes()).toBeLessThanOrEqual(10_000);
  cache.put('huge', { ...tokenFor(cache), subject: 'x'.repeat(10_000) }, 0);
  expect(cache.get('huge', 1)).toBeUndefined();
  expect(cache.get('t99', 1)).toBeDefined();
});

test('values that a token gets later count, and tokens that were not used are removed for them', () => {
  const cache = createTokenCache({ ...limits, maxEntries: 1_000, maxBytes: 10_000 });
  const tokens = Array.from({ length: 10 }, () => tokenFor(cache));
  for (const [index, token] of tokens.entries()) cache.put(`t${index}`, token, 0);
  const before = cache.bytes();
  cache.keeper.grown(tokens[9] as VerifiedToken, 8_000);
  expect(cache.bytes()).toBeLessThanOrEqual(10_000);
  expect([cache.get('t0', 1), cache.get('t9', 1)]).toEqual([undefined, tokens[9]]);
  // A token that is no longer cached does not count.
  cache.keeper.grown(tokens[0] as VerifiedToken, 8_000);
  cache.keepOnly(() => false);
  expect([before > 0, cache.bytes()]).toEqual([true, 0]);
});

test('a profile that tokens share counts once', () => {
  const cache = createTokenCache(limits);
  const [first, second] = [tokenFor(cache), tokenFor(cache)];
  expect(first.profile).toBe(second.profile);
  cache.put('a', first, 0);
  const one = cache.bytes();
  cache.put('b', second, 0);
  expect(cache.bytes() - one).toBeLessThan(one);
});

test('only the newest answers stay prepared', () => {
  const cache = createTokenCache({ ...limits, maxEntries: 2_000 });
  const forwarding = {} as Forwarding;
  const tokens = Array.from({ length: 1_000 }, () => tokenFor(cache));
  const owner = {};
  for (const [index, token] of tokens.entries()) {
    cache.put(`t${index}`, token, 0);
    cache.keeper.prepared(token, owner, forwarding);
  }
  const prepared = tokens.map((token) => token.prepared !== undefined);
  expect(prepared.filter(Boolean).length).toBe(maxPrepared);
  expect(prepared.lastIndexOf(false)).toBe(1_000 - maxPrepared - 1);
  expect(tokens[999]?.prepared).toEqual({ owner, forwarding, next: undefined });
  const uncached = tokenFor(cache);
  cache.keeper.prepared(uncached, owner, forwarding);
  expect(uncached.prepared).toBeUndefined();
});

test.each(['maxEntries', 'maxAge', 'maxBytes'] as const)('a %s of 0 caches nothing', (option) => {
  const cache = createTokenCache({ ...limits, [option]: 0 });
  cache.put('a', tokenFor(cache), 0);
  expect(cache.get('a', 0)).toBeUndefined();
  expect(cache.size()).toBe(0);
});

test('tokens can be removed by a filter', () => {
  const cache = createTokenCache(limits);
  const [token, other] = [tokenFor(cache), tokenFor(cache, 'https://other')];
  cache.put('a', token, 0);
  cache.put('b', other, 0);
  cache.keepOnly(({ profile }) => profile.issuer === 'https://i');
  expect(cache.get('a', 1)).toBe(token);
  expect(cache.get('b', 1)).toBeUndefined();
});
