/**
 * Reads the answer of an issuer in the query of the callback (RFC 6749 section 4.1.2, RFC 9207). Nothing is fetched before all of it holds,
 * because every client can call the callback.
 */
import { isSameText } from '../../runtime/same-text.ts';
import type { AuthorizationStart, LoginProblem } from '../login-client.ts';
import { type CallbackParameter, maxCallback, repeatedParameter } from './callback-parameters.ts';
import { knownErrorCode } from './error-codes.ts';

/** Error codes with which the issuer says that the person, or a rule, ended the login. */
const cancelled = new Set([
  'access_denied',
  'login_required',
  'interaction_required',
  'account_selection_required',
  'consent_required',
  'unmet_authentication_requirements',
]);

/** Error codes with which the issuer says that it has a problem itself. */
const unavailable = new Set(['temporarily_unavailable', 'server_error']);

/** The expected answer. */
export interface ExpectedAnswer {
  readonly issuer: string;
  /** Whether the issuer sends `iss` in each answer, so that an answer without it is from another server. */
  readonly sendsIssuer: boolean;
  readonly start: Pick<AuthorizationStart, 'state' | 'redirectUri'>;
}

/**
 * Checks an answer, in the order state, issuer, error, code.
 *
 * @returns the URL of the callback with only the parameters that were checked
 */
export function checkAnswer(
  { search, searchParams }: URL,
  { issuer, sendsIssuer, start }: ExpectedAnswer,
): URL | LoginProblem {
  if (search.length > maxCallback) return rejected('the answer of the issuer is too long');
  const repeated = repeatedParameter(searchParams);
  if (repeated !== undefined) return rejected(`the answer of the issuer has ${repeated} more than once`);
  const find = (name: CallbackParameter) => searchParams.get(name) ?? undefined;

  const [state, iss, error, code] = [find('state'), find('iss'), find('error'), find('code')];
  if (state === undefined || !isSameText(state, start.state))
    return rejected('the answer of the issuer is for another login (state)');
  if (iss === undefined && sendsIssuer) return rejected('the answer of the issuer has no iss');
  if (iss !== undefined && iss !== issuer) return rejected('the answer is from another issuer (iss)');
  if (error !== undefined) return issuerError(error);
  if (find('response') !== undefined)
    return rejected('the answer of the issuer is a JWT, which is not supported');
  if (code === undefined || code === '') return rejected('the answer of the issuer has no code');

  const checked = new URL(start.redirectUri);
  checked.search = new URLSearchParams({ code, state, ...(iss !== undefined && { iss }) }).toString();
  return checked;
}

function issuerError(error: string): LoginProblem {
  const code = knownErrorCode(error);
  const detail = `the issuer ended the login with ${code ?? 'an unknown error code'}`;
  const kind = cancelled.has(error) ? 'cancelled' : unavailable.has(error) ? 'unavailable' : 'rejected';
  return { kind, detail, ...(code !== undefined && { code }) };
}

function rejected(detail: string): LoginProblem {
  return { kind: 'rejected', detail };
}
