/** Compares our decoder with the one of Go, on connections with changed and with random blocks. */
import { AssertionError, deepStrictEqual, strictEqual } from 'node:assert';
import fc from 'fast-check';
import type { HpackOracle } from '../../../../../tools/hpack-oracle.ts';
import { decodeAll } from './decoding.ts';
import { connections, encodeAll } from './test-encoder.ts';

/** A difference between the decoders that is right. */
interface KnownDifference {
  readonly reason: string;
  /** Our error in the first block that only one decoder accepts; undefined if we accept it. */
  readonly ours: RegExp | undefined;
  /** The error of Go, or undefined. */
  readonly go: RegExp | undefined;
}

/** Every known difference. */
export const knownDifferences: readonly KnownDifference[] = [
  {
    reason:
      'Go reads integers of up to nine more bytes, and of 63 bits. RFC 7541 section 5.1 asks for a limit.',
    ours: /an integer is too large/,
    go: undefined,
  },
  {
    reason:
      'Go accepts a size after a field while the table is empty. RFC 7541 section 4.2 allows it only at the start.',
    ours: /the size of the table changes after a field/,
    go: undefined,
  },
  {
    reason: 'Go rejects a second size, except while the table is empty. RFC 7541 section 4.2 allows two.',
    ours: undefined,
    go: /dynamic table size update MUST occur at the beginning/,
  },
];

/** The result of `compare` without a difference. */
export const agreement = 'both say the same';

/**
 * Compares the decoders, up to the first block that one of them rejects.
 *
 * @returns `agreement`, or the reason of a known difference
 * @throws AssertionError for any other difference
 */
export async function compare(
  oracle: HpackOracle,
  maxTableSize: number,
  blocks: readonly Uint8Array[],
): Promise<string> {
  const ours = decodeAll(blocks, maxTableSize);
  const go = await oracle.decode(maxTableSize, blocks);
  const common = Math.min(ours.fields.length, go.blocks.length);
  deepStrictEqual(ours.fields.slice(0, common), go.blocks.slice(0, common));
  if (ours.fields.length === go.blocks.length) {
    strictEqual(ours.error === undefined, go.error === undefined);
    return agreement;
  }
  const goError = ours.fields.length > go.blocks.length ? go.error : undefined;
  const ourError = ours.fields.length < go.blocks.length ? ours.error : undefined;
  const known = knownDifferences.find((one) => matches(one.ours, ourError) && matches(one.go, goError));
  if (known === undefined)
    throw new AssertionError({ message: `unknown difference: ${ourError}, ${goError}` });
  return known.reason;
}

const matches = (pattern: RegExp | undefined, error: string | undefined) =>
  pattern === undefined ? error === undefined : error !== undefined && pattern.test(error);

/** A change of a block: a bit, a byte, a piece that is inserted, left out or repeated, or the end. */
interface Change {
  readonly kind: 'bit' | 'byte' | 'insert' | 'remove' | 'repeat' | 'cut';
  readonly place: number;
  readonly byte: number;
  readonly length: number;
}

const change = fc.record<Change>({
  kind: fc.constantFrom('bit', 'byte', 'insert', 'remove', 'repeat', 'cut'),
  place: fc.nat(),
  byte: fc.oneof(fc.nat(255), fc.constantFrom(0x00, 0x20, 0x3f, 0x7f, 0x80, 0xff)),
  length: fc.integer({ min: 1, max: 12 }),
});

function changed(block: Buffer, { kind, place, byte, length }: Change): Buffer {
  const at = place % (block.length + 1);
  const [before, after] = [block.subarray(0, at), block.subarray(at)];
  switch (kind) {
    case 'bit':
      return Buffer.concat([
        before,
        after.subarray(0, 1).map((one) => one ^ (1 << (byte % 8))),
        after.subarray(1),
      ]);
    case 'byte':
      return Buffer.concat([before, Buffer.of(byte), after.subarray(1)]);
    case 'insert':
      return Buffer.concat([before, Buffer.alloc(length, byte), after]);
    case 'remove':
      return Buffer.concat([before, after.subarray(length)]);
    case 'repeat':
      return Buffer.concat([before, after.subarray(0, length), after]);
    default:
      return Buffer.from(before);
  }
}

/** A connection with up to three changes. */
export const changedConnections = fc
  .tuple(connections, fc.array(fc.tuple(fc.nat(), change), { minLength: 1, maxLength: 3 }))
  .map(([{ maxTableSize, blocks: planned }, changes]) => {
    const blocks = encodeAll(maxTableSize, planned);
    for (const [place, one] of changes) {
      const index = place % blocks.length;
      blocks[index] = changed(blocks[index] ?? Buffer.alloc(0), one);
    }
    return { maxTableSize, blocks };
  });

/** A connection with any bytes as its blocks. */
export const randomConnections = fc.record({
  maxTableSize: fc.nat(4_096),
  blocks: fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 4 }),
});
