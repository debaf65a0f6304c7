import { describe, expect, test } from 'vitest';
import type { Admit } from '../../src/check/authenticate.ts';
import { callTimeLeft, withCheckDeadline } from '../../src/check/check-deadline.ts';
import type { Decision } from '../../src/model/decision.ts';
import { createTestClock, settled } from '../support/clock.ts';
import { checkRequest } from '../support/requests.ts';

const denied: Decision = { outcome: 'deny', reason: 'token_missing' };
const late: Decision = { outcome: 'error', reason: 'overloaded' };
const admit: Admit = () => denied;
const options = { timeLeft: () => 1_500, late: () => late };

describe('a check with a deadline', () => {
  test('is answered at the deadline if it still waits, and not before', async () => {
    const clock = createTestClock();
    const check = withCheckDeadline(() => new Promise(() => {}), { ...options, clock });
    let answer: Decision | undefined;
    void Promise.resolve(check(checkRequest({}), admit)).then((decision) => (answer = decision));
    await clock.advance(1_499);
    expect(answer).toBeUndefined();
    await clock.advance(1);
    expect(answer).toBe(late);
  });

  test('keeps a decision that was made in time', async () => {
    const clock = createTestClock();
    const { promise, resolve } = Promise.withResolvers<Decision>();
    const answer = withCheckDeadline(() => promise, { ...options, clock })(checkRequest({}), admit);
    await clock.advance(1_400);
    resolve(denied);
    await settled();
    await clock.advance(10_000);
    expect(await answer).toBe(denied);
  });

  test('returns a synchronous decision without starting a timer', () => {
    const clock = {
      ...createTestClock(),
      after: () => {
        throw new TypeError('a timer was started');
      },
    };
    expect(withCheckDeadline(() => denied, { ...options, clock })(checkRequest({}), admit)).toBe(denied);
  });
});

describe('the time for a call', () => {
  async function answeredAfter(longest: number, timeLeft: number | undefined): Promise<number> {
    const clock = createTestClock();
    const check = withCheckDeadline(() => new Promise(() => {}), {
      timeLeft: callTimeLeft(longest),
      late: () => late,
      clock,
    });
    let after = -1;
    const decided = Promise.resolve(check(checkRequest({}), () => timeLeft)).then((decision) => {
      expect(decision).toEqual(late);
      after = clock.monotonic();
    });
    for (let passed = 0; passed < 3_000 && after < 0; passed += 100) await clock.advance(100);
    await decided;
    return after;
  }

  test.each([
    ['is that of the service if the call has no timeout', 1_600, undefined, 1_600],
    ['is that of the service if the call has more time', 1_600, 60_000, 1_600],
    ['is that of the call if the call has less time', 1_600, 900, 900],
    ['is 0 if the timeout of the call has passed', 1_600, -5, 0],
  ])('%s', async (_, longest, timeLeft, expected) => {
    const after = await answeredAfter(longest, timeLeft);
    expect(after).toBeGreaterThanOrEqual(expected);
    expect(after).toBeLessThanOrEqual(expected + 100);
  });
});
