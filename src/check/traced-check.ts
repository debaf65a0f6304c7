/** The end of a traced check: the step that failed, the headers and the decision. Without a trace, the check is unchanged. */
import { listed } from '../config/values/detail-text.ts';
import type { CookieChanges } from '../model/browser-answer.ts';
import type { CheckRequest } from '../model/check-request.ts';
import type { Check, Decision } from '../model/decision.ts';
import type { Forwarding } from '../model/forwarding.ts';
import type { Trace } from '../model/trace.ts';

/** Wraps a check so that it ends its trace. The step that failed has the same texts as the detail of the decision. */
export function withTraceEnd(check: Check): Check {
  return (request, trace) => (trace === undefined ? check(request) : traced(check, request, trace));
}

function traced(check: Check, request: CheckRequest, trace: Trace): Decision | Promise<Decision> {
  // After the deadline of a check, its last steps still run.
  let hasEnded = false;
  const decision = check(request, (step) => {
    if (!hasEnded) trace(step);
  });
  const end = (settled: Decision): Decision => {
    hasEnded = true;
    const failed = settled.detail?.().failed;
    if (failed !== undefined) trace({ ...failed, result: 'failed' });
    if (settled.outcome === 'allow') traceHeaders(trace, settled.forwarding, settled.cookies);
    traceDecision(trace, settled);
    return settled;
  };
  return decision instanceof Promise ? decision.then(end) : end(decision);
}

/** Emits the names of the headers, never their values. */
function traceHeaders(
  trace: Trace,
  { set, remove, withheld }: Forwarding,
  cookies: CookieChanges | undefined,
): void {
  const left = withheld.map(({ header, cause }) => `${header} (${cause})`);
  trace({
    step: 'headers',
    result: 'info',
    subject: 'the headers of the upstream request',
    found: [
      `set ${listed(set.map(([name]) => name))}`,
      `removed ${listed(remove)}`,
      ...(cookies?.forwarded === undefined ? [] : ['the cookies of this service are removed']),
      ...(left.length > 0 ? [`values that are not forwarded: ${left.join(', ')}`] : []),
    ].join('; '),
  });
}

function traceDecision(trace: Trace, decision: Decision): void {
  const { outcome, reason } = decision;
  const isShadowed = outcome === 'allow' && decision.shadow !== undefined;
  trace({
    step: 'decision',
    result: outcome === 'allow' ? 'passed' : 'failed',
    subject: 'the decision',
    found: isShadowed ? `allow; mode shadow does not enforce ${decision.shadow}` : `${outcome}: ${reason}`,
  });
}
