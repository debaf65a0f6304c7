import { describe, expect, test } from 'vitest';
import type { Admit } from '../../src/check/authenticate.ts';
import { inTime } from '../../src/check/check-deadline.ts';
import type { Decision } from '../../src/model/decision.ts';
import { createTestClock, settled } from '../support/clock.ts';
import { checkRequest } from '../support/requests.ts';

const refused: Decision = { outcome: 'deny', reason: 'token_missing' };
const admit: Admit = () => refused;

describe('a check', () => {
  test('that waits for anything at all is answered at its deadline, and not before', async () => {
    const clock = createTestClock();
    const authenticate = inTime(() => new Promise(() => {}), 1_500, clock);
    let answer: Decision | undefined;
    void Promise.resolve(authenticate(checkRequest({}), admit)).then((decision) => (answer = decision));
    await clock.advance(1_499);
    expect(answer).toBeUndefined();
    await clock.advance(1);
    expect(answer).toMatchObject({ outcome: 'error', reason: 'overloaded' });
  });

  test('that is decided in time keeps its decision, whatever comes later', async () => {
    const clock = createTestClock();
    const { promise, resolve } = Promise.withResolvers<Decision>();
    const answer = inTime(() => promise, 1_500, clock)(checkRequest({}), admit);
    await clock.advance(1_400);
    resolve(refused);
    await settled();
    await clock.advance(10_000);
    expect(await answer).toBe(refused);
  });

  test('that is decided at once is answered at once, and starts no timer', () => {
    const clock = {
      ...createTestClock(),
      after: () => {
        throw new TypeError('a timer was started');
      },
    };
    expect(inTime(() => refused, 1_500, clock)(checkRequest({}), admit)).toBe(refused);
  });
});
