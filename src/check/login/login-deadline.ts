/** Limits the time of a check that waits for an issuer: the end of a login, or a refresh. */
import type { Config } from '../../config/declare/options.ts';
import { detailOf, duration } from '../../config/values/detail-text.ts';
import type { Decision } from '../../model/decision.ts';

/** The longest such check, in milliseconds. */
const longest = 5_000;

/** The part of `limits.meshTimeout` that it can take. */
const share = 0.8;

/** The time of such a check, in milliseconds. */
export function loginTime({ meshTimeout }: Pick<Config['limits'], 'meshTimeout'>): number {
  return Math.min(longest, Math.floor(meshTimeout * share));
}

/** The decision of such a check that took longer, in milliseconds. */
export function tooLateForLogin(time: number): Decision {
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
