/** The decision of a check that waited too long for an issuer. */
import { detailOf, duration } from '../../config/values/detail-text.ts';
import type { Failure } from '../../model/decision.ts';

/** Creates it. @param time the longest wait, in milliseconds */
export function tooLateForLogin(time: number): Failure {
  return {
    outcome: 'error',
    reason: 'login_unavailable',
    detail: () =>
      detailOf(
        {
          step: 'login',
          subject: 'the time of the login',
          expected: `at most ${duration(time)}`,
          found: 'longer',
          option: 'limits.meshTimeout',
        },
        `the login or the refresh took longer than ${duration(time)}, which is 80 % of limits.meshTimeout, or 5 s`,
      ),
  };
}
