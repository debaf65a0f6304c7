/** The issuers whose tokens were good: the one of the provider, and those of `extra-jwt-issuers`. */

import type { Problem } from '../../../../config/validate/problems.ts';
import type { Mapping } from '../../../../config/values/mapping.ts';
import type { Finding } from '../../finding.ts';
import type { Given } from '../read/settings.ts';
import { type Access, translateAccess } from './access.ts';
import { judged, listed, listOf, type Part, present, textOf } from './by-kind.ts';
import { addExtraIssuers, type Issuer } from './extra-issuers.ts';
import { judgeIdentity, primaryIdentity } from './identity.ts';
import { type Keys, translateKeys } from './keys.ts';
import { hasPrimary, isVerifying, judgeProvider, providerOf } from './provider.ts';
import { judgeIssuer, tenantIssuers } from './tenants.ts';

/** Translates everything that decides which tokens are good. */
export function translateIssuers(given: Given): Part {
  const access = translateAccess(given);
  const keys = translateKeys(given);
  const tenants = tenantIssuers(given);
  const primary = hasPrimary(given) ? primaryIssuers(given, keys, tenants) : [];
  const extra = addExtraIssuers(given, primary, access);
  const missed = missing(given);
  // What a refusal has taken away is lacking only once that is accepted.
  const isRefusedAnyway = given.findings.some(({ verdict }) => verdict === 'refused');
  const isLacking = !isVerifying(given) || isRefusedAnyway;
  return {
    config: { issuers: extra.issuers.map((issuer) => written(given, issuer, access, keys)) },
    findings: [
      ...judgeProvider(given),
      ...judgeIssuer(given, tenants),
      ...judgeAudiences(given),
      ...keys.findings,
      ...judgeIdentity(given, 'allowed' in access.groups),
      ...access.findings,
      ...extra.findings,
    ],
    problems: [...(isLacking ? [] : missed), ...access.problems, ...extra.problems],
    // Where no token was verified, none needed an issuer.
    lacking: isLacking ? missed : [],
  };
}

function written(
  given: Given,
  { issuer, audiences, fields, identity }: Issuer,
  access: Access,
  keys: Keys,
): Mapping {
  const claims = listOf(given, 'oidc-audience-claim');
  const isDefault = claims.length === 0 || (claims.length === 1 && claims[0] === 'aud');
  const groups = { ...identity.groups, ...access.groups };
  return present({
    issuer,
    audiences: [...new Set([...audiences, ...listOf(given, 'oidc-extra-audience')])],
    audienceClaims: isDefault ? undefined : claims,
    audienceClaimsUsed: claims.length > 1 ? 'first' : undefined,
    ...fields,
    email: { ...identity.email, ...access.email },
    groups: Object.keys(groups).length === 0 ? undefined : groups,
    ...keys.ofAll,
  });
}

function primaryIssuers(given: Given, { ofPrimary }: Keys, tenants: readonly string[]): readonly Issuer[] {
  const clientId = textOf(given, 'client-id');
  const allowed = listOf(given, 'entra-id-allowed-tenant');
  const isAsked = tenants.length === 0 && allowed.length > 0 && providerOf(given) === 'entra-id';
  const issuer = (issuer: string): Issuer => ({
    issuer,
    audiences: clientId === '' ? [] : [clientId],
    fields: isAsked ? { ...ofPrimary, requiredClaims: { tid: allowed } } : ofPrimary,
    identity: primaryIdentity(given),
  });
  return (tenants.length > 0 ? tenants : [textOf(given, 'oidc-issuer-url')]).map(issuer);
}

function judgeAudiences(given: Given): readonly Finding[] {
  const claims = listOf(given, 'oidc-audience-claim');
  const dotted = claims.filter((claim) => claim.includes('.'));
  const first =
    claims.length > 1 ? ' with `audienceClaimsUsed: first`: the first one that a token has counts' : '';
  return [
    ...(hasPrimary(given)
      ? judged(
          given,
          'client-id',
          'kept',
          '`issuers[0].audiences`: it is the audience that tokens must be meant for, and no secret',
        )
      : judged(given, 'client-id', 'meaningless', 'it was the audience of no bearer token')),
    ...judged(
      given,
      'oidc-extra-audience',
      'kept',
      '`issuers[].audiences`, beside the others, of every issuer',
    ),
    ...(dotted.length > 0
      ? judged(
          given,
          'oidc-audience-claim',
          'refused',
          `oauth2-proxy reads the claim of that very name, while here ${listed(dotted)} is a path where a token has no such claim. If it is accepted it is \`issuers[].audienceClaims\` of every issuer${first}, and A TOKEN WITH ITS AUDIENCE AT THAT PATH PASSES FROM NOW ON`,
        )
      : judged(given, 'oidc-audience-claim', 'kept', `\`issuers[].audienceClaims\` of every issuer${first}`)),
  ];
}

function missing(given: Given): readonly Problem[] {
  const problem = (flag: string, message: string) => {
    const judgement = given.findings.find(({ setting }) => setting === flag);
    const why = judgement === undefined ? '' : ` (${judgement.source}: ${judgement.text})`;
    return { path: flag, source: '', message: `${message}${why}` };
  };
  if (!hasPrimary(given)) return [];
  const problems: Problem[] = [];
  if (textOf(given, 'oidc-issuer-url') === '')
    problems.push(
      problem(
        'oidc-issuer-url',
        'expected the issuer of the tokens; give it as OAUTH2_PROXY_OIDC_ISSUER_URL=… in the environment or `-- --oidc-issuer-url=…`',
      ),
    );
  if (textOf(given, 'client-id') === '')
    problems.push(
      problem(
        'client-id',
        'expected the client id: it is the audience that tokens must be meant for, not a secret; give it as OAUTH2_PROXY_CLIENT_ID=… in the environment or `-- --client-id=…`',
      ),
    );
  return problems;
}
