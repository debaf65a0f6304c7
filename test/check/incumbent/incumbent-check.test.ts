import { expect, test } from 'vitest';
import { createIncumbentCheck } from '../../../src/check/incumbent/incumbent-check.ts';
import type { Decision } from '../../../src/model/decision.ts';
import { createTestClock } from '../../support/clock.ts';
import { checkRequest } from '../../support/requests.ts';

test('a request that is never answered is denied at its timeout', async () => {
  const clock = createTestClock();
  const own: Decision = { outcome: 'deny', reason: 'token_missing' };
  const check = createIncumbentCheck(
    () => own,
    () => new Promise(() => {}),
    () => 401,
    { authorizer: 'http://incumbent.example', timeout: 1_500 },
    clock,
  );
  let answer: Decision | undefined;
  void Promise.resolve(check(checkRequest({}))).then((decision) => (answer = decision));
  await clock.advance(1_499);
  expect(answer).toBeUndefined();
  await clock.advance(1);
  expect(answer).toMatchObject({ outcome: 'error', reason: 'incumbent_unavailable' });
  expect(answer?.detail?.()).toMatchObject({
    text: 'no answer from http://incumbent.example within 1500 ms',
    option: 'shadow.authorizer',
  });
});
