/** Which claims of a token are its e-mail and its groups. */
import type { Mapping } from '../../../../config/values/mapping.ts';
import type { Finding } from '../../finding.ts';
import type { Given } from '../read/settings.ts';
import { isOn, judged, listOf, present, textOf } from './by-kind.ts';
import { hasFixedClaims, providerOf } from './provider.ts';

/** What an issuer says of e-mail and groups, who may pass aside. */
export interface Identity {
  readonly email: Mapping;
  readonly groups: Mapping;
}

/** How the tokens of `extra-jwt-issuers` are read, and with azure all of them: no option but that for the groups changes it. */
export function fixedIdentity(given: Given): Identity {
  return {
    email: { fallbackClaim: 'sub', requireVerified: true },
    groups: present({ claim: groupsClaim(given) }),
  };
}

/** How the tokens of `oidc-issuer-url` are read. */
export function primaryIdentity(given: Given): Identity {
  if (hasFixedClaims(given)) return fixedIdentity(given);
  const claim = emailClaim(given);
  const isVerified = claim === 'email' && !isOn(given, 'insecure-oidc-allow-unverified-email');
  return {
    email: present({
      claim: claim === 'email' ? undefined : claim,
      fallbackClaim: 'sub',
      requireVerified: isVerified ? true : undefined,
    }),
    groups: present({
      claim: groupsClaim(given),
      keycloakRoles: providerOf(given) === 'keycloak-oidc' ? true : undefined,
    }),
  };
}

/** Whether both read tokens alike. */
export function readAlike(one: Identity, other: Identity): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/**
 * Judges the options that name claims.
 *
 * @param asksForGroups whether somebody may pass by groups only
 */
export function judgeIdentity(given: Given, asksForGroups: boolean): readonly Finding[] {
  const ofGroups = judgeGroupsClaim(given, asksForGroups);
  if (hasFixedClaims(given)) {
    const reason =
      'provider azure looks at the claims `email` and `email_verified` of bearer tokens, whatever it says';
    const flags = ['oidc-email-claim', 'user-id-claim', 'insecure-oidc-allow-unverified-email'];
    return [...flags.flatMap((flag) => judged(given, flag, 'meaningless', reason)), ...ofGroups];
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
    ...ofGroups,
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

/** Judges the claim of the groups, which for some tokens was no path. */
function judgeGroupsClaim(given: Given, asksForGroups: boolean): readonly Finding[] {
  const flag = 'oidc-groups-claim';
  const claim = groupsClaim(given) ?? 'groups';
  const kept = `\`issuers[].groups.claim: ${claim}\``;
  const ofExtra = listOf(given, 'extra-jwt-issuers').length > 0 ? 'the tokens of `extra-jwt-issuers`' : '';
  const whose = hasFixedClaims(given) ? 'bearer tokens of provider azure' : ofExtra;
  if (whose === '' || claim === 'groups') return judged(given, flag, 'kept', kept);
  const before = `before 7.15.6 oauth2-proxy read \`groups\` of ${whose}`;
  if (!claim.includes('.')) return judged(given, flag, 'kept', `${kept}; ${before}`);
  const path = `of ${whose} oauth2-proxy reads the claim of that very name, while here it is a path where a token has no such claim`;
  return asksForGroups
    ? judged(
        given,
        flag,
        'refused',
        `${path}. If it is accepted it is ${kept}, and A TOKEN WITH ITS GROUPS AT THAT PATH PASSES FROM NOW ON`,
      )
    : judged(
        given,
        flag,
        'changed',
        `it is ${kept}; ${path}, so groups at that path are forwarded, which were not; ${before}`,
      );
}

/** The claim of the groups; undefined where it is the usual one. */
function groupsClaim(given: Given): string | undefined {
  const claim = textOf(given, 'oidc-groups-claim') || 'groups';
  return claim === 'groups' ? undefined : claim;
}

/** The older option counts where the newer one is left at its default. */
function emailClaim(given: Given): string {
  const claim = textOf(given, 'oidc-email-claim') || 'email';
  return claim === 'email' ? textOf(given, 'user-id-claim') || 'email' : claim;
}
