/** Which claims of a token are its e-mail and its groups. */
import type { Tree } from '../../../../config/values/raw-values.ts';
import type { Finding } from '../../finding.ts';
import type { Installation } from '../merge/installation.ts';
import { findingIfSet } from './findings.ts';
import { hasFixedClaims, providerOf } from './provider.ts';
import { isOn, listOf, textOf, withoutUndefined } from './setting-values.ts';

/** What an issuer says of e-mail and groups, who may pass aside. */
export interface Identity {
  readonly email: Tree;
  readonly groups: Tree;
}

/** How the tokens of `extra-jwt-issuers` are read, and with azure all of them: no option but that for the groups changes it. */
export function fixedIdentity(installation: Installation): Identity {
  return {
    email: { fallbackClaim: 'sub', requireVerified: true },
    groups: withoutUndefined({ claim: groupsClaim(installation) }),
  };
}

/** How the tokens of `oidc-issuer-url` are read. */
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

/** Whether both read tokens alike. */
export function haveSameClaims(one: Identity, other: Identity): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/**
 * Judges the options that name claims.
 *
 * @param asksForGroups whether somebody may pass by groups only
 */
export function judgeIdentity(installation: Installation, asksForGroups: boolean): readonly Finding[] {
  const ofGroups = judgeGroupsClaim(installation, asksForGroups);
  if (hasFixedClaims(installation)) {
    const reason =
      'provider azure looks at the claims `email` and `email_verified` of bearer tokens, whatever it says';
    const flags = ['oidc-email-claim', 'user-id-claim', 'insecure-oidc-allow-unverified-email'];
    return [...flags.flatMap((flag) => findingIfSet(installation, flag, 'meaningless', reason)), ...ofGroups];
  }
  const claim = emailClaim(installation);
  const isRenamed = textOf(installation, 'oidc-email-claim') === claim && claim !== 'email';
  const unverified =
    isRenamed || claim !== 'email' ? '; `email_verified` says nothing of it and is not asked for' : '';
  const allow = 'insecure-oidc-allow-unverified-email';
  return [
    ...findingIfSet(
      installation,
      'oidc-email-claim',
      'kept',
      `\`issuers[].email.claim: ${claim}\`, or \`sub\` where it is absent${isRenamed ? unverified : ''}`,
    ),
    ...(claim === textOf(installation, 'user-id-claim') && !isRenamed
      ? findingIfSet(
          installation,
          'user-id-claim',
          'kept',
          `\`issuers[].email.claim: ${claim}\`${unverified}; the user is \`sub\` still`,
        )
      : findingIfSet(
          installation,
          'user-id-claim',
          'meaningless',
          '`oidc-email-claim` is what counts, and the user is `sub`',
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

/** Judges the claim of the groups, which for some tokens was no path. */
function judgeGroupsClaim(installation: Installation, asksForGroups: boolean): readonly Finding[] {
  const flag = 'oidc-groups-claim';
  const claim = groupsClaim(installation) ?? 'groups';
  const kept = `\`issuers[].groups.claim: ${claim}\``;
  const ofExtra =
    listOf(installation, 'extra-jwt-issuers').length > 0 ? 'the tokens of `extra-jwt-issuers`' : '';
  const namesNote = hasFixedClaims(installation) ? 'bearer tokens of provider azure' : ofExtra;
  if (namesNote === '' || claim === 'groups') return findingIfSet(installation, flag, 'kept', kept);
  const before = `before 7.15.6 oauth2-proxy read \`groups\` of ${namesNote}`;
  if (!claim.includes('.')) return findingIfSet(installation, flag, 'kept', `${kept}; ${before}`);
  const path = `of ${namesNote} oauth2-proxy reads the claim of that very name, while here it is a path where a token has no such claim`;
  return asksForGroups
    ? findingIfSet(
        installation,
        flag,
        'refused',
        `${path}. If it is accepted it is ${kept}, and A TOKEN WITH ITS GROUPS AT THAT PATH PASSES FROM NOW ON`,
      )
    : findingIfSet(
        installation,
        flag,
        'changed',
        `it is ${kept}; ${path}, so groups at that path are forwarded, which were not; ${before}`,
      );
}

/** The claim of the groups; undefined where it is the usual one. */
function groupsClaim(installation: Installation): string | undefined {
  const claim = textOf(installation, 'oidc-groups-claim') || 'groups';
  return claim === 'groups' ? undefined : claim;
}

/** The older option counts where the newer one is left at its default. */
function emailClaim(installation: Installation): string {
  const claim = textOf(installation, 'oidc-email-claim') || 'email';
  return claim === 'email' ? textOf(installation, 'user-id-claim') || 'email' : claim;
}
