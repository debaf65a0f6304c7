/**
 * The intended differences between the service and jose. Each row has its reason, and decides from the token alone whether it
 * applies. In all rows but one, the service denies and jose accepts.
 */
import type { Reason } from '../../../src/model/reasons.ts';

/** A token and its decoded parts, read leniently as jose does. */
interface Subject {
  readonly token: string;
  readonly reason: Reason;
  /** The decoded segments, as text. */
  readonly texts: readonly string[];
  readonly bytes: readonly Buffer[];
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  /** Seconds since the epoch. */
  readonly now: number;
  /** The modulus of the signing key, in bits; 0 if it is not an RSA key. */
  readonly modulusBits: number;
}

interface Rule {
  readonly name: string;
  readonly why: string;
  /** The possible reasons. */
  readonly reasons: readonly Reason[];
  readonly applies: (subject: Subject) => boolean;
}

const has = (record: Readonly<Record<string, unknown>>, name: string) => Object.hasOwn(record, name);
/** The end of the year 9999, in seconds since the epoch. */
const endOfDates = Date.UTC(10_000, 0) / 1000;
const isDate = (value: unknown) => typeof value === 'number' && Math.abs(value) < endOfDates;

/** The known differences. */
export const knownDifferences: readonly Rule[] = [
  {
    name: 'base64url that is not canonical',
    why: 'RFC 4648 section 3.5, RFC 7515 section 2: padding, white space or unused bits give one token many spellings.',
    reasons: ['token_malformed', 'token_duplicated'],
    applies: ({ token, bytes }) => bytes.map((part) => part.toString('base64url')).join('.') !== token,
  },
  {
    name: 'a repeated member',
    why: 'RFC 7515 section 4, RFC 7519 section 4: two parsers can read different values.',
    reasons: ['token_malformed'],
    applies: ({ texts }) => texts.slice(0, 2).some((text) => namesOf(text).some(isRepeated)),
  },
  {
    name: 'a byte order mark',
    why: 'RFC 8259 section 8.1: a token must not have one.',
    reasons: ['token_malformed'],
    applies: ({ bytes }) =>
      bytes.slice(0, 2).some((part) => part.subarray(0, 3).toString('hex') === 'efbbbf'),
  },
  {
    name: 'nested deeper than 32',
    why: 'The service limits nesting.',
    reasons: ['token_malformed'],
    applies: ({ texts }) => texts.slice(0, 2).some((text) => depthOf(text) > 32),
  },
  {
    name: 'longer than limits.maxTokenSize',
    why: 'The service limits sizes.',
    reasons: ['token_too_large'],
    applies: ({ token }) => token.length > 16 * 1024,
  },
  {
    name: 'a header parameter that changes what the token means',
    why: 'RFC 7515 section 4.1.11, RFC 7797: neither is supported.',
    reasons: ['token_malformed'],
    applies: ({ header }) => ['crit', 'b64'].some((name) => has(header, name)),
  },
  {
    name: '`kid` that is not a string, or is longer than 256 characters',
    why: 'RFC 7515 section 4.1.4; the service limits the length of a lookup.',
    reasons: ['token_malformed'],
    applies: ({ header }) =>
      has(header, 'kid') && (typeof header.kid !== 'string' || header.kid.length > 256),
  },
  {
    name: 'no `kid`, and more than four keys that fit',
    why: 'The service limits the number of keys that it tries.',
    reasons: ['signature_invalid'],
    applies: ({ header }) => !has(header, 'kid') || header.kid === null,
  },
  {
    name: '`typ` that is not one of the tokenTypes',
    why: 'RFC 8725 section 3.11, RFC 9068 section 4: a token of another type is denied.',
    reasons: ['token_type_not_allowed'],
    applies: ({ header }) =>
      has(header, 'typ') &&
      !(typeof header.typ === 'string' && /^(application\/)?(jwt|at\+jwt)$/i.test(header.typ)),
  },
  {
    name: 'no `exp`',
    why: 'The service requires it, because a token without it is valid without limit.',
    reasons: ['claim_missing'],
    applies: ({ claims }) => !has(claims, 'exp') || claims.exp === null,
  },
  {
    name: 'an invalid date',
    why: 'RFC 7519 section 2: a number of seconds. A date after the year 9999, or `exp` of 0 or less, is a mistake.',
    reasons: ['claim_invalid', 'claim_missing'],
    applies: ({ claims }) =>
      ['exp', 'nbf', 'iat'].some((name) => has(claims, name) && !isDate(claims[name])) ||
      (typeof claims.exp === 'number' && claims.exp <= 0),
  },
  {
    name: '`nbf` or `iat` of null',
    why: 'In the service, a claim that is null counts as absent, and neither is required.',
    reasons: ['allowed'],
    applies: ({ claims }) => claims.nbf === null || claims.iat === null,
  },
  {
    name: '`iat` in the future',
    why: 'The service checks it; jose reads `iat` only if a maximum age is set.',
    reasons: ['token_not_yet_valid'],
    applies: ({ claims, now }) => typeof claims.iat === 'number' && claims.iat > now + 30,
  },
  {
    name: '`aud` with a member that is not a string',
    why: 'RFC 7519 section 4.1.3.',
    reasons: ['claim_invalid'],
    applies: ({ claims }) =>
      Array.isArray(claims.aud) && claims.aud.some((member) => typeof member !== 'string'),
  },
  {
    name: 'bound to a client (`cnf`)',
    why: 'RFC 7800, RFC 9449: a bound token is not a bearer token.',
    reasons: ['token_bound'],
    applies: ({ claims }) => has(claims, 'cnf'),
  },
  {
    name: 'an RSA signature shorter than its modulus',
    why: 'RFC 8017 section 8.2.2, step 1. OpenSSL accepts a PSS signature without its leading zeros.',
    reasons: ['signature_invalid'],
    applies: ({ bytes, modulusBits }) => (bytes[2]?.length ?? 0) < Math.ceil(modulusBits / 8),
  },
];

/** Finds the row that explains a difference; undefined if there is none. */
export function knownDifference(
  token: string,
  reason: Reason,
  now: number,
  modulusBits: number,
): string | undefined {
  const bytes = token.split('.').map((segment) => Buffer.from(segment.replaceAll(/\s/g, ''), 'base64url'));
  const texts = bytes.map((part) => part.toString());
  const subject: Subject = {
    token,
    reason,
    bytes,
    texts,
    header: objectOf(texts[0]),
    claims: objectOf(texts[1]),
    now: now / 1000,
    modulusBits,
  };
  return knownDifferences.find((rule) => rule.reasons.includes(reason) && rule.applies(subject))?.name;
}

function objectOf(text = ''): Record<string, unknown> {
  try {
    return Object(JSON.parse(text.replace(/^\ufeff/, '')));
  } catch {
    return {};
  }
}

/** The unescaped names of the outermost members, with repetitions. */
function namesOf(text: string): readonly string[] {
  const names: string[] = [];
  let depth = 0;
  for (const [piece] of text.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}[\]]/gs)) {
    if (piece === '{' || piece === '[') depth++;
    else if (piece === '}' || piece === ']') depth--;
    else if (depth === 1 && piece.endsWith(':')) names.push(unescaped(piece.replace(/\s*:$/, '')));
  }
  return names;
}

function unescaped(name: string): string {
  try {
    return String(JSON.parse(name));
  } catch {
    return name;
  }
}

const isRepeated = (name: string, index: number, names: readonly string[]) => names.indexOf(name) !== index;

function depthOf(text: string): number {
  let [depth, deepest] = [0, 0];
  for (const [piece] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]]/gs)) {
    if (piece === '{' || piece === '[') deepest = Math.max(deepest, ++depth);
    else if (piece === '}' || piece === ']') depth--;
  }
  return deepest;
}
