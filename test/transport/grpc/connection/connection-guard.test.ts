/** Limits of one connection, with a test clock and a sweep as often as in the listener. */
import { EventEmitter } from 'node:events';
import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import {
  createConnectionGuard,
  type GuardedCall,
  sweepInterval,
} from '../../../../src/transport/grpc/connection/connection-guard.ts';
import { createMemoryBudget } from '../../../../src/transport/grpc/connection/memory-budget.ts';
import { createTestClock, settled } from '../../../support/clock.ts';

const mebibyte = 1024 * 1024;

/** A call and its end. */
interface TestCall extends GuardedCall {
  fate: 'open' | 'given up' | 'abandoned';
}

function connection({ begins = true, memory = createMemoryBudget() } = {}) {
  const clock = createTestClock();
  const unanswered: (() => void)[] = [];
  let isAlive = true;
  const session = Object.assign(new EventEmitter(), {
    destroyed: false,
    destroy: () => {
      session.destroyed = true;
    },
    ping: (answered: () => void) => void (isAlive ? answered() : unanswered.push(answered)),
  });
  const guard = createConnectionGuard({
    session: session as unknown as ServerHttp2Session,
    socket: { destroy: () => {} } as unknown as Socket,
    ...{ clock, memory, onBusy: () => {}, onIdle: () => {} },
  });
  if (begins) session.emit('remoteSettings');
  /** Advances the clock, and calls a function before each sweep. */
  const pass = async (milliseconds: number, before = () => {}) => {
    for (let passed = 0; passed < milliseconds; passed += sweepInterval) {
      before();
      await clock.advance(sweepInterval);
      guard.sweep();
      await settled();
    }
  };
  const open = (timeout?: number): TestCall => {
    const openedAt = clock.monotonic();
    const call: TestCall = {
      ...{
        isRequestComplete: false,
        quietSweeps: 0,
        sweeps: 0,
        heldBytes: 0,
        isAnswered: false,
        unreadSweeps: 0,
      },
      fate: 'open',
      timeLeft: () => (timeout === undefined ? undefined : openedAt + timeout - clock.monotonic()),
      reject: () => {
        if (!call.isAnswered) call.fate = 'given up';
        guard.callHolds(call, 0);
        call.isAnswered = true;
      },
      cancel: () => {
        call.fate = 'abandoned';
        guard.callEnded(call);
      },
    };
    guard.callOpened(call);
    return call;
  };
  const fallSilent = () => {
    isAlive = false;
  };
  return { clock, session, guard, pass, open, fallSilent };
}

describe('a request', () => {
  test('is rejected after 5 s without bytes', async () => {
    const { pass, open } = connection();
    const call = open();
    await pass(4_750);
    expect(call.fate).toBe('open');
    await pass(1_000);
    expect(call.fate).toBe('given up');
  });

  test('does not count as stalled while another one is read', async () => {
    const { guard, pass, open } = connection();
    const [call, other] = [open(), open()];
    let bytes = 0;
    await pass(9_000, () => guard.callHolds(other, ++bytes));
    expect(call.fate).toBe('open');
  });

  test('is rejected after 15 s, even if bytes arrive', async () => {
    const { guard, pass, open } = connection();
    const call = open();
    let bytes = 0;
    const goOn = () => guard.callHolds(call, ++bytes);
    await pass(14_500, goOn);
    expect(call.fate).toBe('open');
    await pass(1_000, goOn);
    expect(call.fate).toBe('given up');
  });

  test('is rejected after 60 s, with any timeout of its client', async () => {
    const { pass, open } = connection();
    const call = open(3_600_000);
    await pass(59_500);
    expect(call.fate).toBe('open');
    await pass(1_000);
    expect(call.fate).toBe('given up');
  });

  test('is rejected at the timeout of its client, not at the next sweep', async () => {
    const { clock, pass, open } = connection();
    const call = open(1_700);
    await pass(1_500);
    await clock.advance(199);
    expect(call.fate).toBe('open');
    await clock.advance(1);
    expect(call.fate).toBe('given up');
  });

  test('that is complete is not rejected', async () => {
    const { pass, open } = connection();
    const call = open();
    call.isRequestComplete = true;
    await pass(30_000);
    expect(call.fate).toBe('open');
  });
});

test('cancels a call whose response is not read within 10 s', async () => {
  const { pass, open, session } = connection();
  const call = open();
  Object.assign(call, { isRequestComplete: true, isAnswered: true });
  await pass(9_500);
  expect(call.fate).toBe('open');
  await pass(1_000);
  expect([call.fate, session.destroyed]).toEqual(['abandoned', false]);
});

describe('memory', () => {
  test('beyond the limit ends the largest incomplete request, and no complete one', () => {
    const { guard, open } = connection();
    const [small, whole, large, last] = [open(), open(), open(), open()];
    guard.callHolds(small, mebibyte);
    guard.callHolds(whole, 30 * mebibyte);
    whole.isRequestComplete = true;
    guard.callHolds(large, 20 * mebibyte);
    guard.callHolds(last, 10 * mebibyte);
    expect([small, whole, large, last].map(({ fate }) => fate)).toEqual(['open', 'open', 'open', 'open']);
    guard.callHolds(last, 14 * mebibyte);
    expect([small, whole, large, last].map(({ fate }) => fate)).toEqual(['open', 'open', 'given up', 'open']);
  });

  test('of a request or a connection that ends is freed', () => {
    const memory = createMemoryBudget();
    const [first, second] = [connection({ memory }), connection({ memory })];
    for (let time = 0; time < 5; time++) {
      const call = first.open();
      first.guard.callHolds(call, 60 * mebibyte);
      expect(call.fate).toBe('open');
      if (time < 4) first.guard.callEnded(call);
    }
    first.session.emit('close');
    const call = second.open();
    second.guard.callHolds(call, 60 * mebibyte);
    expect(call.fate).toBe('open');
  });
});

describe('a connection ends', () => {
  test('that does not start HTTP/2 within 10 s', async () => {
    const { session, pass } = connection({ begins: false });
    await pass(9_750);
    expect(session.destroyed).toBe(false);
    await pass(1_000);
    expect(session.destroyed).toBe(true);
  });

  test('whose peer is silent and does not answer a PING', async () => {
    const { session, pass, fallSilent } = connection();
    await pass(60_000);
    expect(session.destroyed).toBe(false);
    fallSilent();
    await pass(16_000);
    expect(session.destroyed).toBe(true);
  });

  test('whose peer sends but does not read', async () => {
    const { session, pass, open, fallSilent } = connection();
    const call = open();
    Object.assign(call, { isRequestComplete: true, isAnswered: true, cancel: () => {} });
    fallSilent();
    await pass(16_000, () => {
      if (!session.destroyed) Object.assign(open(), { isRequestComplete: true });
    });
    expect(session.destroyed).toBe(true);
  });

  test.each([
    ['PING', 'ping', 210, 20],
    ['SETTINGS', 'remoteSettings', 60, 5],
  ] as const)('whose peer sends %s without end', async (_, event, burst, perSecond) => {
    const { session } = connection();
    for (let count = 0; count < burst; count++) session.emit(event);
    expect(session.destroyed).toBe(true);
    const patient = connection();
    let count = 0;
    await patient.pass(20_000, () => {
      count++;
      for (let each = 0; each < Math.floor(perSecond / 4); each++) patient.session.emit(event);
    });
    expect([count, patient.session.destroyed]).toEqual([80, false]);
  });

  test('with PINGs but without answered calls', () => {
    const callsThat = (isAnswered: boolean) => {
      const { session, guard, open } = connection();
      for (let count = 0; count < 1_000; count++) {
        const call = open();
        call.isAnswered = isAnswered;
        guard.callEnded(call);
        session.emit('ping');
      }
      return session.destroyed;
    };
    expect([callsThat(true), callsThat(false)]).toEqual([false, true]);
  });
});
