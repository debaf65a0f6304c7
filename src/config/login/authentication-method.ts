/** How this service authenticates at an issuer that signs people in (RFC 6749 section 2.3). */
import type { IssuerConfig } from '../declare/options.ts';

type LoginConfig = NonNullable<IssuerConfig['login']>;

/** A method of authentication. */
export type ClientAuthentication = NonNullable<LoginConfig['clientAuthentication']>;

/** The configured method. Without one, the method whose file is set. */
export function clientAuthenticationOf(login: LoginConfig): ClientAuthentication {
  if (login.clientAuthentication !== undefined) return login.clientAuthentication;
  if (login.clientSecretFile !== undefined) return 'client_secret_basic';
  if (login.privateKeyFile !== undefined) return 'private_key_jwt';
  if (login.clientAssertionFile !== undefined) return 'client_assertion';
  return login.certFile === undefined ? 'none' : 'tls_client_auth';
}
