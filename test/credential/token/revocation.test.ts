/** Tokens that a deny list revokes. */
import { describe, expect, test } from 'vitest';
import { readDenyList } from '../../../src/config/load/deny-list.ts';
import { createReadFacts } from '../../../src/credential/token/read-facts.ts';
import { createRevocation } from '../../../src/credential/token/revocation.ts';
import { noMemory } from '../../support/identity-memory.ts';

const issuer = 'https://a';
const factsOf = (claims: Record<string, unknown>) =>
  createReadFacts({ audienceClaims: ['aud'], audienceClaimsUsed: 'all' })(
    claims,
    JSON.stringify(claims),
    'JWT',
  );

function isRevoked(list: readonly object[], claims: Record<string, unknown>): boolean {
  const entries = readDenyList(JSON.stringify(list), 'list');
  const revocation = createRevocation(() => entries, issuer, 'list');
  return revocation.find(factsOf(claims)) !== undefined;
}

describe('a token is revoked', () => {
  test.each(['jti', 'sub', 'sid', 'client_id'])('by %s', (name) => {
    const list = [{ issuer, [name]: 'x' }];
    expect(isRevoked(list, { [name]: 'x' })).toBe(true);
    expect(isRevoked(list, { [name]: 'y' })).toBe(false);
    expect(isRevoked(list, { [name]: ['x'] })).toBe(false);
    expect(isRevoked(list, {})).toBe(false);
    // A number is compared by its text, as it is forwarded.
    expect(isRevoked([{ issuer, [name]: '7' }], { [name]: 7 })).toBe(true);
    expect(isRevoked([{ issuer, [name]: '7' }], { [name]: 70 })).toBe(false);
    expect(isRevoked([{ issuer: 'https://b', [name]: 'x' }], { [name]: 'x' })).toBe(false);
  });

  test('only if every claim of the entry is the same', () => {
    const list = [{ issuer, sub: 'alice', client_id: 'cli' }];
    expect(isRevoked(list, { sub: 'alice', client_id: 'cli' })).toBe(true);
    expect(isRevoked(list, { sub: 'alice', client_id: 'web' })).toBe(false);
    expect(isRevoked(list, { sub: 'bob', client_id: 'cli' })).toBe(false);
  });

  test('if it was issued before the time, or has no iat', () => {
    const list = [{ issuer, sub: 'alice', issuedBefore: 1000 }];
    expect(isRevoked(list, { sub: 'alice', iat: 999.9 })).toBe(true);
    expect(isRevoked(list, { sub: 'alice', iat: 1000 })).toBe(false);
    expect(isRevoked(list, { sub: 'alice' })).toBe(true);
  });

  test('by any of several entries', () => {
    const list = [
      { issuer, sub: 'alice', issuedBefore: 10 },
      { issuer, sub: 'alice', client_id: 'cli' },
      { issuer, jti: '7' },
    ];
    expect(isRevoked(list, { sub: 'alice', iat: 20, client_id: 'cli' })).toBe(true);
    expect(isRevoked(list, { sub: 'alice', iat: 20, jti: '7' })).toBe(true);
    expect(isRevoked(list, { sub: 'alice', iat: 20, jti: '8' })).toBe(false);
  });

  test('only by own claims', () => {
    const list = [{ issuer, sub: 'alice' }];
    expect(isRevoked(list, JSON.parse('{"__proto__":{"sub":"alice"}}'))).toBe(false);
  });
});

test('a change of the list counts at once for a token that was judged before', () => {
  const list = (...entries: readonly object[]) => readDenyList(JSON.stringify(entries), 'list');
  let current = list();
  const revocation = createRevocation(() => current, issuer, 'list');
  const facts = { ...factsOf({ sub: 'alice' }), memory: noMemory() };
  const results: boolean[] = [];
  for (const next of [
    list({ issuer, sub: 'alice' }),
    list({ issuer, sub: 'bob' }),
    list({ issuer, sub: 'alice' }),
    list(),
  ]) {
    results.push(revocation.find(facts) !== undefined, revocation.hasEntries());
    current = next;
  }
  expect([...results, revocation.find(facts)]).toEqual([
    false,
    false,
    true,
    true,
    false,
    true,
    true,
    true,
    undefined,
  ]);
  expect(revocation.describe(facts, 0)).toMatchObject({
    text: 'expected the deny list no entry for the token, found none',
  });
});
