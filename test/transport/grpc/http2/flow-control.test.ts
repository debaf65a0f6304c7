/** Flow control in both directions (RFC 9113 sections 5.2 and 6.9). */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { errorCode } from '../../../../src/transport/grpc/http2/error-code.ts';
import type { Stream } from '../../../../src/transport/grpc/http2/stream.ts';
import { type Frame, flag, frame, frameType } from '../../../support/http2.ts';
import {
  data,
  describeFrame,
  head,
  rstStream,
  serveHttp2,
  settings,
  windowUpdate,
} from '../../../support/http2-connection.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const initialWindow = 4;
const padded = 8;
const headers = Buffer.from('H');
const trailers = Buffer.from('T');

/** Frames of data up to a number of bytes. */
function dataOf(stream: number, bytes: number): Buffer {
  const frames: Buffer[] = [];
  for (let left = bytes; left > 0; left -= 16_384) frames.push(data(stream, Math.min(left, 16_384)));
  return Buffer.concat(frames);
}

/** The bytes of data for each stream, in the order of the frames. */
function dataIn(answers: readonly Frame[]): [stream: number, bytes: number][] {
  return answers
    .filter(({ type }) => type === frameType.data)
    .map(({ stream, payload }) => [stream, payload.length]);
}

describe('the windows of the client for its requests', () => {
  test('are given back when half is used: of a stream 32 KiB, of the connection 512 KiB', async () => {
    const { exchange } = await serveHttp2();
    expect(await exchange(head(1), dataOf(1, 32_767))).toEqual([]);
    expect((await exchange(dataOf(1, 1))).map(describeFrame)).toEqual(['1 WINDOW_UPDATE 32768']);
    const answers: Frame[] = [];
    for (let stream = 3; stream < 33; stream += 2)
      answers.push(...(await exchange(head(stream), dataOf(stream, 32_768))));
    const credit = answers.filter(({ stream }) => stream === 0);
    expect(credit.map(describeFrame)).toEqual(['0 WINDOW_UPDATE 524288']);
  });

  test('of a stream are not given back after its end', async () => {
    const { exchange } = await serveHttp2();
    expect(await exchange(head(1), dataOf(1, 32_767), data(1, 10_000, { end: true }))).toEqual([]);
  });

  test('always leave room for a frame, however much arrives at once', async () => {
    const { exchange } = await serveHttp2();
    const answers = await exchange(head(1), dataOf(1, 2 * 1024 * 1024));
    const given = (stream: number) =>
      answers
        .filter((answer) => answer.stream === stream)
        .reduce((sum, { payload }) => sum + payload.readUInt32BE(), 0);
    expect(given(0)).toBe(2 * 1024 * 1024);
    expect(given(1)).toBe(2 * 1024 * 1024);
  });
});

describe('the windows of the client for responses', () => {
  test('hold data back, of a stream and of the connection', async () => {
    const { exchange, connection } = await serveHttp2({
      opened: (stream, { respond }) => respond(stream, headers, Buffer.alloc(25), trailers),
    });
    const first = await exchange(settings([initialWindow, 10]), head(1, { end: true }));
    expect(first.map(describeFrame)).toEqual(['0 SETTINGS ack', '1 HEADERS H', '1 DATA 10']);
    const [stream] = connection.streams();
    expect(stream && connection.unsentBytes(stream)).toBe(15);
    expect((await exchange(windowUpdate(1, 14))).map(describeFrame)).toEqual(['1 DATA 14']);
    const last = await exchange(windowUpdate(1, 1));
    expect(last.map(describeFrame)).toEqual(['1 DATA 1', '1 HEADERS T end']);
    expect([...connection.streams()]).toEqual([]);
  });

  test('end a response without trailers with its last byte', async () => {
    const { exchange } = await serveHttp2({
      opened: (stream, { respond }) => respond(stream, headers, Buffer.alloc(5)),
    });
    await exchange(settings([initialWindow, 3]), head(1, { end: true }));
    expect((await exchange(windowUpdate(1, 100))).map(describeFrame)).toEqual(['1 DATA 2 end']);
  });

  test('of the connection are shared frame by frame, in turn', async () => {
    const { exchange } = await serveHttp2({
      opened: (stream, { respond }) => respond(stream, headers, Buffer.alloc(100_000), trailers),
    });
    const open = settings([initialWindow, 1_000_000]);
    const first = dataIn(await exchange(open, head(1, { end: true }), head(3, { end: true })));
    expect(first).toEqual([
      [1, 16_384],
      [1, 16_384],
      [1, 16_384],
      [1, 16_383],
    ]);
    const second = dataIn(await exchange(head(5, { end: true }), windowUpdate(0, 5 * 16_384)));
    expect(second.map(([stream]) => stream)).toEqual([1, 3, 5, 1, 3]);
    const third = await exchange(windowUpdate(0, 1_000_000));
    expect(third.filter(({ flags }) => flags & flag.endStream).map(({ stream }) => stream)).toHaveLength(3);
    const sum = [first, second, dataIn(third)].flat().reduce((total, [, bytes]) => total + bytes, 0);
    expect(sum).toBe(300_000);
  });

  test('change with SETTINGS_INITIAL_WINDOW_SIZE, also below zero (6.9.2)', async () => {
    const { exchange } = await serveHttp2({
      opened: (stream, { respond }) => respond(stream, headers, Buffer.alloc(100), trailers),
    });
    await exchange(settings([initialWindow, 50]), head(1, { end: true }));
    // The window is now 50 - 50 = 0, then -40.
    expect(dataIn(await exchange(settings([initialWindow, 10])))).toEqual([]);
    expect(dataIn(await exchange(windowUpdate(1, 40)))).toEqual([]);
    expect(dataIn(await exchange(windowUpdate(1, 1)))).toEqual([[1, 1]]);
    const answers = await exchange(settings([initialWindow, 20]));
    expect(answers.map(describeFrame)).toEqual(['0 SETTINGS ack', '1 DATA 10']);
    expect(dataIn(await exchange(head(3, { end: true })))).toEqual([[3, 20]]);
  });

  test('that SETTINGS make too large end the connection (6.9.2)', async () => {
    const { endedBy } = await serveHttp2();
    const frames = [head(1), windowUpdate(1, 1), settings([initialWindow, 2 ** 31 - 1])];
    expect(await endedBy(...frames)).toBe('flowControlError');
  });

  test('may have the largest size (6.9.1)', async () => {
    const { exchange, endings } = await serveHttp2();
    const most = 2 ** 31 - 1 - 65_535;
    expect(await exchange(head(1), windowUpdate(1, most), windowUpdate(0, most))).toEqual([]);
    expect(endings).toEqual([]);
  });

  test('of a stream that is reset free its data, and no other stream waits for it', async () => {
    const { exchange, connection } = await serveHttp2({
      opened: (stream, { respond }) => respond(stream, headers, Buffer.alloc(70_000), trailers),
    });
    await exchange(settings([initialWindow, 1_000_000]), head(1, { end: true }), head(3, { end: true }));
    const [first] = connection.streams();
    expect(first && connection.unsentBytes(first)).toBe(70_000 - 65_535);
    await exchange(rstStream(1));
    expect(first && connection.unsentBytes(first)).toBe(0);
    const answers = dataIn(await exchange(windowUpdate(0, 100)));
    expect(answers).toEqual([[3, 100]]);
  });

  test('of a stream that is reset keep nothing of it', async () => {
    const streams: WeakRef<Stream<number>>[] = [];
    const { exchange } = await serveHttp2({
      opened: (stream, { respond }) => {
        streams.push(new WeakRef(stream));
        respond(stream, headers, Buffer.alloc(70_000), trailers);
      },
    });
    await exchange(settings([initialWindow, 1_000_000]), head(1, { end: true }), head(3), rstStream(3));
    collectGarbage();
    expect(streams.map((stream) => stream.deref()?.id)).toEqual([1, undefined]);
  });

  test('keep the parts of a response in order', async () => {
    const { exchange, connection, client } = await serveHttp2();
    await exchange(settings([initialWindow, 0]), head(1, { end: true }));
    const [stream] = connection.streams();
    if (stream === undefined) throw new Error('no stream');
    connection.start(stream, headers);
    for (const part of ['ab', 'cde', 'f']) connection.send(stream, Buffer.from(part));
    connection.finish(stream, trailers);
    expect(connection.unsentBytes(stream)).toBe(6);
    for (const increment of [1, 2, 3]) await exchange(windowUpdate(1, increment));
    const received = client.frames.filter(({ type }) => type === frameType.data);
    expect(Buffer.concat(received.map(({ payload }) => payload)).toString()).toBe('abcdef');
    expect(client.frames.some((one) => describeFrame(one) === '1 HEADERS T end')).toBe(true);
  });
});

test('the window of the connection counts padding and data that is ignored', async () => {
  const { exchange } = await serveHttp2({ opened: (stream, { reset }) => reset(stream, errorCode.cancel) });
  const padding = frame(frameType.data, padded, 1, Buffer.concat([Buffer.of(255), Buffer.alloc(16_383)]));
  await exchange(head(1));
  const frames = Array.from({ length: 31 }, () => padding);
  expect(await exchange(...frames, data(1, 16_383))).toEqual([]);
  expect((await exchange(data(1, 1))).map(describeFrame)).toEqual(['0 WINDOW_UPDATE 524288']);
});
