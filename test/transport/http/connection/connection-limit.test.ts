/** Which connection a new one replaces, with test sockets. */
import { EventEmitter } from 'node:events';
import type { Server, Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { limitConnections } from '../../../../src/transport/http/connection/connection-limit.ts';
import { createTestClock } from '../../../support/clock.ts';

class TestSocket extends EventEmitter {
  bytesRead = 0;
  writableLength = 0;
  writable = true;
  isOpen = true;
  written = '';
  destroy() {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.emit('close');
  }
  end(text: string) {
    this.written += text;
  }
  resume() {}
  get destroyed() {
    return !this.isOpen;
  }
}

/** How long a new connection waits before it replaces another one, in milliseconds. */
const wait = 100;

function listener(max: number, isSecure = false) {
  const clock = createTestClock();
  const server = new EventEmitter();
  const served = new Set<TestSocket>();
  server.on(isSecure ? 'secureConnection' : 'connection', (socket: TestSocket) => served.add(socket));
  const bounds = limitConnections(server as unknown as Server, isSecure, max, clock);
  const connect = (event = 'connection') => {
    const socket = new TestSocket();
    server.emit(event, socket);
    return socket;
  };
  const asSocket = (socket: TestSocket) => socket as unknown as Socket;
  /** A complete request arrives. */
  const ask = (socket: TestSocket) => {
    socket.bytesRead += 100;
    bounds.used(asSocket(socket));
  };
  return {
    ...{ clock, served, connect, ask, sweep: bounds.sweep },
    waits: (socket: TestSocket, change: 1 | -1) => bounds.waits(asSocket(socket), change),
    expectsBody: (socket: TestSocket, expects: boolean) => bounds.expectsBody(asSocket(socket), expects),
    isAnswered: (socket: TestSocket) => bounds.isAnswered(asSocket(socket)),
  };
}

const areOpen = (sockets: readonly TestSocket[]) => sockets.map(({ isOpen }) => isOpen);

describe('a new connection', () => {
  test('replaces the longest idle one', async () => {
    const { clock, connect, ask } = listener(3);
    const sockets = [connect(), connect(), connect()];
    for (const socket of [...sockets, ...sockets.slice(0, 1)]) ask(socket);
    connect();
    expect(areOpen(sockets)).toEqual([true, true, true]);
    await clock.advance(wait);
    expect(areOpen(sockets)).toEqual([true, false, true]);
    connect();
    await clock.advance(wait);
    expect(areOpen(sockets)).toEqual([true, false, false]);
  });

  test('does not replace one that was used since the last search', async () => {
    const { clock, connect, ask } = listener(1_000);
    const sockets = Array.from({ length: 1_000 }, () => connect());
    for (const socket of sockets) ask(socket);
    connect();
    await clock.advance(wait);
    // The next nine are the candidates now.
    for (const socket of sockets.slice(1, 10)) ask(socket);
    for (let count = 0; count < 20; count++) connect();
    await clock.advance(wait);
    expect(areOpen(sockets.slice(0, 10))).toEqual([false, ...Array<boolean>(9).fill(true)]);
    expect(sockets.filter(({ isOpen }) => !isOpen)).toHaveLength(21);
  });

  test.each<[string, (socket: TestSocket, of: ReturnType<typeof listener>) => void]>([
    ['whose check waits', (socket, { waits }) => waits(socket, 1)],
    ['with a partial request', (socket) => (socket.bytesRead += 10)],
    ['with an unread response', (socket) => (socket.writableLength = 10)],
  ])('gets a denial if the others are connections %s', async (_, occupy) => {
    const started = listener(2);
    const { clock, connect, ask, served } = started;
    const busy = [connect(), connect()];
    for (const socket of busy) {
      ask(socket);
      occupy(socket, started);
    }
    const late = connect();
    await clock.advance(wait);
    expect([areOpen(busy), served.has(late)]).toEqual([[true, true], false]);
    expect(late.written).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n(.+\r\n)*\r\n$/);
    await clock.advance(2_000);
    expect(late.isOpen).toBe(false);
  });

  test('replaces a stalled request, and not a pending check', async () => {
    const { clock, connect, ask, sweep, waits } = listener(2);
    const [waiting, stuck] = [connect(), connect()];
    ask(waiting);
    waiting.bytesRead += 10;
    stuck.bytesRead += 10;
    for (let look = 0; look < 2; look++) sweep();
    waits(waiting, 1);
    const next = connect();
    await clock.advance(wait);
    expect([areOpen([waiting, stuck]), next.written]).toEqual([[true, false], '']);
    next.bytesRead += 10;
    await clock.advance(1_000);
    const late = connect();
    await clock.advance(wait);
    expect(late.written).toMatch(/^HTTP\/1\.1 403 /);
    expect(areOpen([waiting, next])).toEqual([true, true]);
  });

  test('waits with at most 1,000 others, and is closed without a response if 1,000 are closing', async () => {
    const { clock, connect, ask, waits } = listener(1);
    const busy = connect();
    ask(busy);
    waits(busy, 1);
    const late = Array.from({ length: 1_001 }, () => connect());
    expect(late.filter(({ written }) => written !== '')).toEqual([late.at(-1)]);
    await clock.advance(wait);
    expect(late.filter(({ written }) => written !== '')).toHaveLength(1_000);
    expect(late.filter(({ written, isOpen }) => written === '' && !isOpen)).toHaveLength(1);
    expect(busy.isOpen).toBe(true);
  });
});

test('a request whose body arrives after its response counts as answered, and one with a pending check does not', () => {
  const { connect, expectsBody, isAnswered, waits } = listener(2);
  const socket = connect();
  expect(isAnswered(socket)).toBe(false);
  expectsBody(socket, true);
  expect(isAnswered(socket)).toBe(true);
  waits(socket, 1);
  expect(isAnswered(socket)).toBe(false);
  waits(socket, -1);
  expectsBody(socket, false);
  expect(isAnswered(socket)).toBe(false);
});

test('allows no more handshakes at once than connections, and than may wait', () => {
  const { connect } = listener(3, true);
  const sockets = Array.from({ length: 1_005 }, () => connect());
  expect(areOpen(sockets.slice(1_000))).toEqual([true, true, true, false, false]);
  sockets[0]?.destroy();
  expect(connect().isOpen).toBe(true);
});
