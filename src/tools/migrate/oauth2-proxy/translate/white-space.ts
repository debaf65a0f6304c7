/**
 * Refuses values with leading or trailing white space. oauth2-proxy compares them unchanged, and oidc-authz cannot
 * configure them.
 */
import type { Finding } from '../../finding.ts';
import type { Installation } from '../merge/installation.ts';
import type { Setting } from '../read/setting.ts';

/** Settings whose values are compared with tokens. */
const compared: Readonly<Record<string, string>> = {
  'allowed-group': 'group',
  'allowed-role': 'role',
  'bitbucket-workspace': 'workspace',
  'client-id': 'audience',
  'email-domain': 'email domain',
  'entra-id-allowed-tenant': 'tenant',
  'extra-jwt-issuers': 'issuer or audience',
  'gitlab-group': 'group',
  'keycloak-group': 'group',
  'oidc-audience-claim': 'claim',
  'oidc-email-claim': 'claim',
  'oidc-extra-audience': 'audience',
  'oidc-groups-claim': 'claim',
  'oidc-issuer-url': 'issuer',
  'user-id-claim': 'claim',
};

/** Settings that restrict access; without any value nothing is required. */
const restricting = ['allowed-group', 'allowed-role', 'entra-id-allowed-tenant', 'gitlab-group'];

/**
 * Removes values with leading or trailing white space. They are never trimmed, since a trimmed value would match
 * further tokens.
 *
 * @returns the remaining settings, and a refused finding for each setting that lost a value
 */
export function withoutWhiteSpace(installation: Installation): {
  readonly installation: Installation;
  readonly refusals: readonly Finding[];
} {
  const settings = new Map(installation.settings);
  const refusals: Finding[] = [];
  for (const setting of installation.settings.values()) {
    const kind = Object.hasOwn(compared, setting.flag) ? compared[setting.flag] : undefined;
    if (kind === undefined || typeof setting.value === 'boolean') continue;
    const all = typeof setting.value === 'string' ? [setting.value] : setting.value;
    const padded = all.filter((one) => one !== '' && !isPlain(setting.flag, one));
    if (padded.length === 0) continue;
    const rest = all.filter((one) => !padded.includes(one) && one !== '');
    // With `*` no other value matters, and an empty list is a separate problem.
    if (setting.flag === 'email-domain' && (rest.length === 0 || rest.includes('*'))) continue;
    if (rest.length === 0) settings.delete(setting.flag);
    else settings.set(setting.flag, { ...setting, value: rest });
    refusals.push(refusalOf(setting, padded, kind, rest.length === 0));
  }
  return refusals.length === 0
    ? { installation, refusals }
    : {
        installation: { ...installation, settings, findings: [...installation.findings, ...refusals] },
        refusals,
      };
}

function isPlain(flag: string, value: string): boolean {
  const parts = flag === 'extra-jwt-issuers' ? value.split(/=(.*)/s).slice(0, 2) : [value];
  return parts.every((part) => part === part.trim());
}

function refusalOf(
  { flag, source }: Setting,
  padded: readonly string[],
  kind: string,
  isAll: boolean,
): Finding {
  const reasons = padded.map((one) => {
    const other = one.trim();
    return `${JSON.stringify(one)} has leading or trailing white space, which oidc-authz cannot configure; in oauth2-proxy it never matches a token's ${kind} \`${other}\`, and without the white space it would allow more tokens than before`;
  });
  return {
    setting: flag,
    source,
    verdict: 'refused',
    text: `${reasons.join('; ')}. ${isAll ? consequenceOf(flag) : 'If you accept it, only the other values apply'}`,
  };
}

function consequenceOf(flag: string): string {
  if (restricting.includes(flag)) return 'There is no other value. WITHOUT IT THIS IS NO LONGER REQUIRED';
  return /-claim$/.test(flag)
    ? 'There is no other value. WITHOUT IT THE DEFAULT CLAIM APPLIES'
    : 'There is no other value';
}
