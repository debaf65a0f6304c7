/** Translates the claims that are the email and the groups of a token. */
import type { Mapping } from '../../../../config/values/mapping.ts';
import type { Finding } from '../../finding.ts';
import type { Installation } from '../merge/installation.ts';
import { findingIfSet } from './findings.ts';
import { hasFixedClaims, providerOf } from './provider.ts';
import { isOn, listOf, textOf, withoutUndefined } from './setting-values.ts';

/** The claims of an issuer for email and groups, without access rules. */
export interface Identity {
  readonly email: Mapping;
  readonly groups: Mapping;
}

/** The claims for `extra-jwt-issuers`, and for all tokens with azure. Only the groups option changes them. */
export function fixedIdentity(installation: Installation): Identity {
  return {
    email: { fallbackClaim: 'sub', requireVerified: true },
    groups: withoutUndefined({ claim: groupsClaim(installation) }),
  };
}

/** The claims for the tokens of `oidc-issuer-url`. */
export function primaryIdentity(installation: Installation): Identity {
  if (hasFixedClaims(installation)) return fixedIdentity(installation);
  const claim = emailClaim(installation);
  const isVerified = claim === 'email' && !isOn(installation, 'insecure-oidc-allow-unverified-email');
  return {
    email: withoutUndefined({
      claim: claim === 'email' ? undefined : claim,
      fallbackClaim: 'sub',
      requireVerified: isVerified ? true : undefined,
    }),
    groups: withoutUndefined({
      claim: groupsClaim(installation),
      keycloakRoles: providerOf(installation) === 'keycloak-oidc' ? true : undefined,
    }),
  };
}

/** Whether two issuers have the same claims. */
export function haveSameClaims(one: Identity, other: Identity): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/**
 * Judges the options that name claims.
 *
 * @param asksForGroups whether groups are required
 */
export function judgeIdentity(installation: Installation, asksForGroups: boolean): readonly Finding[] {
  const ofGroups = judgeGroupsClaim(installation, asksForGroups);
  if (hasFixedClaims(installation)) {
    const reason = 'provider azure always reads the claims `email` and `email_verified` of bearer tokens';
    const flags = ['oidc-email-claim', 'user-id-claim', 'insecure-oidc-allow-unverified-email'];
    return [...flags.flatMap((flag) => findingIfSet(installation, flag, 'meaningless', reason)), ...ofGroups];
  }
  const claim = emailClaim(installation);
  const isRenamed = textOf(installation, 'oidc-email-claim') === claim && claim !== 'email';
  const unverified =
    isRenamed || claim !== 'email' ? '; `email_verified` does not apply to it and is not required' : '';
  const allow = 'insecure-oidc-allow-unverified-email';
  return [
    ...findingIfSet(
      installation,
      'oidc-email-claim',
      'kept',
      `\`issuers[].email.claim: ${claim}\`, or \`sub\` if the token does not have that claim${isRenamed ? unverified : ''}`,
    ),
    ...(claim === textOf(installation, 'user-id-claim') && !isRenamed
      ? findingIfSet(
          installation,
          'user-id-claim',
          'kept',
          `\`issuers[].email.claim: ${claim}\`${unverified}; the user is still \`sub\``,
        )
      : findingIfSet(
          installation,
          'user-id-claim',
          'meaningless',
          '`oidc-email-claim` is used instead, and the user is `sub`',
        )),
    ...ofGroups,
    ...(isOn(installation, allow)
      ? findingIfSet(
          installation,
          allow,
          'kept',
          '`issuers[].email.requireVerified: false` for the tokens of `oidc-issuer-url`',
        )
      : findingIfSet(installation, allow, 'meaningless', 'it is off')),
  ];
}

/** Judges the groups claim, which oauth2-proxy does not treat as a path for all tokens. */
function judgeGroupsClaim(installation: Installation, asksForGroups: boolean): readonly Finding[] {
  const flag = 'oidc-groups-claim';
  const claim = groupsClaim(installation) ?? 'groups';
  const target = `\`issuers[].groups.claim: ${claim}\``;
  const ofExtra =
    listOf(installation, 'extra-jwt-issuers').length > 0 ? 'the tokens of `extra-jwt-issuers`' : '';
  const affected = hasFixedClaims(installation) ? 'bearer tokens of provider azure' : ofExtra;
  if (affected === '' || claim === 'groups') return findingIfSet(installation, flag, 'kept', target);
  const before = `before 7.15.6 oauth2-proxy reads \`groups\` of ${affected}`;
  if (!claim.includes('.')) return findingIfSet(installation, flag, 'kept', `${target}; ${before}`);
  const path = `in ${affected} oauth2-proxy reads the claim with exactly this name; oidc-authz treats the name as a path if a token does not have that claim`;
  return asksForGroups
    ? findingIfSet(
        installation,
        flag,
        'refused',
        `${path}. If you accept it, it becomes ${target}, and A TOKEN WITH ITS GROUPS AT THAT PATH IS ALLOWED FROM NOW ON`,
      )
    : findingIfSet(
        installation,
        flag,
        'changed',
        `it becomes ${target}; ${path}, so groups at that path are now forwarded; ${before}`,
      );
}

/** The groups claim; undefined for the default. */
function groupsClaim(installation: Installation): string | undefined {
  const claim = textOf(installation, 'oidc-groups-claim') || 'groups';
  return claim === 'groups' ? undefined : claim;
}

/** The older option applies if the newer one has its default. */
function emailClaim(installation: Installation): string {
  const claim = textOf(installation, 'oidc-email-claim') || 'email';
  return claim === 'email' ? textOf(installation, 'user-id-claim') || 'email' : claim;
}
