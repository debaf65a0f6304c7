/** OpenID Connect Discovery 1.0 section 4: where an issuer's keys are. */

import { urlProblem } from '../../config/values/urls.ts';
import { withoutByteOrderMark } from '../../runtime/byte-order-mark.ts';
import { duplicateMembers } from '../fetch/duplicate-members.ts';
import type { Fetch } from '../fetch/fetch.ts';
import { notJson } from '../fetch/fetch-problems.ts';
import { ledProblem } from '../fetch/guarded-lookup.ts';
import { otherIssuerProblem } from './issuer-mismatch.ts';

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
  const document = await fetchDocument(documentUrl, fetch);
  const { issuer: published, jwks_uri: jwksUri } = document;
  const problem =
    typeof jwksUri === 'string'
      ? (urlProblem(jwksUri) ?? ledProblem(jwksUri, documentUrl, issuer))
      : undefined;
  if (published !== issuer) {
    const usable = typeof jwksUri === 'string' && problem === undefined ? jwksUri : undefined;
    throw new Error(`the discovery document ${documentUrl} ${otherIssuerProblem(issuer, document, usable)}`);
  }
  if (typeof jwksUri !== 'string')
    throw new Error(
      `the discovery document ${documentUrl} has no jwks_uri; name the key set in \`jwksUri\`, \`jwksFile\` or \`jwks\``,
    );
  if (problem !== undefined) throw new Error(`the jwks_uri of ${documentUrl} is refused: ${problem}`);
  return { jwksUri };
}

async function fetchDocument(url: string, fetch: Fetch): Promise<Readonly<Record<string, unknown>>> {
  try {
    const { body } = await fetch(url, undefined, 'discoveryUri');
    return readDocument(body, url);
  } catch (error) {
    throw new Error(`discovery failed: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

function readDocument(text: string, url: string): Readonly<Record<string, unknown>> {
  const document = parsed(text, url);
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) {
    const twice = duplicateMembers(text).find(([name, ...deeper]) => isReadHere(name) && deeper.length === 0);
    if (twice === undefined) return document as Readonly<Record<string, unknown>>;
    throw new Error(
      `the discovery document ${url} has two members named ${twice[0]}, and readers differ in which they take; name the key set in \`jwksUri\``,
    );
  }
  throw new TypeError(
    `the discovery document ${url} is not a JSON object; check \`issuer\` or \`discoveryUri\``,
  );
}

function isReadHere(name: string | number | undefined): boolean {
  return name === 'issuer' || name === 'jwks_uri' || name === 'access_token_issuer';
}

function parsed(text: string, url: string): unknown {
  try {
    return JSON.parse(withoutByteOrderMark(text));
  } catch {
    throw new Error(
      `${url} answers with no discovery document: ${notJson(text)}; check \`issuer\` or \`discoveryUri\`, or name the key set in \`jwksUri\``,
    );
  }
}
