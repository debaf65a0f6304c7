/**
 * Turns the errors of openid-client into problems of a login. Its errors carry the response, so only codes of the library and known codes of
 * the issuer are used, never a message, a cause or a body.
 */
import { RequestError } from '../../issuer/fetch/request.ts';
import { isRejectedClient, type LoginProblem } from '../login-client.ts';
import { ClientFileError } from './client-authentication.ts';
import { knownErrorCode } from './error-codes.ts';

/** The call that failed. */
export type LoginCall = 'code' | 'refresh' | 'pushed request' | 'revocation';

const endpointNames: Readonly<Record<LoginCall, string>> = {
  code: 'the token endpoint',
  refresh: 'the token endpoint',
  'pushed request': 'the pushed authorization request endpoint',
  revocation: 'the revocation endpoint',
};

/** Codes of the issuer about the code of this login. */
const aboutThisLogin = new Set(['invalid_grant', 'invalid_request', 'access_denied']);

/** Codes of the token endpoint that are about the issuer or this service, and not about the session of a refresh. */
const aboutAllSessions = new Set([
  'server_error',
  'temporarily_unavailable',
  'slow_down',
  'rate_limited',
  'unsupported_grant_type',
]);

/** Claims that the library compares. */
const comparedClaims = new Set(['iss', 'aud', 'azp', 'nonce', 'auth_time', 'exp', 'iat', 'nbf']);

/** Describes an error that was thrown during a call. */
export function problemOf(error: unknown, call: LoginCall): LoginProblem {
  const own = ownProblem(error) ?? ownProblem(memberOf(error, 'cause'));
  if (own !== undefined) return own;
  const endpoint = endpointNames[call];
  switch (memberOf(error, 'code')) {
    case 'OAUTH_RESPONSE_BODY_ERROR':
      return answered(error, call);
    case 'OAUTH_RESPONSE_IS_NOT_CONFORM':
      return unavailable(`${endpoint} answered ${statusOf(memberOf(error, 'cause'))}`);
    case 'OAUTH_RESPONSE_IS_NOT_JSON':
      return unavailable(`${endpoint} answered ${statusOf(memberOf(error, 'cause'))} without JSON`);
    case 'OAUTH_PARSE_ERROR':
      return unavailable(`${endpoint} answered without JSON`);
    case 'OAUTH_INVALID_RESPONSE':
      return call === 'code'
        ? rejected('the token endpoint answered without a usable ID token or access token')
        : unavailable(`${endpoint} gave an answer that is not usable`);
    case 'OAUTH_JWT_CLAIM_COMPARISON_FAILED':
      return rejected(`the ID token has another ${claimOf(error)}`);
    case 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED':
      return rejected(
        'the ID token is expired or not valid yet; check the clocks of this machine and of the issuer',
      );
    case 'OAUTH_UNSUPPORTED_OPERATION':
      return rejected('the issuer answered with a kind of token that is not supported');
    default:
      return unavailable(`the call of ${endpoint} failed inside this service`);
  }
}

/** A problem of our own request, or of our own files. Their messages have no secrets. */
function ownProblem(error: unknown): LoginProblem | undefined {
  if (error instanceof RequestError)
    return { ...unavailable(error.message), ...(error.isUnsent && { isUnsent: true }) };
  return error instanceof ClientFileError ? { ...unavailable(error.message), isUnsent: true } : undefined;
}

/** The issuer answered with an error code. */
function answered(error: unknown, call: LoginCall): LoginProblem {
  const code = knownErrorCode(memberOf(error, 'error'));
  const detail = `${endpointNames[call]} answered ${statusOf(error)} ${code ?? 'with an unknown error code'}`;
  const withCode = code === undefined ? {} : { code };
  if (isRejectedClient({ code }))
    return {
      ...unavailable(
        `${detail}; check \`issuers[].login.clientId\`, its secret or key, and \`clientAuthentication\``,
      ),
      ...withCode,
    };
  if (call === 'refresh' && code === 'invalid_grant') return { kind: 'ended', detail, ...withCode };
  const kind = call === 'code' && code !== undefined && aboutThisLogin.has(code) ? 'rejected' : 'unavailable';
  const status = memberOf(error, 'status');
  const isAboutAll = code !== undefined && aboutAllSessions.has(code);
  const isOfSession =
    call === 'refresh' && !isAboutAll && (status === 400 || status === 401 || status === 403);
  return { kind, detail, ...withCode, ...(isOfSession && { isOfSession }) };
}

function claimOf(error: unknown): string {
  const claim = memberOf(memberOf(memberOf(error, 'cause'), 'cause'), 'claim');
  return typeof claim === 'string' && comparedClaims.has(claim) ? claim : 'claim';
}

function statusOf(holder: unknown): string {
  const status = memberOf(holder, 'status');
  return typeof status === 'number' ? String(status) : 'an unknown status';
}

function memberOf(holder: unknown, name: string): unknown {
  return typeof holder === 'object' && holder !== null ? Reflect.get(holder, name) : undefined;
}

function unavailable(detail: string): LoginProblem {
  return { kind: 'unavailable', detail };
}

function rejected(detail: string): LoginProblem {
  return { kind: 'rejected', detail };
}
