/** The check with logins: which credential counts, where sessions count, and who answers the paths of the login. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { issuerTime, loginTime } from '../../../src/config/login/login-time.ts';
import type { Logins } from '../../../src/login/logins.ts';
import type { CheckRequest } from '../../../src/model/check-request.ts';
import type { Decision } from '../../../src/model/decision.ts';
import type { TraceStep } from '../../../src/model/trace.ts';
import { configOf } from '../../support/app.ts';
import { createTestClock } from '../../support/clock.ts';
import { startCore } from '../../support/core.ts';
import { audience, type FakeIssuer, startFakeIssuer } from '../../support/fake-issuer.ts';
import { createFakeLogins, type FakeLoginsOptions, ownPrefix } from '../../support/fake-logins.ts';
import { checkRequest } from '../../support/requests.ts';

let issuer: FakeIssuer;
beforeAll(async () => {
  issuer = await startFakeIssuer();
});
afterAll(() => issuer.close());

const host = 'shop.example.com';

const rules = `
rules:
  - {name: open, match: {hosts: [${host}], paths: ["/open/{**}"]}, allow: anonymous}
  - {name: api, match: {hosts: [${host}], paths: ["/api/{**}"]}, require: {login: never}}
  - {name: shared, match: {hosts: [${host}], paths: ["/shared/{**}"]}, require: {login: session}}
  - {name: shop, match: {}, require: {login: [main], claims: {groups: [staff]}}}
`;

async function start(more = rules, options: FakeLoginsOptions = {}) {
  const config = await configOf(`
issuers: [{issuer: "${issuer.url}", audiences: [${audience}], name: main, login: {clientId: shop, clientSecretFile: /secret}}]
http: {enabled: true}
login: {hosts: [${host}]}
sessions: {keysFile: /keys}
forwardOriginalToken: false
outputClaimToHeaders: [{header: x-user, claim: sub}]
${more}`);
  const fake = createFakeLogins({ issuer: issuer.url, ...options });
  const core = await startCore(config, undefined, undefined, undefined, fake.logins);
  const ask = (request: Partial<CheckRequest> & { readonly headers?: Readonly<Record<string, string>> }) =>
    core.check(requestOf(request)) as Decision;
  return { ...core, ...fake, ask };
}

function requestOf({
  headers = {},
  ...request
}: Partial<CheckRequest> & { readonly headers?: Readonly<Record<string, string>> }) {
  const { authorization } = headers;
  return checkRequest({
    host,
    path: '/cart',
    authorization: authorization === undefined ? [] : [authorization],
    header: (name) => (headers[name] === undefined ? [] : [headers[name]]),
    ...request,
  });
}

const alice = { cookie: 'session=alice; theme=dark' };

describe('the credential', () => {
  test('is the session of a request without an authorization header', async () => {
    const { ask } = await start();
    expect(ask({ headers: alice })).toMatchObject({
      outcome: 'allow',
      rule: 'shop',
      cached: true,
      forwarding: { set: [['x-user', 'alice']] },
      cookies: { set: [], forwarded: 'theme=dark' },
    });
  });

  test('is the token of a request with both, so that its session is not even looked for', async () => {
    const { check, calls } = await start();
    const token = await issuer.mint({ claims: { sub: 'bob', groups: ['staff'] } });
    const decision = await check(requestOf({ headers: { ...alice, authorization: `Bearer ${token}` } }));
    expect(decision).toMatchObject({
      outcome: 'allow',
      forwarding: { set: [['x-user', 'bob']] },
      cookies: { forwarded: 'theme=dark' },
    });
    expect(calls).toEqual([]);
  });

  test.each(['Bearer forged', 'Basic YTpi', 'Bearer', ''])(
    'is never the session if the authorization header is %j',
    async (authorization) => {
      const { ask, calls } = await start();
      expect(ask({ headers: { ...alice, authorization } })).toMatchObject({ outcome: 'deny' });
      expect(calls).toEqual([]);
    },
  );
});

describe('a session', () => {
  test.each([
    ['api', '/api/orders', 'token_missing'],
    ['another host, which is not in login.hosts', '/cart', 'token_missing', 'elsewhere.example.com'],
    ['a host that is not one name', '/shared/x', 'host_ambiguous', `${host}, evil.example`],
  ])('does not count at %s', async (_, path, reason, at = host) => {
    const { ask } = await start(
      at.includes(',') ? 'rules: [{name: all, match: {}, require: {login: [main]}}]' : rules,
    );
    expect(ask({ path, host: at, headers: alice })).toMatchObject({ outcome: 'deny', reason });
  });

  test('does not count on another host, and the detail names the option for it', async () => {
    const { ask } = await start();
    const detailAt = (at: string, path: string) => {
      const decision = ask({ path, host: at });
      return 'detail' in decision ? decision.detail?.() : undefined;
    };
    expect(detailAt('elsewhere.example.com', '/cart')).toMatchObject({
      text: expect.stringContaining('host elsewhere.example.com is not in login.hosts'),
      failed: { step: 'login', option: 'login.hosts', found: 'elsewhere.example.com' },
    });
    expect(detailAt(host, '/api/orders')).toMatchObject({ failed: { step: 'credential' } });
  });

  test('counts without rules, at every path of the hosts of the login', async () => {
    const { ask } = await start('');
    expect(ask({ headers: alice })).toMatchObject({
      outcome: 'allow',
      forwarding: { set: [['x-user', 'alice']] },
    });
    expect(ask({ headers: alice, host: 'elsewhere.example.com' })).toMatchObject({ reason: 'token_missing' });
  });

  test('must meet what the rule requires; a person without it gets a page, and is not sent to log in', async () => {
    const { ask, calls } = await start(rules, { renewal: ['session=renewed; Path=/'] });
    expect(ask({ headers: { cookie: 'session=mallory' } })).toMatchObject({
      outcome: 'deny',
      reason: 'claim_not_allowed',
      rule: 'shop',
      browser: { status: 403, cookies: ['session=renewed; Path=/'] },
    });
    expect(calls).toEqual(['findSession mallory']);
  });

  test('that its issuer or the deny list does not allow gets a page too', async () => {
    const findSession = () => ({ outcome: 'deny', reason: 'token_revoked', issuerName: 'main' }) as const;
    const { ask } = await start(rules, { overrides: { findSession } });
    expect(ask({ headers: alice })).toMatchObject({ reason: 'token_revoked', browser: { status: 403 } });
  });

  test('does not allow a request from an origin that is not allowed', async () => {
    const { ask } = await start();
    expect(ask({ headers: { ...alice, origin: 'https://evil.example' } })).toMatchObject({
      outcome: 'deny',
      reason: 'origin_not_allowed',
      rule: 'shop',
    });
  });

  test('forwards its token instead of the header of the client, or removes the header', async () => {
    const long = 'x'.repeat(9_000);
    for (const [token, expected] of [
      ['', { set: [['x-user', 'alice']], remove: expect.arrayContaining(['authorization']) }],
      [
        long,
        {
          set: [
            ['x-user', 'alice'],
            ['authorization', `Bearer ${long}`],
          ],
          remove: expect.not.arrayContaining(['authorization']),
        },
      ],
    ] as const) {
      const { ask } = await start(rules, { token });
      expect(ask({ headers: alice })).toMatchObject({ outcome: 'allow', forwarding: expected });
    }
  });

  test('that is renewed sets its cookies on the allow, and those of the request are removed', async () => {
    const { ask } = await start(rules, { renewal: ['session=renewed; Path=/'] });
    expect(ask({ headers: alice })).toMatchObject({
      cookies: { set: ['session=renewed; Path=/'], forwarded: 'theme=dark' },
    });
  });

  test('is removed from anonymous requests too', async () => {
    const { ask } = await start();
    expect(ask({ path: '/open/x', headers: { cookie: 'session=alice' } })).toMatchObject({
      outcome: 'allow',
      identity: undefined,
      cookies: { set: [], forwarded: '' },
    });
    expect(ask({ path: '/open/x' })).not.toHaveProperty('cookies');
  });
});

describe('a request without a session', () => {
  test.each([
    [undefined, 'login_required'],
    ['session=expired', 'session_expired'],
  ])('with the cookie %j is sent to log in', async (cookie, reason) => {
    const { ask, calls } = await start();
    expect(ask({ headers: cookie === undefined ? {} : { cookie } })).toMatchObject({
      reason,
      rule: 'shop',
      browser: { status: 302 },
    });
    expect(calls.at(-1)).toBe('askToLogIn navigation');
  });

  test('is not sent to log in if the rule says `session`', async () => {
    const { ask, calls } = await start();
    ask({ path: '/shared/x' });
    expect(calls.at(-1)).toBe('askToLogIn never');
  });

  test('that waits longer than 80 % of limits.meshTimeout ends with login_unavailable', async () => {
    const clock = createTestClock();
    const config = await configOf(`
issuers: [{issuer: "${issuer.url}", audiences: [${audience}], name: main, login: {clientId: shop, clientSecretFile: /secret}}]
login: {hosts: [${host}]}
sessions: {keysFile: /keys}
limits: {meshTimeout: 2s}
`);
    const never = new Promise<never>(() => {});
    const { logins } = createFakeLogins({
      overrides: { askToLogIn: () => never, answerOwnPath: () => never },
    });
    const { check } = await startCore(config, clock, undefined, undefined, logins);
    const decisions = Promise.all([
      check(requestOf({})),
      check(requestOf({ path: `${ownPrefix}/callback` })),
    ]);
    await clock.advance(1_600);
    for (const decision of await decisions)
      expect(decision).toMatchObject({
        outcome: 'error',
        reason: 'login_unavailable',
        browser: { status: 403 },
      });
  });

  test('has an answer if an issuer needs all of its time, because the check has more', async () => {
    const clock = createTestClock();
    const limits = { meshTimeout: 2_000 };
    const config = await configOf(`
issuers: [{issuer: "${issuer.url}", audiences: [${audience}], name: main, login: {clientId: shop, clientSecretFile: /secret}}]
login: {hosts: [${host}]}
sessions: {keysFile: /keys}
limits: {meshTimeout: ${limits.meshTimeout / 1_000}s}
`);
    const fake = createFakeLogins();
    const findSession: Logins['findSession'] = (...args) =>
      new Promise((resolve) =>
        clock.after(issuerTime(limits), () => resolve(fake.logins.findSession(...args))),
      );
    const logins = createFakeLogins({ overrides: { findSession } }).logins;
    const { check } = await startCore(config, clock, undefined, undefined, logins);
    const decision = check(requestOf({ headers: alice }));
    await clock.advance(issuerTime(limits));
    expect(await decision).toMatchObject({ outcome: 'allow' });
    for (const meshTimeout of [125, 1_000, 2_000, 5_000, 60_000])
      expect(issuerTime({ meshTimeout })).toBeLessThan(loginTime({ meshTimeout }));
  });

  test('ends with internal_error if the login rejects or throws', async () => {
    for (const findSession of [
      () => Promise.reject(new Error('a defect')),
      () => {
        throw new Error('a defect');
      },
    ]) {
      const { check } = await start(rules, { overrides: { findSession } });
      expect(await check(requestOf({}))).toMatchObject({ outcome: 'error', reason: 'internal_error' });
    }
  });
});

describe('a path of the login', () => {
  test('is answered before the rules, regardless of the rule of the path', async () => {
    const { ask, calls } = await start(`
rules:
  - {name: dot, match: {paths: ["/.oidc-authz/{**}"]}, allow: anonymous}
  - {name: shop, match: {hosts: [${host}], paths: ["/cart"]}, require: {login: [main]}}
`);
    for (const name of ['callback', 'start', 'sign-out', 'nothing', 'callback/main'])
      expect(ask({ path: `${ownPrefix}/${name}?a=b`, headers: alice })).toMatchObject({
        reason: 'login_path',
      });
    expect(calls).toHaveLength(5);
  });

  test('belongs to the workload on hosts without a login', async () => {
    const { ask } = await start();
    for (const at of ['elsewhere.example.com', 'other.example.com'])
      expect(ask({ path: `${ownPrefix}/callback`, host: at }).reason).not.toBe('login_path');
    const none = await start('rules: [{name: all, match: {}, allow: anonymous}]');
    expect(none.ask({ path: `${ownPrefix}/callback` })).toMatchObject({ outcome: 'allow', rule: 'all' });
  });

  test.each([
    '/%2eoidc-authz/callback',
    '/.oidc%2dauthz/callback',
    '/.oidc-authz/%63allback',
    '/.oidc-authz//callback',
    '//.oidc-authz/callback',
    '/./.oidc-authz/callback',
    '/x/../.oidc-authz/callback',
    '/.oidc-authz/callback;a=b',
    '/.oidc-authz\\callback',
    '/.oidc-authz%2fcallback',
    '/.oidc-authz/callback/ma%69n',
    '/a//b',
  ])('is ambiguous as %s, also for a signed-in person', async (path) => {
    for (const more of [rules, '', `rules: [{name: all, match: {}, require: {login: [main]}}]`]) {
      const { ask, calls } = await start(more);
      expect(ask({ path, headers: alice })).toMatchObject({ outcome: 'deny', reason: 'path_ambiguous' });
      expect(calls).toEqual([]);
    }
  });

  test('may have the name of an issuer that must be escaped', async () => {
    const { ask } = await start();
    expect(ask({ path: `${ownPrefix}/callback/a%20b` })).toMatchObject({ reason: 'login_path' });
  });

  test('is never allowed, even if the login says so', async () => {
    const allow: Decision = {
      outcome: 'allow',
      reason: 'allowed',
      identity: undefined,
      forwarding: { set: [], remove: [], withheld: [], answers: { http: undefined, grpc: undefined } },
      cached: false,
    };
    for (const answerOwnPath of [() => allow, () => Promise.resolve(allow)]) {
      const { check } = await start(rules, { overrides: { answerOwnPath } });
      expect(await check(requestOf({ path: `${ownPrefix}/user` }))).toMatchObject({
        reason: 'internal_error',
      });
    }
  });

  test('has the issuers of all rules with a login on its host', async () => {
    const { ask, calls } = await start(rules, {
      overrides: {
        answerOwnPath: (request, _, placeOf) => {
          const own = placeOf(request, `${ownPrefix}/user`);
          calls.push(`${own?.option} ${own?.when} ${own?.issuers.join()}`);
          calls.push(`${placeOf(request, '/shared/x')?.option} ${placeOf(request, '/api/x')?.option}`);
          return { outcome: 'deny', reason: 'login_path' };
        },
      },
    });
    ask({ path: `${ownPrefix}/user`, method: 'POST' });
    expect(calls).toEqual(['rules[3].require.login navigation main', 'rules[2].require.login undefined']);
  });
});

describe('in shadow mode', () => {
  test.each([
    ['rules', `mode: shadow\n${rules}`],
    ['no rules', 'mode: shadow'],
  ])(
    'with %s, no browser is sent to log in, and paths of the login stay with the workload',
    async (_, more) => {
      const { ask, calls } = await start(more);
      expect(ask({})).toMatchObject({ outcome: 'allow', shadow: 'login_required', identity: undefined });
      expect(ask({ path: `${ownPrefix}/callback` })).toMatchObject({
        outcome: 'allow',
        shadow: 'login_required',
      });
      expect(ask({ headers: alice })).toMatchObject({
        outcome: 'allow',
        cookies: { forwarded: 'theme=dark' },
      });
      expect(calls).toEqual(['findSession absent', 'findSession absent', 'findSession alice']);
    },
  );

  test('of one rule, the paths of the login are answered for the others', async () => {
    const { ask } = await start(`
rules:
  - {name: old, match: {paths: ["/old/{**}"]}, require: {login: [main]}, mode: shadow}
  - {name: shop, match: {}, require: {login: [main]}}
`);
    expect(ask({ path: '/old/x' })).toMatchObject({ outcome: 'allow', shadow: 'login_required' });
    expect(ask({ path: `${ownPrefix}/callback` })).toMatchObject({ reason: 'login_path' });
  });
});

test('while an incumbent decides, logins have no effects, and no path is taken away from it', async () => {
  const { ask, calls } = await start(`${rules}\nshadow: {authorizer: "http://127.0.0.1:1"}`);
  expect(ask({})).toMatchObject({ reason: 'login_required', browser: { status: 302 } });
  expect(ask({ path: `${ownPrefix}/callback`, headers: alice })).toMatchObject({ outcome: 'allow' });
  expect(calls).toEqual(['findSession absent dry', 'askToLogIn navigation dry', 'findSession alice dry']);
});

describe('with policies', () => {
  const policies = `
policies:
  - {name: one, pathPrefix: /one, rules: [{name: shop, match: {}, require: {login: [main]}}]}
  - {name: two, pathPrefix: /two, rules: [{name: shop, match: {}, require: {login: never}}]}
`;
  test('a login belongs to the policy of the request', async () => {
    const { ask, calls } = await start(policies);
    expect(ask({ path: `/one${ownPrefix}/callback` })).toMatchObject({ reason: 'login_path', policy: 'one' });
    expect(ask({ path: `/two${ownPrefix}/callback` })).toMatchObject({
      reason: 'token_missing',
      policy: 'two',
    });
    expect(ask({ path: ownPrefix, policy: 'one' })).toMatchObject({ reason: 'login_path', policy: 'one' });
    expect(ask({ path: '/cart', policy: 'one', headers: alice })).toMatchObject({
      outcome: 'allow',
      policy: 'one',
      rule: 'one/shop',
      cookies: { forwarded: 'theme=dark' },
    });
    expect(calls.slice(0, 2)).toEqual(
      Array.from({ length: 2 }, () => 'answerOwnPath one policies[0].rules[0].require.login main'),
    );
  });
});

test('a trace says which credential counts, and logins have no effects', async () => {
  const { check, calls } = await start();
  const steps: TraceStep[] = [];
  await check(requestOf({ headers: alice }), (step) => void steps.push(step));
  expect(steps.find(({ step }) => step === 'login')).toMatchObject({
    found: 'no authorization header, so the session counts',
    option: 'rules[3].require.login',
  });
  expect(calls).toEqual(['findSession alice dry']);
});
