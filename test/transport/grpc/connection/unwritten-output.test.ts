/** The output that waits in the socket of a connection counts as its memory. */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { createCallConnection } from '../../../../src/transport/grpc/connection/call-connection.ts';
import { createMemoryBudget } from '../../../../src/transport/grpc/connection/memory-budget.ts';
import { createInflater } from '../../../../src/transport/grpc/message/inflater.ts';
import { createTestClock, settled } from '../../../support/clock.ts';
import { frame, frameType } from '../../../support/http2.ts';

/** The server's side of a connection whose peer reads nothing until `letRead`. */
class SlowSocket extends Duplex {
  /** Lets the peer read everything. */
  letRead = () => {};

  override _read(): void {}
  override _write(_: Buffer, __: BufferEncoding, written: () => void): void {
    this.letRead = written;
  }
  setNoDelay(): this {
    return this;
  }
}

/** Opens a connection. Its output is the SETTINGS of the server and their acknowledgement, less than 100 bytes. */
async function open(ofConnection: number) {
  const clock = createTestClock();
  const socket = new SlowSocket();
  const connection = createCallConnection({
    socket: socket as unknown as Socket,
    methods: new Map(),
    limits: { stored: 1_000, skipped: 0 },
    clock,
    memory: createMemoryBudget({ ofConnection, ofAll: 1_000 }),
    inflater: createInflater(),
    openStreams: new Set(),
    onBusy: () => {},
    onIdle: () => {},
    onRejected: () => {},
    onClosed: () => {},
  });
  socket.push(
    Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(frameType.settings, 0, 0)]),
  );
  await settled();
  expect(socket.writableLength).toBeGreaterThan(30);
  expect(socket.writableLength).toBeLessThan(100);
  return { socket, sweep: connection.sweep };
}

test('output within the memory ends no connection', async () => {
  const { socket, sweep } = await open(100);
  for (let time = 0; time < 3; time++) sweep();
  expect(socket.destroyed).toBe(false);
});

test('output beyond the memory ends its connection at the next sweep', async () => {
  const { socket, sweep } = await open(30);
  expect(socket.destroyed).toBe(false);
  sweep();
  expect(socket.destroyed).toBe(true);
});

test('output that the peer has read before the sweep ends nothing', async () => {
  const { socket, sweep } = await open(30);
  socket.letRead();
  await settled();
  sweep();
  expect([socket.writableLength, socket.destroyed]).toEqual([0, false]);
});
