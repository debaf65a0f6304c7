/** Translates the issuer of the provider, which becomes one issuer for each tenant with Entra ID. */
import type { Finding } from '../../finding.ts';
import type { Installation } from '../merge/installation.ts';
import { findingIfSet } from './findings.ts';
import { insecureHttp, maskedUrl, plainHttpText } from './keys.ts';
import { hasPrimary, providerOf } from './provider.ts';
import { isOn, listOf, quotedList, textOf } from './setting-values.ts';

/** The multi-tenant issuer of Entra ID, which is never the `iss` of a token. */
const anyTenant = /^(https:\/\/login\.microsoftonline\.[a-z]+)\/(common|organizations)\/v2\.0\/?$/;

/** The issuers of the listed tenants, which replace it. */
export function tenantIssuers(installation: Installation): readonly string[] {
  const [, host] = anyTenant.exec(textOf(installation, 'oidc-issuer-url')) ?? [];
  if (host === undefined) return [];
  return [...new Set(listOf(installation, 'entra-id-allowed-tenant'))].map(
    (tenant) => `${host}/${tenant}/v2.0`,
  );
}

/** Judges the settings for the issuer. */
export function judgeIssuer(installation: Installation, tenants: readonly string[]): readonly Finding[] {
  const url = textOf(installation, 'oidc-issuer-url');
  const isPrimary = hasPrimary(installation);
  const skip = 'insecure-oidc-skip-issuer-verification';
  const tenant = 'entra-id-allowed-tenant';
  const provider = providerOf(installation);
  const isMany = anyTenant.test(url);
  const notes = [
    insecureHttp(url) === true ? `with \`insecureHttp: true\`; ${plainHttpText}` : '',
    listOf(installation, 'oidc-enabled-signing-alg').length === 0 &&
    !isOn(installation, 'skip-oidc-discovery')
      ? 'the algorithms are the defaults of oidc-authz, not those of the discovery document'
      : '',
  ].filter((note) => note !== '');
  const one = `\`issuers[0].issuer: ${url}\`, compared byte for byte`;
  return [
    ...(isPrimary
      ? findingIfSet(
          installation,
          'oidc-issuer-url',
          'kept',
          [
            tenants.length > 0 ? `\`issuers\`, one for each tenant: ${quotedList(tenants)}` : one,
            ...notes,
          ].join('; '),
        )
      : findingIfSet(
          installation,
          'oidc-issuer-url',
          'meaningless',
          `provider ${provider} verifies none of its bearer tokens`,
        )),
    ...(!isOn(installation, skip)
      ? findingIfSet(installation, skip, 'meaningless', 'the issuer is always compared')
      : tenants.length > 0
        ? findingIfSet(
            installation,
            skip,
            'changed',
            '`iss` is always compared, here with the issuers of the listed tenants',
          )
        : isMany
          ? findingIfSet(
              installation,
              skip,
              'refused',
              `oauth2-proxy allows tokens of every tenant; here \`iss\` is always compared, and no token has ${maskedUrl(url)}; list the tenants with \`-- --${tenant}=ID\`. Without them no token is allowed`,
            )
          : findingIfSet(
              installation,
              skip,
              'changed',
              '`iss` is always compared, so a token of another issuer is denied. List every issuer in `issuers`',
            )),
    ...(tenants.length > 0
      ? findingIfSet(
          installation,
          tenant,
          'kept',
          'one issuer for each tenant, so only their tokens are allowed; oauth2-proxy does not check the tenant of bearer tokens. Tokens of version 1.0 have another issuer, https://sts.windows.net/ID/',
        )
      : provider !== 'entra-id'
        ? findingIfSet(
            installation,
            tenant,
            'meaningless',
            `only provider entra-id uses it, and not for bearer tokens; to require a tenant, set \`requiredClaims: {tid: […]}\``,
          )
        : findingIfSet(
            installation,
            tenant,
            'changed',
            'it becomes `issuers[0].requiredClaims.tid`; oauth2-proxy does not check it for bearer tokens',
          )),
  ];
}
