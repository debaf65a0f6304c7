/** Compares our own decision with the answer of the incumbent. */

import { compatHeader } from '../../config/values/header-names.ts';
import type { CheckRequest } from '../../model/check-request.ts';
import type { Decision, NotAllowed } from '../../model/decision.ts';
import type { Comparison, IncumbentAnswer } from '../../model/incumbent.ts';
import { reasons } from '../../model/reasons.ts';

/** Returns the HTTP status of a decision. */
export type StatusOf = (decision: Decision, request: CheckRequest) => number;

/** Compares a decision with the incumbent's answer. */
export function compare(
  decision: Decision,
  incumbent: IncumbentAnswer,
  request: CheckRequest,
  statusOf: StatusOf,
): Comparison {
  const own = enforced(decision);
  const [allows, incumbentAllows] = [own.outcome === 'allow', incumbent.status === 200];
  if (allows !== incumbentAllows) return allows ? 'incumbent_refuses' : 'incumbent_allows';
  if (own.outcome !== 'allow') return statusOf(own, request) === incumbent.status ? 'same' : 'status_differs';
  return hasSameIdentity(own.forwarding, incumbent) ? 'same' : 'headers_differ';
}

/** The decision without shadow mode. */
function enforced(decision: Decision): Decision {
  if (decision.outcome !== 'allow' || decision.shadow === undefined) return decision;
  return { outcome: reasons[decision.shadow].outcome, reason: decision.shadow } as NotAllowed;
}

/** Whether the incumbent sets the same headers as this service, and none that this service removes. */
function hasSameIdentity(
  { set, remove }: { set: readonly (readonly [string, string])[]; remove: readonly string[] },
  { headers }: IncumbentAnswer,
): boolean {
  const theirs = new Map(headers.map(([name, value]) => [name.toLowerCase(), value]));
  return (
    set.every(([name, value]) => theirs.get(name) === value) &&
    // oauth2-proxy's own identity header is not a difference, because `compat` sets it too.
    remove.every((name) => name === compatHeader || (theirs.get(name) ?? '') === '')
  );
}
