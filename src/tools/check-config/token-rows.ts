/** What a token says beside what a configuration expects, for people. Nothing is judged here: the check does that. */

import type { Config, IssuerConfig } from '../../config/declare/options.ts';
import type { ClaimName } from '../../config/values/claim-names.ts';
import { createReadClaim } from '../../credential/token/claim-path.ts';
import { createIdentityClaims } from '../../credential/token/identity-claims.ts';
import { isLogoutToken } from '../../credential/token/read-facts.ts';
import type { Claims } from '../../model/identity.ts';
import type { Reason } from '../../model/reasons.ts';

/** One thing that a check looks at. */
export interface TokenRow {
  readonly name: string;
  readonly expected: string;
  readonly found: string;
  /** The reasons that are about it. */
  readonly reasons: readonly Reason[];
}

/** A token, described. */
export interface DescribedToken {
  /** The issuer that the token names; undefined where it is not configured. */
  readonly issuer: IssuerConfig | undefined;
  readonly rows: readonly TokenRow[];
}

/** The longest value that is shown, in characters. */
const maxValue = 200;

/**
 * Describes a token, whatever it is.
 *
 * @param now the time, in seconds since the epoch
 */
export function describeToken(token: string, config: Config, now: number): DescribedToken {
  const segments = token.split('.');
  const [header, claims] = [objectOf(segments[0]), objectOf(segments[1])];
  if (header === undefined || claims === undefined)
    return {
      issuer: undefined,
      rows: [
        {
          name: 'form',
          expected: 'a JSON Web Token: three segments of base64url, the first two JSON objects',
          found: formOf(segments),
          reasons: ['token_malformed', 'token_too_large'],
        },
      ],
    };
  const issuer = config.issuers.find((one) => one.issuer === claims.iss);
  const known = config.issuers.map((one) => shown(one.issuer)).join(' or ');
  const rows: TokenRow[] = [
    { name: 'issuer', expected: known, found: shown(claims.iss), reasons: ['issuer_unknown'] },
  ];
  if (issuer === undefined) return { issuer, rows };
  return {
    issuer,
    rows: [
      ...rows,
      ...headerRows(header, claims, issuer),
      audienceRow(claims, issuer),
      ...timeRows(claims, issuer, now),
      ...claimRows(claims, issuer),
    ],
  };
}

function headerRows(
  header: Claims,
  claims: Claims,
  { algorithms, tokenTypes, name }: IssuerConfig,
): TokenRow[] {
  return [
    {
      name: 'algorithm',
      expected: algorithms.join(' or '),
      found: shown(header.alg),
      reasons: ['algorithm_not_allowed'],
    },
    {
      name: 'type',
      expected: `${tokenTypes.map(shown).join(' or ')}; none counts as JWT`,
      found: isLogoutToken(claims)
        ? `${shown(header.typ)}, and \`events\` of a logout token`
        : shown(header.typ),
      reasons: ['token_type_not_allowed'],
    },
    {
      name: 'key',
      expected: `a key of ${shown(name)} that verifies the signature`,
      found: `kid ${shown(header.kid)}`,
      reasons: ['key_not_found', 'signature_invalid', 'keys_unavailable'],
    },
  ];
}

function audienceRow(claims: Claims, { audiences, audienceClaims }: IssuerConfig): TokenRow {
  const found = audienceClaims.map((name) => `${nameOf(name)} ${shown(createReadClaim(name)(claims))}`);
  return {
    name: 'audience',
    expected: audiences === undefined ? 'any (anyAudience)' : audiences.map(shown).join(' or '),
    found: found.join(', '),
    reasons: ['audience_mismatch'],
  };
}

function timeRows(claims: Claims, { clockTolerance }: IssuerConfig, now: number): TokenRow[] {
  const tolerance = `${clockTolerance / 1000} s`;
  const past = `a time at most ${tolerance} ahead`;
  const later: TokenRow['reasons'] = ['token_not_yet_valid'];
  return [
    {
      name: 'expires',
      expected: `a time at most ${tolerance} ago`,
      found: when(claims.exp, now),
      reasons: ['token_expired', 'claim_missing'],
    },
    { name: 'not before', expected: `none, or ${past}`, found: when(claims.nbf, now), reasons: later },
    { name: 'issued at', expected: `none, or ${past}`, found: when(claims.iat, now), reasons: later },
  ];
}

function claimRows(
  claims: Claims,
  { requiredScopes, requiredClaims, email, groups, boundTokens }: IssuerConfig,
): TokenRow[] {
  const scopes = ['scope', 'scp', 'scopes'].filter((name) => claims[name] !== undefined);
  const emails = [...(email.allowedDomains ?? []), ...(email.allowedAddresses ?? [])];
  const identity = createIdentityClaims({ email, groups });
  const notAllowed: TokenRow['reasons'] = ['claim_not_allowed'];
  const row = (name: string, expected: string, found: unknown): TokenRow => ({
    name,
    expected,
    found: shown(found),
    reasons: notAllowed,
  });
  return [
    {
      name: 'scopes',
      expected: requiredScopes.length === 0 ? 'none in particular' : `all of ${requiredScopes.join(', ')}`,
      found: scopes.length === 0 ? 'none' : scopes.map((name) => `${name} ${shown(claims[name])}`).join(', '),
      reasons: ['scope_insufficient'],
    },
    ...Object.entries(requiredClaims).map(([name, wanted]) =>
      row(`claim ${name}`, [wanted].flat().map(shown).join(' or '), createReadClaim(name)(claims)),
    ),
    ...(emails.length === 0 ? [] : [row('e-mail', emails.join(' or '), identity.email(claims))]),
    ...(groups.allowed === undefined
      ? []
      : [row('groups', groups.allowed.map(shown).join(' or '), identity.groups(claims))]),
    ...(claims.cnf === undefined
      ? []
      : [
          {
            name: 'binding',
            expected: `boundTokens: ${boundTokens}`,
            found: 'the token is bound to its client (cnf); no proof is sent here',
            reasons: ['token_bound', 'proof_invalid'] as const,
          },
        ]),
  ];
}

function nameOf(name: ClaimName): string {
  return typeof name === 'string' ? name : JSON.stringify(name);
}

function when(value: unknown, now: number): string {
  if (typeof value !== 'number' || Math.abs(value) > 8.64e12) return shown(value);
  const seconds = Math.round(value - now);
  const distance = seconds < 0 ? `${span(-seconds)} ago` : `in ${span(seconds)}`;
  return `${new Date(value * 1000).toISOString()}, ${distance}`;
}

function span(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} days`;
}

function formOf(segments: readonly string[]): string {
  if (segments.length === 1) return 'one segment; an opaque token cannot be verified here';
  if (segments.length === 5)
    return 'five segments, as an encrypted token (JWE) has; only signed ones are understood';
  return segments.length === 3
    ? 'three segments, of which one is no JSON object'
    : `${segments.length} segments`;
}

/** A JSON object in a segment. */
function objectOf(segment = ''): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(segment, 'base64url').toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Claims)
      : undefined;
  } catch {
    return undefined;
  }
}

/** A value of a token as a terminal may have it: short, and without what it would act on. */
function shown(value: unknown): string {
  if (value === undefined) return 'none';
  const text = typeof value === 'string' && /^[\x21-\x7e]+$/.test(value) ? value : JSON.stringify(value);
  const safe = text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
  return safe.length > maxValue ? `${safe.slice(0, maxValue)}…` : safe;
}
