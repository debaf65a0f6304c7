import { describe, expect, test } from 'vitest';
import type { Decision } from '../../../../src/model/decision.ts';
import { withCallDeadline } from '../../../../src/transport/grpc/check/response-deadline.ts';
import { createTestClock } from '../../../support/clock.ts';
import { checkRequest } from '../../../support/requests.ts';

describe('a pending check', () => {
  const late: Decision = { outcome: 'error', reason: 'overloaded' };
  async function answeredAfter(longest: number, timeLeft: number | undefined): Promise<number> {
    const clock = createTestClock();
    const check = withCallDeadline({ check: () => new Promise(() => {}), late: () => late, longest, clock });
    let after = -1;
    const decided = Promise.resolve(check(checkRequest(), () => timeLeft)).then((decision) => {
      expect(decision).toEqual(late);
      after = clock.monotonic();
    });
    for (let passed = 0; passed < 3_000 && after < 0; passed += 100) await clock.advance(100);
    await decided;
    return after;
  }

  test.each([
    ['of the service', 1_600, undefined, 1_600],
    ['of the service, if the client has more time', 1_600, 60_000, 1_600],
    ['of the client, if it has less', 1_600, 900, 900],
    ['none, if the client has none left', 1_600, -5, 0],
  ])('gets a response in the time that is left: %s', async (_, longest, timeLeft, expected) => {
    const after = await answeredAfter(longest, timeLeft);
    expect(after).toBeGreaterThanOrEqual(expected);
    expect(after).toBeLessThanOrEqual(expected + 100);
  });
});
