/** Calls that do not progress, with a test clock and a sweep as often as in the listener. */
import { describe, expect, test } from 'vitest';
import { beginCall, type Call } from '../../../../src/transport/grpc/call/call.ts';
import { createStalledCalls } from '../../../../src/transport/grpc/connection/stalled-calls.ts';
import { sweepInterval } from '../../../../src/transport/grpc/connection/sweep.ts';
import { createTestClock } from '../../../support/clock.ts';
import { createFakeConnection, type FakeStream } from '../../../support/fake-http2-connection.ts';

function calls({ window }: { window?: number } = {}) {
  const clock = createTestClock();
  const rejected = new Set<unknown>();
  let unread = 0;
  const fake = createFakeConnection<Call>(
    () => ({ opened: () => beginCall(undefined, clock.monotonic()) }),
    window === undefined ? { clock } : { clock, window },
  );
  const stalled = createStalledCalls({
    connection: fake.connection,
    clock,
    reject: (stream) => {
      if (stream.call.state !== 'serving') rejected.add(stream);
      stream.call.state = 'serving';
    },
    hold: (call, bytes) => {
      call.heldBytes = bytes;
    },
    onUnread: () => unread++,
  });
  /** Advances the clock, and calls a function before each sweep. */
  const pass = async (milliseconds: number, before = () => {}) => {
    for (let passed = 0; passed < milliseconds; passed += sweepInterval) {
      before();
      await clock.advance(sweepInterval);
      stalled.sweep();
    }
  };
  return {
    clock,
    pass,
    open: (timeout?: string) => fake.open({ timeout }),
    progress: ({ call }: FakeStream<Call>) => stalled.progressed(call),
    isRejected: (stream: unknown) => rejected.has(stream),
    respond: (stream: FakeStream<Call>, data: Buffer) => {
      stream.isRequestComplete = true;
      stream.call.state = 'answered';
      fake.connection.respond(stream, Buffer.alloc(0), data, Buffer.alloc(0));
    },
    unread: () => unread,
  };
}

describe('a request', () => {
  test('is rejected after 5 s without bytes', async () => {
    const { pass, open, isRejected } = calls();
    const call = open();
    await pass(4_750);
    expect(isRejected(call)).toBe(false);
    await pass(1_000);
    expect(isRejected(call)).toBe(true);
  });

  test('does not count as stalled while another one is read', async () => {
    const { pass, open, progress, isRejected } = calls();
    const [call, other] = [open(), open()];
    await pass(9_000, () => progress(other));
    expect(isRejected(call)).toBe(false);
  });

  test('is rejected after 15 s, even if bytes arrive', async () => {
    const { pass, open, progress, isRejected } = calls();
    const call = open();
    await pass(14_500, () => progress(call));
    expect(isRejected(call)).toBe(false);
    await pass(1_000, () => progress(call));
    expect(isRejected(call)).toBe(true);
  });

  test('is rejected after 60 s, with any timeout of its client', async () => {
    const { pass, open, isRejected } = calls();
    const call = open('1H');
    await pass(59_500);
    expect(isRejected(call)).toBe(false);
    await pass(1_000);
    expect(isRejected(call)).toBe(true);
  });

  test('is rejected at the timeout of its client less the reserve, not at the next sweep', async () => {
    const { clock, pass, open, isRejected } = calls();
    const call = open('1889m');
    await pass(1_500);
    await clock.advance(200);
    expect(isRejected(call)).toBe(false);
    await clock.advance(1);
    expect(isRejected(call)).toBe(true);
  });

  test('that is not decompressed in 5 s is rejected', async () => {
    const { pass, open, isRejected } = calls();
    const call = open();
    call.isRequestComplete = true;
    call.call.state = 'inflating';
    await pass(4_750);
    expect(isRejected(call)).toBe(false);
    await pass(1_000);
    expect(isRejected(call)).toBe(true);
  });

  test('that is complete is not rejected', async () => {
    const { pass, open, isRejected } = calls();
    const call = open();
    call.call.state = 'serving';
    await pass(30_000);
    expect([isRejected(call), call.isClosed]).toEqual([false, false]);
  });
});

describe('a response', () => {
  test('that is not read within 10 s is reset, and nothing else is', async () => {
    const { pass, open, respond, unread } = calls({ window: 10 });
    const [call, other] = [open('1H'), open('1H')];
    respond(call, Buffer.alloc(11));
    await pass(9_500);
    expect([call.reset, unread()]).toEqual([undefined, 0]);
    await pass(1_000);
    // CANCEL (RFC 9113 section 7).
    expect([call.reset, call.isClosed, unread()]).toEqual([8, true, 1]);
    expect(other.isClosed).toBe(false);
  });

  test('holds as much memory as the client has not taken', async () => {
    const { pass, open, respond } = calls({ window: 10 });
    const call = open();
    respond(call, Buffer.alloc(1_000));
    await pass(sweepInterval);
    expect(call.call.heldBytes).toBe(990);
    call.unsent = 5;
    await pass(sweepInterval);
    expect(call.call.heldBytes).toBe(5);
  });
});
