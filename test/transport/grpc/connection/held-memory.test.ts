/** Which call of a connection ends if its calls have too much memory. */
import { expect, test } from 'vitest';
import { beginCall, type Call } from '../../../../src/transport/grpc/call/call.ts';
import { createHeldMemory } from '../../../../src/transport/grpc/connection/held-memory.ts';
import { createMemoryBudget } from '../../../../src/transport/grpc/connection/memory-budget.ts';
import { createTestClock } from '../../../support/clock.ts';
import { createFakeConnection, type FakeStream } from '../../../support/fake-http2-connection.ts';

const mebibyte = 1024 * 1024;

function connection(memory = createMemoryBudget()) {
  const clock = createTestClock();
  const rejected: unknown[] = [];
  let unwritten = 0;
  const fake = createFakeConnection<Call>(
    () => ({
      opened: () => beginCall(undefined, clock.monotonic()),
      closed: ({ call }) => held.hold(call, 0),
    }),
    { clock },
  );
  const held = createHeldMemory({
    connection: () => fake.connection,
    memory,
    reject: (stream) => {
      rejected.push(stream);
      stream.call.state = 'answered';
      held.hold(stream.call, 0);
    },
    unwritten: () => unwritten,
  });
  /** Changes the output that waits in the socket. */
  const setUnwritten = (bytes: number) => {
    unwritten = bytes;
  };
  return {
    open: fake.open,
    cancel: fake.cancel,
    rejected,
    close: held.close,
    setUnwritten,
    holdUnwritten: (bytes: number) => {
      setUnwritten(bytes);
      held.sweep();
    },
    isDestroyed: fake.isDestroyed,
    hold: ({ call }: FakeStream<Call>, bytes: number) => held.hold(call, bytes),
  };
}

test('beyond the limit ends the largest incomplete request, and no complete one', () => {
  const { open, hold, rejected } = connection();
  const [small, whole, serving, large, last] = [open(), open(), open(), open(), open()];
  hold(small, mebibyte);
  hold(whole, 20 * mebibyte);
  whole.isRequestComplete = true;
  hold(serving, 21 * mebibyte);
  serving.call.state = 'serving';
  hold(large, 14 * mebibyte);
  hold(last, 8 * mebibyte);
  expect(rejected).toEqual([]);
  hold(last, 8 * mebibyte + 1);
  expect(rejected).toEqual([large]);
  hold(small, 16 * mebibyte);
  expect(rejected).toEqual([large, small]);
});

test('beyond the limit ends the largest request that waits to be decompressed', () => {
  const { open, hold, rejected } = connection();
  const [waiting, incomplete] = [open(), open()];
  waiting.isRequestComplete = true;
  waiting.call.state = 'inflating';
  hold(waiting, 40 * mebibyte);
  hold(incomplete, 25 * mebibyte);
  expect([rejected, waiting.reset]).toEqual([[waiting], undefined]);
});

test('beyond the limit resets a response that its client does not take, if it is the largest', () => {
  const { open, hold, rejected } = connection();
  const [unread, incomplete] = [open(), open()];
  unread.isRequestComplete = true;
  unread.call.state = 'answered';
  hold(unread, 40 * mebibyte);
  hold(incomplete, 25 * mebibyte);
  // CANCEL (RFC 9113 section 7).
  expect([unread.reset, incomplete.isClosed, rejected]).toEqual([8, false, []]);
});

test('of a request or a connection that ends is freed', () => {
  const memory = createMemoryBudget();
  const [first, second] = [connection(memory), connection(memory)];
  for (let time = 0; time < 5; time++) {
    const call = first.open();
    first.hold(call, 60 * mebibyte);
    if (time < 4) first.cancel(call);
  }
  first.close();
  second.hold(second.open(), 60 * mebibyte);
  expect([first.rejected, second.rejected]).toEqual([[], []]);
});

test('of output that waits in the sockets ends the connections with the most, and no other', () => {
  const memory = createMemoryBudget();
  const slow = Array.from({ length: 800 }, () => connection(memory));
  const envoy = connection(memory);
  envoy.hold(envoy.open(), 100_000);
  for (const { holdUnwritten } of slow) holdUnwritten(128 * 1024);
  // 96 MiB are 768 times 128 KiB, so the last 33 are too much.
  const open = slow.filter(({ isDestroyed }) => !isDestroyed());
  expect([open.length, envoy.isDestroyed(), envoy.rejected]).toEqual([767, false, []]);
});

test('of output that the peer takes after all is freed', () => {
  const memory = createMemoryBudget();
  const peers = Array.from({ length: 700 }, () => connection(memory));
  for (let time = 0; time < 3; time++) {
    for (const { holdUnwritten } of peers) holdUnwritten(128 * 1024);
    for (const { holdUnwritten } of peers) holdUnwritten(0);
  }
  expect(peers.filter(({ isDestroyed }) => isDestroyed())).toEqual([]);
});

test('of output that the peer has taken since the last sweep ends nothing', () => {
  const memory = createMemoryBudget();
  const [first, second] = [connection(memory), connection(memory)];
  first.holdUnwritten(60 * mebibyte);
  first.setUnwritten(mebibyte);
  const call = second.open();
  second.hold(call, 60 * mebibyte);
  expect([first.isDestroyed(), second.rejected]).toEqual([false, []]);
  first.holdUnwritten(40 * mebibyte);
  expect([first.isDestroyed(), second.rejected]).toEqual([false, [call]]);
});

test('of output ends the connection only if it is more than that of all calls', () => {
  const { open, hold, holdUnwritten, rejected, isDestroyed } = connection();
  const calls = Array.from({ length: 64 }, open);
  for (const call of calls) hold(call, mebibyte);
  // More than any of the calls has.
  holdUnwritten(2 * mebibyte);
  expect([rejected, isDestroyed()]).toEqual([calls.slice(0, 2), false]);
});

test('of output does not end a connection whose calls are being decided', () => {
  const { open, hold, holdUnwritten, rejected, isDestroyed } = connection();
  const calls = Array.from({ length: 64 }, open);
  for (const stream of calls) {
    stream.isRequestComplete = true;
    stream.call.state = 'serving';
    hold(stream, mebibyte);
  }
  holdUnwritten(1_000);
  expect([rejected, isDestroyed()]).toEqual([[], false]);
});
