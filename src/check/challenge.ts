/** What a downstream is told when it is not let in: the challenge and the body. Neither tells the reason. */
import { type ErrorCode, type Reason, reasons } from './reasons.ts';
import type { Denial } from './types.ts';

/** Seconds after which a client may try again when a check ended in error. */
export const retryAfterSeconds = 5;

const descriptions: Readonly<Record<ErrorCode | 'unauthorized', string>> = {
  unauthorized: 'A bearer token is required.',
  invalid_request: 'The request must carry exactly one bearer token.',
  invalid_token: 'The bearer token is not valid here.',
  insufficient_scope: 'The bearer token does not permit this request.',
  temporarily_unavailable: 'The request cannot be authorized right now; try again later.',
};

/**
 * The value of WWW-Authenticate (RFC 6750 section 3).
 *
 * @param realm of RFC 9110 section 11.5; empty for none
 */
export function challenge(decision: Denial, realm: string): string {
  const { error } = reasons[decision.reason];
  const scope = decision.reason === 'scope_insufficient' ? (decision.requiredScopes ?? []).join(' ') : '';
  const parameters = [
    ...(realm === '' ? [] : [`realm=${quoted(realm)}`]),
    ...(error === null ? [] : [`error=${quoted(error)}`, `error_description=${quoted(descriptions[error])}`]),
    ...(scope === '' ? [] : [`scope=${quoted(scope)}`]),
  ];
  return parameters.length === 0 ? 'Bearer' : `Bearer ${parameters.join(', ')}`;
}

/** The JSON body of a refusal: the same bytes for every reason that shares an error code. */
export function refusalBody(reason: Exclude<Reason, 'allowed'>): string {
  const error = reasons[reason].error ?? 'unauthorized';
  return JSON.stringify({ error, error_description: descriptions[error] });
}

/** A quoted-string (RFC 9110 section 5.6.4). */
function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
