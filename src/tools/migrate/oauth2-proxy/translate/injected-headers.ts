/** Translates the response headers of an alpha configuration. */

import {
  headerNameProblem,
  maxRemovalBytes,
  otherSpellings,
} from '../../../../config/values/header-names.ts';
import type { Mapping } from '../../../../config/values/mapping.ts';
import type { Finding, Verdict } from '../../finding.ts';
import type { InjectedHeader } from '../read/setting.ts';

/** The sources of session values; any other name is a claim of the token. */
const sources: Readonly<Record<string, Mapping>> = {
  user: { claim: 'sub' },
  email: { from: 'email' },
  groups: { from: 'groups' },
  preferred_username: { claim: 'preferred_username' },
  access_token: { from: 'token' },
  id_token: { from: 'token' },
};

/** Session values without a counterpart. */
const ofSessions = ['created_at', 'expires_on', 'refresh_token'];

/** The result for one header. */
type Outcome = { readonly entry: Mapping } | { readonly authorization: true } | { readonly refusal: string };

/** Translates the headers. A header that cannot be set is refused under its own name. */
export function injectedHeaders(headers: readonly InjectedHeader[]): {
  config: Mapping;
  findings: readonly Finding[];
} {
  const entries: Mapping[] = [];
  const findings: Finding[] = [];
  const spellings: string[] = [];
  let isAuthorized = false;
  for (const header of headers) {
    const name = header.header.toLowerCase();
    const add = (verdict: Verdict, text: string) =>
      findings.push({
        setting: `injectResponseHeaders.${header.header}`,
        source: header.source,
        verdict,
        text,
      });
    const outcome = outcomeOf(header, name);
    if ('refusal' in outcome)
      add('refused', `${outcome.refusal}. Without it the workload does not get this header`);
    else if ('authorization' in outcome) {
      isAuthorized = true;
      add('kept', '`setAuthorizationHeader: true`');
    } else {
      const all = [name, ...otherSpellings(name)];
      if (all.some((spelling) => spellings.includes(spelling)))
        add(
          'refused',
          'another header differs from it only in `-` and `_`, and some workloads do not distinguish these',
        );
      else if ([...spellings, ...all].join(',').length > maxRemovalBytes)
        add(
          'refused',
          'the headers have too many spellings with `_` instead of `-` to remove all of them; use names with fewer hyphens',
        );
      else {
        spellings.push(...all);
        entries.push(outcome.entry);
        add('kept', `an entry of \`outputClaimToHeaders\`: \`${written(outcome.entry)}\``);
      }
    }
  }
  return {
    config: {
      ...(entries.length > 0 ? { outputClaimToHeaders: entries } : { identityHeaders: 'remove' }),
      ...(isAuthorized ? { setAuthorizationHeader: true } : {}),
    },
    findings,
  };
}

function outcomeOf({ values }: InjectedHeader, name: string): Outcome {
  const [value, ...others] = values;
  if (value === undefined) return { refusal: 'it has no value' };
  if (others.length > 0) return { refusal: 'it has several values, and a header has one claim' };
  if ('fixed' in value) return { refusal: 'its value is fixed or a secret; set it in the mesh' };
  const { claim, prefix, hasBasicAuthPassword } = value;
  if (hasBasicAuthPassword)
    return { refusal: 'it contains a password, and oidc-authz makes no Basic credentials' };
  if (ofSessions.includes(claim))
    return { refusal: `\`${claim}\` belongs to a session, and the converted configuration has no sessions` };
  const source = Object.hasOwn(sources, claim) ? sources[claim] : undefined;
  const isToken = source?.from === 'token';
  if (name === 'authorization' && isToken && prefix === 'Bearer ') return { authorization: true };
  if (prefix !== '') return { refusal: 'its value has a prefix, and oidc-authz sets the claim without one' };
  const problem = headerNameProblem(name);
  if (problem !== undefined) return { refusal: problem };
  return { entry: { header: name, ...(source ?? { claim }) } };
}

function written(entry: Mapping): string {
  return Object.entries(entry)
    .map(([key, value]) => `${key}: ${String(value)}`)
    .join(', ');
}
