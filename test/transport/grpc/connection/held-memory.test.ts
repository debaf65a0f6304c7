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
  });
  return {
    open: fake.open,
    cancel: fake.cancel,
    rejected,
    close: held.close,
    holdUnwritten: held.holdUnwritten,
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

test('of output ends the connection only if it is more than that of a call', () => {
  const { open, hold, holdUnwritten, rejected, isDestroyed } = connection();
  const call = open();
  hold(call, 64 * mebibyte);
  holdUnwritten(128 * 1024);
  expect([rejected, isDestroyed()]).toEqual([[call], false]);
});
