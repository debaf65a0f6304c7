/** Compares our decoder with the one of Go (`golang.org/x/net/http2/hpack`), which grpc-go uses. */
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { encodeHeaders } from '../../../../../src/transport/grpc/http2/hpack/encoder.ts';
import { findHpackOracle, type HpackOracle, startHpackOracle } from '../../../../../tools/hpack-oracle.ts';
import { describeWith } from '../../../../support/real-servers.ts';
import { decodeAll } from './decoding.ts';
import {
  agreement,
  changedConnections,
  compare,
  knownDifferences,
  randomConnections,
} from './differential.ts';
import { connections, encodeAll, type PlannedBlock } from './test-encoder.ts';

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
    const runs = 6_000;
    const counts = { agreed: 0, rejected: 0 };
    await fc.assert(
      fc.asyncProperty(changedConnections, async ({ maxTableSize, blocks }) => {
        if ((await compare(oracle(), maxTableSize, blocks)) === agreement) counts.agreed++;
        if (decodeAll(blocks, maxTableSize).error !== undefined) counts.rejected++;
      }),
      { numRuns: runs },
    );
    expect(counts.rejected).toBeGreaterThan(1_000);
    expect(runs - counts.rejected).toBeGreaterThan(1_000);
    expect(counts.agreed).toBeGreaterThan(5_000);
  });

  test('accepts and rejects random bytes as we do, except for known differences', async () => {
    await fc.assert(
      fc.asyncProperty(randomConnections, async ({ maxTableSize, blocks }) => {
        await compare(oracle(), maxTableSize, blocks);
      }),
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
