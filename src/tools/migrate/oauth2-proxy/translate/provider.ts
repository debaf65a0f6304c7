/** The provider. It decides whether oauth2-proxy verifies bearer tokens, and by which claims. */
import type { Finding } from '../../finding.ts';
import type { Installation } from '../merge/installation.ts';
import { findingIfSet, findingUnlessRefused } from './findings.ts';
import { listOf, textOf } from './setting-values.ts';

/** The providers that verify bearer tokens of their issuer. */
const verifying = ['oidc', 'adfs', 'azure', 'cidaas', 'entra-id', 'gitlab', 'keycloak-oidc'];

/** The provider, or the default of oauth2-proxy. */
export function providerOf(installation: Installation): string {
  return textOf(installation, 'provider') || 'google';
}

/** Whether oauth2-proxy verifies bearer tokens of `oidc-issuer-url`. */
export function isVerifying(installation: Installation): boolean {
  return verifying.includes(providerOf(installation));
}

/**
 * Whether `oidc-issuer-url` becomes an issuer. It does not if oauth2-proxy verifies none of its tokens and there are
 * other issuers.
 */
export function hasPrimary(installation: Installation): boolean {
  return isVerifying(installation) || listOf(installation, 'extra-jwt-issuers').length === 0;
}

/** Whether the claims are fixed as for `extra-jwt-issuers`; only the groups claim can be renamed. */
export function hasFixedClaims(installation: Installation): boolean {
  return providerOf(installation) === 'azure';
}

/** The note about claims of a wrong type, which oauth2-proxy answers with 401. */
export const wrongTypeText =
  'for a claim of a wrong type, such as `email_verified: "true"` or groups that are numbers, oauth2-proxy answers 401; here such a token may be allowed';

/** Judges the provider. */
export function judgeProvider(installation: Installation): readonly Finding[] {
  const provider = providerOf(installation);
  if (provider === 'keycloak-oidc')
    return findingIfSet(
      installation,
      'provider',
      'kept',
      '`issuers[].groups.keycloakRoles`: roles are groups, also in the header',
    );
  if (hasFixedClaims(installation)) return findingIfSet(installation, 'provider', 'changed', wrongTypeText);
  if (isVerifying(installation))
    return findingIfSet(
      installation,
      'provider',
      'meaningless',
      'bearer tokens of all providers are verified in the same way',
    );
  const default_ = textOf(installation, 'provider') === '' ? `${provider}, the default, ` : `${provider} `;
  if (!hasPrimary(installation))
    return findingUnlessRefused(
      installation,
      'provider',
      'changed',
      `${default_}verifies no bearer tokens, so only the issuers of \`extra-jwt-issuers\` are migrated`,
    );
  return findingUnlessRefused(
    installation,
    'provider',
    'refused',
    `${default_}verifies no bearer tokens, so oauth2-proxy allows none; if you want those of \`oidc-issuer-url\`, pass \`-- --provider=oidc\`. If you accept it, THEY ARE ALLOWED FROM NOW ON`,
  );
}
