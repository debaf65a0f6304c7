/** Why a request has no token: the texts for details and traces. They never have a part of the token. */
import { detailOf } from '../config/values/detail-text.ts';
import type { CheckRequest } from '../model/check-request.ts';
import type { Denial } from '../model/decision.ts';
import type { DenyReason } from '../model/reasons.ts';
import { passed, type StepDetail, type Trace } from '../model/trace.ts';
import type { Scheme } from './credential.ts';

/** Schemes that a text can name (IANA HTTP Authentication Schemes). A header without a scheme begins with the token. */
const knownSchemes = [
  'Basic',
  'Bearer',
  'Digest',
  'DPoP',
  'GNAP',
  'HOBA',
  'Mutual',
  'Negotiate',
  'NTLM',
  'OAuth',
  'SCRAM-SHA-1',
  'SCRAM-SHA-256',
  'Token',
  'vapid',
  'ApiKey',
  'AWS4-HMAC-SHA256',
];

/** Creates the denials of requests without one token. */
export function createDenyCredential(
  schemes: readonly Scheme[],
): (reason: DenyReason, request: CheckRequest) => Denial {
  // Most denials are of this kind, so its detail is computed once.
  const absent = describeCredential('token_missing', [], schemes);
  const describeAbsent = () => absent;
  return (reason, { authorization }) => ({
    outcome: 'deny',
    reason,
    detail:
      authorization.length === 0 ? describeAbsent : () => describeCredential(reason, authorization, schemes),
  });
}

/** Emits the step of a request with one token. */
export function traceCredential(trace: Trace, scheme: Scheme): void {
  passed(trace, {
    step: 'credential',
    subject,
    expected: 'one token',
    found: `one ${namesOf([scheme])} token`,
  });
}

const subject = 'the authorization header';

function describeCredential(
  reason: DenyReason,
  [value = '', ...others]: readonly string[],
  schemes: readonly Scheme[],
): StepDetail {
  const expected = `one ${namesOf(schemes)} token`;
  const failed = (found: string, text: string, option?: string) =>
    detailOf({ step: 'credential', subject, expected, found, ...(option !== undefined && { option }) }, text);
  if (reason === 'token_duplicated') {
    if (others.length === 0)
      return failed(
        'a comma',
        'the authorization header has a comma, with which proxies join several headers',
      );
    const count = `${others.length + 1} authorization headers`;
    return failed(count, count);
  }
  if (reason === 'token_malformed')
    return failed('a scheme without a token', 'the authorization header has a scheme, but no token');
  if (value === '') return failed('none', 'the request has no authorization header, or an empty one');
  const scheme = schemeOf(value);
  if (scheme === undefined)
    return failed('another text', `the authorization header does not begin with ${namesOf(schemes)}`);
  return scheme === 'DPoP'
    ? failed(
        'DPoP',
        'the scheme of the authorization header is DPoP, and dpop.origins is empty',
        'dpop.origins',
      )
    : failed(scheme, `the scheme of the authorization header is ${scheme}`);
}

function schemeOf(value: string): string | undefined {
  const [, written = ''] = /^[ \t]*([^ \t]{1,32})(?:[ \t]|$)/.exec(value) ?? [];
  return knownSchemes.find((scheme) => scheme.toLowerCase() === written.toLowerCase());
}

function namesOf(schemes: readonly Scheme[]): string {
  return schemes.map((scheme) => (scheme === 'dpop' ? 'DPoP' : 'Bearer')).join(' or ');
}
