/** Peers that do not begin, do not respond or do not read, with a test clock and a sweep as often as in the listener. */
import { expect, test } from 'vitest';
import type { Call } from '../../../../src/transport/grpc/call/call.ts';
import { beginCall } from '../../../../src/transport/grpc/call/call.ts';
import { createPeer } from '../../../../src/transport/grpc/connection/silent-peer.ts';
import { sweepInterval } from '../../../../src/transport/grpc/connection/sweep.ts';
import { createTestClock } from '../../../support/clock.ts';
import { createFakeConnection } from '../../../support/fake-http2-connection.ts';

function connection({ begins = true, unwritten = 0 } = {}) {
  const clock = createTestClock();
  let responds = true;
  const fake = createFakeConnection<Call>(() => ({ opened: () => beginCall(undefined, clock.monotonic()) }), {
    clock,
    hasBegun: () => begins,
  });
  const peer = createPeer({ connection: fake.connection, unwritten: () => unwritten, clock });
  let pinged = 0;
  /** Advances the clock, and calls a function before each sweep. The client answers each PING. */
  const pass = async (milliseconds: number, before = () => {}) => {
    for (let passed = 0; passed < milliseconds; passed += sweepInterval) {
      before();
      await clock.advance(sweepInterval);
      peer.sweep();
      pinged += fake.pings.length;
      for (const answer of fake.pings.splice(0)) if (responds) answer();
    }
  };
  const fallSilent = () => {
    responds = false;
  };
  return {
    ...{ clock, pass, fallSilent, doubt: peer.doubt, isDestroyed: fake.isDestroyed },
    hear: () => void fake.open(),
    pinged: () => pinged,
  };
}

test('ends a connection that does not start HTTP/2 within 10 s', async () => {
  const { isDestroyed, pass } = connection({ begins: false });
  await pass(9_750);
  expect(isDestroyed()).toBe(false);
  await pass(1_000);
  expect(isDestroyed()).toBe(true);
});

test('ends a connection whose peer is silent and does not answer a PING', async () => {
  const { isDestroyed, pass, fallSilent } = connection();
  await pass(60_000);
  expect(isDestroyed()).toBe(false);
  fallSilent();
  await pass(16_000);
  expect(isDestroyed()).toBe(true);
});

test('does not ping a peer that sends', async () => {
  const { pass, hear, pinged } = connection();
  await pass(60_000, hear);
  expect(pinged()).toBe(0);
});

test('ends a connection whose peer sends but does not read', async () => {
  const { isDestroyed, pass, hear, fallSilent, doubt } = connection();
  fallSilent();
  doubt();
  await pass(4_000, hear);
  expect(isDestroyed()).toBe(false);
  await pass(2_000, hear);
  expect(isDestroyed()).toBe(true);
});

test('asks a peer once whose output waits for 10 s, and keeps it if it answers', async () => {
  const { isDestroyed, pass, hear, pinged, fallSilent } = connection({ unwritten: 1 });
  await pass(10_000, hear);
  expect(pinged()).toBe(0);
  await pass(1_000, hear);
  expect(pinged()).toBe(1);
  await pass(9_000, hear);
  expect([pinged(), isDestroyed()]).toEqual([1, false]);
  fallSilent();
  await pass(16_000, hear);
  expect(isDestroyed()).toBe(true);
});

test('keeps a connection through a stall of this process', async () => {
  const { clock, pass, hear, fallSilent, doubt, isDestroyed } = connection();
  fallSilent();
  doubt();
  await pass(1_000, hear);
  clock.pass(60_000);
  await pass(3_000, hear);
  expect(isDestroyed()).toBe(false);
  await pass(2_000, hear);
  expect(isDestroyed()).toBe(true);
});
