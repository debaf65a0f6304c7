/** The provider, which says whose bearer tokens oauth2-proxy verifies at all and how it reads them. */
import type { Finding } from '../../finding.ts';
import type { Given } from '../read/setting.ts';
import { judged, listOf, noted, textOf } from './setting-values.ts';

/** The providers that verify bearer tokens of their issuer. */
const verifying = ['oidc', 'adfs', 'azure', 'cidaas', 'entra-id', 'gitlab', 'keycloak-oidc'];

/** The provider, or the one that oauth2-proxy takes where none is said. */
export function providerOf(given: Given): string {
  return textOf(given, 'provider') || 'google';
}

/** Whether bearer tokens of `oidc-issuer-url` were verified. */
export function isVerifying(given: Given): boolean {
  return verifying.includes(providerOf(given));
}

/** Whether the tokens of `oidc-issuer-url` become an issuer: not beside others where none of them was ever good. */
export function hasPrimary(given: Given): boolean {
  return isVerifying(given) || listOf(given, 'extra-jwt-issuers').length === 0;
}

/** Whether claims are read as those of `extra-jwt-issuers` are: no option renames them, but that for the groups. */
export function hasFixedClaims(given: Given): boolean {
  return providerOf(given) === 'azure';
}

/** What no longer makes a token 401, where claims are read so. */
export const otherTypes =
  'a token with a claim of a wrong type, such as `email_verified: "true"` or groups that are numbers, was 401 and may pass here';

/** Judges the provider. */
export function judgeProvider(given: Given): readonly Finding[] {
  const provider = providerOf(given);
  if (provider === 'keycloak-oidc')
    return judged(
      given,
      'provider',
      'kept',
      '`issuers[].groups.keycloakRoles`: roles count among the groups, in the header too',
    );
  if (hasFixedClaims(given)) return judged(given, 'provider', 'changed', otherTypes);
  if (isVerifying(given))
    return judged(given, 'provider', 'meaningless', 'bearer tokens are verified alike whoever issues them');
  const default_ = textOf(given, 'provider') === '' ? `${provider}, the default, ` : `${provider} `;
  if (!hasPrimary(given))
    return noted(
      given,
      'provider',
      'changed',
      `${default_}verifies no bearer token, so only those of \`extra-jwt-issuers\` passed, and only they are carried over`,
    );
  return noted(
    given,
    'provider',
    'refused',
    `${default_}verifies no bearer token, so none ever passed; if those of \`oidc-issuer-url\` are meant, give \`-- --provider=oidc\`. If it is accepted THEY PASS FROM NOW ON`,
  );
}
