/**
 * The work for a header block is in proportion to its bytes, wherever it is cut into frames. It is counted, not timed: the
 * bytes that are copied, made into text, and decoded from Huffman code.
 */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createHeaderBlocks } from '../../../../src/transport/grpc/http2/header-blocks.ts';
import { createHeaderDecoder } from '../../../../src/transport/grpc/http2/hpack/decoder.ts';
import { readRequestField } from '../../../../src/transport/grpc/http2/request-field.ts';
import { createHeadReader } from '../../../../src/transport/grpc/http2/request-head.ts';
import { createRandom } from '../../../security/differential/random.ts';
import { integer } from './hpack/test-encoder.ts';

const work = vi.hoisted(() => ({ bytes: 0 }));

vi.mock('../../../../src/transport/grpc/http2/hpack/huffman.ts', async (original) => {
  const huffman: typeof import('../../../../src/transport/grpc/http2/hpack/huffman.ts') = await original();
  return {
    ...huffman,
    decodeHuffman: (...[input, start, end, output]: Parameters<typeof huffman.decodeHuffman>) => {
      work.bytes += end - start;
      return huffman.decodeHuffman(input, start, end, output);
    },
  };
});

/** Counts what the methods of buffers copy or make into text. */
function countBuffers(): void {
  const { copy, toString: toText } = Buffer.prototype;
  const { concat } = Buffer;
  vi.spyOn(Buffer.prototype, 'copy').mockImplementation(function (this: Buffer, ...parameters) {
    const copied = copy.apply(this, parameters);
    work.bytes += copied;
    return copied;
  });
  vi.spyOn(Buffer.prototype, 'toString').mockImplementation(function (this: Buffer, ...parameters) {
    const text = toText.apply(this, parameters);
    work.bytes += text.length;
    return text;
  });
  vi.spyOn(Buffer, 'concat').mockImplementation((list, total) => {
    const whole = concat(list, total);
    work.bytes += whole.length;
    return whole;
  });
}

afterEach(() => void vi.restoreAllMocks());

/** Reads a block in frames that end at these places; returns the work and the number of blocks. */
function workFor(
  block: Buffer,
  cuts: readonly number[],
): { readonly bytes: number; readonly blocks: number } {
  let blocks = 0;
  const heads = createHeadReader(createHeaderDecoder(4_096, readRequestField));
  const reader = createHeaderBlocks(
    heads,
    () => blocks++,
    () => 0,
  );
  countBuffers();
  work.bytes = 0;
  const ends = [...cuts, block.length];
  for (const [index, end] of ends.entries()) {
    const flags = index === ends.length - 1 ? 4 : 0;
    if (index === 0) reader.headers(flags, 1, block, 0, end);
    else reader.continuation(flags, block, ends[index - 1] ?? 0, end);
  }
  return { bytes: work.bytes, blocks };
}

/** A string of zeros in Huffman code: eight in five bytes. The code of a zero is five bits, so the length is a multiple of five. */
const huffman = (length: number) => Buffer.concat([integer(0x80, 7, length), Buffer.alloc(length)]);
const plain = (length: number) => Buffer.concat([integer(0, 7, length), Buffer.alloc(length, 'a')]);
const literal = (kind: number, ...strings: readonly Buffer[]) => Buffer.concat([Buffer.of(kind), ...strings]);
const many = (field: Buffer, bytes: number) =>
  Buffer.concat(Array.from({ length: Math.ceil(bytes / field.length) }, () => field));

const blocks: readonly (readonly [name: string, block: Buffer])[] = [
  ['a long Huffman name', literal(0, huffman(16_000), plain(300))],
  ['a long Huffman name of a value of the same length', literal(0x40, huffman(8_000), huffman(8_000))],
  ['a long plain name', literal(0x10, plain(16_000), plain(300))],
  ['a Huffman value above what is kept', literal(0x04, huffman(60_000))],
  ['a value of 1 MiB', literal(0, plain(1), plain(1_048_576))],
  ['small fields', many(literal(0, plain(1), plain(1)), 100_000)],
  ['entries', many(literal(0x40, huffman(5), huffman(5)), 100_000)],
  ['indexes', Buffer.alloc(100_000, 0x82)],
  ['fields of 16,000 bytes', many(literal(0, plain(10), huffman(16_000)), 200_000)],
  ['fields of 5,000 bytes', many(literal(0x40, plain(10), huffman(5_000)), 200_000)],
];

/** Ends of frames: all are full but the last `small` ones, which have one byte. */
function cutsWithSmall(block: Buffer, small: number, at: number): number[] {
  const cuts: number[] = [];
  for (let end = 16_384; end < block.length - small; end += 16_384) cuts.push(end);
  const first = Math.min(at, block.length - small - 1);
  const singles = Array.from({ length: small }, (_, index) => first + index + 1);
  return [...new Set([...cuts, ...singles])].toSorted((one, other) => one - other);
}

describe.each(blocks)('%s', (_, block) => {
  test.each([0, 1, 2, 62])('in full frames and %i of one byte', (small) => {
    for (const at of [0, 10, 15_900, 16_010, block.length]) {
      const { bytes, blocks: read } = workFor(block, cutsWithSmall(block, small, at));
      vi.restoreAllMocks();
      expect(read).toBe(1);
      // Each byte is copied when it arrives, when its buffer grows, when a field before it is read, and decoded once.
      expect(bytes).toBeLessThan(8 * block.length + 100);
    }
  });

  test('in frames of random lengths', () => {
    const random = createRandom(block.length);
    for (let run = 0; run < 20; run++) {
      const full = cutsWithSmall(block, 0, 0);
      const others = Array.from({ length: 60 }, () => 1 + random.below(block.length - 1));
      const cuts = [...new Set([...full, ...others])].toSorted((one, other) => one - other);
      const { bytes, blocks: read } = workFor(block, cuts);
      vi.restoreAllMocks();
      expect(read).toBe(1);
      expect(bytes).toBeLessThan(8 * block.length + 100);
    }
  });
});
