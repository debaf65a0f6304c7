/** Builds the identity of a verified token. */

import type { IssuerConfig } from '../../config/declare/options.ts';
import type { Claims, Identity } from '../../model/identity.ts';
import { readString, wrongType } from './claims.ts';
import type { Facts } from './facts.ts';

/** Builds the identity from verified claims. */
export function identityOf(
  claims: Claims,
  { payload, audiences, scopes, expiresAt, confirmation }: Facts,
  { issuer, name, boundTokens }: IssuerConfig,
): Identity {
  const subject = readString(claims, 'sub');
  return Object.freeze({
    issuer,
    issuerName: name,
    subject: subject === wrongType ? undefined : subject,
    audiences: audiences === wrongType ? [] : (audiences ?? []),
    scopes: scopes === wrongType ? [] : (scopes ?? []),
    expiresAt: Number(expiresAt),
    confirmation: boundTokens === 'verify' && confirmation !== 'unknown' ? confirmation : undefined,
    payload,
    forwardingCache: { forwarding: undefined, owner: undefined, byOwner: undefined },
  });
}
