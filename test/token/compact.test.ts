import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitCompact } from '../../src/token/compact.ts';

const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 });

test('three segments as base64url writes them are split', () => {
  fc.assert(
    fc.property(bytes, bytes, bytes, (a, b, c) => {
      const [header, payload, signature] = [a, b, c].map((part) => Buffer.from(part).toString('base64url'));
      expect(splitCompact(`${header}.${payload}.${signature}`)).toEqual({ header, payload, signature });
    }),
  );
});

test('of all texts that decode to the same bytes, only one is a token', () => {
  const character = fc.constantFrom(...'ABCDwxyz0189-_+/= .\n');
  fc.assert(
    fc.property(fc.string({ unit: character, minLength: 5, maxLength: 30 }), (text) => {
      const parts = splitCompact(text);
      if (parts === undefined) return;
      const again = [parts.header, parts.payload, parts.signature].map((part) =>
        Buffer.from(part, 'base64url').toString('base64url'),
      );
      expect(again.join('.')).toBe(text);
    }),
  );
});
