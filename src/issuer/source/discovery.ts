/** Finds the key set of an issuer (OpenID Connect Discovery 1.0 section 4). */

import { urlProblem } from '../../config/values/urls.ts';
import { withoutByteOrderMark } from '../../runtime/byte-order-mark.ts';
import { parseJson } from '../../runtime/parse-json.ts';
import { duplicateMembers } from '../fetch/duplicate-members.ts';
import type { Fetch } from '../fetch/fetch.ts';
import { notJson } from '../fetch/fetch-problems.ts';
import { namedUrlProblem } from '../fetch/guarded-lookup.ts';
import { issuerMismatch } from './issuer-mismatch.ts';
import type { DiscoveryDocument } from './login-metadata.ts';

/** The parts of a discovery document that are used. */
export interface IssuerMetadata {
  readonly jwksUri: string;
  readonly document: DiscoveryDocument;
}

/** The URL of an issuer's discovery document (section 4.1). */
export function wellKnownUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
}

/**
 * Fetches and reads the discovery document of an issuer.
 *
 * @param issuer the configured string; the document must name exactly the same (section 4.3).
 * @param documentUrl the URL of the document
 * @throws Error that explains what is wrong with the document
 */
export async function discover(issuer: string, documentUrl: string, fetch: Fetch): Promise<IssuerMetadata> {
  const { content, repeated } = await fetchDocument(documentUrl, fetch);
  const { issuer: published, jwks_uri: jwksUri } = content;
  const problem =
    typeof jwksUri === 'string'
      ? (urlProblem(jwksUri) ?? namedUrlProblem(jwksUri, documentUrl, issuer))
      : undefined;
  if (published !== issuer) {
    const usable = typeof jwksUri === 'string' && problem === undefined ? jwksUri : undefined;
    throw new Error(`the discovery document ${documentUrl} ${issuerMismatch(issuer, content, usable)}`);
  }
  if (typeof jwksUri !== 'string')
    throw new Error(
      `the discovery document ${documentUrl} has no jwks_uri; set \`jwksUri\`, \`jwksFile\` or \`jwks\``,
    );
  if (problem !== undefined) throw new Error(`the jwks_uri of ${documentUrl} is rejected: ${problem}`);
  return { jwksUri, document: { url: documentUrl, issuer, content, repeated } };
}

type Content = Pick<DiscoveryDocument, 'content' | 'repeated'>;

async function fetchDocument(url: string, fetch: Fetch): Promise<Content> {
  try {
    const { body } = await fetch(url, undefined, 'discoveryUri');
    return readDocument(body, url);
  } catch (error) {
    throw new Error(`discovery failed: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

function readDocument(text: string, url: string): Content {
  const document = parsed(text, url);
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) {
    const repeated = duplicateMembers(text)
      .filter((path) => path.length === 1)
      .map(([name]) => String(name));
    const twice = repeated.find(isReadHere);
    if (twice === undefined) return { content: document as Content['content'], repeated };
    throw new Error(
      `the discovery document ${url} has two members named ${twice}, which is ambiguous; set \`jwksUri\``,
    );
  }
  throw new TypeError(
    `the discovery document ${url} is not a JSON object; check \`issuer\` or \`discoveryUri\``,
  );
}

function isReadHere(name: string): boolean {
  return name === 'issuer' || name === 'jwks_uri' || name === 'access_token_issuer';
}

function parsed(text: string, url: string): unknown {
  try {
    return parseJson(withoutByteOrderMark(text));
  } catch {
    throw new Error(
      `${url} does not return a discovery document: ${notJson(text)}; check \`issuer\` or \`discoveryUri\`, or set \`jwksUri\``,
    );
  }
}
