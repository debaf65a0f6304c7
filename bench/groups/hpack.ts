/** The CPU of decoding one HPACK header block, next to Go's HPACK. */
import { createHeaderDecoder } from '../../src/transport/grpc/http2/hpack/decoder.ts';
import { firstEnvoyBlock, nextEnvoyBlock } from '../../test/support/envoy-header-blocks.ts';
import { nghttp2Blocks } from '../../test/support/nghttp2-blocks.ts';
import { findHpackOracle, measureHpackOracle } from '../../tools/hpack-oracle.ts';
import { ratios, spread } from '../measure.ts';
import type { Row } from '../report/table.ts';
import { type Group, rangeText, required } from './group.ts';

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

/** Header blocks without a connection. */
export const hpack: Group = {
  name: 'hpack',
  title: 'Header blocks of HTTP/2',
  run: async () => {
    const path = required('the decoder of Go', await findHpackOracle());
    const hot = [firstEnvoyBlock, ...Array<Buffer>(count - 1).fill(nextEnvoyBlock)];
    const fields = Array.from({ length: count }, (_, index) => traced(index));
    const connections: readonly (readonly [string, readonly Buffer[]])[] = [
      ['a check that Envoy repeats', hot],
      ['a check with a new trace and a new request ID', await nghttp2Blocks(fields, maxTableSize)],
    ];
    const rows: Row[] = [];
    for (const [name, blocks] of connections) {
      const [ours, go]: [number[], number[]] = [[], []];
      for (let round = 0; round <= rounds; round++) {
        const theirs = await measureHpackOracle(path, { maxTableSize, blocks, times });
        const own = measure(blocks);
        // The first round compiles.
        if (round === 0) continue;
        ours.push(own);
        go.push(theirs);
      }
      const against = `Go: ${name}`;
      rows.push({ name: against, ratio: spread(ratios(go, go)), against, here: rangeText(spread(go)) });
      rows.push({ name, ratio: spread(ratios(ours, go)), against, here: rangeText(spread(ours)) });
    }
    return {
      tables: [{ title: 'CPU for decoding one header block', here: 'ns, median (min to max)', rows }],
    };
  },
};

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
