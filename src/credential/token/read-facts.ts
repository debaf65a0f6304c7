/** Reads the facts of a verified token from its claims. */

import type { IssuerConfig } from '../../config/declare/options.ts';
import type { Claims } from '../../model/identity.ts';
import { createReadClaim, isObject } from './claim-path.ts';
import { claimOf, type Read, readDate, stringsOf, wrongType } from './claims.ts';
import { readConfirmation } from './confirmation.ts';
import type { Facts } from './facts.ts';
import { typeOf } from './token-type.ts';

// The claims in which issuers put scopes: RFC 9068 section 2.2.3 and RFC 8693 section 4.2; Entra ID and Okta; others.
const scopeClaims = ['scope', 'scp', 'scopes'];

/** Reads facts from verified claims; `text` is their JSON text, and `type` the `typ` of the header. */
export type ReadFacts = (claims: Claims, text: string, type: unknown) => Facts;

/** Creates the reader for the tokens of one issuer. */
export function createReadFacts({
  audienceClaims,
  audienceClaimsUsed,
  login,
}: Pick<IssuerConfig, 'audienceClaims' | 'audienceClaimsUsed'> &
  Partial<Pick<IssuerConfig, 'login'>>): ReadFacts {
  const readers = audienceClaims.map((name) => createReadClaim(name));
  // An issuer that signs people in gives ID tokens to their browsers or applications.
  const isNoAccessToken =
    login === undefined ? isLogoutToken : (claims: Claims) => isLogoutToken(claims) || isIdToken(claims);
  return (claims, text, type) => {
    const found = readers.map((read) => read(claims));
    const used =
      audienceClaimsUsed === 'all' ? found : found.filter((value) => value !== undefined).slice(0, 1);
    return {
      text,
      form: 'json',
      type: isNoAccessToken(claims) ? wrongType : typeOf(type),
      confirmation: readConfirmation(claims),
      expiresAt: readDate(claims, 'exp'),
      notBefore: readDate(claims, 'nbf'),
      issuedAt: readDate(claims, 'iat'),
      audiences: joined(used.map(stringsOf)),
      scopes: joined(scopeClaims.map((name) => splitScopes(claimOf(claims, name)))),
      memory: undefined,
    };
  };
}

/**
 * Whether the claims are those of a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.4). A logout token may have
 * `typ: JWT` and has the client's audience, so only its event identifies it.
 */
export function isLogoutToken(claims: Claims): boolean {
  const events = claimOf(claims, 'events');
  return isObject(events) && Object.hasOwn(events, 'http://schemas.openid.net/event/backchannel-logout');
}

/**
 * Whether the claims are those of an ID token: `nonce` and `at_hash` (OpenID Connect Core 1.0 sections 2 and 3.1.3.6), or `typ: ID`, which
 * Keycloak adds. An ID token without any of them has only its audience. Keycloak before version 24 adds `nonce` to access tokens too, and
 * marks them with `typ: Bearer`.
 */
export function isIdToken(claims: Claims): boolean {
  const type = claimOf(claims, 'typ');
  if (type === 'Bearer') return false;
  return type === 'ID' || claimOf(claims, 'nonce') !== undefined || claimOf(claims, 'at_hash') !== undefined;
}

function splitScopes(value: unknown): Read<readonly string[]> {
  return typeof value === 'string' ? value.split(' ').filter((scope) => scope !== '') : stringsOf(value);
}

/** Joins the lists of several claims. The result is `wrongType` if one of them is, and undefined if all are absent. */
function joined(lists: readonly Read<readonly string[]>[]): Read<readonly string[]> {
  if (lists.includes(wrongType)) return wrongType;
  const present = lists.filter((list) => list !== undefined && list !== wrongType);
  return present.length === 0 ? undefined : present.flat();
}
