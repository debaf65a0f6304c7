/**
 * The responses of oauth2-proxy to bearer tokens, and those of `compat: oauth2-proxy`. A case with another response
 * says why.
 */
import { audience, type FakeIssuer, sendJson } from '../support/fake-issuer.ts';
import type { SigningKey } from '../support/keys.ts';
import { base64url, goodClaims, goodHeader, signTexts } from '../support/tokens.ts';

/** The material for the tokens of the cases. */
export interface GoldenContext {
  readonly issuer: FakeIssuer;
  /** An issuer whose key set cannot be fetched. */
  readonly keyless: FakeIssuer;
  /** A key that is not published. */
  readonly foreign: SigningKey;
}

/** Makes an issuer publish a complete discovery document, as oauth2-proxy needs it. */
export function publishWhole(issuer: FakeIssuer): FakeIssuer {
  issuer.discovery = (_, response) =>
    sendJson(response, {
      issuer: issuer.url,
      jwks_uri: `${issuer.url}/jwks`,
      authorization_endpoint: `${issuer.url}/authorize`,
      token_endpoint: `${issuer.url}/token`,
      id_token_signing_alg_values_supported: ['RS256'],
    });
  return issuer;
}

/** The settings of an installation in addition to the common ones. */
export const installations = {
  seed: [],
  restricted: [
    '--email-domain=example.com',
    '--allowed-group=admins',
    '--skip-auth-route=^/public/',
    '--skip-auth-preflight=true',
  ],
  customAudience: ['--oidc-audience-claim=client', '--oidc-audience-claim=aud'],
  keyless: [],
} as const;

/** An installation. */
export type InstallationName = keyof typeof installations;

/** A response, with the headers that matter to Envoy and to clients. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A connection that closes without a response. */
export const dropped = 'dropped';

/** One case, with its row in the table of cases. */
export interface GoldenCase {
  readonly row: number;
  readonly name: string;
  readonly installation?: InstallationName;
  readonly method?: string;
  readonly target?: string;
  readonly headers: (context: GoldenContext) => readonly string[] | Promise<readonly string[]>;
  readonly theirs: Answer | typeof dropped;
  /** With `bearer-token-login-fallback=false`; default: the same. */
  readonly theirsStrict?: Answer;
  /** The response of oidc-authz, if it differs. */
  readonly ours?: { readonly answer: Answer; readonly strict?: Answer; readonly because: string };
}

const json = (status: number): Answer => ({
  status,
  body: '{}',
  headers: { 'content-type': 'application/json', 'content-length': '2' },
});
const unauthorized = json(401);
const forbidden = json(403);
const forbiddenText: Answer = {
  status: 403,
  body: 'Forbidden\n',
  headers: {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': '10',
    'x-content-type-options': 'nosniff',
  },
};
const allowed = (identity: Readonly<Record<string, string>>): Answer => ({
  status: 200,
  body: 'Authenticated',
  headers: { 'content-type': 'text/plain; charset=utf-8', 'content-length': '13', ...identity },
});

/** Represents the token of the request in an expected header. */
export const theToken = '<the token>';

/** The identity of a token with only a subject. */
const alice = {
  'gap-auth': 'alice',
  'x-auth-request-user': 'alice',
  'x-auth-request-email': 'alice',
  'x-auth-request-access-token': theToken,
  authorization: `Bearer ${theToken}`,
};

const bearer = (token: string) => [`authorization: Bearer ${token}`];
const basic = (user: string, password: string) => [
  `authorization: Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
];
const now = () => Math.floor(Date.now() / 1000);
const minted = (claims: Readonly<Record<string, unknown>> | (() => Readonly<Record<string, unknown>>) = {}) =>
  async function headers({ issuer }: GoldenContext) {
    return bearer(await issuer.mint({ claims: typeof claims === 'function' ? claims() : claims }));
  };
const signer = ({ keys: [key] }: FakeIssuer): SigningKey => {
  if (key === undefined) throw new TypeError('the issuer has no key');
  return key;
};

const badToken = { theirs: unauthorized, theirsStrict: forbiddenText } as const;
const noTokenInBasic =
  'tokens are accepted only as Bearer; programs that log user names would log a token in Basic';

/** All cases. */
export const goldenCases: readonly GoldenCase[] = [
  { row: 1, name: 'no credential', headers: () => [], theirs: unauthorized },
  { row: 2, name: 'a valid token', headers: minted(), theirs: allowed(alice) },
  {
    row: 2,
    name: 'a valid token with email, groups and name',
    headers: minted({ email: 'alice@example.com', groups: ['a', 'b'], preferred_username: 'ally' }),
    theirs: allowed({
      ...alice,
      'gap-auth': 'alice@example.com',
      'x-auth-request-email': 'alice@example.com',
      'x-auth-request-groups': 'a,b',
      'x-auth-request-preferred-username': 'ally',
    }),
  },
  {
    row: 2,
    name: 'a valid token with one group that is not a list',
    headers: minted({ groups: 'a' }),
    theirs: allowed({ ...alice, 'x-auth-request-groups': 'a' }),
  },
  { row: 2, name: 'a valid token, POST', method: 'POST', headers: minted(), theirs: allowed(alice) },
  { row: 3, name: 'expired', headers: minted(() => ({ exp: now() - 3600 })), ...badToken },
  { row: 3, name: 'without exp', headers: minted({ exp: undefined }), ...badToken },
  {
    row: 3,
    name: 'expired a moment ago',
    headers: minted(() => ({ exp: now() - 5 })),
    ...badToken,
    ours: { answer: allowed(alice), because: 'times have a tolerance of `clockTolerance`, 30 s' },
  },
  { row: 4, name: 'of another issuer', headers: minted({ iss: 'https://other.example.com' }), ...badToken },
  { row: 5, name: 'for another audience', headers: minted({ aud: 'other' }), ...badToken },
  { row: 5, name: 'without audience', headers: minted({ aud: undefined }), ...badToken },
  {
    row: 6,
    name: 'signed by another key under a known name',
    headers: async ({ issuer, foreign }) => bearer(await issuer.mint({ key: foreign })),
    ...badToken,
  },
  {
    row: 7,
    name: 'of an unknown key',
    headers: async ({ issuer, foreign }) =>
      bearer(await issuer.mint({ key: foreign, header: { kid: 'unknown' } })),
    ...badToken,
  },
  {
    row: 8,
    name: 'alg none',
    headers: ({ issuer }) =>
      bearer(
        `${base64url(JSON.stringify({ alg: 'none' }))}.${base64url(JSON.stringify(goodClaims(issuer)))}.`,
      ),
    ...badToken,
  },
  {
    row: 8,
    name: 'an algorithm that is not published',
    headers: ({ issuer }) =>
      bearer(
        signTexts(
          JSON.stringify(goodHeader(issuer, { alg: 'RS384' })),
          JSON.stringify(goodClaims(issuer)),
          signer(issuer),
        ),
      ),
    ...badToken,
  },
  {
    row: 9,
    name: 'not yet valid for ten minutes',
    headers: minted(() => ({ nbf: now() + 600 })),
    ...badToken,
  },
  {
    row: 9,
    name: 'not yet valid for two minutes',
    headers: minted(() => ({ nbf: now() + 120 })),
    theirs: allowed(alice),
    ours: {
      answer: unauthorized,
      strict: forbiddenText,
      because: '`nbf` has the same tolerance as other times, `clockTolerance`, not five minutes',
    },
  },
  {
    row: 9,
    name: 'issued in the future',
    headers: minted(() => ({ iat: now() + 600 })),
    theirs: allowed(alice),
    ours: { answer: unauthorized, strict: forbiddenText, because: '`iat` is checked' },
  },
  {
    row: 10,
    name: 'of an issuer without keys',
    installation: 'keyless',
    headers: async ({ keyless }) => bearer(await keyless.mint()),
    ...badToken,
  },
  { row: 11, name: 'an opaque token', headers: () => bearer('2YotnFZFEjr1zCsicMWpAA'), ...badToken },
  {
    row: 12,
    name: 'a payload that begins with a space',
    headers: ({ issuer }) =>
      bearer(
        signTexts(
          JSON.stringify(goodHeader(issuer)),
          ` ${JSON.stringify(goodClaims(issuer))}`,
          signer(issuer),
        ),
      ),
    ...badToken,
    ours: { answer: allowed(alice), because: 'JSON may begin with white space (RFC 8259 section 2)' },
  },
  {
    row: 13,
    name: 'the scheme in lower case',
    headers: async ({ issuer }) => [`authorization: bearer ${await issuer.mint()}`],
    ...badToken,
    ours: { answer: allowed(alice), because: 'a scheme is case-insensitive (RFC 9110 section 11.1)' },
  },
  {
    row: 14,
    name: 'two spaces after the scheme',
    headers: async ({ issuer }) => [`authorization: Bearer  ${await issuer.mint()}`],
    ...badToken,
    ours: { answer: allowed(alice), because: 'one or more spaces (RFC 9110 section 11.4)' },
  },
  {
    row: 14,
    name: 'further text after the token',
    headers: async ({ issuer }) => [`authorization: Bearer ${await issuer.mint()} x`],
    ...badToken,
  },
  {
    row: 14,
    name: 'two tokens, joined by a comma',
    headers: async ({ issuer }) => [
      `authorization: Bearer ${await issuer.mint()},Bearer ${await issuer.mint()}`,
    ],
    ...badToken,
  },
  {
    row: 15,
    name: 'two authorization headers, the first one valid',
    headers: async ({ issuer }) => [...bearer(await issuer.mint()), 'authorization: Bearer x'],
    theirs: allowed(alice),
    ours: {
      answer: unauthorized,
      strict: forbiddenText,
      because: 'it is unknown which of the two the workload uses',
    },
  },
  {
    row: 16,
    name: 'Basic, the token as user',
    headers: async ({ issuer }) => basic(await issuer.mint(), ''),
    theirs: allowed(alice),
    ours: { answer: unauthorized, strict: forbiddenText, because: noTokenInBasic },
  },
  {
    row: 17,
    name: 'Basic, the token as password',
    headers: async ({ issuer }) => basic('x', await issuer.mint()),
    theirs: allowed(alice),
    ours: { answer: unauthorized, strict: forbiddenText, because: noTokenInBasic },
  },
  {
    row: 18,
    name: 'Basic, the token as user with a password',
    headers: async ({ issuer }) => basic(await issuer.mint(), 'secret'),
    ...badToken,
  },
  { row: 19, name: 'Basic without a token', headers: () => basic('alice', 'secret'), ...badToken },
  { row: 19, name: 'another scheme', headers: () => ['authorization: Negotiate abc'], ...badToken },
  {
    row: 20,
    name: 'an unverified email',
    headers: minted({ email: 'alice@example.com', email_verified: false }),
    ...badToken,
  },
  {
    row: 20,
    name: 'an unverified email, `email_verified` as text',
    headers: minted({ email: 'alice@example.com', email_verified: 'false' }),
    ...badToken,
  },
  {
    row: 20,
    name: 'no email, and `email_verified` is false',
    headers: minted({ email_verified: false }),
    ...badToken,
  },
  {
    row: 20,
    name: 'a verified email, `email_verified` as text',
    headers: minted({ email: 'alice@example.com', email_verified: 'true' }),
    theirs: allowed({
      ...alice,
      'gap-auth': 'alice@example.com',
      'x-auth-request-email': 'alice@example.com',
    }),
  },
  {
    row: 21,
    name: 'no email: the subject replaces it',
    headers: minted({ sub: 'bob' }),
    theirs: allowed({
      ...alice,
      'gap-auth': 'bob',
      'x-auth-request-user': 'bob',
      'x-auth-request-email': 'bob',
    }),
  },
  {
    row: 21,
    name: 'a subject that is a number',
    headers: minted({ sub: 7 }),
    ...badToken,
    ours: {
      answer: allowed({
        ...alice,
        'gap-auth': '7',
        'x-auth-request-user': '7',
        'x-auth-request-email': '7',
      }),
      because: 'a number is forwarded as text, in every claim',
    },
  },
  {
    row: 22,
    name: 'neither email nor subject',
    headers: minted({ sub: undefined }),
    theirs: allowed({
      'gap-auth': '',
      'x-auth-request-access-token': theToken,
      authorization: `Bearer ${theToken}`,
    }),
  },
  {
    row: 22,
    name: 'neither email nor subject, and domains are required',
    installation: 'restricted',
    headers: minted({ sub: undefined, groups: ['admins'] }),
    theirs: allowed({
      'gap-auth': '',
      'x-auth-request-groups': 'admins',
      'x-auth-request-access-token': theToken,
      authorization: `Bearer ${theToken}`,
    }),
    ours: { answer: forbidden, because: 'without an email no domain matches' },
  },
  {
    row: 23,
    name: 'an email of another domain',
    installation: 'restricted',
    headers: minted({ email: 'alice@evil.example', groups: ['admins'] }),
    theirs: forbidden,
  },
  {
    row: 23,
    name: 'an email of a domain with only the same ending',
    installation: 'restricted',
    headers: minted({ email: 'alice@notexample.com', groups: ['admins'] }),
    theirs: forbidden,
  },
  {
    row: 23,
    name: 'an email with two @',
    installation: 'restricted',
    headers: minted({ email: 'alice@evil@example.com', groups: ['admins'] }),
    theirs: forbidden,
  },
  {
    row: 23,
    name: 'no email, and the subject has no domain',
    installation: 'restricted',
    headers: minted({ groups: ['admins'] }),
    theirs: forbidden,
  },
  {
    row: 24,
    name: 'none of the groups',
    installation: 'restricted',
    headers: minted({ email: 'alice@example.com', groups: ['users'] }),
    theirs: forbidden,
  },
  {
    row: 24,
    name: 'no groups',
    installation: 'restricted',
    headers: minted({ email: 'alice@example.com' }),
    theirs: forbidden,
  },
  {
    row: 24,
    name: 'the required domain and group',
    installation: 'restricted',
    headers: minted({ email: 'Alice@Example.com', groups: ['users', 'admins'] }),
    theirs: allowed({
      ...alice,
      'gap-auth': 'Alice@Example.com',
      'x-auth-request-email': 'Alice@Example.com',
      'x-auth-request-groups': 'users,admins',
    }),
  },
  {
    row: 25,
    name: "a query that is the workload's own",
    target: '/orders?allowed_groups=admins',
    headers: minted({ groups: ['users'] }),
    theirs: forbiddenText,
    ours: {
      answer: allowed({ ...alice, 'x-auth-request-groups': 'users' }),
      because: 'the query belongs to the workload, and clients can extend it',
    },
  },
  {
    row: 26,
    name: 'an open route, no token',
    installation: 'restricted',
    target: '/public/x',
    headers: () => [],
    theirs: allowed({}),
  },
  {
    row: 26,
    name: 'a pre-flight, no token',
    installation: 'restricted',
    method: 'OPTIONS',
    headers: () => [],
    theirs: allowed({}),
  },
  {
    row: 26,
    name: 'an open route, a valid token',
    installation: 'restricted',
    target: '/public/x',
    headers: minted(),
    theirs: allowed(alice),
    ours: {
      answer: allowed({}),
      because: 'on an open path the token is ignored, and no caller is named',
    },
  },
  {
    row: 27,
    name: 'an open route, an invalid token',
    installation: 'restricted',
    target: '/public/x',
    headers: () => bearer('x.y.z'),
    theirs: allowed({}),
    theirsStrict: forbiddenText,
    ours: {
      answer: allowed({}),
      because: 'on an open path the token is ignored',
    },
  },
  {
    row: 28,
    name: 'an invalid session cookie',
    headers: () => ['cookie: _oauth2_proxy=abc'],
    theirs: { ...unauthorized, headers: { ...unauthorized.headers, 'set-cookie': '<any>' } },
    ours: { answer: unauthorized, because: 'without a login, oidc-authz neither reads nor sets cookies' },
  },
  {
    row: 29,
    name: 'a path with removable segments',
    target: '/a//b',
    headers: minted(),
    theirs: { status: 301, body: '', headers: { location: '/a/b', 'content-length': '0' } },
    ours: { answer: allowed(alice), because: 'the workload interprets its paths' },
  },
  ...['/ping', '/ready', '/robots.txt'].map(
    (target): GoldenCase => ({
      row: 29,
      name: `a path of oauth2-proxy's own, ${target}`,
      target,
      headers: () => [],
      theirs: { status: 200, body: '<any>', headers: { 'content-type': '<any>', 'content-length': '<any>' } },
      ours: { answer: unauthorized, because: 'every path needs a token; oauth2-proxy opens this one' },
    }),
  ),
  {
    row: 29,
    name: "a path of oauth2-proxy's own, /oauth2/auth",
    target: '/oauth2/auth',
    headers: minted(),
    theirs: { ...allowed(alice), status: 202, body: '', headers: { ...alice, 'content-length': '0' } },
    ours: {
      answer: allowed(alice),
      because: 'no path has a special meaning; Envoy treats the status 202 of oauth2-proxy as a denial',
    },
  },
  {
    row: 30,
    name: 'an audience claim that is a number',
    installation: 'customAudience',
    headers: minted({ client: 5 }),
    theirs: dropped,
    ours: {
      answer: unauthorized,
      strict: forbiddenText,
      because: 'a claim of a wrong type makes the token invalid; oauth2-proxy closes the connection',
    },
  },
  {
    row: 30,
    name: 'the first audience claim decides: valid',
    installation: 'customAudience',
    headers: minted({ client: audience, aud: 'other' }),
    theirs: allowed(alice),
  },
  {
    row: 30,
    name: 'the first audience claim decides: another audience',
    installation: 'customAudience',
    headers: minted({ client: 'other', aud: audience }),
    ...badToken,
  },
  {
    row: 30,
    name: 'the second audience claim if the first is absent',
    installation: 'customAudience',
    headers: minted(),
    theirs: allowed(alice),
  },
];
