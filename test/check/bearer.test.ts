import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bearerToken } from '../../src/check/bearer.ts';

test('whatever the header holds, there is a token or a reason', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 3 }), (lines) => {
      const found = bearerToken(lines);
      expect('token' in found !== 'reason' in found).toBe(true);
    }),
  );
});

test('a token is taken as it stands, whatever its characters', () => {
  const printable = fc.string({ unit: fc.constantFrom(...'abcXYZ019-_.~+/='), minLength: 1 });
  fc.assert(
    fc.property(
      printable,
      fc.constantFrom('Bearer', 'bearer', 'BEARER'),
      fc.integer({ min: 1, max: 5 }),
      (token, scheme, spaces) => {
        expect(bearerToken([scheme + ' '.repeat(spaces) + token])).toEqual({ token });
      },
    ),
  );
});
