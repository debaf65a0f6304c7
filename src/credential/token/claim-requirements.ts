/** What an issuer asks of the claims of its tokens, beyond those that every token must have. */

import type { IssuerConfig } from '../../config/declare/options.ts';
import type { Claims } from '../../model/identity.ts';
import type { DenyReason } from '../../model/reasons.ts';
import { createFulfils, readClaims, scalarText } from './claims.ts';
import type { Facts } from './facts.ts';
import { createIdentityClaims, type IdentityClaims, isEmailVerified } from './identity-claims.ts';

/** The first requirement that is not met, or undefined. */
export type ClaimRequirements = (facts: Facts) => DenyReason | undefined;

const none: ClaimRequirements = () => undefined;

/** Makes the judge of one issuer's tokens. What it says of a token is remembered for as long as the token is. */
export function createClaimRequirements(issuer: IssuerConfig): ClaimRequirements {
  const { requiredClaims, email, groups } = issuer;
  const identityClaims = createIdentityClaims(issuer);
  const isEmailAllowed = createIsEmailAllowed(email, identityClaims);
  const hasClaims = createFulfils(requiredClaims);
  const allowedGroups =
    groups.allowed === undefined ? undefined : new Set<string | undefined>(groups.allowed);

  const judge = (claims: Claims): DenyReason | undefined => {
    if (email.requireVerified && !isEmailVerified(claims)) return 'claim_invalid';
    const isAllowed =
      hasClaims(claims) &&
      isEmailAllowed(claims) &&
      (allowedGroups === undefined ||
        [identityClaims.groups(claims)].flat().some((one) => allowedGroups.has(scalarText(one))));
    return isAllowed ? undefined : 'claim_not_allowed';
  };

  const asksForNothing =
    Object.keys(requiredClaims).length === 0 &&
    !email.requireVerified &&
    email.allowedDomains === undefined &&
    email.allowedAddresses === undefined &&
    allowedGroups === undefined;
  if (asksForNothing) return none;
  const remembered = new WeakMap<Facts, DenyReason | undefined>();
  const judgeOnce = ({ payload }: Facts) => judge(readClaims(payload));
  return (facts) => remembered.getOrInsertComputed(facts, judgeOnce);
}

function createIsEmailAllowed(
  { allowedDomains, allowedAddresses }: IssuerConfig['email'],
  identityClaims: IdentityClaims,
): (claims: Claims) => boolean {
  if (allowedDomains === undefined && allowedAddresses === undefined) return () => true;
  const addresses = new Set(allowedAddresses);
  return (claims) => {
    const email = identityClaims.email(claims);
    if (typeof email !== 'string') return false;
    // Of ASCII alone: beyond it, two letters can have the same small one.
    const address = email.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
    return addresses.has(address) || (allowedDomains?.some((domain) => isOf(address, domain)) ?? false);
  };
}

/** Whether an address is one of a domain: its only @ stands before the domain, or before one below `*.example.com`. */
function isOf(address: string, domain: string): boolean {
  const [name, host, ...more] = address.split('@');
  if (name === '' || host === undefined || more.length > 0) return false;
  return domain.startsWith('*.')
    ? host.endsWith(domain.slice(1)) && host.length >= domain.length
    : host === domain;
}
