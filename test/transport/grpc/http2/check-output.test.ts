/** The check of a server's output finds each kind of mistake. */
import { describe, expect, test } from 'vitest';
import type { OracleFrame } from '../../../../tools/http2-oracle.ts';
import { checkOutput } from './fuzz/check-output.ts';
import { flag, type ReadFrame, settings, type, uint32, wanted } from './fuzz/frames.ts';

const settingsFrame: OracleFrame = { type: type.settings, flags: 0, stream: 0, length: 0 };
const acknowledged: OracleFrame = { ...settingsFrame, flags: flag.ack };
const headers = (stream: number, flags: number = flag.endHeaders, block = 0x88): OracleFrame => ({
  ...{ type: type.headers, flags, stream, length: 1, block },
  headers: [[':status', '200']],
});
const trailers = (stream: number, flags: number = flag.endHeaders | flag.endStream): OracleFrame => ({
  ...{ type: type.headers, flags, stream, length: 1, block: 0 },
  headers: [['grpc-status', '0']],
});
const data = (stream: number, length: number, flags = 0): OracleFrame => ({
  ...{ type: type.data, flags, stream, length },
});
const reset = (stream: number): OracleFrame => ({ type: type.rstStream, flags: 0, stream, length: 4 });

const client: ReadFrame[] = [
  wanted(type.settings, 0, 0, settings([1, 0], [4, 100])),
  wanted(type.headers, flag.endHeaders | flag.endStream, 1),
  wanted(type.headers, flag.endHeaders | flag.endStream, 3),
  wanted(type.ping, 0, 0, uint32(7)),
];
const faultsOf = (...frames: OracleFrame[]) =>
  checkOutput({ frames, error: '' }, client).map((fault) => fault.replace(/:.*/, ''));
const start = [settingsFrame, acknowledged];
const updated = headers(1, flag.endHeaders, 0x20);

test('finds nothing in a right output', () => {
  expect(
    faultsOf(
      ...start,
      { type: type.ping, flags: flag.ack, stream: 0, length: 4, data: '00000007' },
      updated,
      data(1, 100),
      headers(3),
      trailers(1),
      data(3, 50, flag.endStream),
      reset(3),
    ),
  ).toEqual([]);
});

describe('finds', () => {
  test.each<[fault: string, frames: OracleFrame[]]>([
    ['the first frame is not SETTINGS', [acknowledged]],
    ['a frame above MAX_FRAME_SIZE', [...start, { ...settingsFrame, length: 16_385 }]],
    ['an acknowledgement too many', [...start, acknowledged]],
    ['a block without the new size of the table', [...start, headers(1)]],
    ['a stream that the client did not open', [settingsFrame, headers(5)]],
    ['RST_STREAM of an idle stream', [settingsFrame, reset(5)]],
    ['a frame after RST_STREAM', [settingsFrame, headers(1), reset(1), trailers(1)]],
    ['HEADERS after the end', [settingsFrame, headers(1, flag.endStream), headers(1, flag.endStream)]],
    ['DATA out of place', [settingsFrame, data(1, 1)]],
    ['DATA out of place', [settingsFrame, headers(1), trailers(1), data(1, 1)]],
    ['a status at the wrong place', [settingsFrame, trailers(1)]],
    ['trailers without END_STREAM', [settingsFrame, headers(1), trailers(1, flag.endHeaders)]],
    ['data beyond the window of the stream', [settingsFrame, headers(1), data(1, 65_536)]],
    [
      'a PING that the client did not send next',
      [settingsFrame, { type: type.ping, flags: flag.ack, stream: 0, length: 8, data: '00' }],
    ],
  ])('%s', (fault, frames) => {
    expect(faultsOf(...frames)).toContain(fault);
  });

  test('data beyond the window of the connection', () => {
    const frames = [settingsFrame, headers(1), headers(3), data(1, 16_000), data(3, 16_000)];
    const more = [data(1, 16_000), data(3, 16_000), data(1, 16_000)];
    expect(faultsOf(...frames, ...more)).toContain('data beyond the window of the connection');
  });

  test("what Go's framer rejects", () => {
    expect(checkOutput({ frames: [settingsFrame], error: 'no' }, client)).toEqual(["Go's framer: no"]);
  });
});
