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
  lookup: 0,
  headers: undefined,
  values: '',
  prepared: undefined,
  results: undefined,
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

/** Requests tokens in turn and keeps the answers that may stay. @returns which tokens have one in the end */
function preparedAfter(count: number, rounds: number): readonly boolean[] {
  const cache = createTokenCache({ ...limits, maxEntries: count });
  const tokens = Array.from({ length: count }, () => tokenFor(cache));
  for (const [index, token] of tokens.entries()) cache.put(`t${index}`, token, 0);
  for (let round = 0; round < rounds; round++)
    for (const [index, token] of tokens.entries()) {
      cache.get(`t${index}`, 1);
      if (token.prepared === undefined && cache.keeper.keepsAnswers(token)) token.prepared = prepared;
    }
  return tokens.map((token) => token.prepared !== undefined);
}

const prepared = { owner: {}, forwarding: {} as Forwarding, next: undefined };
const countOf = (flags: readonly boolean[]) => flags.filter(Boolean).length;

test('the answers of tokens that are requested often stay prepared, and of no others', () => {
  expect(countOf(preparedAfter(maxPrepared, 3))).toBe(maxPrepared);
  // Each of them comes again only after more others than answers stay.
  expect(countOf(preparedAfter(3 * maxPrepared, 4))).toBeLessThanOrEqual(maxPrepared);
  const later = preparedAfter(3 * maxPrepared, 4).slice(maxPrepared);
  expect(countOf(later)).toBe(0);
});

test('at most so many answers stay prepared, the newest ones', () => {
  const cache = createTokenCache({ ...limits, maxEntries: 5_000 });
  const tokens = Array.from({ length: 2 * maxPrepared }, () => tokenFor(cache));
  for (const [index, token] of tokens.entries()) {
    cache.put(`t${index}`, token, 0);
    cache.get(`t${index}`, 1);
    cache.get(`t${index}`, 1);
    if (cache.keeper.keepsAnswers(token)) token.prepared = prepared;
  }
  const flags = tokens.map((token) => token.prepared !== undefined);
  expect([countOf(flags), flags.lastIndexOf(false)]).toEqual([maxPrepared, maxPrepared - 1]);
});

test('a token that is not cached keeps no answer', () => {
  const cache = createTokenCache(limits);
  const [token, uncached] = [tokenFor(cache), tokenFor(cache)];
  cache.put('a', token, 0);
  cache.get('a', 1);
  expect(cache.keeper.keepsAnswers(uncached)).toBe(false);
  expect(cache.keeper.keepsAnswers(token)).toBe(true);
  token.prepared = prepared;
  cache.keepOnly(() => false);
  expect([token.prepared, cache.keeper.keepsAnswers(token)]).toEqual([undefined, false]);
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
