/** The ring of texts against a list that drops its first members. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createByteRing } from '../../src/observe/byte-ring.ts';

const text = fc.oneof(
  fc.string({ minLength: 1, maxLength: 40 }),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
);

/** The last texts that fit into the bytes: the ring stores each text in one piece, so it can lose the end of its buffer. */
function fits(texts: readonly string[], bytes: number): boolean {
  return texts.reduce((sum, one) => sum + Buffer.byteLength(one), 0) <= bytes;
}

test('has the last texts, newest first, if there is room', () => {
  fc.assert(
    fc.property(fc.array(text, { maxLength: 60 }), fc.integer({ min: 1, max: 8 }), (texts, most) => {
      const ring = createByteRing(most, { initial: 16, largest: 4_096 });
      for (const [index, one] of texts.entries()) {
        ring.add(one);
        expect([...ring.newestFirst()]).toEqual(
          texts.slice(Math.max(0, index + 1 - most), index + 1).reverse(),
        );
      }
    }),
    { numRuns: 500 },
  );
});

test('has only the newest texts, unchanged and in order, if the buffer is full', () => {
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 80 }), (texts) => {
      const ring = createByteRing(20, { initial: 16, largest: 256 });
      for (const [index, one] of texts.entries()) {
        ring.add(one);
        const stored = [...ring.newestFirst()];
        expect(stored).toEqual(
          texts
            .slice(0, index + 1)
            .reverse()
            .slice(0, stored.length),
        );
        expect(stored.length).toBeGreaterThan(0);
        expect(fits(stored, 256)).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

test('skips a text that is larger than the largest buffer', () => {
  const ring = createByteRing(3, { initial: 4, largest: 8 });
  ring.add('123456789');
  expect([...ring.newestFirst()]).toEqual([]);
  ring.add('12345678');
  ring.add('ab');
  expect([...ring.newestFirst()]).toEqual(['ab']);
});
