/** The result of a check of a running port. */
import { decisionHeader } from '../../model/decision.ts';
import type { ExplainRequest } from '../../model/explanation.ts';
import { type Outcome, type Reason, reasons } from '../../model/reasons.ts';
import type { EnvoyAnswer } from './envoy-answer.ts';
import { type ExplainResult, helpMember, shownRequest, shownResponse } from './result.ts';

/** Makes the result. Over HTTP, the answer has no reason. */
export function envoyResult(
  answer: EnvoyAnswer,
  {
    request,
    from,
    time,
    showsClaims,
  }: {
    readonly request: ExplainRequest;
    readonly from: string;
    readonly time: string;
    readonly showsClaims: boolean;
  },
): ExplainResult {
  const { metadata, headers } = answer;
  const reason = reasonOf(metadata.reason);
  const shadow = reasonOf(metadata.shadow);
  const decision =
    headers.find(([name]) => name.toLowerCase() === decisionHeader)?.[1] ?? textOf(metadata.decision);
  const [rule, policy] = [textOf(metadata.rule), textOf(metadata.policy)];
  return {
    mode: answer.transport,
    from,
    request: shownRequest(request),
    outcome: outcomeOf(answer, reason),
    ...(reason !== undefined && { reason }),
    ...(shadow !== undefined && { shadow }),
    ...(decision !== undefined && { decision }),
    ...(rule !== undefined && { rule }),
    ...(policy !== undefined && { policy }),
    time,
    response: shownResponse(answer, showsClaims),
    envoy: answer.envoy,
    notes: [
      ...(answer.transport === 'http' && decision !== undefined
        ? [`an answer over HTTP has no reason; to find it: oidc-authz explain ${decision} --admin URL`]
        : []),
      ...(answer.transport === 'http' && answer.envoy.does === 'allow'
        ? ['over HTTP, Envoy sets only the headers that its configuration lists (docs/headers.md)']
        : []),
    ],
    ...helpMember(shadow ?? reason),
  };
}

/** A check without a decision is an error, although Envoy denies the request. */
function outcomeOf({ envoy, body }: EnvoyAnswer, reason: Reason | undefined): Outcome {
  if (envoy.does === 'allow') return 'allow';
  if (envoy.does === 'failure' || body.startsWith('{"error":"temporarily_unavailable"')) return 'error';
  return reason !== undefined && reasons[reason].outcome === 'error' ? 'error' : 'deny';
}

function reasonOf(value: unknown): Reason | undefined {
  return typeof value === 'string' && Object.hasOwn(reasons, value) ? (value as Reason) : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
