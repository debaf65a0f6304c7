/** The life of a connection: output, backpressure, GOAWAY, and its end (RFC 9113 sections 5.4.1, 6.8 and 9.1). */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../../../src/runtime/time/clock.ts';
import { createHttp2Connection } from '../../../../src/transport/grpc/http2/connection.ts';
import type { Stream } from '../../../../src/transport/grpc/http2/stream.ts';
import { createAuthority } from '../../../support/certificates.ts';
import { flag, frame, frameType } from '../../../support/http2.ts';
import {
  data,
  describeFrame,
  head,
  type Served,
  serveHttp2,
  settings,
  windowUpdate,
} from '../../../support/http2-connection.ts';

const headers = Buffer.from('H');
const trailers = Buffer.from('T');
const body = Buffer.from('answer');
const ping = frame(frameType.ping, 0, 0, Buffer.alloc(8));
const whole = (stream: number) => [`${stream} HEADERS H`, `${stream} DATA 6`, `${stream} HEADERS T end`];

/** Makes the client read, until every response was sent and has arrived. */
async function readAll({ client, connection, exchange }: Served): Promise<void> {
  client.socket.resume();
  while ([...connection.streams()].length > 0) await new Promise((resolve) => setImmediate(resolve));
  await exchange();
}

describe('the output', () => {
  test('of one read leaves in one write', async () => {
    const { socket, exchange } = await serveHttp2({
      data: (stream, _piece, _isLast, { respond }) => respond(stream, headers, body, trailers),
    });
    const write = vi.spyOn(socket, 'write');
    const calls = Array.from({ length: 50 }, (_, index) => [
      head(2 * index + 1),
      data(2 * index + 1, 9, { end: true }),
    ]);
    socket.emit('data', Buffer.concat([settings(), ...calls.flat(), ping]));
    expect(write).toHaveBeenCalledTimes(1);
    const answers = await exchange();
    expect(answers.map(describeFrame)).toEqual([
      '0 SETTINGS ack',
      ...calls.flatMap((_, index) => whole(2 * index + 1)),
    ]);
  });

  test('of several later answers leaves in one write', async () => {
    const { socket, exchange, connection } = await serveHttp2();
    await exchange(head(1, { end: true }), head(3, { end: true }), head(5, { end: true }));
    const write = vi.spyOn(socket, 'write');
    for (const stream of connection.streams()) connection.respond(stream, headers, body, trailers);
    await Promise.resolve();
    expect(write).toHaveBeenCalledTimes(1);
    expect((await exchange()).map(describeFrame)).toEqual([...whole(1), ...whole(3), ...whole(5)]);
  });

  test('keeps its bytes while the socket has them', async () => {
    const dataFor = (id: number) => Buffer.alloc(60_000, id);
    const served = await serveHttp2({
      data: (stream, _piece, _isLast, { respond }) => respond(stream, headers, dataFor(stream.id), trailers),
    });
    const { exchange, socket, client } = served;
    await exchange(settings([4, 2 ** 31 - 1]), windowUpdate(0, 2 ** 30));
    client.socket.pause();
    const ids = Array.from({ length: 100 }, (_, index) => 2 * index + 1);
    for (const id of ids) socket.emit('data', head(id, { end: true }));
    expect(socket.writableLength).toBeGreaterThan(0);
    await readAll(served);
    for (const id of ids) {
      const parts = client.frames.filter(({ type, stream }) => type === frameType.data && stream === id);
      expect(Buffer.concat(parts.map(({ payload }) => payload)).equals(dataFor(id))).toBe(true);
    }
  });
});

describe('a peer that does not read', () => {
  /** Large answers, and small ones that fit one frame. */
  const answers = [65_536, 16_000];
  /** A connection whose client does not read. */
  const unread = async () => {
    const served = await serveHttp2({
      data: (stream, _piece, _isLast, { respond }) =>
        respond(stream, headers, Buffer.alloc(answers[(stream.id >> 1) % 2] ?? 0), trailers),
    });
    await served.exchange(settings([4, 2 ** 31 - 1]), windowUpdate(0, 2 ** 30));
    served.client.socket.pause();
    const ids = Array.from({ length: 400 }, (_, index) => 2 * index + 1);
    for (const id of ids) served.socket.emit('data', head(id, { end: true }));
    return served;
  };

  test('is not read from either, and what the socket holds is bounded', async () => {
    const { socket, connection } = await unread();
    expect(socket.isPaused()).toBe(true);
    expect(socket.writableLength).toBeLessThan(200_000);
    const unsent = [...connection.streams()].map((stream) => connection.unsentBytes(stream));
    expect(unsent.reduce((sum, bytes) => sum + bytes, 0)).toBeGreaterThan(10_000_000);
  });
  test('gets everything when it reads again', async () => {
    const served = await unread();
    await readAll(served);
    const ends = served.client.frames.filter(({ flags, stream }) => stream > 0 && flags & flag.endStream);
    expect(ends).toHaveLength(400);
    expect(served.socket.isPaused()).toBe(false);
  });
  test('loses its connection 2 s after an error', async () => {
    const { socket, clock, endings } = await unread();
    socket.emit('data', windowUpdate(0, 0));
    expect(endings).toEqual([]);
    await clock.advance(1_999);
    expect(socket.destroyed).toBe(false);
    await clock.advance(1);
    expect(socket.destroyed).toBe(true);
    expect(endings).toEqual([expect.stringMatching(/^protocolError/)]);
  });
});

describe('other connections get a turn', () => {
  /** DATA that waits in the system, and the most bytes of it that are read in one turn of the event loop. */
  const read = async (served: Served, data: Buffer) => {
    const { socket, client, exchange } = served;
    await exchange(head(1));
    socket.pause();
    client.write(data);
    // The socket takes one piece, then the system is full.
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    const turns: number[] = [];
    let inTurn = 0;
    let total = 0;
    socket.on('data', (bytes: Buffer) => {
      inTurn += bytes.length;
      total += bytes.length;
    });
    socket.resume();
    while (total < data.length) {
      await new Promise((resolve) => setImmediate(resolve));
      turns.push(inTurn);
      inTurn = 0;
    }
    return Math.max(...turns);
  };

  test('after 64 KiB, or the piece that passes them', async () => {
    const served = await serveHttp2();
    const most = await read(served, Buffer.concat(Array.from({ length: 300 }, () => data(1, 16_384))));
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(3 * 65_536);
    expect(served.events.filter((event) => event.startsWith('1 data')).length).toBeGreaterThan(299);
  });

  test('but a peer that does not read gets none itself', async () => {
    const { socket, client, exchange } = await serveHttp2({
      opened: (stream, { start, send }) => {
        start(stream, headers);
        send(stream, Buffer.alloc(20_000_000));
      },
    });
    await exchange(settings([4, 2 ** 31 - 1]), windowUpdate(0, 2 ** 30));
    client.socket.pause();
    // The turn ends before the output of a later read fills the socket.
    socket.emit('data', frame(0xfa, 0, 0, Buffer.alloc(16_000)));
    for (let count = 0; count < 4; count++) socket.emit('data', frame(0xfa, 0, 0, Buffer.alloc(16_000)));
    socket.emit('data', head(1));
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(socket.isPaused()).toBe(true);
  });
});

describe('a client that sends no more', () => {
  const endedServer = async () => {
    const served = await serveHttp2();
    await served.exchange(head(1, { end: true }), head(3), head(5, { end: true }));
    served.client.socket.end();
    while (!served.socket.readableEnded) await new Promise((resolve) => setImmediate(resolve));
    return served;
  };

  test('gets the responses to its complete requests, then the connection ends', async () => {
    const { client, connection, endings, endedBy, events } = await endedServer();
    expect(events.slice(-1)).toEqual(['3 closed']);
    const [first, second] = [...connection.streams()];
    if (first !== undefined) connection.respond(first, headers, body, trailers);
    expect(endings).toEqual([]);
    if (second !== undefined) connection.respond(second, headers, body, trailers);
    expect(await endedBy()).toBe('noError');
    expect(client.frames.slice(-6).map(describeFrame)).toEqual([...whole(1), ...whole(5)]);
    while (endings.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(endings).toEqual([undefined]);
  });

  test('keeps its connection for 10 seconds at most', async () => {
    const { clock, socket, connection, endedBy, endings } = await endedServer();
    await clock.advance(9_999);
    expect(socket.writableEnded).toBe(false);
    await clock.advance(1);
    expect([...connection.streams()]).toEqual([]);
    await endedBy();
    while (endings.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(endings).toEqual([undefined]);
  });
});

describe('goAway', () => {
  test('asks for another connection, once, and serves the calls on their way (6.8)', async () => {
    const { exchange, connection, endings } = await serveHttp2({
      data: (stream, _piece, _isLast, { respond }) => respond(stream, headers, body, trailers),
    });
    connection.goAway();
    connection.goAway();
    const answers = await exchange(head(1, { end: true }));
    expect(answers.map(describeFrame)).toEqual([`0 GOAWAY ${2 ** 31 - 1} noError`, ...whole(1)]);
    expect(endings).toEqual([]);
  });
  test('before the preface follows SETTINGS', async () => {
    const { connection, exchange } = await serveHttp2({ preface: false });
    connection.goAway();
    const answers = await exchange(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), settings());
    expect(answers.map(describeFrame)).toEqual([
      '0 SETTINGS',
      expect.stringMatching('0 WINDOW_UPDATE'),
      `0 GOAWAY ${2 ** 31 - 1} noError`,
      '0 SETTINGS ack',
    ]);
  });
});

describe('close', () => {
  test('refuses new calls, and ends the connection after the open ones', async () => {
    const { exchange, client, connection, endings, endedBy } = await serveHttp2();
    await exchange(head(1, { end: true }), head(3, { end: true }));
    connection.close();
    connection.close();
    const answers = await exchange(head(5));
    expect(answers.map(describeFrame)).toEqual(['0 GOAWAY 3 noError', '5 RST_STREAM refusedStream']);
    const [first, second] = [...connection.streams()];
    if (first !== undefined) connection.respond(first, headers, body, trailers);
    expect((await exchange()).map(describeFrame)).toEqual(whole(1));
    expect(endings).toEqual([]);
    if (second !== undefined) connection.respond(second, headers, body, trailers);
    expect(await endedBy()).toBe('noError');
    expect(client.frames.slice(-3).map(describeFrame)).toEqual(whole(3));
    while (endings.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(endings).toEqual([undefined]);
  });
  test('ends a connection without calls at once', async () => {
    for (const preface of [true, false]) {
      const { connection, endedBy } = await serveHttp2({ preface });
      connection.close();
      connection.goAway();
      expect(await endedBy()).toBe(preface ? 'noError' : undefined);
    }
  });
  test('in a callback of the handler ignores the rest of the input', async () => {
    const { events, endedBy } = await serveHttp2({
      opened: (stream, { respond, close }) => {
        close();
        respond(stream, headers);
      },
    });
    await endedBy(head(1, { end: true }), head(3));
    expect(events).toEqual(['1 opened', '1 closed']);
  });
});

describe('destroy', () => {
  test('closes every stream once, and the socket at once', async () => {
    const { connection, exchange, events, socket, endings } = await serveHttp2();
    await exchange(head(1), head(3));
    connection.destroy();
    connection.destroy();
    expect(socket.destroyed).toBe(true);
    expect(events.slice(2)).toEqual(['1 closed', '3 closed']);
    connection.close();
    connection.goAway();
    connection.ping(() => {});
    while (endings.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(endings).toEqual([undefined]);
  });
  test('in a callback of the handler ignores the rest of the input', async () => {
    const kept: Stream<number>[] = [];
    const { events, socket } = await serveHttp2({
      opened: (stream, connection) => {
        kept.push(stream);
        connection.destroy();
        connection.respond(stream, headers);
      },
    });
    socket.emit('data', Buffer.concat([head(1), data(1, 5), head(3)]));
    expect(events).toEqual(['1 opened', '1 closed']);
    expect(kept.map(({ isClosed }) => isClosed)).toEqual([true]);
  });
});

describe('the end of a connection', () => {
  test('after an error is announced, and the rest of the input is read but ignored', async () => {
    const { client, endedBy, events, connection } = await serveHttp2();
    expect(await endedBy(head(1), windowUpdate(0, 0), head(3), data(3, 16_000))).toBe('protocolError');
    const [last] = client.frames.filter(({ type }) => type === frameType.goAway);
    expect(last && describeFrame(last)).toBe('0 GOAWAY 1 protocolError');
    expect(last?.payload.toString('latin1', 8)).toBe('WINDOW_UPDATE of 0 for the connection');
    expect(events).toEqual(['1 opened', '1 closed']);
    expect([...connection.streams()]).toEqual([]);
  });
  test('by an error of the handler is an internal error of this connection', async () => {
    const { endedBy, endings } = await serveHttp2({
      opened: () => {
        throw new Error('the handler has a bug');
      },
    });
    expect(await endedBy(head(1))).toBe('internalError');
    while (endings.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(endings).toEqual(['internalError: an internal error']);
  });
  test.each(['end', 'destroy', 'resetAndDestroy'] as const)(
    'by the client (%s) has no error',
    async (how) => {
      const { client, exchange, events, endings } = await serveHttp2();
      await exchange(head(1));
      client.socket[how]();
      while (endings.length === 0) await new Promise((resolve) => setImmediate(resolve));
      expect(endings).toEqual([undefined]);
      expect(events).toEqual(['1 opened', '1 closed']);
    },
  );
});

test('hears the client with every input', async () => {
  const { connection, clock, exchange } = await serveHttp2();
  expect(connection.heardAt()).toBe(0);
  clock.pass(5_000);
  expect(connection.heardAt()).toBe(0);
  await exchange();
  expect(connection.heardAt()).toBe(5_000);
});

test('works over TLS', async () => {
  const { certFile, keyFile } = createAuthority().issue('localhost');
  const [cert, key] = [readFileSync(certFile), readFileSync(keyFile)];
  const ends: unknown[] = [];
  const server = tls.createServer({ cert, key, ALPNProtocols: ['h2'] }, (socket) => {
    const connection = createHttp2Connection<undefined>({
      socket,
      clock: systemClock,
      onClosed: (error) => ends.push(error),
      handler: {
        opened: () => undefined,
        data: (stream, _piece, isLast) => {
          if (isLast) connection.respond(stream, headers, Buffer.alloc(20_000), trailers);
        },
        closed: () => connection.close(),
      },
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const client = tls.connect({ port, host: '127.0.0.1', ALPNProtocols: ['h2'], rejectUnauthorized: false });
  client.write(
    Buffer.concat([
      Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      settings(),
      head(1),
      data(1, 100, { end: true }),
    ]),
  );
  let bytes = 0;
  client.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  await once(client, 'close');
  expect(bytes).toBeGreaterThan(20_000);
  while (ends.length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(ends).toEqual([undefined]);
});
