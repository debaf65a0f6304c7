/** Converts a decision of the login to a response of a web server. Each status is sent unchanged: unlike in a check, 200 has no special meaning. */
import { adviceLines, type ChallengeOptions, errorBody } from '../../check/challenge.ts';
import { browserMessage, isForBrowser } from '../../check/login/browser-lines.ts';
import { decisionHeader, type NotAllowed } from '../../model/decision.ts';
import { reasons } from '../../model/reasons.ts';

/** A response. Several lines can have the same name. */
export interface LoginReply {
  readonly status: number;
  readonly lines: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** Creates the response. If the answer for the browser cannot be sent, the response is that of the reason. */
export function loginReply(decision: NotAllowed, options: ChallengeOptions): LoginReply {
  const { id } = decision;
  const { status, lines, body } = forBrowser(decision, options) ?? ofReason(decision, options);
  return { status, lines: [...lines, ...(id === undefined ? [] : [[decisionHeader, id] as const])], body };
}

function forBrowser(decision: NotAllowed, options: ChallengeOptions): LoginReply | undefined {
  if (!isForBrowser(decision)) return undefined;
  const { status } = decision.browser;
  const message = browserMessage(decision, status, decision.id, options);
  return message && { status, ...message };
}

function ofReason(decision: NotAllowed, options: ChallengeOptions): LoginReply {
  const { grpcHttpStatus: status } = reasons[decision.reason];
  return {
    status,
    lines: [
      ...adviceLines(decision, status, options),
      ['content-type', 'application/json'],
      ['cache-control', 'no-store'],
    ],
    body: errorBody(decision.reason, decision.id),
  };
}
