/** The check without rules: a valid token allows the request. */

import type { Check, Decision } from '../model/decision.ts';
import type { Identity } from '../model/identity.ts';
import { type Admit, type Authenticate, internalError } from './authenticate.ts';
import type { AnswerOwnPath } from './login/own-paths.ts';
import type { SignIn } from './login/sign-in.ts';
import type { Forward } from './upstream-headers.ts';

/** The parts of logins in a check. */
export interface CheckLogin {
  readonly signIn: SignIn;
  readonly answerOwnPath: AnswerOwnPath | undefined;
  /** The forwarder of sessions. */
  readonly forward: Forward;
}

/** Creates the check. */
export function createCheck(authenticate: Authenticate, forward: Forward, login?: CheckLogin): Check {
  const admitWith =
    (forwardWith: Forward): Admit =>
    (identity: Identity, token: string, cached: boolean): Decision => {
      return {
        outcome: 'allow',
        reason: 'allowed',
        identity,
        forwarding: forwardWith(identity, token),
        cached,
      };
    };
  const byToken = admitWith(forward);
  if (login === undefined) return (request, trace) => authenticate(request, byToken, trace);
  const { signIn, answerOwnPath } = login;
  const admit = { byToken, bySession: admitWith(login.forward) };
  return (request, trace) => {
    try {
      return answerOwnPath?.(request, trace) ?? signIn(request, admit, trace);
    } catch (cause) {
      return internalError(cause);
    }
  };
}
