/** Translates `extra-jwt-issuers`: to further issuers, or to further audiences of a configured issuer. */

import type { Problem } from '../../../../config/validate/problems.ts';
import type { Mapping } from '../../../../config/values/mapping.ts';
import { maskUrls } from '../../../../config/values/quote-value.ts';
import type { Finding } from '../../finding.ts';
import type { Installation } from '../merge/installation.ts';
import type { Access } from './access.ts';
import { findingIfSet, problemOf } from './findings.ts';
import { fixedIdentity, haveSameClaims, type Identity } from './identity.ts';
import { insecureHttp, maskedUrl, plainHttpText } from './keys.ts';
import { wrongTypeText } from './provider.ts';
import { isSet, listOf, quotedList, withoutUndefined } from './setting-values.ts';

/** One issuer before it is written. */
export interface Issuer {
  readonly issuer: string;
  readonly audiences: string[];
  readonly fields: Mapping;
  readonly identity: Identity;
}

/** Adds the issuers of `extra-jwt-issuers` to those of the provider. */
export function addExtraIssuers(
  installation: Installation,
  primary: readonly Issuer[],
  access: Access,
): { issuers: readonly Issuer[]; findings: readonly Finding[]; problems: readonly Problem[] } {
  const flag = 'extra-jwt-issuers';
  const identity = fixedIdentity(installation);
  const issuers = [...primary];
  const problems: Problem[] = [];
  const notes: string[] = [];
  const refused: string[] = [];
  for (const entry of listOf(installation, flag)) {
    const [, url = '', audience = ''] = /^([^=]*)=([\s\S]*)$/.exec(entry) ?? [];
    if (url === '' || audience === '') {
      problems.push(
        problemOf(installation, flag, `expected issuer=audience, not ${JSON.stringify(maskUrls(entry))}`),
      );
      continue;
    }
    const same = issuers.find(({ issuer }) => issuer === url);
    if (same === undefined) {
      const fields = withoutUndefined({ insecureHttp: insecureHttp(url) });
      issuers.push({ issuer: url, audiences: [audience], fields, identity });
      if (insecureHttp(url)) notes.push(`${maskedUrl(url)} with \`insecureHttp: true\`; ${plainHttpText}`);
    } else if (wouldAllowMore(same.identity, access)) refused.push(entry);
    else {
      same.audiences.push(audience);
      if (!haveSameClaims(same.identity, identity))
        notes.push(
          `\`${audience}\` is an audience of ${maskedUrl(url)} above, whose claim settings also apply to it`,
        );
    }
  }
  if (!isSet(installation, flag)) return { issuers, findings: [], problems };
  const validNames =
    'further `issuers`, each with its audience; without a discovery document an issuer needs `jwksUri: ISSUER/.well-known/jwks.json`, which oauth2-proxy guesses';
  const rest = [validNames, wrongTypeText, ...notes].join('; ');
  const reason =
    'is also the issuer of the provider, whose tokens are read by other claims. One issuer has one set of claims here, so tokens for this audience would be allowed by claims that oauth2-proxy does not use for them';
  const findings =
    refused.length > 0
      ? findingIfSet(
          installation,
          flag,
          'refused',
          `${quotedList(refused.map(maskUrls))} ${reason}. Without it tokens for this audience are denied; the rest is ${rest}`,
        )
      : listOf(installation, flag).length === 0
        ? findingIfSet(installation, flag, 'meaningless', 'it is empty')
        : findingIfSet(installation, flag, 'changed', rest);
  return { issuers, findings, problems };
}

/** Whether further tokens would be allowed: by other claims than before, or by an unverified email. */
function wouldAllowMore({ email, groups }: Identity, access: Access): boolean {
  const isOtherEmail = email.claim !== undefined && Object.keys(access.email).length > 0;
  const isOtherGroup = groups.keycloakRoles === true && Object.keys(access.groups).length > 0;
  return isOtherEmail || isOtherGroup || email.requireVerified !== true;
}
