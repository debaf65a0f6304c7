/** The response headers of an alpha configuration. */

import {
  headerNameProblem,
  maxRemovalBytes,
  otherSpellings,
} from '../../../../config/values/header-names.ts';
import type { Mapping } from '../../../../config/values/mapping.ts';
import type { Finding, Verdict } from '../../finding.ts';
import type { InjectedHeader } from '../read/settings.ts';

/** Where the values of a session come from here; any other claim is one of the token. */
const sources: Readonly<Record<string, Mapping>> = {
  user: { claim: 'sub' },
  email: { from: 'email' },
  groups: { from: 'groups' },
  preferred_username: { claim: 'preferred_username' },
  access_token: { from: 'token' },
  id_token: { from: 'token' },
};

/** Values of a session, which there is none of here. */
const ofSessions = ['created_at', 'expires_on', 'refresh_token'];

/** What one header becomes. */
type Outcome = { readonly entry: Mapping } | { readonly authorization: true } | { readonly refusal: string };

/** Translates the headers; those that cannot be set are refused, each under a name of its own. */
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
        add('refused', 'another header differs from it in - and _ only, which workloads read as the same');
      else if ([...spellings, ...all].join(',').length > maxRemovalBytes)
        add(
          'refused',
          'all headers together have more spellings than an answer can remove; use fewer hyphens',
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
  if (others.length > 0) return { refusal: 'it has several values, and a header has one claim here' };
  if ('fixed' in value) return { refusal: 'its value is fixed, or a secret; let the mesh set it' };
  const { claim, prefix, hasBasicAuthPassword } = value;
  if (hasBasicAuthPassword) return { refusal: 'it holds a password; nothing here makes Basic credentials' };
  if (ofSessions.includes(claim)) return { refusal: `\`${claim}\` is of a session, and none is kept here` };
  const source = Object.hasOwn(sources, claim) ? sources[claim] : undefined;
  const isToken = source?.from === 'token';
  if (name === 'authorization' && isToken && prefix === 'Bearer ') return { authorization: true };
  if (prefix !== '') return { refusal: 'its value has a prefix, and a header has the bare claim here' };
  const problem = headerNameProblem(name);
  if (problem !== undefined) return { refusal: problem };
  return { entry: { header: name, ...(source ?? { claim }) } };
}

function written(entry: Mapping): string {
  return Object.entries(entry)
    .map(([key, value]) => `${key}: ${String(value)}`)
    .join(', ');
}
