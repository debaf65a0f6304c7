/**
 * `npm run bench:hpack`: the CPU of decoding one header block, against Go's HPACK in the same run. Needs Go, and
 * `REQUIRE_REAL_SERVERS=1` the first time.
 */
import { createHeaderDecoder } from '../src/transport/grpc/http2/hpack/decoder.ts';
import { firstEnvoyBlock, nextEnvoyBlock } from '../test/support/envoy-header-blocks.ts';
import { nghttp2Blocks } from '../test/support/nghttp2-blocks.ts';
import { findHpackOracle, measureHpackOracle } from '../tools/hpack-oracle.ts';
import type { Table } from './groups/group.ts';
import { tableText } from './report.ts';

const rounds = 7;
/** Blocks of a connection. */
const count = 200;
/** How often a connection is decoded in a round. */
const times = 1_000;
const maxTableSize = 4_096;

/** A check with tracing: two values are new each time. */
const traced = (index: number) => ({
  ':method': 'POST',
  ':path': '/envoy.service.auth.v3.Authorization/Check',
  ':scheme': 'http',
  ':authority': 'authorizer',
  te: 'trailers',
  'grpc-timeout': '200m',
  'content-type': 'application/grpc',
  traceparent: `00-${(index * 7_919 + 2 ** 40).toString(16).padStart(32, '4bf92f3577b34da6a3ce')}-00f067aa0ba902b7-01`,
  'x-request-id': `${(index * 104_729 + 2 ** 30).toString(16)}-9f3c-4c5e-8a21-0b7e6d5c4f3a`,
  'x-envoy-internal': 'true',
});

const found = await findHpackOracle();
if ('missing' in found) throw new Error(found.missing);
const hot = [firstEnvoyBlock, ...Array<Buffer>(count - 1).fill(nextEnvoyBlock)];
const connections: readonly (readonly [string, readonly Buffer[]])[] = [
  ['a check that Envoy repeats', hot],
  [
    'a check with a new trace and a new request ID',
    await nghttp2Blocks(
      Array.from({ length: count }, (_, index) => traced(index)),
      maxTableSize,
    ),
  ],
];
const rows: string[][] = [];
for (const [name, blocks] of connections) {
  const costs: { ours: number; go: number }[] = [];
  for (let round = 0; round <= rounds; round++) {
    const go = await measureHpackOracle(found.path, { maxTableSize, blocks, times });
    const ours = measure(blocks);
    // The first round compiles.
    if (round > 0) costs.push({ ours, go });
  }
  const least = {
    ours: Math.min(...costs.map(({ ours }) => ours)),
    go: Math.min(...costs.map(({ go }) => go)),
  };
  rows.push([
    name,
    String(Math.round(least.ours)),
    String(Math.round(least.go)),
    (least.ours / least.go).toFixed(2),
  ]);
}
const table: Table = {
  title: `Decoding a header block, the least of ${rounds} rounds`,
  columns: ['block', 'ours (ns)', 'Go (ns)', 'ours / Go'],
  rows,
};
process.stdout.write(tableText(table));

/** The CPU time of one block, in nanoseconds. */
function measure(blocks: readonly Buffer[]): number {
  let fields = 0;
  const before = process.cpuUsage();
  for (let time = 0; time < times; time++) {
    const { decode } = createHeaderDecoder(maxTableSize, (name, value) => ({ name, value }));
    for (const block of blocks)
      decode(block, 0, block.length, () => {
        fields++;
      });
  }
  const { user, system } = process.cpuUsage(before);
  if (fields < times * blocks.length) throw new Error('the blocks have too few fields');
  return ((user + system) * 1_000) / (times * blocks.length);
}
