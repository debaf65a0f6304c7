/** Removes the cookies of this service from each request that it allows, and sets renewed ones. */
import type { Logins } from '../../login/logins.ts';
import type { Check, Decision } from '../../model/decision.ts';

/** Wraps a check. It applies to every allow: with a token, with a session, without either, and in shadow mode. */
export function withCookies(check: Check, { cookieChanges }: Pick<Logins, 'cookieChanges'>): Check {
  return (request, trace) => {
    const change = (decision: Decision): Decision => {
      if (decision.outcome !== 'allow') return decision;
      const cookies = cookieChanges(request, decision.cookies?.set ?? []);
      return cookies === undefined ? decision : { ...decision, cookies };
    };
    const decision = check(request, trace);
    return decision instanceof Promise ? decision.then(change) : change(decision);
  };
}
