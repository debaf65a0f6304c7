/** Describes a token, with the values that a configuration expects. The decision comes from the check, not from here. */

import type { Config, IssuerConfig } from '../../config/declare/options.ts';
import type { ClaimName } from '../../config/values/claim-names.ts';
import { createReadClaim } from '../../credential/token/claim-path.ts';
import { createIdentityClaims } from '../../credential/token/identity-claims.ts';
import { isLogoutToken } from '../../credential/token/read-facts.ts';
import type { Claims } from '../../model/identity.ts';
import type { Reason } from '../../model/reasons.ts';

/** One property of a token, with its expected and its found value as text. */
export interface TokenProperty {
  readonly name: string;
  readonly expected: string;
  readonly found: string;
  /** The reasons of denials that concern it. */
  readonly reasons: readonly Reason[];
}

/** The description of a token. */
export interface DescribedToken {
  /** The issuer that the token names; undefined if it is not configured. */
  readonly issuer: IssuerConfig | undefined;
  readonly properties: readonly TokenProperty[];
}

/** The longest value that is printed, in characters. */
const maxLength = 200;

/**
 * Describes a token, even an invalid one.
 *
 * @param now in seconds since the epoch
 */
export function describeToken(token: string, config: Config, now: number): DescribedToken {
  const segments = token.split('.');
  const [header, claims] = [objectOf(segments[0]), objectOf(segments[1])];
  if (header === undefined || claims === undefined)
    return {
      issuer: undefined,
      properties: [
        {
          name: 'form',
          expected: 'a JSON Web Token: three segments in base64url; the first two are JSON objects',
          found: formOf(segments),
          reasons: ['token_malformed', 'token_too_large'],
        },
      ],
    };
  const issuer = config.issuers.find((one) => one.issuer === claims.iss);
  const known = config.issuers.map((one) => printable(one.issuer)).join(' or ');
  const issuerProperties: TokenProperty[] = [
    { name: 'issuer', expected: known, found: printable(claims.iss), reasons: ['issuer_unknown'] },
  ];
  if (issuer === undefined) return { issuer, properties: issuerProperties };
  return {
    issuer,
    properties: [
      ...issuerProperties,
      ...headerProperties(header, claims, issuer),
      audienceProperty(claims, issuer),
      ...timeProperties(claims, issuer, now),
      ...claimProperties(claims, issuer),
    ],
  };
}

function headerProperties(
  header: Claims,
  claims: Claims,
  { algorithms, tokenTypes, name }: IssuerConfig,
): TokenProperty[] {
  return [
    {
      name: 'algorithm',
      expected: algorithms.join(' or '),
      found: printable(header.alg),
      reasons: ['algorithm_not_allowed'],
    },
    {
      name: 'type',
      expected: `${tokenTypes.map(printable).join(' or ')}; none means JWT`,
      found: isLogoutToken(claims)
        ? `${printable(header.typ)}, and \`events\` of a logout token`
        : printable(header.typ),
      reasons: ['token_type_not_allowed'],
    },
    {
      name: 'key',
      expected: `a key of ${printable(name)} that verifies the signature`,
      found: `kid ${printable(header.kid)}`,
      reasons: ['key_not_found', 'signature_invalid', 'keys_unavailable'],
    },
  ];
}

function audienceProperty(claims: Claims, { audiences, audienceClaims }: IssuerConfig): TokenProperty {
  const found = audienceClaims.map((name) => `${nameOf(name)} ${printable(createReadClaim(name)(claims))}`);
  return {
    name: 'audience',
    expected: audiences === undefined ? 'any (anyAudience)' : audiences.map(printable).join(' or '),
    found: found.join(', '),
    reasons: ['audience_mismatch'],
  };
}

function timeProperties(claims: Claims, { clockTolerance }: IssuerConfig, now: number): TokenProperty[] {
  const tolerance = `${clockTolerance / 1000} s`;
  const past = `a time at most ${tolerance} ahead`;
  const later: TokenProperty['reasons'] = ['token_not_yet_valid'];
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

function claimProperties(
  claims: Claims,
  { requiredScopes, requiredClaims, email, groups, boundTokens }: IssuerConfig,
): TokenProperty[] {
  const scopes = ['scope', 'scp', 'scopes'].filter((name) => claims[name] !== undefined);
  const emails = [...(email.allowedDomains ?? []), ...(email.allowedAddresses ?? [])];
  const identity = createIdentityClaims({ email, groups });
  const notAllowed: TokenProperty['reasons'] = ['claim_not_allowed'];
  const property = (name: string, expected: string, found: unknown): TokenProperty => ({
    name,
    expected,
    found: printable(found),
    reasons: notAllowed,
  });
  return [
    {
      name: 'scopes',
      expected: requiredScopes.length === 0 ? 'no particular scope' : `all of ${requiredScopes.join(', ')}`,
      found:
        scopes.length === 0 ? 'none' : scopes.map((name) => `${name} ${printable(claims[name])}`).join(', '),
      reasons: ['scope_insufficient'],
    },
    ...Object.entries(requiredClaims).map(([name, wanted]) =>
      property(`claim ${name}`, [wanted].flat().map(printable).join(' or '), createReadClaim(name)(claims)),
    ),
    ...(emails.length === 0 ? [] : [property('email', emails.join(' or '), identity.email(claims))]),
    ...(groups.allowed === undefined
      ? []
      : [property('groups', groups.allowed.map(printable).join(' or '), identity.groups(claims))]),
    ...(claims.cnf === undefined
      ? []
      : [
          {
            name: 'binding',
            expected: `boundTokens: ${boundTokens}`,
            found: 'the token is bound to its client (cnf); this command sends no proof',
            reasons: ['token_bound', 'proof_invalid'] as const,
          },
        ]),
  ];
}

function nameOf(name: ClaimName): string {
  return typeof name === 'string' ? name : JSON.stringify(name);
}

function when(value: unknown, now: number): string {
  if (typeof value !== 'number' || Math.abs(value) > 8.64e12) return printable(value);
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
  if (segments.length === 1) return 'one segment; an opaque token cannot be verified';
  if (segments.length === 5)
    return 'five segments, as in an encrypted token (JWE); only signed tokens are supported';
  return segments.length === 3
    ? 'three segments; the first or the second is not a JSON object'
    : `${segments.length} segments`;
}

/** The JSON object in a segment. */
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

/** A value of a token for a terminal: short, and without control characters. */
function printable(value: unknown): string {
  if (value === undefined) return 'none';
  const text = typeof value === 'string' && /^[\x21-\x7e]+$/.test(value) ? value : JSON.stringify(value);
  const safe = text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
  return safe.length > maxLength ? `${safe.slice(0, maxLength)}…` : safe;
}
