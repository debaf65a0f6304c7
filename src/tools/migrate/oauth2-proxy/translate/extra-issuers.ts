/** The issuers of `extra-jwt-issuers`: further ones, or further audiences of one that is there. */

import type { Problem } from '../../../../config/validate/problems.ts';
import type { Mapping } from '../../../../config/values/mapping.ts';
import { maskUrls } from '../../../../config/values/quote-value.ts';
import type { Finding } from '../../finding.ts';
import type { Given } from '../read/settings.ts';
import type { Access } from './access.ts';
import { isGiven, judged, listed, listOf, present, problemOf } from './by-kind.ts';
import { fixedIdentity, type Identity, readAlike } from './identity.ts';
import { insecureHttp, plainText, shownUrl } from './keys.ts';
import { otherTypes } from './provider.ts';

/** One issuer, before it is written. */
export interface Issuer {
  readonly issuer: string;
  readonly audiences: string[];
  readonly fields: Mapping;
  readonly identity: Identity;
}

/** Adds the issuers of `extra-jwt-issuers` to those of the provider. */
export function addExtraIssuers(
  given: Given,
  primary: readonly Issuer[],
  access: Access,
): { issuers: readonly Issuer[]; findings: readonly Finding[]; problems: readonly Problem[] } {
  const flag = 'extra-jwt-issuers';
  const identity = fixedIdentity(given);
  const issuers = [...primary];
  const problems: Problem[] = [];
  const notes: string[] = [];
  const refused: string[] = [];
  for (const entry of listOf(given, flag)) {
    const [, url = '', audience = ''] = /^([^=]*)=([\s\S]*)$/.exec(entry) ?? [];
    if (url === '' || audience === '') {
      problems.push(
        problemOf(given, flag, `expected issuer=audience, not ${JSON.stringify(maskUrls(entry))}`),
      );
      continue;
    }
    const same = issuers.find(({ issuer }) => issuer === url);
    if (same === undefined) {
      const fields = present({ insecureHttp: insecureHttp(url) });
      issuers.push({ issuer: url, audiences: [audience], fields, identity });
      if (insecureHttp(url)) notes.push(`${shownUrl(url)} with \`insecureHttp: true\`; ${plainText}`);
    } else if (opensMore(same.identity, access)) refused.push(entry);
    else {
      same.audiences.push(audience);
      if (!readAlike(same.identity, identity))
        notes.push(
          `\`${audience}\` is an audience of ${shownUrl(url)} above, so the claims named for that are what counts for it too`,
        );
    }
  }
  if (!isGiven(given, flag)) return { issuers, findings: [], problems };
  const made =
    'further `issuers`, each with its audience; one without a discovery document needs `jwksUri: ISSUER/.well-known/jwks.json`, which was guessed before';
  const rest = [made, otherTypes, ...notes].join('; ');
  const reason =
    'is the issuer of the provider again, whose tokens are read by other claims than those of this audience were; one issuer is read in one way, and this audience would pass by claims that it was not asked for';
  const findings =
    refused.length > 0
      ? judged(
          given,
          flag,
          'refused',
          `${listed(refused.map(maskUrls))} ${reason}. Without it tokens for this audience do not pass; the rest is ${rest}`,
        )
      : listOf(given, flag).length === 0
        ? judged(given, flag, 'meaningless', 'it is empty')
        : judged(given, flag, 'changed', rest);
  return { issuers, findings, problems };
}

/** Whether tokens for a further audience could pass that did not: by claims that were not those asked for, or by an unverified e-mail. */
function opensMore({ email, groups }: Identity, access: Access): boolean {
  const isOtherEmail = email.claim !== undefined && Object.keys(access.email).length > 0;
  const isOtherGroup = groups.keycloakRoles === true && Object.keys(access.groups).length > 0;
  return isOtherEmail || isOtherGroup || email.requireVerified !== true;
}
