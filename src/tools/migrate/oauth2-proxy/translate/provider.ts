/** The provider, which says whose bearer tokens oauth2-proxy verifies at all and how it reads them. */
import type { Finding } from '../../finding.ts';
import type { Installation } from '../merge/installation.ts';
import { findingIfSet, findingUnlessRefused } from './findings.ts';
import { listOf, textOf } from './setting-values.ts';

/** The providers that verify bearer tokens of their issuer. */
const verifying = ['oidc', 'adfs', 'azure', 'cidaas', 'entra-id', 'gitlab', 'keycloak-oidc'];

/** The provider, or the one that oauth2-proxy takes where none is said. */
export function providerOf(installation: Installation): string {
  return textOf(installation, 'provider') || 'google';
}

/** Whether bearer tokens of `oidc-issuer-url` were verified. */
export function isVerifying(installation: Installation): boolean {
  return verifying.includes(providerOf(installation));
}

/** Whether the tokens of `oidc-issuer-url` become an issuer: not beside others where none of them was ever good. */
export function hasPrimary(installation: Installation): boolean {
  return isVerifying(installation) || listOf(installation, 'extra-jwt-issuers').length === 0;
}

/** Whether claims are read as those of `extra-jwt-issuers` are: no option renames them, but that for the groups. */
export function hasFixedClaims(installation: Installation): boolean {
  return providerOf(installation) === 'azure';
}

/** What no longer makes a token 401, where claims are read so. */
export const wrongTypeText =
  'a token with a claim of a wrong type, such as `email_verified: "true"` or groups that are numbers, was 401 and may pass here';

/** Judges the provider. */
export function judgeProvider(installation: Installation): readonly Finding[] {
  const provider = providerOf(installation);
  if (provider === 'keycloak-oidc')
    return findingIfSet(
      installation,
      'provider',
      'kept',
      '`issuers[].groups.keycloakRoles`: roles count among the groups, in the header too',
    );
  if (hasFixedClaims(installation)) return findingIfSet(installation, 'provider', 'changed', wrongTypeText);
  if (isVerifying(installation))
    return findingIfSet(
      installation,
      'provider',
      'meaningless',
      'bearer tokens are verified alike whoever issues them',
    );
  const default_ = textOf(installation, 'provider') === '' ? `${provider}, the default, ` : `${provider} `;
  if (!hasPrimary(installation))
    return findingUnlessRefused(
      installation,
      'provider',
      'changed',
      `${default_}verifies no bearer token, so only those of \`extra-jwt-issuers\` passed, and only they are carried over`,
    );
  return findingUnlessRefused(
    installation,
    'provider',
    'refused',
    `${default_}verifies no bearer token, so none ever passed; if those of \`oidc-issuer-url\` are meant, give \`-- --provider=oidc\`. If it is accepted THEY PASS FROM NOW ON`,
  );
}
