/** Logins, with the code that a check needs for them. Loaded only if `login` is configured. */
import type { AnswerOwnPath } from '../check/login/own-paths.ts';
import { withCookies } from '../check/login/with-cookies.ts';
import type { Config } from '../config/declare/options.ts';
import type { LogoutAnswers } from '../login/back-channel/logout-answers.ts';
import type { Logins } from '../login/logins.ts';
import type { Check } from '../model/decision.ts';
import type { Clock } from '../runtime/time/clock.ts';
import { createLoginAnswer } from './login-answer.ts';
import { createLoginChecks, type LoginCheckParts, type LoginChecks } from './login-checks.ts';

/** Logins for checks. */
export interface CheckLogins {
  readonly createChecks: (parts: Omit<LoginCheckParts, 'logins'>) => LoginChecks;
  /** Creates the function that answers only the paths of the login. */
  readonly createAnswer: (config: Config, clock: Clock) => AnswerOwnPath;
  /** The answers to issuers that end sessions; undefined for a check alone. */
  readonly logout?: LogoutAnswers | undefined;
  /** Wraps the whole check, so that no cookie of this service reaches a workload. */
  readonly withCookies: (check: Check) => Check;
}

/** Creates them. */
export function createCheckLogins(logins: Logins, logout?: LogoutAnswers): CheckLogins {
  return {
    createChecks: (parts) => createLoginChecks({ ...parts, logins }),
    createAnswer: (config, clock) => createLoginAnswer({ config, clock, logins }),
    logout,
    withCookies: (check) => withCookies(check, logins),
  };
}
