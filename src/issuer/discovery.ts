/** OpenID Connect Discovery 1.0 section 4: where an issuer's keys are. */
import { urlProblem } from '../config/urls.ts';
import { withoutByteOrderMark } from './byte-order-mark.ts';
import { causeOf, type Fetch } from './fetch.ts';
import { ledProblem } from './guarded-lookup.ts';

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
  const { issuer: published, jwks_uri: jwksUri } = await fetchDocument(documentUrl, fetch);
  if (published !== issuer) {
    throw new Error(
      `the discovery document ${documentUrl} is of the issuer ${JSON.stringify(published)?.slice(0, 200)}, not ${JSON.stringify(issuer)}`,
    );
  }
  if (typeof jwksUri !== 'string') throw new Error(`the discovery document ${documentUrl} has no jwks_uri`);
  const problem = urlProblem(jwksUri) ?? ledProblem(jwksUri, documentUrl, issuer);
  if (problem !== undefined) throw new Error(`the jwks_uri of ${documentUrl} is refused: ${problem}`);
  return { jwksUri };
}

async function fetchDocument(url: string, fetch: Fetch): Promise<Readonly<Record<string, unknown>>> {
  try {
    const { body } = await fetch(url, undefined, 'discoveryUri');
    return readDocument(body);
  } catch (error) {
    throw new Error(`discovery failed: ${causeOf(error)}`, { cause: error });
  }
}

function readDocument(text: string): Readonly<Record<string, unknown>> {
  const document: unknown = JSON.parse(withoutByteOrderMark(text));
  if (typeof document === 'object' && document !== null && !Array.isArray(document))
    return document as Readonly<Record<string, unknown>>;
  throw new TypeError('the discovery document is no JSON object');
}
