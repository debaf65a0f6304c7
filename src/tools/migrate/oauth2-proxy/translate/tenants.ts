/** The issuer of the provider, which for Entra may be one for each tenant. */
import type { Finding } from '../../finding.ts';
import type { Installation } from '../merge/installation.ts';
import { findingIfSet } from './findings.ts';
import { insecureHttp, maskedUrl, plainHttpText } from './keys.ts';
import { hasPrimary, providerOf } from './provider.ts';
import { isOn, listOf, quotedList, textOf } from './setting-values.ts';

/** The issuer of Entra for tokens of many tenants, which no token names. */
const anyTenant = /^(https:\/\/login\.microsoftonline\.[a-z]+)\/(common|organizations)\/v2\.0\/?$/;

/** The issuers of single tenants in its place, where they are named. */
export function tenantIssuers(installation: Installation): readonly string[] {
  const [, host] = anyTenant.exec(textOf(installation, 'oidc-issuer-url')) ?? [];
  if (host === undefined) return [];
  return [...new Set(listOf(installation, 'entra-id-allowed-tenant'))].map(
    (tenant) => `${host}/${tenant}/v2.0`,
  );
}

/** Judges what names the issuer. */
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
      ? 'the algorithms are our defaults and not those of the discovery document'
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
          `provider ${provider} verifies no bearer token of it`,
        )),
    ...(!isOn(installation, skip)
      ? findingIfSet(installation, skip, 'meaningless', 'the issuer is always compared')
      : tenants.length > 0
        ? findingIfSet(
            installation,
            skip,
            'changed',
            '`iss` is always compared: with the issuer of each tenant that is named',
          )
        : isMany
          ? findingIfSet(
              installation,
              skip,
              'refused',
              `tokens of every tenant passed, while \`iss\` is always compared here and no token has ${maskedUrl(url)}; name the tenants with \`-- --${tenant}=ID\`. Without them no token passes`,
            )
          : findingIfSet(
              installation,
              skip,
              'changed',
              '`iss` is always compared; a token of another issuer no longer passes. List each issuer whose tokens are good in `issuers`',
            )),
    ...(tenants.length > 0
      ? findingIfSet(
          installation,
          tenant,
          'kept',
          'an issuer for each tenant, whose tokens alone pass; oauth2-proxy never looked at the tenant of bearer tokens. Tokens of version 1.0 name another issuer, https://sts.windows.net/ID/',
        )
      : provider !== 'entra-id'
        ? findingIfSet(
            installation,
            tenant,
            'meaningless',
            `only provider entra-id looks at it, and not for bearer tokens; to ask for it, say \`requiredClaims: {tid: […]}\``,
          )
        : findingIfSet(
            installation,
            tenant,
            'changed',
            'it is `issuers[0].requiredClaims.tid`, while oauth2-proxy never looked at it for bearer tokens',
          )),
  ];
}
