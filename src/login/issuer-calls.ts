/** Limits the time that a request waits for an issuer. The client of the issuer limits the number of calls. */
import { duration } from '../config/values/detail-text.ts';
import type { Clock } from '../runtime/time/clock.ts';
import { withDeadline } from '../runtime/time/deadline.ts';
import type { LoginProblem } from './login-client.ts';

/** Waits for a call. Its result is a problem if it takes too long. */
export type IssuerCalls = <T>(call: Promise<T>) => Promise<T | LoginProblem>;

/** Creates the limit. @param deadline milliseconds */
export function createIssuerCalls(deadline: number, clock: Clock): IssuerCalls {
  const late: LoginProblem = {
    kind: 'unavailable',
    detail: `the issuer did not answer within ${duration(deadline)}`,
  };
  return <T>(call: Promise<T>) => withDeadline<T | LoginProblem>(call, deadline, clock, () => late);
}
