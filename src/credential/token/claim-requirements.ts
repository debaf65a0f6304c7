/** The issuer's requirements for claims: `requiredClaims`, `email` and `groups`. */

import type { IssuerConfig } from '../../config/declare/options.ts';
import { counted, detailOf, shown } from '../../config/values/detail-text.ts';
import type { Claims, ClaimsText } from '../../model/identity.ts';
import type { Observation, StepDetail, StepName } from '../../model/trace.ts';
import { createReadClaim } from './claim-path.ts';
import { createClaimHoldsOne, readClaims, scalarText } from './claims.ts';
import type { Facts } from './facts.ts';
import type { Describe, FailedRequirement } from './failed-requirement.ts';
import { createIdentityClaims, type IdentityClaims, isEmailVerified } from './identity-claims.ts';
import { createRemembered } from './remembered.ts';
import { listedName } from './requirement-details.ts';

/** The requirements of one issuer. */
export interface ClaimRequirements {
  /** Returns the first requirement that is not met, or undefined. The result is cached with the token. */
  readonly check: (facts: Facts) => FailedRequirement | undefined;
  /** The descriptions of the requirements whose reason is `claim_invalid`, and of those whose reason is `claim_not_allowed`. */
  readonly describeInvalid: readonly Describe[];
  readonly describeNotAllowed: readonly Describe[];
}

/** A requirement for the claims of a token. */
export interface ClaimRequirement extends FailedRequirement {
  readonly isMet: (claims: Claims) => boolean;
  readonly describe: (token: ClaimsText) => StepDetail;
}

/**
 * Creates the requirements for the tokens of one issuer.
 *
 * @param path the path of the issuer's options, such as `issuers[0]`
 */
export function createClaimRequirements(issuer: IssuerConfig, path: string): ClaimRequirements {
  const { requiredClaims, email, groups } = issuer;
  const identityClaims = createIdentityClaims(issuer);
  const allowedGroups = new Set<string | undefined>(groups.allowed);
  const emailClaim = listedName(email.claim);

  const requirements: readonly ClaimRequirement[] = [
    ...(email.requireVerified
      ? [
          {
            reason: 'claim_invalid',
            isMet: isEmailVerified,
            describe: describeClaim(
              {
                step: 'claims',
                subject: 'email_verified',
                expected: 'true, or absent',
                option: `${path}.email.requireVerified`,
              },
              isEmailVerified,
              'the email address is not verified (claim email_verified)',
            ),
          } as const,
        ]
      : []),
    ...requirementsOf(requiredClaims, 'claims', `${path}.requiredClaims`),
    ...(email.allowedDomains === undefined && email.allowedAddresses === undefined
      ? []
      : [
          claimRequirement(
            createIsEmailAllowed(email, identityClaims),
            {
              step: 'claims',
              subject: emailClaim,
              expected: 'an allowed domain or address',
              option: `${path}.email.${email.allowedDomains === undefined ? 'allowedAddresses' : 'allowedDomains'}`,
            },
            `the email address (claim ${emailClaim}) is absent, or is not in an allowed domain or an allowed address`,
          ),
        ]),
    ...(groups.allowed === undefined
      ? []
      : [
          claimRequirement(
            (claims) =>
              [identityClaims.groups(claims)].flat().some((group) => allowedGroups.has(scalarText(group))),
            {
              step: 'claims',
              subject: listedName(groups.claim),
              expected: `one of ${counted(groups.allowed.length, 'allowed group')}`,
              option: `${path}.groups.allowed`,
            },
            `no group of the token (claim ${listedName(groups.claim)}) is one of ${counted(groups.allowed.length, 'allowed group')}`,
          ),
        ]),
  ];

  const describeOf = (reason: FailedRequirement['reason']) =>
    requirements.filter((one) => one.reason === reason).map(({ describe }) => describe);
  const findFailed = createRemembered((facts: Facts) => {
    const claims = readClaims(facts);
    return requirements.find(({ isMet }) => !isMet(claims));
  });
  return {
    check: requirements.length === 0 ? () => undefined : findFailed,
    describeInvalid: describeOf('claim_invalid'),
    describeNotAllowed: describeOf('claim_not_allowed'),
  };
}

/**
 * Creates the requirements for claims by name, as in `requiredClaims`.
 *
 * @param option the path of the option
 */
export function requirementsOf(
  required: IssuerConfig['requiredClaims'],
  step: StepName,
  option: string,
): readonly ClaimRequirement[] {
  return Object.entries(required).map(([name, values]) => {
    const read = createReadClaim(name);
    const subject = shown(name);
    const count = [values].flat().length;
    const isMet = createClaimHoldsOne(name, values);
    const observation: Observation = {
      step,
      subject: `the claim ${subject}`,
      expected: `one of ${counted(count, 'configured value')}`,
      option,
    };
    return {
      reason: 'claim_not_allowed',
      isMet,
      describe: (token) => {
        const claims = readClaims(token);
        const isAbsent = read(claims) === undefined;
        const found = isMet(claims) ? 'a required value' : isAbsent ? 'absent' : 'another value';
        return detailOf(
          { ...observation, found },
          isAbsent
            ? `the token does not have the claim ${subject}`
            : `claim ${subject} does not have a required value`,
        );
      },
    };
  });
}

function claimRequirement(
  isMet: (claims: Claims) => boolean,
  observation: Observation,
  text: string,
): ClaimRequirement {
  return { reason: 'claim_not_allowed', isMet, describe: describeClaim(observation, isMet, text) };
}

/** The description of a claim. It never has the value. */
function describeClaim(
  observation: Observation,
  isMet: (claims: Claims) => boolean,
  problem: string,
): ClaimRequirement['describe'] {
  return (token) =>
    detailOf(
      { ...observation, found: isMet(readClaims(token)) ? 'an allowed value' : 'another value' },
      problem,
    );
}

function createIsEmailAllowed(
  { allowedDomains, allowedAddresses }: IssuerConfig['email'],
  identityClaims: IdentityClaims,
): (claims: Claims) => boolean {
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
