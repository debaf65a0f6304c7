/** Converts a decision of the login to a response of a web server. Unlike a check, 200 means nothing here, so every status is sent as it is. */
import { type ChallengeOptions, challenge, errorBody, retryAfterSeconds } from '../../check/challenge.ts';
import { decisionHeader, type NotAllowed } from '../../model/decision.ts';
import { reasons } from '../../model/reasons.ts';

/** A response. */
export interface LoginReply {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Values of `set-cookie`, one for each line. */
  readonly cookies: readonly string[];
  readonly body: string;
}

/** Creates the response. */
export function loginReply(decision: NotAllowed, options: ChallengeOptions): LoginReply {
  const { id, browser, reason } = decision;
  const status = browser?.status ?? reasons[reason].grpcHttpStatus;
  const { type, body } = browser?.page ?? {
    type: 'application/json',
    body: (decisionId: string | undefined) => errorBody(reason, decisionId),
  };
  const isRedirect = browser?.location !== undefined;
  return {
    status,
    headers: [
      ['cache-control', 'no-store'],
      ...(id === undefined ? [] : ([[decisionHeader, id]] as const)),
      ...(status === 401 && decision.outcome === 'deny'
        ? ([['www-authenticate', challenge(decision, options)]] as const)
        : []),
      ...(decision.outcome === 'error' ? ([['retry-after', String(retryAfterSeconds)]] as const) : []),
      ...(browser?.headers ?? []),
      ...(browser?.location === undefined ? [] : ([['location', browser.location]] as const)),
      ...(isRedirect ? [] : ([['content-type', type]] as const)),
    ],
    cookies: browser?.cookies ?? [],
    body: isRedirect ? '' : body(id),
  };
}
