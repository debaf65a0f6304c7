/** Floods of frames that no call needs (RFC 9113 section 10.5): within a budget they do nothing, beyond it the connection ends. */
import { describe, expect, test } from 'vitest';
import { callHeaders, flag, frame, frameType } from '../../../support/http2.ts';
import {
  data,
  head,
  literals,
  rstStream,
  type Served,
  serveHttp2,
  settings,
  windowUpdate,
} from '../../../support/http2-connection.ts';

const ping = frame(frameType.ping, 0, 0, Buffer.alloc(8));
const priority = frame(frameType.priority, 0, 1, Buffer.alloc(5));
const headers = Buffer.from('H');

/** A flood. Each has a stream 1 that is open. */
interface Flood {
  readonly name: string;
  /** The frames of the budget, without what opening the connection takes. */
  readonly burst: number;
  readonly perSecond: number;
  readonly frame: (index: number) => Buffer;
}

const floods: Flood[] = [
  // One PING is that of opening the connection, and another one that of opening the stream.
  { name: 'PING', burst: 198, perSecond: 20, frame: () => ping },
  {
    name: 'acknowledged PING',
    burst: 198,
    perSecond: 20,
    frame: () => frame(6, flag.ack, 0, Buffer.alloc(8)),
  },
  // The client has sent SETTINGS and an acknowledgement.
  { name: 'SETTINGS', burst: 48, perSecond: 5, frame: () => settings([4, 1]) },
  { name: 'acknowledged SETTINGS', burst: 48, perSecond: 5, frame: () => frame(4, flag.ack, 0) },
  { name: 'RST_STREAM', burst: 30_000, perSecond: 10_000, frame: () => rstStream(1) },
  {
    name: 'a request and its reset',
    burst: 30_000,
    perSecond: 10_000,
    frame: (index) => Buffer.concat([head(2 * index + 3), rstStream(2 * index + 3)]),
  },
  {
    name: 'a malformed request',
    burst: 30_000,
    perSecond: 10_000,
    frame: (index) => head(2 * index + 3, { end: true, block: literals([['A', '']]) }),
  },
  {
    name: 'a request that this side resets for an error',
    burst: 30_000,
    perSecond: 10_000,
    frame: (index) => Buffer.concat([head(2 * index + 3), head(2 * index + 3)]),
  },
  { name: 'WINDOW_UPDATE', burst: 20_000, perSecond: 2_000, frame: (index) => windowUpdate(index % 2, 1) },
  { name: 'empty DATA', burst: 1_000, perSecond: 100, frame: () => data(1, 0) },
  {
    name: 'DATA of padding',
    burst: 1_000,
    perSecond: 100,
    frame: () => frame(frameType.data, 8, 1, Buffer.of(3, 0, 0, 0)),
  },
  { name: 'PRIORITY', burst: 10_000, perSecond: 1_000, frame: () => priority },
  { name: 'unknown', burst: 10_000, perSecond: 1_000, frame: (index) => frame(10 + (index % 200), 0, index) },
  { name: 'GOAWAY', burst: 10_000, perSecond: 1_000, frame: () => frame(7, 0, 0, Buffer.alloc(8)) },
];

/** Sends many frames of a flood. They are read before this function returns. */
function send({ socket }: Served, flood: Pick<Flood, 'frame'>, from: number, count: number): void {
  const frames = Array.from({ length: count }, (_, index) => flood.frame(from + index));
  for (let at = 0; at < frames.length; at += 500)
    socket.emit('data', Buffer.concat(frames.slice(at, at + 500)));
}

describe.each(floods)('$name', (flood) => {
  test('ends the connection beyond its burst', async () => {
    const served = await serveHttp2();
    await served.exchange(head(1));
    send(served, flood, 0, flood.burst);
    expect(served.socket.writableEnded).toBe(false);
    send(served, flood, flood.burst, 1);
    expect(served.socket.writableEnded).toBe(true);
    expect(await served.endedBy()).toBe('enhanceYourCalm');
  });

  test('may continue at its rate', async () => {
    const served = await serveHttp2();
    await served.exchange(head(1));
    send(served, flood, 0, flood.burst);
    for (let second = 0; second < 3; second++) {
      served.clock.pass(1_000);
      send(served, flood, flood.burst + second * flood.perSecond, flood.perSecond);
    }
    expect(served.socket.writableEnded).toBe(false);
    send(served, flood, flood.burst + 3 * flood.perSecond, 1);
    expect(served.socket.writableEnded).toBe(true);
  });
});

test('each answered call adds two PING and four WINDOW_UPDATE, as clients that estimate bandwidth send them', async () => {
  const served = await serveHttp2({
    data: (stream, _piece, isLast, { respond }) => {
      if (isLast) respond(stream, headers);
    },
  });
  for (let stream = 1; stream < 20_000; stream += 2) {
    const call = Buffer.concat([head(stream), windowUpdate(stream, 1), data(stream, 5, { end: true })]);
    served.socket.emit('data', Buffer.concat([call, windowUpdate(0, 1), windowUpdate(0, 1), ping, ping]));
    if (stream % 1_000 === 1) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(served.socket.writableEnded).toBe(false);
});

test('requests above 4,096 at once: 10,000 are refused, and 100 more each second', async () => {
  const served = await serveHttp2();
  const flood = { frame: (index: number) => head(2 * index + 1) };
  send(served, flood, 0, 4_096 + 10_000);
  served.clock.pass(1_000);
  send(served, flood, 14_096, 100);
  expect(served.socket.writableEnded).toBe(false);
  send(served, flood, 14_196, 1);
  expect(await served.endedBy()).toBe('enhanceYourCalm');
});

test('a call that is not answered adds nothing', async () => {
  const served = await serveHttp2();
  for (let stream = 1; stream < 402; stream += 2)
    served.socket.emit('data', Buffer.concat([head(stream), rstStream(stream), ping]));
  expect(await served.endedBy()).toBe('enhanceYourCalm');
});

describe('a header block (RFC 9113 section 6.10)', () => {
  const start = frame(frameType.headers, 0, 1, callHeaders());
  /** Indexed fields, `:method: POST` again and again. */
  const more = (bytes: number, flags = 0) =>
    frame(frameType.continuation, flags, 1, Buffer.alloc(bytes, 0x83));
  const several = (count: number, bytes: number) => Array.from({ length: count }, () => more(bytes));

  test('may have 64 frames', async () => {
    const { exchange, events } = await serveHttp2();
    await exchange(start, ...several(62, 0), more(0, flag.endHeaders));
    expect(events).toEqual(['1 opened']);
  });
  test.each<[name: string, ...frames: Buffer[]]>([
    ['65 frames', ...several(64, 0)],
    ['more than 16 MiB', ...several(1_024, 16_384)],
    ['65 frames more than those that are full', ...several(100, 16_384), ...several(64, 1)],
  ])('of %s ends the connection, before it is complete', async (_, ...frames) => {
    const { endedBy } = await serveHttp2();
    expect(await endedBy(start, ...frames)).toBe('enhanceYourCalm');
  });

  test('has 15 seconds, also if it arrives byte by byte', async () => {
    const { socket, clock, exchange, endedBy, events } = await serveHttp2();
    const end = more(0, flag.endHeaders);
    socket.emit('data', start);
    clock.pass(15_000);
    socket.emit('data', end.subarray(0, 5));
    clock.pass(60_000);
    // A block that is complete is in time.
    socket.emit('data', end.subarray(5));
    await exchange();
    expect(events).toEqual(['1 opened']);
    socket.emit('data', frame(frameType.headers, 0, 3, callHeaders()));
    clock.pass(15_000);
    await new Promise((resolve) => setImmediate(resolve));
    socket.emit('data', Buffer.of(0));
    expect(socket.writableEnded).toBe(false);
    clock.pass(1);
    socket.emit('data', Buffer.of(0));
    expect(await endedBy()).toBe('enhanceYourCalm');
  });
});

test('the clients of calls never meet a limit: 4,096 calls at once, each with a priority and a window', async () => {
  const served = await serveHttp2({
    data: (stream, _piece, isLast, { respond }) => {
      if (isLast) respond(stream, headers);
    },
  });
  const ids = Array.from({ length: 4_096 }, (_, index) => 2 * index + 1);
  const open = ids.map((id) =>
    Buffer.concat([head(id), frame(frameType.priority, 0, id, Buffer.alloc(5)), windowUpdate(id, 1_000_000)]),
  );
  const end = ids.map((id) =>
    Buffer.concat([data(id, 100), data(id, 0, { end: true }), windowUpdate(0, 100)]),
  );
  const answers = await served.exchange(...open, ...end);
  expect(answers.filter(({ type }) => type === frameType.headers)).toHaveLength(4_096);
  expect(served.endings).toEqual([]);
});
