/** The issuer's requirements for claims: `requiredClaims`, `email` and `groups`. */

import type { IssuerConfig } from '../../config/declare/options.ts';
import type { Claims } from '../../model/identity.ts';
import type { DenyReason } from '../../model/reasons.ts';
import { createHasClaims, readClaims, scalarText } from './claims.ts';
import type { Facts } from './facts.ts';
import { createIdentityClaims, type IdentityClaims, isEmailVerified } from './identity-claims.ts';

/** Returns the reason to deny of the first requirement that is not met, or undefined. */
export type ClaimRequirements = (facts: Facts) => DenyReason | undefined;

const none: ClaimRequirements = () => undefined;

/** Creates the check for the tokens of one issuer. Its result is cached with the token. */
export function createClaimRequirements(issuer: IssuerConfig): ClaimRequirements {
  const { requiredClaims, email, groups } = issuer;
  const identityClaims = createIdentityClaims(issuer);
  const isEmailAllowed = createIsEmailAllowed(email, identityClaims);
  const hasClaims = createHasClaims(requiredClaims);
  const allowedGroups =
    groups.allowed === undefined ? undefined : new Set<string | undefined>(groups.allowed);

  const check = (claims: Claims): DenyReason | undefined => {
    if (email.requireVerified && !isEmailVerified(claims)) return 'claim_invalid';
    const isAllowed =
      hasClaims(claims) &&
      isEmailAllowed(claims) &&
      (allowedGroups === undefined ||
        [identityClaims.groups(claims)].flat().some((group) => allowedGroups.has(scalarText(group))));
    return isAllowed ? undefined : 'claim_not_allowed';
  };

  const hasNoRequirements =
    Object.keys(requiredClaims).length === 0 &&
    !email.requireVerified &&
    email.allowedDomains === undefined &&
    email.allowedAddresses === undefined &&
    allowedGroups === undefined;
  if (hasNoRequirements) return none;
  const results = new WeakMap<Facts, DenyReason | undefined>();
  const checkOnce = ({ payload }: Facts) => check(readClaims(payload));
  return (facts) => results.getOrInsertComputed(facts, checkOnce);
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
    // Only ASCII letters: two different letters outside ASCII can have the same lower-case letter.
    const address = email.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
    return addresses.has(address) || (allowedDomains?.some((domain) => isInDomain(address, domain)) ?? false);
  };
}

/** Whether an address is in a domain, or in a subdomain if the domain is `*.example.com`. An address has exactly one `@`. */
function isInDomain(address: string, domain: string): boolean {
  const [name, host, ...more] = address.split('@');
  if (name === '' || host === undefined || more.length > 0) return false;
  return domain.startsWith('*.')
    ? host.endsWith(domain.slice(1)) && host.length >= domain.length
    : host === domain;
}
