/** How a decision of our own compares with the answer of the authorizer that still decides. */

import { compatHeader } from '../../config/values/header-names.ts';
import type { CheckRequest } from '../../model/check-request.ts';
import type { Decision, NotAllowed } from '../../model/decision.ts';
import type { Comparison, IncumbentAnswer } from '../../model/incumbent.ts';
import { reasons } from '../../model/reasons.ts';

/** The status that a decision is answered with over HTTP. */
export type StatusOf = (decision: Decision, request: CheckRequest) => number;

/** Compares what would be answered with what is. */
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

/** What a decision would be were it not only tried. */
function enforced(decision: Decision): Decision {
  if (decision.outcome !== 'allow' || decision.shadow === undefined) return decision;
  return { outcome: reasons[decision.shadow].outcome, reason: decision.shadow } as NotAllowed;
}

/** Whether the other one sets each header as it is set here, and none that is removed here. */
function hasSameIdentity(
  { set, remove }: { set: readonly (readonly [string, string])[]; remove: readonly string[] },
  { headers }: IncumbentAnswer,
): boolean {
  const theirs = new Map(headers.map(([name, value]) => [name.toLowerCase(), value]));
  return (
    set.every(([name, value]) => theirs.get(name) === value) &&
    // That oauth2-proxy says who asked in a header of its own is no difference: `compat` says it as well.
    remove.every((name) => name === compatHeader || (theirs.get(name) ?? '') === '')
  );
}
