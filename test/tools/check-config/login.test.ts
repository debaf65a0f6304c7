/** `check-config` for a configuration with a login: its description, its files, and a table of requests. */
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { checkConfig } from '../../../src/cli/check-config.ts';

const keys = randomBytes(32).toString('base64');
const secret = 'S3CRET-of-the-client';
const files: Readonly<Record<string, string>> = { '/keys': keys, '/secret': secret, '/empty': '\n' };

const configuration = (more = '', file = '/secret', keysFile = '/keys') => `
issuers:
  - issuer: https://tenant.example.com
    name: main
    audiences: [shop]
    login: {clientId: shop, clientSecretFile: ${file}}
  - issuer: https://partner.example.com
    name: partner
    audiences: [shop]
    login: {clientId: guest, clientAuthentication: none}
login: {hosts: [shop.example.com]}
sessions: {keysFile: ${keysFile}, refresh: false}
limits: {meshTimeout: 5s}
${more}`;

const rules = `rules:
  - {name: health, match: {paths: [/healthz]}, allow: anonymous}
  - {name: api, match: {paths: ["/api/{**}"]}, require: {login: session, claims: {groups: [staff]}}}
  - {name: tokens, match: {paths: ["/tokens/{**}"]}, require: {}}
  - {name: shop, match: {hosts: [shop.example.com]}, require: {login: [main], claims: {groups: [staff]}}}
  - {name: rest, require: {login: never}}
`;

async function run(text: string, table?: string) {
  const { output, exitCode } = await checkConfig({
    flags: [
      { name: '--config', value: 'c.yaml' },
      ...(table === undefined ? [] : [{ name: '--test', value: 'table.yaml' }]),
    ],
    environment: {},
    readFile: (path) => {
      const found = { ...files, 'c.yaml': text, 'table.yaml': table }[path];
      if (found === undefined)
        throw Object.assign(new Error('not here'), { code: 'ENOENT', syscall: 'open' });
      return found;
    },
  });
  expect(output).not.toContain(secret);
  expect(output).not.toContain(keys);
  return { output, exitCode };
}

/** The comment lines about a login. */
const aboutLogin = (output: string) =>
  output.split('\n').flatMap((line) => /^# (login: .*)/.exec(line)?.[1] ?? []);
const warnings = (output: string) =>
  output.split('\n').flatMap((line) => /^# warning: (.*)/.exec(line)?.[1] ?? []);

describe('the description', () => {
  test('says who signs in where, and what to register', async () => {
    const { output, exitCode } = await run(configuration(rules));
    expect(exitCode).toBe(0);
    expect(aboutLogin(output)).toEqual([
      'login: on shop.example.com',
      'login: rule health: anonymous',
      'login: rule api: sessions of main, partner and tokens; no client is sent to log in',
      'login: rule tokens: tokens only',
      'login: rule shop: sessions of main and tokens; a browser that opens a page is sent to log in',
      'login: rule rest: tokens only',
      'login: register at main, client shop: https://shop.example.com/.oidc-authz/callback/main',
      'login: register at partner, client guest: https://shop.example.com/.oidc-authz/callback/partner',
      'login: the session cookie is __Host-oidc-authz',
    ]);
    expect(warnings(output)).toEqual([]);
  });

  test('names the cookie of each policy', async () => {
    const { output } = await run(
      configuration(
        'policies: [{name: a, pathPrefix: /a, rules: [{name: all, require: {}, login: always}]}, {name: b, pathPrefix: /b, rules: [{name: all, require: {}}]}]',
      ),
    );
    expect(aboutLogin(output)).toContain(
      'login: the session cookie is __Host-oidc-authz-a, __Host-oidc-authz-b',
    );
    expect(aboutLogin(output)).toContain(
      'login: rule a/all: sessions of main, partner and tokens; each GET without a session is sent to log in',
    );
  });

  test('says where everyone signs in, and registers no other redirect URI', async () => {
    const text = configuration(rules).replace(
      'hosts: [shop.example.com]',
      'hosts: [auth.example.com, shop.example.com], host: auth.example.com',
    );
    const { output } = await run(text);
    expect(aboutLogin(output)).toContain(
      'login: everyone signs in at auth.example.com, which hands sessions over to the other hosts',
    );
    expect(aboutLogin(output).filter((line) => line.includes('register'))).toEqual([
      'login: register at main, client shop: https://auth.example.com/.oidc-authz/callback/main',
      'login: register at partner, client guest: https://auth.example.com/.oidc-authz/callback/partner',
    ]);
    expect(warnings(output).filter((warning) => warning.startsWith('login.hosts'))).toEqual([]);
  });

  test('has nothing about a login without one', async () => {
    const { output } = await run('issuers: [{issuer: "https://a.example.com", audiences: [a]}]');
    expect(output).not.toMatch(/^# (login|warning)/m);
  });

  test.each([
    [
      'login.hosts: no rule counts sessions on shop.example.com',
      configuration('rules: [{name: api, match: {hosts: [shop.example.com]}, require: {}}]'),
    ],
    [
      'login.hosts: no rule counts sessions on other.example.com',
      configuration(rules)
        .replace('hosts: [shop.example.com]', 'hosts: [shop.example.com, other.example.com]')
        .replace('/api/{**}"]}', '/api/{**}"], hosts: [shop.example.com]}'),
    ],
    ['limits.meshTimeout: a login waits at most 1500ms', configuration().replace('5s', '2s')],
    ['workers: several workers renew sessions', configuration('workers: 2').replace(', refresh: false', '')],
    [
      'sessions.refresh: run one replica only, or add `state`',
      configuration().replace(', refresh: false', ''),
    ],
    [
      'sessions.cookie.domain: every host below example.com',
      configuration().replace('refresh: false', 'refresh: false, cookie: {domain: example.com}'),
    ],
    [
      'login.host: sessions are in cookies',
      configuration().replace('hosts: [shop', 'host: shop.example.com, hosts: [shop'),
    ],
    [
      'login.httpHosts: the session cookie of shop.example.com is sent over http://',
      configuration().replace('login: {hosts', 'login: {httpHosts: [shop.example.com], hosts'),
    ],
  ])('warns: %s', async (expected, text) => {
    const { output, exitCode } = await run(text);
    expect(exitCode).toBe(0);
    expect(warnings(output).filter((warning) => warning.startsWith(expected))).toHaveLength(1);
  });
});

describe('a file is a problem', () => {
  test.each([
    [
      'if the client secret is missing',
      '/nowhere',
      '/keys',
      /issuers\[0\]\.login\.clientSecretFile .*cannot read/,
    ],
    ['if the client secret is empty', '/empty', '/keys', /clientSecretFile .*the file is empty/],
    ['if the session keys are missing', '/secret', '/nowhere', /sessions\.keysFile .*cannot read/],
    ['if the session keys are none', '/secret', '/secret', /sessions\.keysFile .*line 1 /],
  ])('%s', async (_, file, keysFile, message) => {
    const { output, exitCode } = await run(configuration('', file, keysFile));
    expect(exitCode).toBe(2);
    expect(output).toMatch(message);
  });

  test('also in a configuration with other problems', async () => {
    const { output } = await run(configuration('http: {port: x}', '/nowhere', '/secret'));
    expect(output).toMatch(/http\.port/);
    expect(output).toMatch(/login\.clientSecretFile .*cannot read/);
    expect(output).toMatch(/sessions\.keysFile .*line 1 /);
  });

  test('if the private key is none', async () => {
    const { output } = await run(configuration().replace('clientSecretFile', 'privateKeyFile'));
    expect(output).toMatch(/login\.privateKeyFile .*not a private key in PEM/);
  });
});

describe('a table of requests', () => {
  const page = '{host: shop.example.com, headers: {accept: text/html}}';
  test.each([
    ['a page without a session is sent to log in', `request: ${page}, expect: {outcome: login, rule: shop}`],
    ['which is a denial', `request: ${page}, expect: {outcome: deny, reason: login_required}`],
    [
      'a script is not sent to log in',
      'request: {host: shop.example.com, headers: {sec-fetch-mode: cors}}, expect: {outcome: deny, reason: login_required}',
    ],
    [
      'no client is sent to log in if only sessions count',
      'request: {host: shop.example.com, path: /api/a, headers: {accept: text/html}}, expect: {outcome: deny, reason: login_required}',
    ],
    [
      'no client is sent to log in on another host',
      'request: {host: other.example.com, path: /api/a}, expect: {outcome: deny, reason: token_missing}',
    ],
    [
      'a rule for tokens asks for one',
      'request: {host: shop.example.com, path: /tokens/a}, expect: {reason: token_missing, rule: tokens}',
    ],
    [
      'a signed-in person is allowed',
      `request: ${page}, session: true, claims: {sub: alice, groups: [staff]}, expect: {outcome: allow, rule: shop}`,
    ],
    [
      'a signed-in person without the claim is denied, and not sent to log in',
      `request: ${page}, session: true, claims: {sub: alice}, expect: {reason: claim_not_allowed, rule: shop}`,
    ],
    [
      'a person of another issuer is sent to log in',
      `request: ${page}, session: true, issuer: partner, claims: {groups: [staff]}, expect: {outcome: login}`,
    ],
    [
      'a token counts too',
      `request: ${page}, claims: {sub: alice, groups: [staff]}, expect: {outcome: allow, rule: shop}`,
    ],
    [
      'a path of the login is never an allow',
      `request: {host: shop.example.com, path: /.oidc-authz/callback/main}, session: true, claims: {groups: [staff]}, expect: {outcome: deny, reason: login_path}`,
    ],
  ])('%s', async (name, line) => {
    const { output, exitCode } = await run(configuration(rules), `- {name: "${name}", ${line}}\n`);
    expect([output.trim(), exitCode]).toEqual(['1 of 1 as expected', 0]);
  });

  test('says what it found', async () => {
    const { output, exitCode } = await run(
      configuration(rules),
      `- {name: a, request: ${page}, expect: {outcome: allow}}\n`,
    );
    expect(exitCode).toBe(1);
    expect(output).toContain(
      'a: expected outcome allow, found outcome login, reason login_required, rule shop',
    );
  });
});
