/** The issuer of the provider, which for Entra may be one for each tenant. */
import type { Finding } from '../../finding.ts';
import type { Given } from '../read/setting.ts';
import { insecureHttp, plainText, shownUrl } from './keys.ts';
import { hasPrimary, providerOf } from './provider.ts';
import { isOn, judged, listed, listOf, textOf } from './setting-values.ts';

/** The issuer of Entra for tokens of many tenants, which no token names. */
const anyTenant = /^(https:\/\/login\.microsoftonline\.[a-z]+)\/(common|organizations)\/v2\.0\/?$/;

/** The issuers of single tenants in its place, where they are named. */
export function tenantIssuers(given: Given): readonly string[] {
  const [, host] = anyTenant.exec(textOf(given, 'oidc-issuer-url')) ?? [];
  if (host === undefined) return [];
  return [...new Set(listOf(given, 'entra-id-allowed-tenant'))].map((tenant) => `${host}/${tenant}/v2.0`);
}

/** Judges what names the issuer. */
export function judgeIssuer(given: Given, tenants: readonly string[]): readonly Finding[] {
  const url = textOf(given, 'oidc-issuer-url');
  const isPrimary = hasPrimary(given);
  const skip = 'insecure-oidc-skip-issuer-verification';
  const tenant = 'entra-id-allowed-tenant';
  const provider = providerOf(given);
  const isMany = anyTenant.test(url);
  const notes = [
    insecureHttp(url) === true ? `with \`insecureHttp: true\`; ${plainText}` : '',
    listOf(given, 'oidc-enabled-signing-alg').length === 0 && !isOn(given, 'skip-oidc-discovery')
      ? 'the algorithms are our defaults and not those of the discovery document'
      : '',
  ].filter((note) => note !== '');
  const one = `\`issuers[0].issuer: ${url}\`, compared byte for byte`;
  return [
    ...(isPrimary
      ? judged(
          given,
          'oidc-issuer-url',
          'kept',
          [tenants.length > 0 ? `\`issuers\`, one for each tenant: ${listed(tenants)}` : one, ...notes].join(
            '; ',
          ),
        )
      : judged(
          given,
          'oidc-issuer-url',
          'meaningless',
          `provider ${provider} verifies no bearer token of it`,
        )),
    ...(!isOn(given, skip)
      ? judged(given, skip, 'meaningless', 'the issuer is always compared')
      : tenants.length > 0
        ? judged(
            given,
            skip,
            'changed',
            '`iss` is always compared: with the issuer of each tenant that is named',
          )
        : isMany
          ? judged(
              given,
              skip,
              'refused',
              `tokens of every tenant passed, while \`iss\` is always compared here and no token has ${shownUrl(url)}; name the tenants with \`-- --${tenant}=ID\`. Without them no token passes`,
            )
          : judged(
              given,
              skip,
              'changed',
              '`iss` is always compared; a token of another issuer no longer passes. List each issuer whose tokens are good in `issuers`',
            )),
    ...(tenants.length > 0
      ? judged(
          given,
          tenant,
          'kept',
          'an issuer for each tenant, whose tokens alone pass; oauth2-proxy never looked at the tenant of bearer tokens. Tokens of version 1.0 name another issuer, https://sts.windows.net/ID/',
        )
      : provider !== 'entra-id'
        ? judged(
            given,
            tenant,
            'meaningless',
            `only provider entra-id looks at it, and not for bearer tokens; to ask for it, say \`requiredClaims: {tid: […]}\``,
          )
        : judged(
            given,
            tenant,
            'changed',
            'it is `issuers[0].requiredClaims.tid`, while oauth2-proxy never looked at it for bearer tokens',
          )),
  ];
}
