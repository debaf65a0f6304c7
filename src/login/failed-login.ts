/** The answer to a login that failed: a page with a link to begin again. */
import type { Decision } from '../model/decision.ts';
import { type Answered, denied, pageAnswer } from './answers.ts';
import type { LoginPages } from './login-pages.ts';
import type { LoginPaths } from './login-paths.ts';
import type { LoginRequest } from './login-request.ts';

/** Answers that a login failed. */
export type FailedLogin = (
  asked: LoginRequest,
  cause: 'failed' | 'unreadable' | 'unfinished',
  detail: Answered['detail'],
  cookies?: readonly string[],
) => Decision;

/** Creates the answer. */
export function createFailedLogin(
  pages: Pick<LoginPages, 'failed'>,
  paths: Pick<LoginPaths, 'start'>,
): FailedLogin {
  return ({ place, languages }, cause, detail, cookies) => {
    const page = pages.failed({ cause, signIn: paths.start('/') }, languages);
    return denied('login_failed', pageAnswer(403, page, cookies), { place, detail });
  };
}
