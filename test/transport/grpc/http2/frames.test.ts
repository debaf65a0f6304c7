/** Frames of HTTP/2, well-formed or not, in any pieces (RFC 9113 sections 3.4, 4 and 6). */
import { describe, expect, test } from 'vitest';
import { callHeaders, flag, frame, frameType, uint32 } from '../../../support/http2.ts';
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

const pushPromise = 5;
const padded = 8;
const priority = 0x20;

/** A frame whose payload begins with a pad length. */
function withPadding(type: number, flags: number, stream: number, payload: Buffer, padding: number): Buffer {
  return frame(
    type,
    flags | padded,
    stream,
    Buffer.concat([Buffer.of(padding), payload, Buffer.alloc(padding)]),
  );
}

const block = callHeaders();
const start = block.subarray(0, 5);
const rest = block.subarray(5);

/** A call with everything that frames may have: padding, priority, CONTINUATION, unknown frames and trailers. */
const conversation = Buffer.concat([
  frame(0xfa, 0xff, 77, Buffer.from('unknown')),
  frame(0xfb, 0, 0),
  withPadding(frameType.headers, priority, 1, Buffer.concat([uint32(0x8000_0003), Buffer.of(16), start]), 3),
  frame(frameType.continuation, 0, 1),
  frame(frameType.continuation, flag.endHeaders, 1, rest),
  frame(frameType.priority, 0, 1, Buffer.concat([uint32(5), Buffer.of(1)])),
  data(1, 10),
  data(1, 0),
  withPadding(frameType.data, 0, 1, Buffer.alloc(4), 200),
  withPadding(frameType.data, 0, 1, Buffer.alloc(0), 9),
  windowUpdate(1, 1),
  windowUpdate(0, 1),
  settings([0xff, 1]),
  frame(frameType.goAway, 0, 0, Buffer.concat([uint32(0), uint32(0), Buffer.from('bye')])),
  head(1, { end: true, block: literals([['x-trailer', 'y']]) }),
]);

describe('a call arrives the same (RFC 9113 section 4.1)', () => {
  test.each([1, 2, 3, 8, 9, 10, 23, 24, 100, conversation.length])('in pieces of %i bytes', async (size) => {
    const { exchange, events, endings, socket } = await serveHttp2();
    for (let at = 0; at < conversation.length; at += size)
      socket.emit('data', conversation.subarray(at, at + size));
    const answers = await exchange();
    expect(answers.map(describeFrame)).toEqual(['0 SETTINGS ack']);
    expect(endings).toEqual([]);
    const received = events.filter((event) => event.startsWith('1 data'));
    expect(received.reduce((sum, event) => sum + Number(event.split(' ')[2]), 0)).toBe(14);
    expect(events.filter((event) => !event.startsWith('1 data'))).toEqual(['1 opened', '1 end 0']);
  });
});

test('a piece of a DATA frame is delivered before the rest arrives, without padding', async () => {
  const { exchange, events, client } = await serveHttp2();
  const whole = withPadding(frameType.data, flag.endStream, 1, Buffer.from('abcdef'), 4);
  client.write(head(1), whole.subarray(0, 12));
  while (events.length < 2) await new Promise((resolve) => setImmediate(resolve));
  expect(events).toEqual(['1 opened', '1 data 2']);
  client.write(whole.subarray(12, 17));
  while (events.length < 3) await new Promise((resolve) => setImmediate(resolve));
  expect(events.slice(2)).toEqual(['1 data 4']);
  await exchange(whole.subarray(17));
  expect(events.slice(3)).toEqual(['1 end 0']);
});

describe('a malformed frame ends the connection', () => {
  test.each<[name: string, code: string, ...frames: Buffer[]]>([
    ['DATA on stream 0 (6.1)', 'protocolError', data(0, 1)],
    ['DATA of an idle stream (5.1)', 'protocolError', data(1, 1)],
    ['DATA with too much padding (6.1)', 'protocolError', head(1), frame(0, padded, 1, Buffer.of(1))],
    ['DATA without its pad length (6.1)', 'frameSizeError', head(1), frame(0, padded, 1)],
    ['a frame above 16,384 bytes (4.2)', 'frameSizeError', head(1), data(1, 16_385)],
    ['an unknown frame above 16,384 bytes (4.2)', 'frameSizeError', frame(0xfa, 0, 0, Buffer.alloc(16_385))],
    ['HEADERS on stream 0 (6.2)', 'protocolError', head(0)],
    ['HEADERS of an even stream (5.1.1)', 'protocolError', head(2)],
    ['HEADERS of a lower stream (5.1.1)', 'streamClosed', head(5), head(3)],
    ['HEADERS of a closed stream (5.1)', 'streamClosed', head(1), rstStream(1), head(1)],
    ['HEADERS with too much padding (6.2)', 'protocolError', frame(1, 4 | padded, 1, Buffer.of(1))],
    ['HEADERS without its pad length (6.2)', 'frameSizeError', frame(1, 4 | padded, 1)],
    ['HEADERS without its priority (6.2)', 'frameSizeError', frame(1, 4 | priority, 1, Buffer.alloc(4))],
    ['an invalid header block (4.3)', 'compressionError', frame(1, 4, 1, Buffer.of(0x80))],
    ['PRIORITY on stream 0 (6.3)', 'protocolError', frame(2, 0, 0, Buffer.alloc(5))],
    ['PRIORITY of 4 bytes for an idle stream (6.3, 6.4)', 'frameSizeError', frame(2, 0, 1, Buffer.alloc(4))],
    ['PRIORITY of an idle stream on itself (6.4)', 'protocolError', frame(2, 0, 1, Buffer.of(0, 0, 0, 1, 0))],
    ['RST_STREAM on stream 0 (6.4)', 'protocolError', rstStream(0)],
    ['RST_STREAM of an idle stream (6.4)', 'protocolError', rstStream(1)],
    ['RST_STREAM of 3 bytes (6.4)', 'frameSizeError', head(1), frame(3, 0, 1, Buffer.alloc(3))],
    ['SETTINGS on a stream (6.5)', 'protocolError', frame(4, 0, 1)],
    ['SETTINGS of 5 bytes (6.5)', 'frameSizeError', frame(4, 0, 0, Buffer.alloc(5))],
    ['SETTINGS with ACK and a payload (6.5)', 'frameSizeError', frame(4, 1, 0, Buffer.alloc(6))],
    ['SETTINGS_ENABLE_PUSH of 2 (6.5.2)', 'protocolError', settings([2, 2])],
    ['SETTINGS_INITIAL_WINDOW_SIZE of 2^31 (6.5.2)', 'flowControlError', settings([4, 2 ** 31])],
    ['SETTINGS_MAX_FRAME_SIZE of 16,383 (6.5.2)', 'protocolError', settings([5, 16_383])],
    ['SETTINGS_MAX_FRAME_SIZE of 2^24 (6.5.2)', 'protocolError', settings([5, 2 ** 24])],
    ['PUSH_PROMISE (6.6)', 'protocolError', head(1), frame(pushPromise, 4, 1, uint32(2))],
    ['PING on a stream (6.7)', 'protocolError', frame(6, 0, 1, Buffer.alloc(8))],
    ['PING of 7 bytes (6.7)', 'frameSizeError', frame(6, 0, 0, Buffer.alloc(7))],
    ['GOAWAY on a stream (6.8)', 'protocolError', frame(7, 0, 1, Buffer.alloc(8))],
    ['GOAWAY of 7 bytes (6.8)', 'frameSizeError', frame(7, 0, 0, Buffer.alloc(7))],
    ['WINDOW_UPDATE of 3 bytes (6.9)', 'frameSizeError', frame(8, 0, 0, Buffer.alloc(3))],
    ['WINDOW_UPDATE of 0 for the connection (6.9)', 'protocolError', windowUpdate(0, 0)],
    ['WINDOW_UPDATE of an idle stream (6.9)', 'protocolError', windowUpdate(1, 1)],
    ['a window of the connection above 2^31-1 (6.9.1)', 'flowControlError', windowUpdate(0, 2 ** 31 - 1)],
    ['CONTINUATION without HEADERS (6.10)', 'protocolError', head(1), frame(9, 4, 1)],
    ['CONTINUATION of another stream (6.10)', 'protocolError', frame(1, 0, 1, block), frame(9, 4, 3)],
    [
      'PING in a header block (6.10)',
      'protocolError',
      frame(1, 0, 1, block),
      frame(6, 0, 0, Buffer.alloc(8)),
    ],
    ['an unknown frame in a header block (5.5)', 'protocolError', frame(1, 0, 1, block), frame(0xfa, 0, 1)],
  ])('%s', async (_, code, ...frames) => {
    const { endedBy, endings, events } = await serveHttp2();
    expect(await endedBy(...frames)).toBe(code);
    while (endings.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(endings).toEqual([expect.stringMatching(`^${code}: `)]);
    const opened = events.filter((event) => event.endsWith('opened')).length;
    expect(events.filter((event) => event.endsWith('closed'))).toHaveLength(opened);
  });
});

describe('an error of one stream leaves the others alone (RFC 9113 section 5.4.2)', () => {
  test.each<[name: string, code: string, ...frames: Buffer[]]>([
    ['PRIORITY of 4 bytes (6.3)', 'frameSizeError', frame(2, 0, 3, Buffer.alloc(4))],
    ['PRIORITY on itself (RFC 7540 5.3.1)', 'protocolError', frame(2, 0, 3, Buffer.of(0, 0, 0, 3, 0))],
    ['WINDOW_UPDATE of 0 (6.9)', 'protocolError', windowUpdate(3, 0)],
    ['a window above 2^31-1 (6.9.1)', 'flowControlError', windowUpdate(3, 2 ** 31 - 1)],
    ['a second header block that is not the end (8.1)', 'protocolError', head(3)],
    ['DATA after the end (5.1)', 'streamClosed', data(3, 0, { end: true }), data(3, 1)],
    [
      'trailers after the end (5.1)',
      'streamClosed',
      data(3, 0, { end: true }),
      head(3, { end: true, block: Buffer.alloc(0) }),
    ],
  ])('%s', async (_, code, ...frames) => {
    const { exchange, events } = await serveHttp2();
    await exchange(head(1), head(3));
    const answers = await exchange(...frames, data(1, 5, { end: true }));
    expect(answers.map(describeFrame)).toEqual([`3 RST_STREAM ${code}`]);
    expect(events).toEqual(expect.arrayContaining(['3 closed', '1 end 5']));
    expect(events.filter((event) => event === '3 closed')).toHaveLength(1);
  });
});

test('PRIORITY of a wrong length on a closed stream is an error of this stream (6.3)', async () => {
  const { exchange } = await serveHttp2();
  const wrong = frame(frameType.priority, 0, 1, Buffer.alloc(4));
  const answers = await exchange(head(1), rstStream(1), wrong, head(3));
  expect(answers.map(describeFrame)).toEqual(['1 RST_STREAM frameSizeError']);
});

test('a PING is answered with its payload, and an acknowledgement of no PING is ignored (6.7)', async () => {
  const { exchange, client } = await serveHttp2();
  const payload = Buffer.from('12345678');
  await exchange(frame(frameType.ping, flag.ack, 0, payload), frame(frameType.ping, 0, 0, payload));
  const [answer] = client.frames.filter((one) => one.payload.equals(payload));
  expect(answer).toMatchObject({ type: frameType.ping, flags: flag.ack, stream: 0 });
});

test('reports the acknowledgement of its own PING once (6.7)', async () => {
  const { exchange, client, connection } = await serveHttp2();
  let acknowledged = 0;
  connection.ping(() => acknowledged++);
  await exchange();
  const own = client.frames.findLast(({ type, flags }) => type === frameType.ping && flags === 0);
  expect(own).toBeDefined();
  const answer = frame(frameType.ping, flag.ack, 0, own?.payload ?? Buffer.alloc(8));
  await exchange(answer, answer);
  expect(acknowledged).toBe(1);
});

test('an invalid preface closes the connection at its first wrong byte, without a word (3.4)', async () => {
  const { endedBy, client, endings, connection } = await serveHttp2({ preface: false });
  expect(await endedBy(Buffer.from('PRI * HTTP/1'))).toBeUndefined();
  expect(client.frames).toEqual([]);
  while (endings.length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(endings).toEqual(['protocolError: no HTTP/2 preface']);
  expect(connection.hasBegun()).toBe(false);
});

test('the first frame must be SETTINGS (3.4)', async () => {
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  for (const first of [windowUpdate(0, 1), frame(frameType.settings, flag.ack, 0)]) {
    const { endedBy, connection } = await serveHttp2({ preface: false });
    expect(await endedBy(preface, first)).toBe('protocolError');
    expect(connection.hasBegun()).toBe(false);
  }
});

test('the server begins with SETTINGS and the window of the connection (3.4)', async () => {
  const { client, connection } = await serveHttp2();
  expect(client.frames.slice(0, 3).map(describeFrame)).toEqual([
    '0 SETTINGS',
    `0 WINDOW_UPDATE ${1024 * 1024 - 65_535}`,
    '0 SETTINGS ack',
  ]);
  expect(client.frames[0]?.payload.toString('hex')).toBe('000300001000' + '00040000ffff' + '000601000000');
  expect(connection.hasBegun()).toBe(true);
});
