/** Values with white space at their ends: oauth2-proxy compares them as they are, and here they cannot be configured. */
import type { Finding } from '../../finding.ts';
import type { Installation } from '../merge/installation.ts';
import type { Setting } from '../read/setting.ts';

/** Settings whose values tokens are compared with. */
const compared: Readonly<Record<string, string>> = {
  'allowed-group': 'group',
  'allowed-role': 'role',
  'bitbucket-workspace': 'workspace',
  'client-id': 'audience',
  'email-domain': 'domain of e-mail',
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

/** Those that restrict who may pass, so that nothing is asked for where all of it is left out. */
const restricting = ['allowed-group', 'allowed-role', 'entra-id-allowed-tenant', 'gitlab-group'];

/**
 * Leaves out what has white space at its ends. It is never trimmed, since what is left would match
 * tokens that did not pass.
 *
 * @returns what is left, and a refusal for each setting that lost something
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
    const odd = all.filter((one) => one !== '' && !isPlain(setting.flag, one));
    if (odd.length === 0) continue;
    const rest = all.filter((one) => !odd.includes(one) && one !== '');
    // One that lets everybody pass needs no other, and without any there is a problem of its own.
    if (setting.flag === 'email-domain' && (rest.length === 0 || rest.includes('*'))) continue;
    if (rest.length === 0) settings.delete(setting.flag);
    else settings.set(setting.flag, { ...setting, value: rest });
    refusals.push(refusalOf(setting, odd, kind, rest.length === 0));
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

function refusalOf({ flag, source }: Setting, odd: readonly string[], kind: string, isAll: boolean): Finding {
  const told = odd.map((one) => {
    const other = one.trim();
    return `${JSON.stringify(one)} has white space at an end, which cannot be configured here; in oauth2-proxy it never matches a token's ${kind} \`${other}\`, and without the white space it would let in more than before`;
  });
  return {
    setting: flag,
    source,
    verdict: 'refused',
    text: `${told.join('; ')}. ${isAll ? consequenceOf(flag) : 'If it is accepted, the others are what counts'}`,
  };
}

function consequenceOf(flag: string): string {
  if (restricting.includes(flag)) return 'Nothing else is listed. WITHOUT IT THIS IS NO LONGER ASKED FOR';
  return /-claim$/.test(flag)
    ? 'Nothing else is listed. WITHOUT IT THE CLAIM OF THE USUAL NAME COUNTS'
    : 'Nothing else is listed';
}
