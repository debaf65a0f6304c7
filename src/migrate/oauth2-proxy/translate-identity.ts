/** Which claims of a token are its e-mail and its groups. */
import type { Finding } from '../finding.ts';
import type { Given } from './given.ts';
import { isOn, judged, present, type Tree, textOf } from './translate-given.ts';
import { hasFixedClaims, providerOf } from './translate-provider.ts';

/** What an issuer says of e-mail and groups, who may pass aside. */
export interface Identity {
  readonly email: Tree;
  readonly groups: Tree;
}

/** How the tokens of `extra-jwt-issuers` are read: no option changes it. */
export const fixedIdentity: Identity = { email: { fallbackClaim: 'sub', requireVerified: true }, groups: {} };

/** How the tokens of `oidc-issuer-url` are read. */
export function primaryIdentity(given: Given): Identity {
  if (hasFixedClaims(given)) return fixedIdentity;
  const claim = emailClaim(given);
  const groups = textOf(given, 'oidc-groups-claim') || 'groups';
  const isVerified = claim === 'email' && !isOn(given, 'insecure-oidc-allow-unverified-email');
  return {
    email: present({
      claim: claim === 'email' ? undefined : claim,
      fallbackClaim: 'sub',
      requireVerified: isVerified ? true : undefined,
    }),
    groups: present({
      claim: groups === 'groups' ? undefined : groups,
      keycloakRoles: providerOf(given) === 'keycloak-oidc' ? true : undefined,
    }),
  };
}

/** Whether both read tokens alike. */
export function readAlike(one: Identity, other: Identity): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Judges the options that name claims. */
export function judgeIdentity(given: Given): readonly Finding[] {
  if (hasFixedClaims(given)) {
    const reason =
      'provider azure looks at the claims `email`, `email_verified` and `groups` of bearer tokens, whatever it says';
    return [
      'oidc-email-claim',
      'user-id-claim',
      'oidc-groups-claim',
      'insecure-oidc-allow-unverified-email',
    ].flatMap((flag) => judged(given, flag, 'meaningless', reason));
  }
  const claim = emailClaim(given);
  const isRenamed = textOf(given, 'oidc-email-claim') === claim && claim !== 'email';
  const unverified =
    isRenamed || claim !== 'email' ? '; `email_verified` says nothing of it and is not asked for' : '';
  const allow = 'insecure-oidc-allow-unverified-email';
  return [
    ...judged(
      given,
      'oidc-email-claim',
      'kept',
      `\`issuers[].email.claim: ${claim}\`, or \`sub\` where it is absent${isRenamed ? unverified : ''}`,
    ),
    ...(claim === textOf(given, 'user-id-claim') && !isRenamed
      ? judged(
          given,
          'user-id-claim',
          'kept',
          `\`issuers[].email.claim: ${claim}\`${unverified}; the user is \`sub\` still`,
        )
      : judged(
          given,
          'user-id-claim',
          'meaningless',
          '`oidc-email-claim` is what counts, and the user is `sub`',
        )),
    ...judged(
      given,
      'oidc-groups-claim',
      'kept',
      `\`issuers[].groups.claim: ${textOf(given, 'oidc-groups-claim') || 'groups'}\``,
    ),
    ...(isOn(given, allow)
      ? judged(
          given,
          allow,
          'kept',
          '`issuers[].email.requireVerified: false` for the tokens of `oidc-issuer-url`',
        )
      : judged(given, allow, 'meaningless', 'it is off')),
  ];
}

/** The older option counts where the newer one is left at its default. */
function emailClaim(given: Given): string {
  const claim = textOf(given, 'oidc-email-claim') || 'email';
  return claim === 'email' ? textOf(given, 'user-id-claim') || 'email' : claim;
}
