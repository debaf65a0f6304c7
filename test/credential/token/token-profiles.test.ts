import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wrongType } from '../../../src/credential/token/claims.ts';
import { createTokenProfiles } from '../../../src/credential/token/token-profiles.ts';
import type { TokenProfile } from '../../../src/credential/token/verified-token.ts';

const read = fc.oneof(
  fc.constant(undefined),
  fc.constant(wrongType),
  fc.array(fc.constantFrom('a', 'b', 'a,b', 'true', 'false', ''), { maxLength: 2 }),
);
const text = fc.constantFrom('a', 'b', '');
const profiles = fc.record({
  issuer: text,
  issuerName: text,
  provesBinding: fc.boolean(),
  type: fc.oneof(text, fc.constant(wrongType)),
  audiences: read,
  scopes: read,
  isCounted: fc.constant(false),
}) as fc.Arbitrary<TokenProfile>;

test('a shared profile equals the own one, and equal profiles are one object', () => {
  const share = createTokenProfiles();
  fc.assert(
    fc.property(profiles, (profile) => {
      const shared = share({ ...profile });
      expect(shared).toEqual(profile);
      expect(share({ ...profile })).toBe(shared);
    }),
    { numRuns: 2_000 },
  );
});

const profileWith = (scopes: readonly string[]): TokenProfile => ({
  issuer: 'i',
  issuerName: 'i',
  provesBinding: false,
  type: 'jwt',
  audiences: [],
  scopes,
  isCounted: false,
});

test('at most 1,000 profiles are shared, the newest ones, and none that is long', () => {
  const share = createTokenProfiles();
  const shared = Array.from({ length: 1_500 }, (_, index) => share(profileWith([`s${index}`])));
  const isShared = shared.map((profile, index) => share(profileWith([`s${index}`])) === profile);
  // Asking for one that is not shared any more shares it again, in place of another.
  expect(isShared[0]).toBe(false);
  const last = share(profileWith(['last']));
  expect(share(profileWith(['last']))).toBe(last);
  const long = profileWith(['x'.repeat(3_000)]);
  expect(share(long)).toBe(long);
  expect(share(profileWith(['x'.repeat(3_000)]))).not.toBe(long);
});
