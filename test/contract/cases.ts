/**
 * The contract of a check, as cases. Each case runs against the core, over HTTP and over gRPC, and must have the same result.
 *
 * Two issuers are configured: `main` with few requirements, and `strict`, which requires a scope and a claim.
 */
import { createHmac, createPublicKey, sign } from 'node:crypto';
import type { Reason } from '../../src/model/reasons.ts';
import { audience, type FakeIssuer } from '../support/fake-issuer.ts';
import type { SigningKey } from '../support/keys.ts';
import {
  base64url,
  goodClaims,
  goodHeader,
  privateKeyObject,
  signSegments,
  signTexts,
} from '../support/tokens.ts';

/** The issuers and keys for tokens of cases. */
export interface CaseContext {
  readonly main: FakeIssuer;
  readonly strict: FakeIssuer;
  /** A key that no issuer publishes. */
  readonly foreign: SigningKey;
}

/** One case. */
export interface Case {
  readonly name: string;
  /** The authorization header lines. */
  readonly authorization: (context: CaseContext) => Promise<readonly string[]> | readonly string[];
  readonly reason: Reason;
  /** The exact identity headers that the upstream must receive. */
  readonly set?: Readonly<Record<string, string>>;
  /** The path. Default: that of the orders. */
  readonly path?: string;
  /** The host lines. Default: one line, for the orders. */
  readonly hosts?: readonly string[];
  /** Whether an HTTP parser rejects the lines, so that the case runs only against the core and gRPC. */
  readonly notOverHttp?: boolean;
}

const bearer = (token: string) => [`Bearer ${token}`];
const now = () => Math.floor(Date.now() / 1000);

/** A case with a token of the main issuer with other claims. */
function claims(
  name: string,
  more: Readonly<Record<string, unknown>> | (() => Readonly<Record<string, unknown>>),
  reason: Reason,
  set?: Readonly<Record<string, string>>,
): Case {
  return {
    name,
    reason,
    authorization: async ({ main }) =>
      bearer(await main.mint({ claims: typeof more === 'function' ? more() : more })),
    ...(set !== undefined && { set }),
  };
}

/** A case with a token of the main issuer with another header. */
function header(name: string, more: Readonly<Record<string, unknown>>, reason: Reason): Case {
  return {
    name,
    reason,
    authorization: ({ main }) => {
      const text = JSON.stringify(goodHeader(main, more));
      return bearer(signTexts(text, JSON.stringify(goodClaims(main)), signer(main)));
    },
  };
}

/** A case with a valid token whose text is changed. */
function altered(name: string, alter: (token: string) => string, reason: Reason, notOverHttp = false): Case {
  return { name, reason, notOverHttp, authorization: async ({ main }) => bearer(alter(await main.mint())) };
}

/** A case with another payload text. */
function payload(
  name: string,
  text: (good: Record<string, unknown>) => string | Uint8Array,
  reason: Reason,
): Case {
  return {
    name,
    reason,
    authorization: ({ main }) =>
      bearer(signTexts(JSON.stringify(goodHeader(main)), text(goodClaims(main)), signer(main))),
  };
}

/** A case with another header text. */
function headerText(
  name: string,
  text: (good: Record<string, unknown>) => string | Uint8Array,
  reason: Reason,
): Case {
  return {
    name,
    reason,
    authorization: ({ main }) =>
      bearer(signTexts(text(goodHeader(main)), JSON.stringify(goodClaims(main)), signer(main))),
  };
}

/** A case without a token, with a path or host lines. `/open/{**}` on `open.example.com` needs no token. */
function place(reason: Reason, request: Pick<Case, 'path' | 'hosts' | 'notOverHttp'>): Case {
  const { path = '/open/x', hosts = ['open.example.com'] } = request;
  const name = `without a token: ${JSON.stringify(hosts.join(' and '))} ${path}`;
  return {
    ...request,
    path,
    hosts,
    name,
    reason,
    authorization: () => [],
    ...(reason === 'allowed' && { set: {} }),
  };
}

function strict(name: string, more: Readonly<Record<string, unknown>>, reason: Reason): Case {
  return {
    name,
    reason,
    authorization: async ({ strict: issuer }) => bearer(await issuer.mint({ claims: more })),
  };
}

function signer(issuer: FakeIssuer): SigningKey {
  const [key] = issuer.keys;
  if (key === undefined) throw new TypeError('the issuer has no key');
  return key;
}

function unsigned(main: FakeIssuer, alg: unknown): string {
  return `${base64url(JSON.stringify(goodHeader(main, { alg })))}.${base64url(JSON.stringify(goodClaims(main)))}`;
}

const lastCharacter = (token: string, character: string) => token.slice(0, -1) + character;
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The characters that differ from the last one only in unused bits. */
function siblings(token: string): string[] {
  const value = alphabet.indexOf(token.at(-1) ?? '');
  const bits = token.split('.')[2]?.length ?? 0;
  const group = bits % 4 === 2 ? 16 : 4;
  const start = value - (value % group);
  return [...alphabet.slice(start, start + group)].filter((character) => character !== token.at(-1));
}

const longHost = `${'a.'.repeat(130)}open.example.com`;

/** Paths and hosts, with a rule that matches both. */
const places: readonly Case[] = [
  ...[
    '/open/x',
    '/open/',
    '/open/x?y=/../admin',
    '/open/x?//',
    '/open/a%20b',
    '/open/caf%C3%A9',
    '/open/a.b/~c/@d/e:f/g%40h',
    '/open/x.',
    '/open/x%20',
    '/open/e%CC%81',
  ].map((path) => place('allowed', { path })),
  ...['/open', '/', '/OPEN/x', '/openx', '/x?/open/x'].map((path) => place('token_missing', { path })),
  ...[
    '//open/x',
    '/open//x',
    '/open//../admin',
    '/open/x//',
    '/admin/../open/x',
    '/open/../admin',
    '/open/./x',
    '/./open/x',
    '/open/.',
    '/open/..',
    '/open/...',
    '/open/%2e%2e/admin',
    '/open/.%2E/admin',
    '/open/%252e%252e/admin',
    '/open/%u002e%u002e/admin',
    '/open/%c0%ae%c0%ae/admin',
    '/open/..%2fadmin',
    '/open/..%5cadmin',
    '/open/..\\admin',
    '/open/..;/admin',
    '/open;x/admin',
    '/open/x%3fy',
    '/open/x%23y',
    '/open/x%00',
    '/open/%EF%BC%8E%EF%BC%8E/admin',
    '/open/x%EF%BC%8F..%EF%BC%8Fadmin',
    '/open./x',
    '/open%20/x',
    '/%6fpen/x',
    '*',
    'http://open.example.com/open/x',
  ].map((path) => place('path_ambiguous', { path })),
  place('path_ambiguous', { path: '/open/é', notOverHttp: true }),
  place('path_ambiguous', { path: '/open/x#y', notOverHttp: true }),
  place('path_ambiguous', { path: '', notOverHttp: true }),
  ...['open.example.com', 'OPEN.example.com', 'open.example.com:8443'].map((host) =>
    place('allowed', { hosts: [host] }),
  ),
  ...['else.example.com', 'x.open.example.com', 'else.example.com:4711', '192.0.2.1', '[::1]'].map((host) =>
    place('token_missing', { hosts: [host] }),
  ),
  ...[
    '',
    'open.example.com.',
    'open.example.com..',
    'open.example.com:4711',
    'open.example.com:443',
    'open.example.com:',
    'open.example.com:08443',
    'open.example.com:8443.',
    'open.example.com.:8443',
    'open.example.com:65536',
    'open.example.com:x',
    'open.example.com,else.example.com',
    'else.example.com, open.example.com',
    'user@open.example.com',
    'open.example.com/x',
    'open%2eexample.com',
    'else..example.com',
    '127.1',
    '[0::1]',
    longHost,
    `${'a'.repeat(64)}.example.com`,
  ].map((host) => place('host_ambiguous', { hosts: [host] })),
  place('host_ambiguous', { hosts: ['öpen.example.com'], notOverHttp: true }),
  place('host_ambiguous', { hosts: ['open.example.com', 'else.example.com'] }),
  place('host_ambiguous', { hosts: ['else.example.com', 'open.example.com'] }),
  place('host_ambiguous', { hosts: ['open.example.com', 'open.example.com'] }),
];

/** Every case. */
export const cases: readonly Case[] = [
  ...places,
  // The credential: RFC 6750 section 2.1, RFC 9110 section 11.
  {
    name: 'a valid token',
    authorization: async ({ main }) => bearer(await main.mint()),
    reason: 'allowed',
    set: { 'x-auth-request-user': 'alice' },
  },
  { name: 'no authorization header', authorization: () => [], reason: 'token_missing' },
  { name: 'an empty authorization header', authorization: () => [''], reason: 'token_missing' },
  { name: 'another scheme', authorization: () => ['Basic YTpi'], reason: 'token_missing' },
  {
    name: 'a token inside Basic',
    authorization: async ({ main }) => [`Basic ${Buffer.from(`${await main.mint()}:`).toString('base64')}`],
    reason: 'token_missing',
  },
  {
    name: 'the DPoP scheme',
    authorization: async ({ main }) => [`DPoP ${await main.mint()}`],
    reason: 'token_missing',
  },
  {
    name: 'a longer scheme that starts with Bearer',
    authorization: async ({ main }) => [`BearerX ${await main.mint()}`],
    reason: 'token_missing',
  },
  {
    name: 'no space after the scheme',
    authorization: async ({ main }) => [`Bearer${await main.mint()}`],
    reason: 'token_missing',
  },
  {
    name: 'the scheme in lower case',
    authorization: async ({ main }) => [`bearer ${await main.mint()}`],
    reason: 'allowed',
  },
  {
    name: 'the scheme in upper case',
    authorization: async ({ main }) => [`BEARER ${await main.mint()}`],
    reason: 'allowed',
  },
  {
    name: 'the scheme in mixed case',
    authorization: async ({ main }) => [`BeArEr ${await main.mint()}`],
    reason: 'allowed',
  },
  {
    name: 'several spaces after the scheme',
    authorization: async ({ main }) => [`Bearer   ${await main.mint()}`],
    reason: 'allowed',
  },
  {
    name: 'white space around the value',
    authorization: async ({ main }) => [` Bearer ${await main.mint()} \t`],
    reason: 'allowed',
  },
  {
    name: 'a tab after the scheme',
    authorization: async ({ main }) => [`Bearer\t${await main.mint()}`],
    reason: 'token_malformed',
  },
  { name: 'the scheme alone', authorization: () => ['Bearer'], reason: 'token_malformed' },
  { name: 'the scheme and a space', authorization: () => ['Bearer '], reason: 'token_malformed' },
  {
    name: 'text after the token',
    authorization: async ({ main }) => [`Bearer ${await main.mint()} x`],
    reason: 'token_malformed',
  },
  {
    name: 'two valid lines',
    authorization: async ({ main }) => [`Bearer ${await main.mint()}`, `Bearer ${await main.mint()}`],
    reason: 'token_duplicated',
  },
  {
    name: 'an invalid line before a valid one',
    authorization: async ({ main }) => ['Bearer x', `Bearer ${await main.mint()}`],
    reason: 'token_duplicated',
  },
  {
    name: 'an empty line before a valid one',
    authorization: async ({ main }) => ['', `Bearer ${await main.mint()}`],
    reason: 'token_duplicated',
  },
  {
    name: 'two lines joined with a comma',
    authorization: async ({ main }) => {
      const token = await main.mint();
      return [`Bearer ${token},Bearer ${token}`];
    },
    reason: 'token_duplicated',
  },
  {
    name: 'a comma and text after the token',
    authorization: async ({ main }) => [`Bearer ${await main.mint()}, x`],
    reason: 'token_duplicated',
  },
  {
    name: 'a comma right after the scheme',
    authorization: async ({ main }) => [`Bearer,Bearer ${await main.mint()}`],
    reason: 'token_duplicated',
  },
  {
    name: 'two long lines joined with a comma',
    authorization: () => [`Bearer ${'a'.repeat(10_000)},Bearer ${'b'.repeat(10_000)}`],
    reason: 'token_duplicated',
  },
  { name: 'an opaque token', authorization: () => ['Bearer abcdef'], reason: 'token_malformed' },
  {
    name: 'a token of 16 KiB',
    authorization: ({ main }) => bearer(paddedToken(main, 16 * 1024)),
    reason: 'allowed',
  },
  {
    name: 'a token of 16 KiB and one byte',
    authorization: () => [`Bearer ${'a'.repeat(16 * 1024 + 1)}`],
    reason: 'token_too_large',
  },
  {
    name: 'bytes beyond ASCII',
    authorization: async ({ main }) => [`Bearer é${await main.mint()}`],
    reason: 'token_malformed',
    notOverHttp: true,
  },

  // The compact form: RFC 7515 section 7.1, RFC 4648 section 3.5.
  altered('one segment', (token) => token.split('.')[0] ?? '', 'token_malformed'),
  altered('two segments', (token) => token.split('.').slice(0, 2).join('.'), 'token_malformed'),
  altered('an empty signature', (token) => `${token.split('.').slice(0, 2).join('.')}.`, 'token_malformed'),
  altered('an empty payload', (token) => token.replace(/\..*\./, '..'), 'token_malformed'),
  altered('an empty header', (token) => token.replace(/^[^.]*/, ''), 'token_malformed'),
  altered('four segments', (token) => `${token}.abcd`, 'token_malformed'),
  altered('five segments, as in a JWE', (token) => `${token}.abcd.abcd`, 'token_malformed'),
  altered('a leading dot', (token) => `.${token}`, 'token_malformed'),
  altered('a trailing dot', (token) => `${token}.`, 'token_malformed'),
  altered('padding', (token) => `${token}=`, 'token_malformed'),
  altered('double padding', (token) => `${token}==`, 'token_malformed'),
  altered('the alphabet of plain base64', (token) => `${token.slice(0, -2)}+/`, 'token_malformed'),
  altered(
    'a space in the signature',
    (token) => `${token.slice(0, -8)} ${token.slice(-8)}`,
    'token_malformed',
  ),
  altered(
    'a line break in the signature',
    (token) => `${token.slice(0, -8)}\n${token.slice(-8)}`,
    'token_malformed',
    true,
  ),
  ...[0, 1, 2].map((index) =>
    altered(
      `another last character with the same bits (${index + 1})`,
      (token) => lastCharacter(token, siblings(token)[index] ?? '='),
      'token_malformed',
    ),
  ),
  altered(
    'another subject with the same signature',
    (token) => {
      const [header, payload = '', signature] = token.split('.');
      const good = JSON.parse(Buffer.from(payload, 'base64url').toString());
      return [header, base64url(JSON.stringify({ ...good, sub: 'mallory' })), signature].join('.');
    },
    'signature_invalid',
  ),
  altered('a byte of the signature changed', (token) => flipInside(token), 'signature_invalid'),
  {
    name: 'the signature of another token',
    authorization: async ({ main }) => {
      const [a = '', b = ''] = [await main.mint(), await main.mint({ claims: { sub: 'bob' } })];
      return bearer([...a.split('.').slice(0, 2), b.split('.')[2]].join('.'));
    },
    reason: 'signature_invalid',
  },
  {
    name: 'a flattened JSON serialization',
    authorization: async ({ main }) =>
      bearer(base64url(JSON.stringify({ protected: 'x', payload: await main.mint(), signature: 'x' }))),
    reason: 'token_malformed',
  },

  // The header: RFC 7515 section 4, RFC 8725.
  ...[
    'none',
    'None',
    'NONE',
    'nOnE',
    '',
    null,
    ['RS256'],
    5,
    'HS256',
    'HS384',
    'HS512',
    'ES256K',
    'Ed448',
    'ML-DSA-44',
    'rs256',
  ].map((alg) => header(`alg ${JSON.stringify(alg)}`, { alg }, 'algorithm_not_allowed')),
  header('no alg', { alg: undefined }, 'algorithm_not_allowed'),
  {
    name: 'alg none without a signature',
    authorization: ({ main }) => bearer(`${unsigned(main, 'none')}.`),
    reason: 'token_malformed',
  },
  header('a supported algorithm that is not configured', { alg: 'RS512' }, 'algorithm_not_allowed'),
  {
    name: 'HS256 with the public key as its secret',
    authorization: ({ main }) => {
      const pem = createPublicKey({ key: { ...signer(main).publicJwk }, format: 'jwk' }).export({
        type: 'spki',
        format: 'pem',
      });
      const input = unsigned(main, 'HS256');
      return bearer(`${input}.${base64url(createHmac('sha256', pem).update(input).digest())}`);
    },
    reason: 'algorithm_not_allowed',
  },
  {
    name: 'PS256 with a key that is published for RS256',
    authorization: ({ main }) => {
      const input = unsigned(main, 'PS256');
      const key = { key: privateKeyObject(signer(main)), padding: 6, saltLength: 32 };
      return bearer(`${input}.${base64url(sign('sha256', Buffer.from(input), key))}`);
    },
    reason: 'key_not_found',
  },
  header('an unknown kid', { kid: 'nobody' }, 'key_not_found'),
  header('an empty kid', { kid: '' }, 'key_not_found'),
  header('a kid with a path traversal', { kid: '../../../../dev/null' }, 'key_not_found'),
  header('a kid with an SQL injection', { kid: "x' UNION SELECT 'secret" }, 'key_not_found'),
  header('a kid of __proto__', { kid: '__proto__' }, 'key_not_found'),
  header('a kid of constructor', { kid: 'constructor' }, 'key_not_found'),
  header('a kid of null', { kid: null }, 'allowed'),
  header('a typ of null', { typ: null }, 'allowed'),
  header('a crit of null', { crit: null }, 'token_malformed'),
  header('a b64 of null', { b64: null }, 'allowed'),
  ...[1, [], {}, true].map((kid) => header(`a kid of ${JSON.stringify(kid)}`, { kid }, 'token_malformed')),
  header('a kid of 257 characters', { kid: 'k'.repeat(257) }, 'token_malformed'),
  {
    name: 'no kid, and one key matches',
    authorization: async ({ main }) => bearer(await main.mint({ header: { kid: undefined } })),
    reason: 'allowed',
  },
  ...[['exp'], [], 'b64', ['b64'], [1]].map((crit) =>
    header(`crit ${JSON.stringify(crit)}`, { crit }, 'token_malformed'),
  ),
  header('b64 false', { b64: false }, 'token_malformed'),
  header('b64 true', { b64: true }, 'token_malformed'),
  header('zip', { zip: 'DEF' }, 'allowed'),
  header('enc', { enc: 'A256GCM' }, 'allowed'),
  header('cty JWT', { cty: 'JWT' }, 'allowed'),
  header('cty application/jwt', { cty: 'application/jwt' }, 'allowed'),
  header('cty that is not a string', { cty: 5 }, 'allowed'),
  header('another cty', { cty: 'json' }, 'allowed'),
  header(
    'jku, x5u, x5c and x5t, which are ignored',
    { jku: 'http://127.0.0.1:9/', x5u: 'http://127.0.0.1:9/', x5c: ['x'], x5t: 'x' },
    'allowed',
  ),
  {
    name: 'a foreign key in jwk',
    authorization: ({ main, foreign }) =>
      bearer(
        signTexts(
          JSON.stringify(goodHeader(main, { jwk: foreign.publicJwk })),
          JSON.stringify(goodClaims(main)),
          foreign,
        ),
      ),
    reason: 'signature_invalid',
  },
  headerText('white space in the header', (good) => ` \n${JSON.stringify(good, null, 2)}\t`, 'allowed'),
  headerText('alg twice', (good) => JSON.stringify(good).replace('{', '{"alg":"none",'), 'token_malformed'),
  headerText('kid twice', (good) => JSON.stringify(good).replace('}', ',"kid":"x"}'), 'token_malformed'),
  headerText('a header that is a list', (good) => JSON.stringify([good]), 'token_malformed'),
  headerText('a header that is a string', () => '"x"', 'token_malformed'),
  headerText('a header with a byte order mark', (good) => `\ufeff${JSON.stringify(good)}`, 'token_malformed'),
  headerText(
    'a header that is not UTF-8',
    (good) =>
      Buffer.concat([Buffer.from(JSON.stringify(good).slice(0, -1)), Buffer.from(',"x":"\xff"}', 'latin1')]),
    'token_malformed',
  ),
  headerText(
    'a header with a certificate chain',
    (good) => JSON.stringify({ ...good, x5c: ['x', 'y', 'z'].map((one) => one.repeat(2_500)) }),
    'allowed',
  ),
  headerText(
    'a header nested too deeply',
    (good) => JSON.stringify(good).replace('}', `,"x":${'['.repeat(32)}${']'.repeat(32)}}`),
    'token_malformed',
  ),
  headerText('a header that is not JSON', () => '{alg:RS256}', 'token_malformed'),

  // The type: RFC 8725 section 3.11, RFC 9068 section 4.
  ...['JWT', 'jwt', 'at+jwt', 'AT+JWT', 'application/at+jwt', 'Application/AT+JWT', undefined].map((typ) =>
    header(`typ ${typ}`, { typ }, 'allowed'),
  ),
  ...[
    'logout+jwt',
    'dpop+jwt',
    'secevent+jwt',
    'oauth-authz-req+jwt',
    'token-introspection+jwt',
    '',
    5,
    [],
  ].map((typ) => header(`typ ${JSON.stringify(typ)}`, { typ }, 'token_type_not_allowed')),

  // The payload and its claims: RFC 7519 section 4.
  payload('a payload that is a list', () => '[]', 'token_malformed'),
  payload('a payload that is a number', () => '1', 'token_malformed'),
  payload('a payload that is null', () => 'null', 'token_malformed'),
  payload('a payload with a byte order mark', (good) => `\ufeff${JSON.stringify(good)}`, 'token_malformed'),
  payload(
    'a payload that is not UTF-8',
    (good) =>
      Buffer.concat([Buffer.from(JSON.stringify(good).slice(0, -1)), Buffer.from(',"x":"\xff"}', 'latin1')]),
    'token_malformed',
  ),
  payload('a claim twice', (good) => JSON.stringify(good).replace('{', '{"sub":"bob",'), 'token_malformed'),
  payload(
    'a claim nested too deeply',
    (good) => JSON.stringify(good).replace('}', `,"x":${'['.repeat(32)}${']'.repeat(32)}}`),
    'token_malformed',
  ),
  payload(
    'a claim nested to the limit',
    (good) => JSON.stringify(good).replace('}', `,"x":${'['.repeat(31)}${']'.repeat(31)}}`),
    'allowed',
  ),
  payload(
    '__proto__ as a claim',
    (good) => JSON.stringify(good).replace('}', ',"__proto__":{"email":"evil@example.com"}}'),
    'allowed',
  ),
  payload(
    'a duplicate name below the top level',
    (good) => JSON.stringify(good).replace('}', ',"x":{"a":1,"a":2}}'),
    'allowed',
  ),

  claims('no exp', { exp: undefined }, 'claim_missing'),
  claims('exp passed', () => ({ exp: now() - 100 }), 'token_expired'),
  claims('exp passed, within the tolerance', () => ({ exp: now() - 20 }), 'allowed'),
  claims('exp with a fraction', () => ({ exp: now() + 60.9 }), 'allowed'),
  claims('exp of null', { exp: null }, 'claim_missing'),
  claims('exp in the year 9999', { exp: 253_402_300_799 }, 'allowed'),
  ...['1e10', true, [], {}, -1, 0, 9e15, Date.now() + 60_000, 1e308, 253_402_300_800].map((exp) =>
    claims(`exp ${JSON.stringify(exp)}`, { exp }, 'claim_invalid'),
  ),
  payload(
    'an infinite exp',
    (good) => JSON.stringify(good).replace(/"exp":\d+/, '"exp":1e999'),
    'claim_invalid',
  ),
  payload(
    'exp of minus zero',
    (good) => JSON.stringify(good).replace(/"exp":\d+/, '"exp":-0'),
    'claim_invalid',
  ),
  claims('nbf in the future', () => ({ nbf: now() + 100 }), 'token_not_yet_valid'),
  claims('nbf in the future, within the tolerance', () => ({ nbf: now() + 20 }), 'allowed'),
  claims('nbf of the wrong type', { nbf: 'now' }, 'claim_invalid'),
  claims('iat in the future', () => ({ iat: now() + 3600 }), 'token_not_yet_valid'),
  claims('iat of the wrong type', { iat: 'now' }, 'claim_invalid'),
  claims('no iat', { iat: undefined }, 'allowed'),
  claims(
    'nbf, iat, scope, email and groups of null',
    { nbf: null, iat: null, scope: null, email: null, groups: null },
    'allowed',
    { 'x-auth-request-user': 'alice' },
  ),
  claims('sub of null', { sub: null }, 'allowed', {}),

  claims('no iss', { iss: undefined }, 'issuer_unknown'),
  claims('iss of null', { iss: null }, 'issuer_unknown'),
  claims('another iss', { iss: 'https://evil.example.com' }, 'issuer_unknown'),
  ...['/', '#', '?', ' '].map(
    (tail): Case => ({
      name: `iss with ${JSON.stringify(tail)} at its end`,
      authorization: async ({ main }) => bearer(await main.mint({ claims: { iss: `${main.url}${tail}` } })),
      reason: 'issuer_unknown',
    }),
  ),
  {
    name: 'iss in upper case',
    authorization: async ({ main }) => bearer(await main.mint({ claims: { iss: main.url.toUpperCase() } })),
    reason: 'issuer_unknown',
  },
  {
    name: 'iss in a list',
    authorization: async ({ main }) => bearer(await main.mint({ claims: { iss: [main.url] } })),
    reason: 'claim_invalid',
  },
  {
    name: 'the iss of another trusted issuer',
    authorization: async ({ main, strict: other }) =>
      bearer(
        await main.mint({
          claims: { iss: other.url, scope: 'orders.read', tid: 'abc' },
          header: { kid: other.keys[0]?.kid },
        }),
      ),
    reason: 'signature_invalid',
  },

  claims('aud in a list', { aud: ['other', audience] }, 'allowed'),
  claims('no aud', { aud: undefined }, 'audience_mismatch'),
  claims('aud of null', { aud: null }, 'audience_mismatch'),
  claims('another aud', { aud: 'other' }, 'audience_mismatch'),
  claims('an empty list of aud', { aud: [] }, 'audience_mismatch'),
  ...[`${audience} `, audience.slice(0, -1), `${audience}x`, audience.toUpperCase()].map((aud) =>
    claims(`aud ${JSON.stringify(aud)}`, { aud }, 'audience_mismatch'),
  ),
  ...[5, { [audience]: 1 }, [[audience]], [audience, 5], [null], [audience, null]].map((aud) =>
    claims(`aud ${JSON.stringify(aud)}`, { aud }, 'claim_invalid'),
  ),

  // OpenID Connect Back-Channel Logout 1.0, the example of section 2.4.
  claims(
    'a logout token',
    { sid: '08a5019c', events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
    'token_type_not_allowed',
  ),
  claims(
    'a logout token among other events',
    { events: { 'https://a.example.com/x': 1, 'http://schemas.openid.net/event/backchannel-logout': null } },
    'token_type_not_allowed',
  ),
  claims('another event', { events: { 'https://a.example.com/login': {} } }, 'allowed'),
  claims('events of another kind', { events: ['login'] }, 'allowed'),

  claims('a token bound to a key', { cnf: { jkt: 'x' } }, 'token_bound'),
  claims('a token bound to a certificate', { cnf: { 'x5t#S256': 'x' } }, 'token_bound'),

  // Scopes and claims: RFC 6750 section 3.1, RFC 8693 section 4.2.
  strict('the scope and the claim', { scope: 'orders.read', tid: 'abc' }, 'allowed'),
  strict('the scope among others', { scope: 'a orders.read b', tid: 'abc' }, 'allowed'),
  strict('the scope in scp', { scp: ['orders.read'], tid: 'abc' }, 'allowed'),
  strict('the scope in scp as text', { scp: 'orders.read x', tid: 'abc' }, 'allowed'),
  strict('the scope in scopes', { scopes: ['x', 'orders.read'], tid: 'abc' }, 'allowed'),
  strict('no scope', { tid: 'abc' }, 'scope_insufficient'),
  ...['orders.reader', 'ORDERS.READ', 'xorders.read', 'orders', 'orders.read,x', ''].map((scope) =>
    strict(`scope ${JSON.stringify(scope)}`, { scope, tid: 'abc' }, 'scope_insufficient'),
  ),
  strict('a scope in a list with a space', { scope: ['a orders.read'], tid: 'abc' }, 'scope_insufficient'),
  strict('a scope of the wrong type', { scope: 5, tid: 'abc' }, 'claim_invalid'),
  strict('no claim', { scope: 'orders.read' }, 'claim_not_allowed'),
  strict('the claim with another value', { scope: 'orders.read', tid: 'abcd' }, 'claim_not_allowed'),
  strict('the claim as a list with the value', { scope: 'orders.read', tid: ['x', 'abc'] }, 'allowed'),
  strict('the claim as a list without the value', { scope: 'orders.read', tid: ['x'] }, 'claim_not_allowed'),
  strict('the claim as an object', { scope: 'orders.read', tid: { abc: true } }, 'claim_not_allowed'),
  strict('the audience is checked before the scope', { aud: 'other', tid: 'abc' }, 'audience_mismatch'),

  // Forwarded values.
  claims(
    'every forwarded claim',
    { sub: 'alice', email: 'alice@example.com', groups: ['admin', 'ops'], preferred_username: 'Alice A.' },
    'allowed',
    {
      'x-auth-request-user': 'alice',
      'x-auth-request-email': 'alice@example.com',
      'x-auth-request-groups': 'admin,ops',
      'x-auth-request-preferred-username': 'Alice A.',
    },
  ),
  claims(
    'numbers and booleans',
    { sub: 5 as unknown as string, email: true, groups: [1, false, 'x'] },
    'allowed',
    {
      'x-auth-request-user': '5',
      'x-auth-request-email': 'true',
      'x-auth-request-groups': '1,false,x',
    },
  ),
  claims('a member with a comma is dropped', { groups: ['a,admin', 'b'] }, 'allowed', {
    'x-auth-request-user': 'alice',
    'x-auth-request-groups': 'b',
  }),
  claims(
    'members that are not scalar values are dropped',
    { groups: [['admin'], { a: 1 }, null, 'b'] },
    'allowed',
    {
      'x-auth-request-user': 'alice',
      'x-auth-request-groups': 'b',
    },
  ),
  claims('an object', { email: { a: 'b' }, groups: { 0: 'admin' } }, 'allowed', {
    'x-auth-request-user': 'alice',
  }),
  claims('empty values', { email: '', groups: [] }, 'allowed', { 'x-auth-request-user': 'alice' }),
  ...['a\r\nx-evil: 1', 'a\nb', 'a\0b', 'a\tb', 'a\x7fb', 'é', '名前', '😀', '\ud800', ' a', 'a '].map(
    (email) =>
      claims(`a value of ${JSON.stringify(email)}`, { email }, 'allowed', { 'x-auth-request-user': 'alice' }),
  ),
  claims('a value of 4 KiB', { email: 'e'.repeat(4096) }, 'allowed', {
    'x-auth-request-user': 'alice',
    'x-auth-request-email': 'e'.repeat(4096),
  }),
  claims('a value of 4 KiB and one byte', { email: 'e'.repeat(4097) }, 'allowed', {
    'x-auth-request-user': 'alice',
  }),
  claims(
    'more than 8 KiB in total',
    { sub: 's'.repeat(4000), email: 'e'.repeat(4000), preferred_username: 'p'.repeat(300) },
    'allowed',
    {
      'x-auth-request-user': 's'.repeat(4000),
      'x-auth-request-email': 'e'.repeat(4000),
    },
  ),
];

/** A valid token of a given length. */
function paddedToken(main: FakeIssuer, length: number): string {
  const head = base64url(JSON.stringify(goodHeader(main)));
  const make = (padding: number) =>
    signSegments(
      head,
      base64url(JSON.stringify(goodClaims(main, { pad: 'p'.repeat(padding) }))),
      signer(main),
    );
  const missing = length - make(0).length;
  for (let padding = Math.floor((missing * 3) / 4) - 4; padding < missing; padding++) {
    const token = make(padding);
    if (token.length === length) return token;
    if (token.length > length) return make(padding - 1);
  }
  throw new Error('no such token');
}

/** Changes a character in the middle of the signature. Its base64url stays canonical. */
function flipInside(token: string): string {
  const segments = token.split('.');
  const signature = segments[2] ?? '';
  const middle = Math.floor(signature.length / 2);
  const other = signature[middle] === 'A' ? 'B' : 'A';
  segments[2] = signature.slice(0, middle) + other + signature.slice(middle + 1);
  return segments.join('.');
}
