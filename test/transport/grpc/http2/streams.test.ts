/** The states of streams (RFC 9113 sections 5.1 and 8.1), and what the handler sees of them. */
import { describe, expect, test } from 'vitest';
import { errorCode } from '../../../../src/transport/grpc/http2/error-code.ts';
import type { Stream } from '../../../../src/transport/grpc/http2/stream.ts';
import { flag, frame, frameType } from '../../../support/http2.ts';
import {
  data,
  describeFrame,
  head,
  literals,
  rstStream,
  serveHttp2,
  settings,
  windowUpdate,
} from '../../../support/http2-connection.ts';

const headers = Buffer.from('H');
const trailers = Buffer.from('T');
const body = Buffer.from('answer');
const whole = (stream: number) => [`${stream} HEADERS H`, `${stream} DATA 6`, `${stream} HEADERS T end`];
const end = (stream: number) => head(stream, { end: true, block: literals([['a', 'b']]) });

describe('a response', () => {
  test.each<[name: string, data: Buffer | undefined, trailers: Buffer | undefined, frames: string[]]>([
    ['headers only', undefined, undefined, ['1 HEADERS H end']],
    ['headers and empty data', Buffer.alloc(0), undefined, ['1 HEADERS H end']],
    ['headers and data', body, undefined, ['1 HEADERS H', '1 DATA 6 end']],
    ['headers and trailers', undefined, trailers, ['1 HEADERS H', '1 HEADERS T end']],
    ['headers, empty data and trailers', Buffer.alloc(0), trailers, ['1 HEADERS H', '1 HEADERS T end']],
    ['all parts', body, trailers, whole(1)],
  ])('of %s ends the stream', async (_, bytes, block, frames) => {
    const { exchange, events, connection } = await serveHttp2({
      data: (stream, _piece, isLast, { respond }) => {
        expect(stream.isRequestComplete).toBe(isLast);
        if (isLast) respond(stream, headers, bytes, block);
      },
    });
    const answers = await exchange(head(1), data(1, 3), data(1, 2, { end: true }));
    expect(answers.map(describeFrame)).toEqual(frames);
    expect(events).toEqual(['1 opened', '1 data 3', '1 end 2', '1 closed']);
    expect([...connection.streams()]).toEqual([]);
  });

  test('to an incomplete request asks the client to stop (8.1), and ignores what follows', async () => {
    const { exchange, events } = await serveHttp2({
      opened: (stream, { respond }) => respond(stream, headers, body, trailers),
    });
    const answers = await exchange(head(1), data(1, 3), windowUpdate(1, 1), data(1, 2), end(1));
    expect(answers.map(describeFrame)).toEqual([...whole(1), '1 RST_STREAM noError']);
    expect(events).toEqual(['1 opened', '1 closed']);
  });

  test('can have several messages', async () => {
    const { exchange, events, connection } = await serveHttp2();
    await exchange(head(1, { end: true }));
    const [stream] = connection.streams();
    if (stream === undefined) throw new Error('no stream');
    expect(stream).toMatchObject({ id: 1, call: 1, isRequestComplete: true, hasResponse: false });
    connection.start(stream, headers);
    connection.start(stream, headers);
    connection.respond(stream, headers);
    connection.send(stream, body);
    expect(stream).toMatchObject({ hasResponse: true, isClosed: false });
    expect((await exchange()).map(describeFrame)).toEqual(['1 HEADERS H', '1 DATA 6']);
    connection.send(stream, body);
    connection.send(stream, Buffer.alloc(0));
    connection.finish(stream, trailers);
    connection.finish(stream, trailers);
    connection.send(stream, body);
    expect((await exchange()).map(describeFrame)).toEqual(['1 DATA 6', '1 HEADERS T end']);
    expect(events).toEqual(['1 opened', '1 end 0', '1 closed']);
    expect(stream.isClosed).toBe(true);
  });

  test('neither begins nor ends twice, and nothing is sent before its start', async () => {
    const { exchange } = await serveHttp2({
      opened: (stream, { send, finish }) => {
        send(stream, body);
        finish(stream, trailers);
      },
      data: (stream, _piece, _isLast, { respond, reset }) => {
        respond(stream, headers, body, trailers);
        respond(stream, headers, body, trailers);
        reset(stream, errorCode.cancel);
      },
    });
    expect((await exchange(head(1, { end: true }))).map(describeFrame)).toEqual(whole(1));
  });

  test('with a header block above 16,384 bytes is continued (6.10)', async () => {
    const { exchange } = await serveHttp2({
      data: (stream, _piece, _isLast, { respond }) => respond(stream, Buffer.alloc(40_000)),
    });
    const answers = await exchange(head(1, { end: true }));
    expect(answers.map(({ type, flags, payload }) => [type, flags, payload.length])).toEqual([
      [frameType.headers, flag.endStream, 16_384],
      [frameType.continuation, 0, 16_384],
      [frameType.continuation, flag.endHeaders, 7_232],
    ]);
  });

  test('says once that the dynamic table is not used, if the client made it smaller (RFC 7541 section 4.2)', async () => {
    const { exchange } = await serveHttp2({
      data: (stream, _piece, _isLast, { respond }) => respond(stream, headers, undefined, trailers),
    });
    const first = await exchange(settings([1, 4_096]), head(1, { end: true }));
    expect(first.map(describeFrame)).toEqual(['0 SETTINGS ack', '1 HEADERS H', '1 HEADERS T end']);
    const second = await exchange(settings([1, 4_095], [1, 8_192]), head(3, { end: true }));
    expect(second.map(describeFrame)).toEqual(['0 SETTINGS ack', '3 HEADERS  H', '3 HEADERS T end']);
    const third = await exchange(settings([1, 0]), head(5, { end: true }));
    expect(third.map(describeFrame)).toEqual(['0 SETTINGS ack', '5 HEADERS H', '5 HEADERS T end']);
  });
});

describe('the handler', () => {
  test('knows its value for a stream that it answers or resets in `opened`', async () => {
    const { exchange, events } = await serveHttp2({
      opened: (stream, { respond, reset }) => {
        if (stream.id === 1) respond(stream, headers);
        else reset(stream, errorCode.cancel);
        expect(stream.isClosed).toBe(true);
      },
    });
    const answers = await exchange(head(1, { end: true }), head(3), data(3, 5));
    expect(answers.map(describeFrame)).toEqual(['1 HEADERS H end', '3 RST_STREAM cancel']);
    expect(events).toEqual(['1 opened', '1 closed', '3 opened', '3 closed']);
  });

  test('may answer other streams in `closed`', async () => {
    const waiting: Stream<number>[] = [];
    const { exchange, events } = await serveHttp2({
      opened: (stream) => void waiting.push(stream),
      closed: (_, { respond }) => {
        const next = waiting.pop();
        if (next !== undefined) respond(next, headers, body, trailers);
      },
    });
    const answers = await exchange(head(1), head(3, { end: true }), rstStream(1));
    expect(answers.map(describeFrame)).toEqual(whole(3));
    expect(events.slice(-2)).toEqual(['1 closed', '3 closed']);
  });

  test.each<[name: string, frame: Buffer | undefined]>([
    ['the client resets the stream', rstStream(1)],
    ['the connection has an error', windowUpdate(0, 0)],
    ['the client closes the connection', undefined],
  ])('hears once that a stream has closed when %s', async (_, last) => {
    const { exchange, events, client, endings, socket } = await serveHttp2();
    await exchange(head(1), head(3), data(3, 2));
    if (last === undefined) client.socket.end();
    await exchange(last ?? Buffer.alloc(0));
    socket.destroy();
    while (endings.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(events.filter((event) => event.endsWith('closed'))).toEqual(['1 closed', '3 closed']);
  });

  test('hears nothing of a stream after its end, and cannot change it', async () => {
    const kept: Stream<number>[] = [];
    const { exchange, connection, events } = await serveHttp2({ opened: (stream) => void kept.push(stream) });
    await exchange(head(1), data(1, 5), rstStream(1));
    const [stream] = kept;
    if (stream === undefined) throw new Error('no stream');
    connection.respond(stream, headers, body, trailers);
    connection.start(stream, headers);
    connection.send(stream, body);
    connection.finish(stream, trailers);
    connection.reset(stream, errorCode.cancel);
    expect(await exchange()).toEqual([]);
    expect(connection.unsentBytes(stream)).toBe(0);
    expect(events).toEqual(['1 opened', '1 data 5', '1 closed']);
  });
});

describe('frames of a stream that has ended (RFC 9113 section 5.1)', () => {
  test('are ignored after a reset by this side, until the client has ended it too', async () => {
    const { exchange, connection, events } = await serveHttp2();
    await exchange(head(1));
    const [stream] = connection.streams();
    if (stream !== undefined) connection.reset(stream, errorCode.cancel);
    expect((await exchange()).map(describeFrame)).toEqual(['1 RST_STREAM cancel']);
    expect(await exchange(data(1, 5), windowUpdate(1, 1), windowUpdate(1, 0), end(1))).toEqual([]);
    expect(events).toEqual(['1 opened', '1 closed']);
    expect((await exchange(data(1, 5))).map(describeFrame)).toEqual(['1 RST_STREAM streamClosed']);
  });

  test.each<[name: string, frame: Buffer]>([
    ['its end', data(1, 0, { end: true })],
    ['its reset', rstStream(1)],
  ])('are an error after %s on its way', async (_, last) => {
    const { exchange, connection } = await serveHttp2();
    await exchange(head(1));
    const [stream] = connection.streams();
    if (stream !== undefined) connection.reset(stream, errorCode.cancel);
    await exchange(last);
    expect((await exchange(data(1, 5), data(1, 5))).map(describeFrame)).toEqual([
      '1 RST_STREAM streamClosed',
    ]);
  });

  test('DATA after the whole request and response is an error of the stream alone', async () => {
    const { exchange } = await serveHttp2({
      data: (stream, _piece, _isLast, { respond }) => respond(stream, headers),
    });
    await exchange(head(1, { end: true }));
    const answers = await exchange(data(1, 5, { end: true }), head(3, { end: true }));
    expect(answers.map(describeFrame)).toEqual(['1 RST_STREAM streamClosed', '3 HEADERS H end']);
  });

  test('WINDOW_UPDATE, RST_STREAM and PRIORITY are ignored after the whole request and response', async () => {
    const { exchange } = await serveHttp2({
      data: (stream, _piece, _isLast, { respond }) => respond(stream, headers),
    });
    await exchange(head(1, { end: true }));
    const priority = frame(frameType.priority, 0, 1, Buffer.alloc(5));
    expect(await exchange(windowUpdate(1, 0), windowUpdate(1, 2 ** 31 - 1), rstStream(1), priority)).toEqual(
      [],
    );
  });

  test('at least the last 8,192 resets are kept, and at most twice as many', async () => {
    const { exchange } = await serveHttp2({ opened: (stream, { reset }) => reset(stream, errorCode.cancel) });
    const ids = Array.from({ length: 16_385 }, (_, index) => 2 * index + 1);
    await exchange(...ids.map((id) => head(id)));
    expect(await exchange(...ids.slice(-8_192).map((id) => data(id, 0, { end: true })))).toEqual([]);
    expect((await exchange(data(1, 1))).map(describeFrame)).toEqual(['1 RST_STREAM streamClosed']);
  });
});

test('the 4,097th stream at once is refused, and the next one after an end is not (5.1.2)', async () => {
  const { exchange, events, connection } = await serveHttp2();
  const ids = Array.from({ length: 4_097 }, (_, index) => 2 * index + 1);
  const answers = await exchange(...ids.map((id) => head(id)));
  expect(answers.map(describeFrame)).toEqual(['8193 RST_STREAM refusedStream']);
  expect([...connection.streams()]).toHaveLength(4_096);
  expect(await exchange(rstStream(1), head(8_195))).toEqual([]);
  expect(events.at(-1)).toBe('8195 opened');
});
