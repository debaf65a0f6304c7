/** The problems of a configuration with a login, each with the option and the fix. */
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig } from '../../../src/config/load/load.ts';
import { ConfigError } from '../../../src/config/validate/problems.ts';

interface Parts {
  /** `login` of the issuer `main`. */
  readonly issuerLogin?: object;
  /** Other options of the issuer `main`. */
  readonly issuer?: object;
  readonly login?: object | null;
  readonly sessions?: object | null;
  readonly more?: object;
  readonly flags?: readonly [string, string][];
}

const client = { clientId: 'shop', clientSecretFile: 'secret' };

function file({ issuerLogin = client, issuer = {}, login = {}, sessions = {}, more = {} }: Parts): string {
  return stringify({
    issuers: [
      {
        issuer: 'https://issuer.example.com',
        name: 'main',
        audiences: ['shop'],
        ...issuer,
        ...(Object.keys(issuerLogin).length > 0 && { login: issuerLogin }),
      },
      { issuer: 'https://other.example.com', name: 'tokens-only', audiences: ['shop'] },
    ],
    ...(login !== null && { login: { hosts: ['shop.example.com', '*.apps.example.com'], ...login } }),
    ...(sessions !== null && { sessions: { keysFile: 'keys', ...sessions } }),
    ...more,
  });
}

async function problemsOf(parts: Parts): Promise<Record<string, string>> {
  try {
    await loadConfig({
      flags: [
        { name: '--config', value: 'f.yaml' },
        ...(parts.flags ?? []).map(([name, value]) => ({ name, value })),
      ],
      environment: {},
      readFile: () => file(parts),
    });
    return {};
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return Object.fromEntries(error.problems.map(({ path, message }) => [path, message]));
  }
}

/** Policies `a`, `b` and so on, each with one rule. */
const policies = (rules: readonly object[]) => ({
  more: {
    policies: rules.map((one, index) => {
      const name = 'abc'[index];
      return { name, pathPrefix: `/${name}`, rules: [{ name: 'all', require: {}, ...one }] };
    }),
  },
});

/** A rule where people sign in, on hosts. */
const signsIn = (...hosts: readonly string[]) => ({
  require: { login: ['main'] },
  ...(hosts.length > 0 && { match: { hosts } }),
});
const twoPolicies = (host: string, policy: string) =>
  expect.stringContaining(`sessions count on "${host}" in the policy ${policy} too`);

/** A rule that requires what is given. */
const rule = (require: object, more: object = {}) => ({
  more: { rules: [{ name: 'a', require, ...more }] },
});

describe('a configuration with a login is accepted', () => {
  test.each<[string, Parts]>([
    ['without rules', {}],
    ['with a rule that names its issuers', rule({ login: ['main'] })],
    ['with a rule that only counts sessions', rule({ login: 'session' })],
    ['with a rule that sends to the issuers of login.issuers', rule({}, { login: 'always' })],
    ['with a rule that says never twice', rule({ login: 'never' }, { login: 'never' })],
    ['with a rule for a wider host', rule({ login: ['main'] }, { match: { hosts: ['*.example.com'] } })],
    ['with a central host', { login: { host: 'shop.example.com' } }],
    ['with a central host below a pattern', { login: { host: 'auth.apps.example.com' } }],
    [
      'with a central host with a port that the mesh ignores',
      { login: { host: 'shop.example.com:8443' }, more: { hosts: { ports: 'ignore' } } },
    ],
    ['for a public client', { issuerLogin: { clientId: 'shop', clientAuthentication: 'none' } }],
    ['with a private key', { issuerLogin: { clientId: 'a', privateKeyFile: 'k', privateKeyId: 'k1' } }],
    ['with a client certificate', { issuerLogin: { clientId: 'a', certFile: 'c', keyFile: 'k' } }],
    ['with a mounted assertion', { issuerLogin: { clientId: 'a', clientAssertionFile: 'f' } }],
    [
      'with the paths of an oauth2-proxy',
      {
        login: {
          paths: {
            prefix: '/oauth2',
            callback: '/oauth2/callback',
            start: '/oauth2/start',
            signOut: '/oauth2/sign_out',
            user: '/oauth2/userinfo',
          },
        },
      },
    ],
    [
      'with endpoints by hand',
      {
        issuer: { jwksUri: 'https://issuer.example.com/keys' },
        issuerLogin: {
          ...client,
          authorizationEndpoint: 'https://issuer.example.com/authorize',
          tokenEndpoint: 'https://issuer.example.com/token',
        },
      },
    ],
    [
      'with a domain cookie',
      {
        login: { hosts: ['example.com', '*.example.com', 'a.example.com:8443'] },
        sessions: { cookie: { domain: 'example.com' } },
      },
    ],
    [
      'with a login in policies that have no host in common',
      policies([signsIn('shop.example.com'), signsIn('*.apps.example.com'), {}]),
    ],
    ['with a login in one policy of a host', policies([signsIn(), {}, { require: { login: 'never' } }])],
    [
      'with policies whose wide hosts have different hosts of login.hosts',
      {
        login: { hosts: ['a.shop.example.com', 'b.example.com'], listener: { enabled: true } },
        ...policies([signsIn('*.shop.example.com'), signsIn('b.example.com')]),
      },
    ],
    [
      'with policies for two ports of a host',
      {
        login: { hosts: ['shop.example.com:8443', 'shop.example.com:9443'] },
        ...policies([signsIn('shop.example.com:8443'), signsIn('shop.example.com:9443')]),
      },
    ],
    ['with an address after the sign-out', { login: { afterSignOut: 'https://shop.example.com/bye' } }],
    ['with a path after the sign-out', { login: { afterSignOut: '/bye?from=app' } }],
    [
      'for development',
      {
        login: {
          hosts: ['localhost:8080'],
          httpHosts: ['localhost:8080'],
          cors: ['http://localhost:3000'],
          afterSignOut: 'http://localhost:8080/',
        },
      },
    ],
    [
      'with a port that rules ignore',
      {
        login: { hosts: ['shop.example.com:8443', 'localhost'], httpHosts: ['localhost:8080'] },
        more: {
          hosts: { ports: 'ignore' },
          rules: [{ name: 'a', match: { hosts: ['shop.example.com'] }, require: { login: ['main'] } }],
        },
      },
    ],
    ['with values of flags', { flags: [['--login-when', 'never']] }],
    ['with the keys file of a flag', { sessions: null, flags: [['--sessions-keys-file', '/etc/keys']] }],
  ])('%s', async (_, parts) => {
    expect(await problemsOf(parts)).toEqual({});
  });
});

describe('a configuration has a problem', () => {
  test.each<[string, Parts, Record<string, string>]>([
    [
      'if a login has no sessions',
      { sessions: null },
      { sessions: expect.stringContaining('missing; `login` needs it') },
    ],
    [
      'if sessions have no login',
      { login: null, issuerLogin: {} },
      { sessions: expect.stringContaining('has no effect without `login`') },
    ],
    [
      'if no issuer signs people in',
      { issuerLogin: {} },
      { login: expect.stringContaining('no issuer has `login`') },
    ],
    [
      'if an issuer signs people in, but the service does not',
      { login: null, sessions: null },
      { 'issuers[0].login': expect.stringContaining('has no effect without the section `login`') },
    ],
    [
      'if a flag sets a part of a login that is not there',
      { login: null, sessions: null, issuerLogin: {}, flags: [['--login-when', 'never']] },
      {
        'login.hosts': 'missing; set it to a list of at least one host',
        sessions: expect.stringContaining('missing'),
      },
    ],
    [
      'if a name is not of an issuer with a login',
      { login: { issuers: ['main', 'tokens-only'] } },
      { 'login.issuers[1]': 'must be the name of an issuer with `login`; configured: main' },
    ],
    [
      'if a rule names an issuer without a login',
      rule({ login: ['tokens-only'] }),
      { 'rules[0].require.login[0]': 'must be the name of an issuer with `login`; configured: main' },
    ],
    [
      'if a rule needs a login that is not there',
      {
        login: null,
        sessions: null,
        issuerLogin: {},
        ...rule({ login: ['main'] }, { requireSameOrigin: true }),
      },
      {
        'rules[0].require.login': expect.stringContaining('has no effect without the section `login`'),
        'rules[0].requireSameOrigin': expect.stringContaining('has no effect without the section `login`'),
      },
    ],
    [
      'if a rule says never and names issuers',
      rule({ login: ['main'] }, { login: 'never' }),
      { 'rules[0].login': 'contradicts `require.login: [main]`; remove one of the two' },
    ],
    [
      'if a rule says never and counts sessions',
      rule({ login: 'session' }, { login: 'never' }),
      { 'rules[0].login': 'contradicts `require.login: session`; remove one of the two' },
    ],
    [
      'if a rule sends people to log in whose sessions do not count',
      rule({ login: 'never' }, { login: 'navigation' }),
      { 'rules[0].login': 'contradicts `require.login: never`; remove one of the two' },
    ],
    [
      'if a rule sends people to log in, and also no client',
      rule({ login: 'session' }, { login: 'always' }),
      { 'rules[0].login': 'contradicts `require.login: session`; remove one of the two' },
    ],
    [
      'if an anonymous rule sends people to log in',
      { more: { rules: [{ name: 'a', allow: 'anonymous', login: 'always' }] } },
      { 'rules[0].login': expect.stringContaining('has no effect without `require`') },
    ],
    [
      'if a rule protects sessions that do not count',
      rule({ login: 'never' }, { requireSameOrigin: true }),
      { 'rules[0].requireSameOrigin': expect.stringContaining('sessions do not count for this rule') },
    ],
    [
      'if no person can sign in on the host of a rule',
      rule({ login: ['main'] }, { match: { hosts: ['shop.example.com', 'admin.example.com'] } }),
      { 'rules[0].match.hosts[1]': expect.stringContaining('no person can sign in on "admin.example.com"') },
    ],
    [
      'if the login is on a port that the rule does not match',
      {
        login: { hosts: ['shop.example.com:8443'] },
        ...rule({ login: ['main'] }, { match: { hosts: ['shop.example.com'] } }),
      },
      { 'rules[0].match.hosts[0]': expect.stringContaining('no person can sign in on "shop.example.com"') },
    ],
    [
      'if people sign in on every host in two policies',
      policies([signsIn(), signsIn()]),
      { 'policies[1].rules[0]': twoPolicies('shop.example.com', 'a') },
    ],
    [
      'if a policy has a host of another one, whose rule has a wildcard',
      policies([signsIn('*.apps.example.com'), signsIn('shop.example.com', 'x.apps.example.com')]),
      { 'policies[1].rules[0].match.hosts[1]': twoPolicies('x.apps.example.com', 'a') },
    ],
    [
      'if a policy counts the sessions of the host of another one, and sends no person to log in',
      policies([signsIn('shop.example.com'), { require: { login: 'session' } }]),
      { 'policies[1].rules[0]': twoPolicies('shop.example.com', 'a') },
    ],
    [
      'if a policy has hosts of two others',
      {
        login: { listener: { enabled: true } },
        ...policies([signsIn('shop.example.com'), signsIn('*.apps.example.com'), signsIn('*.example.com')]),
      },
      { 'policies[2].rules[0].match.hosts[0]': twoPolicies('*.apps.example.com', 'b') },
    ],
    [
      'if policies have a host in common, because ports are ignored',
      {
        login: { hosts: ['shop.example.com:8443'] },
        more: { ...policies([signsIn('shop.example.com'), signsIn()]).more, hosts: { ports: 'ignore' } },
      },
      { 'policies[1].rules[0]': twoPolicies('shop.example.com', 'a') },
    ],
    [
      'if a policy has a name that ends the name of another cookie',
      {
        more: {
          policies: ['login-a', 'b.0', 'c'].map((name) => ({
            name,
            pathPrefix: `/${name}`,
            rules: [{ name: 'all', require: {} }],
          })),
        },
      },
      {
        'policies[0].name': expect.stringContaining('must not begin with login-'),
        'policies[1].name': expect.stringContaining('must not begin with login-'),
      },
    ],
    [
      'if several issuers sign people in, and a name cannot end a redirect URI',
      {
        more: {
          issuers: ['main', 'b.', 'c.example.com:8443', 'd/e', '..'].map((name, index) => ({
            issuer: `https://i${index}.example.com`,
            name,
            audiences: ['a'],
            login: client,
          })),
        },
      },
      {
        'issuers[1].name': expect.stringContaining('the redirect URI of each ends with its name, got "b."'),
        'issuers[2].name': expect.stringContaining('set a name such as `main`'),
        'issuers[3].name': expect.stringContaining('"d/e"'),
        'issuers[4].name': expect.stringContaining('".."'),
      },
    ],
    [
      'if nothing authenticates the client',
      { issuerLogin: { clientId: 'a' } },
      { 'issuers[0].login.clientAuthentication': expect.stringContaining('set `clientSecretFile`') },
    ],
    [
      'if two files authenticate the client',
      { issuerLogin: { ...client, privateKeyFile: 'k' } },
      { 'issuers[0].login.privateKeyFile': expect.stringContaining('clientSecretFile authenticates') },
    ],
    [
      'if a file is of another method',
      { issuerLogin: { ...client, clientAuthentication: 'private_key_jwt' } },
      {
        'issuers[0].login.privateKeyFile': 'missing; clientAuthentication: private_key_jwt needs it',
        'issuers[0].login.clientSecretFile':
          'has no effect with clientAuthentication: private_key_jwt; remove one of the two',
      },
    ],
    [
      'if the method has a name that every object has',
      { issuerLogin: { ...client, clientAuthentication: 'constructor' } },
      { 'issuers[0].login.clientAuthentication': expect.stringContaining('must be one of ') },
    ],
    [
      'if a certificate has no key',
      { issuerLogin: { clientId: 'a', certFile: 'c' } },
      { 'issuers[0].login.keyFile': 'missing; clientAuthentication: tls_client_auth needs it' },
    ],
    [
      'if a key ID has no key',
      { issuerLogin: { ...client, privateKeyId: 'k1' } },
      { 'issuers[0].login.privateKeyId': expect.stringContaining('has no effect') },
    ],
    [
      'if the scopes lack openid',
      { issuerLogin: { ...client, scopes: ['email'] } },
      { 'issuers[0].login.scopes': expect.stringContaining('must have `openid`') },
    ],
    [
      'if a resource is not a URI without a fragment',
      { issuerLogin: { ...client, resources: ['orders', 'https://api.example.com/#a', 'urn:api'] } },
      {
        'issuers[0].login.resources[0]': expect.stringContaining('RFC 8707'),
        'issuers[0].login.resources[1]': expect.stringContaining('RFC 8707'),
      },
    ],
    [
      'if an endpoint is set in addition to discovery',
      { issuerLogin: { ...client, tokenEndpoint: 'https://issuer.example.com/token' } },
      { 'issuers[0].login.tokenEndpoint': expect.stringContaining('discovery document') },
    ],
    [
      'if endpoints are missing without discovery, or not safe',
      {
        issuer: { jwksUri: 'https://issuer.example.com/keys' },
        issuerLogin: {
          ...client,
          tokenEndpoint: 'http://issuer.example.com/token',
          pushedRequests: 'always',
        },
      },
      {
        'issuers[0].login.authorizationEndpoint': expect.stringContaining('missing; with jwksUri'),
        'issuers[0].login.tokenEndpoint': expect.stringContaining('plain http:// is not safe'),
        'issuers[0].login.pushedRequests': expect.stringContaining('needs the discovery document'),
      },
    ],
    [
      'if a parameter is one of the login itself',
      { issuerLogin: { ...client, parameters: { state: 'x' } } },
      { 'issuers[0].login.parameters.state': expect.stringContaining('remove it') },
    ],
    [
      'if an http host is not a host of the login',
      { login: { httpHosts: ['shop.example.com', 'localhost'] } },
      { 'login.httpHosts[1]': expect.stringContaining('must be in `login.hosts` too') },
    ],
    [
      'if two paths are the same',
      { login: { paths: { start: '/.oidc-authz/choose', user: '/user', signOut: '/user' } } },
      {
        'login.paths.start': expect.stringContaining('must differ from the path of choose'),
        'login.paths.signOut': expect.stringContaining('must differ from the path of user'),
        'login.paths.user': expect.stringContaining('must differ from the path of sign-out'),
      },
    ],
    [
      'if a path is below the callback, or the prefix itself',
      { login: { paths: { prefix: '/a', callback: '/a', user: '/a/b' } } },
      {
        'login.paths.callback': expect.stringContaining('must not be login.paths.prefix itself'),
        'login.paths.user': expect.stringContaining('must not be below the callback'),
        'login.paths.prefix': expect.stringContaining('must not be below the callback'),
      },
    ],
    [
      'if the cookie has a prefix of its own',
      { sessions: { cookie: { name: '__Host-shop' } } },
      { 'sessions.cookie.name': expect.stringContaining('must not begin with __Host-') },
    ],
    [
      'a central host that is a pattern',
      { login: { host: '*.apps.example.com' } },
      { 'login.host': expect.stringContaining('must be one host, because everyone signs in there') },
    ],
    [
      'a central host that is not listed',
      { login: { host: 'auth.example.com' } },
      { 'login.host': expect.stringContaining('must be in `login.hosts` too') },
    ],
    [
      'a central host with a port that is not listed',
      { login: { host: 'shop.example.com:8443' } },
      { 'login.host': expect.stringContaining('must be in `login.hosts` too') },
    ],
    [
      'a central host, and a cookie of the domain',
      { login: { host: 'shop.example.com' }, sessions: { cookie: { domain: 'example.com' } } },
      { 'sessions.cookie.domain': expect.stringContaining('contradicts login.host') },
    ],
    [
      'a path that is the one of the hand-over',
      { login: { host: 'shop.example.com', paths: { start: '/.oidc-authz/complete' } } },
      { 'login.paths.start': expect.stringContaining('must differ from the path of complete') },
    ],
    [
      'if a host is outside of the domain of the cookie',
      { sessions: { cookie: { domain: 'apps.example.com' } } },
      { 'sessions.cookie.domain': expect.stringContaining('shop.example.com is outside') },
    ],
    [
      'if the domain of the cookie is an address',
      { login: { hosts: ['10.0.0.1'] }, sessions: { cookie: { domain: '10.0.0.1' } } },
      { 'sessions.cookie.domain': expect.stringContaining('cannot be shared between IP addresses') },
    ],
    [
      'if a cookie for frames is sent over plain http',
      { login: { httpHosts: ['shop.example.com'] }, sessions: { cookie: { sameSite: 'none' } } },
      { 'sessions.cookie.sameSite': expect.stringContaining('only over https://') },
    ],
    [
      'if the idle time is longer than the session',
      { sessions: { idleTimeout: '2h', maxAge: '1h' } },
      { 'sessions.idleTimeout': expect.stringContaining('must be at most sessions.maxAge (1h), got 2h') },
    ],
    [
      'if a session is shorter than the default idle time',
      { sessions: { maxAge: '30m' } },
      {
        'sessions.maxAge': expect.stringContaining('must be at least sessions.idleTimeout (1h, the default)'),
      },
    ],
    ...['//evil.example.com', '/\\evil.example.com', '/a b', '/.oidc-authz/sign-out'].map(
      (afterSignOut): [string, Parts, Record<string, string>] => [
        `if the browser goes to ${afterSignOut} after a sign-out`,
        { login: { afterSignOut } },
        { 'login.afterSignOut': expect.stringMatching(/^must (not )?be/) },
      ],
    ),
    ...[
      'https://evil.example.com/',
      'http://shop.example.com/',
      'https://a:b@shop.example.com/',
      'https:shop.example.com',
      'javascript:alert(1)',
    ].map((afterSignOut): [string, Parts, Record<string, string>] => [
      `if the browser goes to ${afterSignOut} after a sign-out`,
      { login: { afterSignOut } },
      { 'login.afterSignOut': expect.stringMatching(/^must/) },
    ]),
    [
      'if an origin is none',
      { login: { cors: ['*', 'https://app.example.com/', 'http://app.example.com', 'app.example.com'] } },
      {
        'login.cors[0]': expect.stringContaining('browsers do not accept *'),
        'login.cors[1]': expect.stringContaining('must be an origin'),
        'login.cors[2]': expect.stringContaining('must begin with https://'),
        'login.cors[3]': expect.stringContaining('must be an origin'),
      },
    ],
    [
      'if the listener has the port of another',
      { login: { listener: { enabled: true, port: 8081 } } },
      {
        'login.listener.port': 'must differ from admin.port, which is 8081 by default; use another port',
      },
    ],
  ])('%s', async (_, parts, expected) => {
    expect(await problemsOf(parts)).toEqual(expected);
  });

  test('of each kind in one run', async () => {
    const problems = await problemsOf({
      login: { timeout: 'soon' },
      sessions: { cookie: { name: 'a b' } },
      more: {
        http: { port: 'x' },
        rules: [
          {
            name: 'a',
            match: { hosts: ['a.example.com'] },
            require: { issuers: ['unknown'], login: ['main'] },
          },
        ],
      },
    });
    expect(Object.keys(problems).toSorted()).toEqual([
      'http.port',
      'login.timeout',
      'rules[0].require.issuers[0]',
      'sessions.cookie.name',
    ]);
  });
});
