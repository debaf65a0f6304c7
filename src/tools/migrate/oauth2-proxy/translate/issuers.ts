/** Translates the issuers: that of the provider, and those of `extra-jwt-issuers`. */

import type { Problem } from '../../../../config/validate/problems.ts';
import type { Mapping } from '../../../../config/values/mapping.ts';
import type { Finding } from '../../finding.ts';
import type { Installation } from '../merge/installation.ts';
import { type Access, translateAccess } from './access.ts';
import { addExtraIssuers, type Issuer } from './extra-issuers.ts';
import { findingIfSet } from './findings.ts';
import { judgeIdentity, primaryIdentity } from './identity.ts';
import { type Keys, translateKeys } from './keys.ts';
import type { Part } from './part.ts';
import { hasPrimary, isVerifying, judgeProvider, providerOf } from './provider.ts';
import { listOf, quotedList, textOf, withoutUndefined } from './setting-values.ts';
import { judgeIssuer, tenantIssuers } from './tenants.ts';

/** Translates all settings that decide which tokens are valid. */
export function translateIssuers(installation: Installation): Part {
  const access = translateAccess(installation);
  const keys = translateKeys(installation);
  const tenants = tenantIssuers(installation);
  const primary = hasPrimary(installation) ? primaryIssuers(installation, keys, tenants) : [];
  const extra = addExtraIssuers(installation, primary, access);
  const missed = missing(installation);
  // If another setting is refused, it may contain the missing value, so the problem matters only after it is accepted.
  const isRefusedAnyway = installation.findings.some(({ verdict }) => verdict === 'refused');
  const isLacking = !isVerifying(installation) || isRefusedAnyway;
  return {
    config: { issuers: extra.issuers.map((issuer) => written(installation, issuer, access, keys)) },
    findings: [
      ...judgeProvider(installation),
      ...judgeIssuer(installation, tenants),
      ...judgeAudiences(installation),
      ...keys.findings,
      ...judgeIdentity(installation, 'allowed' in access.groups),
      ...access.findings,
      ...extra.findings,
    ],
    problems: [...(isLacking ? [] : missed), ...access.problems, ...extra.problems],
    // If oauth2-proxy verifies no tokens, it needs no issuer.
    lacking: isLacking ? missed : [],
  };
}

function written(
  installation: Installation,
  { issuer, audiences, fields, identity }: Issuer,
  access: Access,
  keys: Keys,
): Mapping {
  const claims = listOf(installation, 'oidc-audience-claim');
  const isDefault = claims.length === 0 || (claims.length === 1 && claims[0] === 'aud');
  const groups = { ...identity.groups, ...access.groups };
  return withoutUndefined({
    issuer,
    audiences: [...new Set([...audiences, ...listOf(installation, 'oidc-extra-audience')])],
    audienceClaims: isDefault ? undefined : claims,
    audienceClaimsUsed: claims.length > 1 ? 'first' : undefined,
    ...fields,
    email: { ...identity.email, ...access.email },
    groups: Object.keys(groups).length === 0 ? undefined : groups,
    ...keys.ofAll,
  });
}

function primaryIssuers(
  installation: Installation,
  { ofPrimary }: Keys,
  tenants: readonly string[],
): readonly Issuer[] {
  const clientId = textOf(installation, 'client-id');
  const allowed = listOf(installation, 'entra-id-allowed-tenant');
  const isTenantRequired =
    tenants.length === 0 && allowed.length > 0 && providerOf(installation) === 'entra-id';
  const issuer = (issuer: string): Issuer => ({
    issuer,
    audiences: clientId === '' ? [] : [clientId],
    fields: isTenantRequired ? { ...ofPrimary, requiredClaims: { tid: allowed } } : ofPrimary,
    identity: primaryIdentity(installation),
  });
  return (tenants.length > 0 ? tenants : [textOf(installation, 'oidc-issuer-url')]).map(issuer);
}

function judgeAudiences(installation: Installation): readonly Finding[] {
  const claims = listOf(installation, 'oidc-audience-claim');
  const dotted = claims.filter((claim) => claim.includes('.'));
  const first =
    claims.length > 1
      ? ' with `audienceClaimsUsed: first`: the first of these claims that a token has is used'
      : '';
  return [
    ...(hasPrimary(installation)
      ? findingIfSet(
          installation,
          'client-id',
          'kept',
          '`issuers[0].audiences`: the audience that tokens must have, not a secret',
        )
      : findingIfSet(installation, 'client-id', 'meaningless', 'it is not the audience of any bearer token')),
    ...findingIfSet(
      installation,
      'oidc-extra-audience',
      'kept',
      '`issuers[].audiences` of every issuer, in addition to the others',
    ),
    ...(dotted.length > 0
      ? findingIfSet(
          installation,
          'oidc-audience-claim',
          'refused',
          `oauth2-proxy reads the claim with exactly this name; oidc-authz treats ${quotedList(dotted)} as a path if a token does not have that claim. If you accept it, it becomes \`issuers[].audienceClaims\` of every issuer${first}, and A TOKEN WITH ITS AUDIENCE AT THAT PATH IS ALLOWED FROM NOW ON`,
        )
      : findingIfSet(
          installation,
          'oidc-audience-claim',
          'kept',
          `\`issuers[].audienceClaims\` of every issuer${first}`,
        )),
  ];
}

function missing(installation: Installation): readonly Problem[] {
  const problem = (flag: string, message: string) => {
    const judgement = installation.findings.find(({ setting }) => setting === flag);
    const why = judgement === undefined ? '' : ` (${judgement.source}: ${judgement.text})`;
    return { path: flag, source: '', message: `${message}${why}` };
  };
  if (!hasPrimary(installation)) return [];
  const problems: Problem[] = [];
  if (textOf(installation, 'oidc-issuer-url') === '')
    problems.push(
      problem(
        'oidc-issuer-url',
        'expected the issuer of the tokens; set OAUTH2_PROXY_OIDC_ISSUER_URL=… in the environment, or pass `-- --oidc-issuer-url=…`',
      ),
    );
  if (textOf(installation, 'client-id') === '')
    problems.push(
      problem(
        'client-id',
        'expected the client ID: the audience that tokens must have, not a secret; set OAUTH2_PROXY_CLIENT_ID=… in the environment, or pass `-- --client-id=…`',
      ),
    );
  return problems;
}
