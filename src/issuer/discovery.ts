/** OpenID Connect Discovery 1.0 section 4: where an issuer's keys are. */
import { urlProblem } from '../config/urls.ts';
import { causeOf, type Fetch } from './fetch.ts';

/** All that is taken from a discovery document. */
export interface IssuerMetadata {
  readonly jwksUri: string;
}

/** Where the document of an issuer is (section 4.1). */
export function wellKnownUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
}

/**
 * Fetches and reads the discovery document of an issuer.
 *
 * @param issuer the configured string, which the document must repeat to the letter (section 4.3)
 * @param documentUrl where the document is
 * @throws Error that says what is wrong with it
 */
export async function discover(issuer: string, documentUrl: string, fetch: Fetch): Promise<IssuerMetadata> {
  // Loaded when it is needed, for it is not needed to listen.
  const { allowInsecureRequests, customFetch, discovery } = await import('openid-client');
  const configuration = await discovery(new URL(documentUrl), 'oidc-authz', undefined, undefined, {
    // The scheme is judged by our own fetch, which knows of loopback and insecureHttp.
    execute: [allowInsecureRequests],
    [customFetch]: async () => {
      const { body } = await fetch(documentUrl);
      return new Response(body, { headers: { 'content-type': 'application/json' } });
    },
  }).catch((error: unknown) => {
    throw new Error(`discovery failed: ${causeOf(error)}`, { cause: error });
  });

  // The library forgives a trailing slash, and everything where it was given the document's own address.
  const { issuer: published, jwks_uri: jwksUri } = configuration.serverMetadata();
  if (published !== issuer) {
    throw new Error(
      `the discovery document ${documentUrl} is of the issuer ${JSON.stringify(published.slice(0, 200))}, not ${JSON.stringify(issuer)}`,
    );
  }
  if (typeof jwksUri !== 'string') throw new Error(`the discovery document ${documentUrl} has no jwks_uri`);
  const problem = urlProblem(jwksUri);
  if (problem !== undefined) throw new Error(`the jwks_uri of ${documentUrl} is refused: ${problem}`);
  return { jwksUri };
}
