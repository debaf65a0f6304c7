/** Decision IDs: their alphabet, their length, and that only random bytes decide about them. */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createDecisionIds } from '../../src/observe/decision-ids.ts';
import { decisionId } from '../support/decision-ids.ts';

/** Base32 of RFC 4648 section 6, written another way: 64 bits as a number, and 4 bits of padding. */
function base32(bytes: Uint8Array): string {
  const digits = (Buffer.from(bytes).readBigUInt64BE() << 1n).toString(32).padStart(13, '0');
  return [...digits].map((digit) => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(digit, 32)]).join('');
}

test('1,000,000 ids are unique, and each has 13 characters of base32', () => {
  const newId = createDecisionIds(randomBytes);
  const ids = new Set<string>();
  let invalid = 0;
  for (let count = 0; count < 1_000_000; count++) {
    const id = newId();
    if (!decisionId.test(id)) invalid++;
    ids.add(id);
  }
  expect([ids.size, invalid]).toEqual([1_000_000, 0]);
});

test('an id is 8 of the random bytes in base32, without the time and without a counter', () => {
  const used: Uint8Array[] = [];
  const newId = createDecisionIds((size) => {
    const bytes = randomBytes(size);
    used.push(bytes);
    return bytes;
  });
  const ids = Array.from({ length: 1_000 }, newId);
  const bytes = Buffer.concat(used);
  expect(ids).toEqual(ids.map((_, index) => base32(bytes.subarray(index * 8, index * 8 + 8))));

  const constant = createDecisionIds((size) => new Uint8Array(size).fill(255));
  expect([constant(), constant()]).toEqual(['7777777777776', '7777777777776']);
});
