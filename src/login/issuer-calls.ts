/** Limits the calls to issuers that a request waits for: their number, and their time. */
import { duration } from '../config/values/detail-text.ts';
import type { Clock } from '../runtime/time/clock.ts';
import { withDeadline } from '../runtime/time/deadline.ts';
import type { LoginProblem } from './login-client.ts';

/** Makes a call. Its result is a problem if too many calls run, or if it takes too long. */
export type IssuerCalls = <T>(call: () => Promise<T>) => Promise<T | LoginProblem>;

const tooMany: LoginProblem = {
  kind: 'unavailable',
  detail: 'too many requests to issuers run at the same time',
  isUnsent: true,
};

/**
 * Creates the limits.
 *
 * @param most the most calls at the same time. One that nobody waits for counts until it ends
 * @param deadline milliseconds
 */
export function createIssuerCalls(most: number, deadline: number, clock: Clock): IssuerCalls {
  const late: LoginProblem = {
    kind: 'unavailable',
    detail: `the issuer did not answer within ${duration(deadline)}`,
  };
  let running = 0;
  return async <T>(call: () => Promise<T>) => {
    if (running >= most) return tooMany;
    running++;
    const ended = call().finally(() => {
      running--;
    });
    return withDeadline<T | LoginProblem>(ended, deadline, clock, () => late);
  };
}
