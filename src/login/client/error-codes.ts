/**
 * The error codes that issuers send. Only these reach a log or a page: an issuer that puts anything else into `error` can put a secret there.
 */
const codes: ReadonlySet<string> = new Set([
  // RFC 6749 sections 4.1.2.1 and 5.2.
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'unsupported_response_type',
  'invalid_scope',
  'access_denied',
  'server_error',
  'temporarily_unavailable',
  // OpenID Connect Core 1.0 section 3.1.2.6, and Unmet Authentication Requirements 1.0.
  'interaction_required',
  'login_required',
  'account_selection_required',
  'consent_required',
  'invalid_request_uri',
  'invalid_request_object',
  'request_not_supported',
  'request_uri_not_supported',
  'registration_not_supported',
  'unmet_authentication_requirements',
  // RFC 7009, RFC 8707, RFC 9449, RFC 9470.
  'unsupported_token_type',
  'invalid_target',
  'invalid_dpop_proof',
  'use_dpop_nonce',
  'insufficient_user_authentication',
  // Used by servers without a specification.
  'invalid_token',
  'unauthorized',
  'not_allowed',
  'rate_limited',
  'slow_down',
]);

/** Returns an error code if it is a known one; undefined otherwise. */
export function knownErrorCode(code: unknown): string | undefined {
  return typeof code === 'string' && codes.has(code) ? code : undefined;
}
