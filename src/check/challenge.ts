/** The challenge and the body of a denial. Neither contains the reason. */
import type { Config } from '../config/declare/options.ts';
import { type Denial, type Failure, retryAfterSeconds } from '../model/decision.ts';
import { type ErrorCode, type Reason, reasons } from '../model/reasons.ts';
import { proofAlgorithms } from './binding/proof-problems.ts';

/** The options of the challenge. */
export type ChallengeOptions = Pick<Config, 'realm'> & { readonly dpop: Pick<Config['dpop'], 'origins'> };

const signInOrToken = 'A login or a bearer token is required.';

/** The codes of a body. A reason without an error code has one of the others. */
type BodyCode = ErrorCode | 'unauthorized' | 'forbidden' | 'not_found';

const descriptions: Readonly<Record<ErrorCode | 'not_found', string>> = {
  not_found: 'The login does not have this path or method.',
  invalid_request: 'The request is malformed, ambiguous or too large, or carries more than one token.',
  invalid_token: 'The bearer token is not valid here.',
  insufficient_scope: 'The credentials do not permit this request.',
  temporarily_unavailable: 'The request cannot be authorized right now; try again later.',
};

/** The descriptions of reasons without an error code, unless their status is 404. */
const plainDescriptions: Readonly<Partial<Record<Reason, string>>> = {
  token_missing: 'A bearer token is required.',
  login_required: signInOrToken,
  session_expired: signInOrToken,
  session_invalid: signInOrToken,
  origin_not_allowed: 'A page of another origin cannot make this request for a signed-in person.',
};

/**
 * The value of WWW-Authenticate (RFC 6750 section 3, RFC 9449 section 7.1).
 *
 * If DPoP is configured, there is a challenge for each scheme. Only that of the failed scheme has an error.
 */
function challenge(decision: Denial, { realm, dpop }: ChallengeOptions): string {
  const { error } = reasons[decision.reason];
  const scope = decision.reason === 'scope_insufficient' ? (decision.requiredScopes ?? []).join(' ') : '';
  const parameters = [
    ...(realm === '' ? [] : [`realm=${quoted(realm)}`]),
    ...(error === null ? [] : [`error=${quoted(error)}`, `error_description=${quoted(descriptions[error])}`]),
    ...(scope === '' ? [] : [`scope=${quoted(scope)}`]),
  ];
  const algs = `algs=${quoted(proofAlgorithms.join(' '))}`;
  if (decision.reason === 'proof_invalid' && dpop.origins.length > 0)
    return withParameters('DPoP', [...parameters, algs]);
  const bearer = withParameters('Bearer', parameters);
  return dpop.origins.length > 0 ? `${bearer}, ${withParameters('DPoP', [algs])}` : bearer;
}

/**
 * The header line that tells a client how to continue. An error has the time of a retry. A denial has the challenge if its status is 401
 * or its reason has an error code.
 *
 * @param status the status that is sent
 */
export function adviceLines(
  decision: Denial | Failure,
  status: number,
  options: ChallengeOptions,
): readonly (readonly [name: string, value: string])[] {
  if (decision.outcome === 'error') return [['retry-after', String(retryAfterSeconds)]];
  return status === 401 || reasons[decision.reason].error !== null
    ? [['www-authenticate', challenge(decision, options)]]
    : [];
}

function withParameters(scheme: string, parameters: readonly string[]): string {
  return parameters.length === 0 ? scheme : `${scheme} ${parameters.join(', ')}`;
}

/**
 * The JSON body of a denial or an error. Reasons with the same error code have the same body, except for the decision ID. Those of a
 * login and of a session do not have that of a missing token.
 *
 * @param decision the decision ID; undefined if the decision has none
 */
export function errorBody(reason: Exclude<Reason, 'allowed'>, decision: string | undefined): string {
  const error = bodyCode(reason);
  return JSON.stringify({ error, error_description: descriptionOf(reason, error), decision });
}

function bodyCode(reason: Exclude<Reason, 'allowed'>): BodyCode {
  const { error, httpStatus } = reasons[reason];
  if (error !== null) return error;
  if (httpStatus === 404) return 'not_found';
  return httpStatus === 403 ? 'forbidden' : 'unauthorized';
}

function descriptionOf(reason: Exclude<Reason, 'allowed'>, code: BodyCode): string {
  return code === 'unauthorized' || code === 'forbidden'
    ? (plainDescriptions[reason] ?? 'The login has ended, or did not succeed.')
    : descriptions[code];
}

/** A quoted-string (RFC 9110 section 5.6.4). */
function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
