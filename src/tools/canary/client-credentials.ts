/** Gets a token for the canary from the issuer, with the client credentials grant (RFC 6749 section 4.4). */
import { singleProblem } from '../single-problem.ts';

/** The client. */
export interface ClientCredentials {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Space separated; empty for none. */
  readonly scope: string;
  /** The `audience` parameter that some issuers need; empty for none. */
  readonly audience: string;
}

/** The longest wait for a response of the issuer, in seconds. */
const timeout = 10;

/**
 * Gets a token. The library is loaded only here.
 *
 * @throws ConfigError if the issuer gives no token; its problem does not contain the secret
 */
export async function requestToken(credentials: ClientCredentials): Promise<string> {
  const { issuer, clientId, clientSecret, scope, audience } = credentials;
  const client = await import('openid-client');
  const server = new URL(issuer);
  const isLoopback = ['127.0.0.1', '[::1]', 'localhost'].includes(server.hostname);
  const metadata = { client_secret: clientSecret };
  const options = { timeout, ...(isLoopback && { execute: [client.allowInsecureRequests] }) };
  try {
    const discovered = await client.discovery(
      server,
      clientId,
      metadata,
      client.ClientSecretBasic(clientSecret),
      options,
    );
    const methods = discovered.serverMetadata().token_endpoint_auth_methods_supported;
    const usesBody = methods?.includes('client_secret_basic') === false;
    const configuration = usesBody
      ? await client.discovery(server, clientId, metadata, client.ClientSecretPost(clientSecret), options)
      : discovered;
    const response = await client.clientCredentialsGrant(configuration, {
      ...(scope !== '' && { scope }),
      ...(audience !== '' && { audience }),
    });
    return response.access_token;
  } catch (error) {
    throw singleProblem('flag --client-id', `the issuer ${issuer} gives no token: ${problemOf(error)}`);
  }
}

/** The error code of the issuer (RFC 6749 section 5.2), or the message of the library or of the network. */
function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('error' in error && typeof error.error === 'string') return error.error.slice(0, 200);
  if ('status' in error && error.status === 401) return 'it rejects the client or its secret (status 401)';
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return `${error.message}${cause}`.slice(0, 300);
}
