/** Compares our decoder with the one of Go (`golang.org/x/net/http2/hpack`), which grpc-go uses. */
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { encodeHeaders } from '../../../../../src/transport/grpc/http2/hpack/encoder.ts';
import { findHpackOracle, type HpackOracle, startHpackOracle } from '../../../../../tools/hpack-oracle.ts';
import { describeWith } from '../../../../support/real-servers.ts';
import { decodeAll } from './decoding.ts';
import { connections, encodeAll, type PlannedBlock } from './test-encoder.ts';

/** A difference between the decoders that is right. */
interface KnownDifference {
  readonly reason: string;
  /** Our error in the first block that only one decoder accepts; undefined if we accept it. */
  readonly ours: RegExp | undefined;
  /** The error of Go, or undefined. */
  readonly go: RegExp | undefined;
}

const knownDifferences: readonly KnownDifference[] = [
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

const agreement = 'both say the same';

/** Compares the decoders, up to the first block that one of them rejects. */
async function compare(
  oracle: HpackOracle,
  maxTableSize: number,
  blocks: readonly Uint8Array[],
): Promise<string> {
  const ours = decodeAll(blocks, maxTableSize);
  const go = await oracle.decode(maxTableSize, blocks);
  const common = Math.min(ours.fields.length, go.blocks.length);
  expect(ours.fields.slice(0, common)).toEqual(go.blocks.slice(0, common));
  if (ours.fields.length === go.blocks.length) {
    expect(ours.error === undefined).toBe(go.error === undefined);
    return agreement;
  }
  const goError = ours.fields.length > go.blocks.length ? go.error : undefined;
  const ourError = ours.fields.length < go.blocks.length ? ours.error : undefined;
  const known = knownDifferences.find((one) => matches(one.ours, ourError) && matches(one.go, goError));
  expect({ ourError, goError, isKnown: known !== undefined }).toEqual({ ourError, goError, isKnown: true });
  return known?.reason ?? '';
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

const fieldsOf = ({ fields }: PlannedBlock) => fields.map(({ field }) => field);

describeWith("Go's HPACK", await findHpackOracle(), (path) => {
  const started = path === '' ? undefined : startHpackOracle(path);
  afterAll(() => started?.stop());
  const oracle = (): HpackOracle => {
    if (started === undefined) throw new TypeError('there is no oracle');
    return started;
  };

  test('reads every form of a field as we do', async () => {
    await fc.assert(
      fc.asyncProperty(connections, async ({ maxTableSize, blocks }) => {
        await compare(oracle(), maxTableSize, encodeAll(maxTableSize, blocks));
      }),
      { numRuns: 2_000 },
    );
  });

  test('accepts and rejects changed blocks as we do, except for known differences', async () => {
    const counts = new Map<string, number>();
    let rejected = 0;
    await fc.assert(
      fc.asyncProperty(
        connections,
        fc.array(fc.tuple(fc.nat(), change), { minLength: 1, maxLength: 3 }),
        async ({ maxTableSize, blocks }, changes) => {
          const encoded = encodeAll(maxTableSize, blocks);
          for (const [place, one] of changes) {
            const index = place % encoded.length;
            encoded[index] = changed(encoded[index] ?? Buffer.alloc(0), one);
          }
          const result = await compare(oracle(), maxTableSize, encoded);
          counts.set(result, (counts.get(result) ?? 0) + 1);
          if (decodeAll(encoded, maxTableSize).error !== undefined) rejected++;
        },
      ),
      { numRuns: 6_000 },
    );
    expect(rejected).toBeGreaterThan(1_000);
    expect(6_000 - rejected).toBeGreaterThan(1_000);
    expect(counts.get(agreement)).toBeGreaterThan(5_000);
  });

  test('accepts and rejects random bytes as we do, except for known differences', async () => {
    const block = fc.uint8Array({ maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(
        fc.nat(4_096),
        fc.array(block, { minLength: 1, maxLength: 4 }),
        async (size, blocks) => {
          await compare(oracle(), size, blocks);
        },
      ),
      { numRuns: 6_000 },
    );
  });

  test.each<[string, string[]]>([
    [knownDifferences[0]?.reason ?? '', ['3f81808080808000']],
    [knownDifferences[1]?.reason ?? '', ['8220']],
    [knownDifferences[2]?.reason ?? '', ['4001610162', '3f453fe11f']],
    [agreement, ['4001610162', '2082']],
  ])('the difference is shown by an example: %s', async (reason, blocks) => {
    expect(
      await compare(
        oracle(),
        4_096,
        blocks.map((block) => Buffer.from(block, 'hex')),
      ),
    ).toBe(reason);
  });

  test('writes blocks that we read', async () => {
    await fc.assert(
      fc.asyncProperty(connections, async ({ maxTableSize, blocks }) => {
        const lists = blocks.map((block) => ({ sizes: block.sizes, fields: fieldsOf(block) }));
        const first = { sizes: [maxTableSize], fields: [] };
        const [, ...encoded] = await oracle().encode([first, ...lists]);
        expect(decodeAll([Buffer.alloc(0), ...encoded], maxTableSize)).toEqual({
          fields: [[], ...blocks.map(fieldsOf)],
        });
      }),
      { numRuns: 1_000 },
    );
  });

  test('reads what our encoder writes', async () => {
    await fc.assert(
      fc.asyncProperty(connections, async ({ blocks }) => {
        const lists = blocks.map(fieldsOf);
        expect(await oracle().decode(4_096, lists.map(encodeHeaders))).toEqual({ blocks: lists });
      }),
      { numRuns: 1_000 },
    );
  });
});
