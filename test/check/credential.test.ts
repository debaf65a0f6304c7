import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readCredential } from '../../src/check/credential.ts';

test('any header has a token or a reason', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 3 }), (lines) => {
      const found = readCredential(lines, ['bearer', 'dpop']);
      expect('token' in found !== 'reason' in found).toBe(true);
    }),
  );
});

test('a token is returned unchanged, with any characters', () => {
  const printable = fc.string({ unit: fc.constantFrom(...'abcXYZ019-_.~+/='), minLength: 1 });
  fc.assert(
    fc.property(
      printable,
      fc.constantFrom('Bearer', 'bearer', 'BEARER'),
      fc.integer({ min: 1, max: 5 }),
      (token, scheme, spaces) => {
        const lines = [scheme + ' '.repeat(spaces) + token];
        expect(readCredential(lines, ['bearer'])).toEqual({ scheme: 'bearer', token });
      },
    ),
  );
});

test('the DPoP scheme is accepted only if configured', () => {
  expect(readCredential(['DPoP abc'], ['bearer', 'dpop'])).toEqual({ scheme: 'dpop', token: 'abc' });
  expect(readCredential(['dpop abc'], ['bearer', 'dpop'])).toEqual({ scheme: 'dpop', token: 'abc' });
  expect(readCredential(['DPoP abc'], ['bearer'])).toEqual({ reason: 'token_missing' });
  expect(readCredential(['DPoPx abc'], ['bearer', 'dpop'])).toEqual({ reason: 'token_missing' });
  expect(readCredential(['DPoP'], ['bearer', 'dpop'])).toEqual({ reason: 'token_malformed' });
});
