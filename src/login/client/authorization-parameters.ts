/** The parameters of an authorization request (OpenID Connect Core 1.0 section 3.1.2.1, RFC 7636, RFC 8707). */
import { hash } from 'node:crypto';
import type { AuthorizationStart } from '../login-client.ts';
import type { LoginIssuer } from '../login-issuer.ts';

/** Returns the parameters. Those of a step-up replace `parameters` of the configuration. */
export function authorizationParameters(
  { scopes, parameters, resources }: LoginIssuer['config']['login'],
  { redirectUri, state, nonce, codeVerifier, stepUp, uiLocales }: AuthorizationStart,
): URLSearchParams {
  const all = new URLSearchParams({
    ...parameters,
    ...(uiLocales !== undefined && { ui_locales: uiLocales }),
    ...(stepUp?.acrValues !== undefined && { acr_values: stepUp.acrValues.join(' ') }),
    ...(stepUp?.maxAge !== undefined && { max_age: String(stepUp.maxAge) }),
    ...(stepUp?.prompt !== undefined && { prompt: stepUp.prompt }),
    response_type: 'code',
    scope: scopes.join(' '),
    // Spelled as the library spells it when it redeems the code.
    redirect_uri: new URL(redirectUri).href,
    state,
    nonce,
    code_challenge: hash('sha256', codeVerifier, 'base64url'),
    code_challenge_method: 'S256',
  });
  for (const resource of resources) all.append('resource', resource);
  return all;
}

/** The parameters of a token request. */
export function tokenParameters({ resources }: LoginIssuer['config']['login']): URLSearchParams {
  return new URLSearchParams(resources.map((resource) => ['resource', resource]));
}
