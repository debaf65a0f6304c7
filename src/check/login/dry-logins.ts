/** Logins without effects: no session is renewed, no login begins and no cookie is set. */
import type { Logins } from '../../login/logins.ts';
import type { Trace } from '../../model/trace.ts';

/** Receives steps and drops them. With a trace, logins have no effects. */
const unread: Trace = () => {};

/**
 * Makes logins that only say what they would answer. While an incumbent decides, browsers get its answers: a renewed session would be
 * lost with its cookie, and the state of a login would never come back.
 */
export function createDryLogins(logins: Logins): Logins {
  return {
    ...logins,
    answerOwnPath: (request, policy, placeOf, trace = unread) =>
      logins.answerOwnPath(request, policy, placeOf, trace),
    findSession: (request, place, trace = unread) => logins.findSession(request, place, trace),
    askToLogIn: (request, place, none, trace = unread) => logins.askToLogIn(request, place, none, trace),
  };
}
