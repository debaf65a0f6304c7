/** Reads what the metadata of an issuer says about logins (OpenID Connect Discovery 1.0 section 3, RFC 8414 section 2). */
import type { IssuerConfig } from '../../../config/declare/options.ts';
import { clientAuthenticationOf } from '../../../config/login/authentication-method.ts';
import { listAt, textAt } from '../envoy/message.ts';
import type { Found } from '../finding.ts';

/** The names of the methods of client authentication in the metadata, where they differ. */
const registeredNames: Readonly<Record<string, string>> = { client_assertion: 'private_key_jwt' };

/**
 * Finds what makes a login impossible or unlikely.
 *
 * @param document the metadata; undefined without discovery
 * @returns findings whose cause continues a sentence about the metadata
 */
export function loginProblems(
  login: IssuerConfig['login'],
  document: unknown,
): readonly (Pick<Found, 'cause'> & Omit<Found, 'place' | 'cause'>)[] {
  if (login === undefined || document === undefined) return [];
  const lacks = (name: string, value: string) => {
    const listed = listAt(document, name).map(String);
    return listed.length > 0 && !listed.includes(value);
  };
  const method = clientAuthenticationOf(login);
  const authentication = registeredNames[method] ?? method;
  const noScope = login.scopes.filter((scope) => lacks('scopes_supported', scope));
  const effect = 'People cannot sign in at this issuer.';
  return [
    ...['authorization_endpoint', 'token_endpoint']
      .filter((name) => textAt(document, name) === '')
      .map((name) => ({
        cause: `has no \`${name}\``,
        severity: 'error' as const,
        effect,
        fix: 'Remove `login` of this issuer, or use an issuer that signs people in.',
      })),
    ...(lacks('code_challenge_methods_supported', 'S256')
      ? [
          {
            cause: 'does not list the PKCE method `S256` (RFC 7636), which every login uses',
            severity: 'error' as const,
            effect,
            fix: 'Ask the operator of the issuer to enable PKCE with S256.',
          },
        ]
      : []),
    ...(lacks('token_endpoint_auth_methods_supported', authentication)
      ? [
          {
            cause: `does not list the client authentication \`${authentication}\``,
            effect: 'The issuer probably rejects the request for tokens, so no login ends.',
            fix: 'Set `login.clientAuthentication` to a method that the issuer lists.',
          },
        ]
      : []),
    ...(noScope.length > 0
      ? [
          {
            cause: `does not list the scopes ${noScope.join(', ')}`,
            effect: 'The issuer may reject the login, or leave claims out of the ID token.',
            fix: 'Remove the scopes from `login.scopes`, or allow them for the client.',
          },
        ]
      : []),
  ];
}
