/** The search for the session of a request. */
import { describe, expect, test } from 'vitest';
import type { DenyListEntry } from '../../src/config/load/deny-list.ts';
import { createFindSession } from '../../src/login/find-session.ts';
import type { LoginEvents } from '../../src/login/login-events.ts';
import { createLoginHosts } from '../../src/login/login-hosts.ts';
import type { LoginPlace, SessionVerdict } from '../../src/login/logins.ts';
import type { Renew, Renewal } from '../../src/login/refresh.ts';
import type { TraceStep } from '../../src/model/trace.ts';
import type { Session } from '../../src/session/session.ts';
import { createTestClock } from '../support/clock.ts';
import {
  type LoginConfigChanges,
  loginConfig,
  loginIssuersOf,
  loginIssuerUrl,
} from '../support/login-config.ts';
import { checkRequest } from '../support/requests.ts';
import {
  createTestBrowser,
  createTestStore,
  plainPlace,
  randomKeys,
  sessionAt,
} from '../support/sessions.ts';

const place: LoginPlace = {
  policy: '',
  rule: 'shop',
  issuers: ['main'],
  when: 'navigation',
  requireSameOrigin: false,
  option: 'rules[0].require.login',
};

interface StartOptions extends LoginConfigChanges {
  readonly denyList?: readonly DenyListEntry[];
  readonly renew?: Renew;
  readonly maxOpenings?: number;
}

async function start({ denyList = [], renew, maxOpenings, ...changes }: StartOptions = {}) {
  const clock = createTestClock();
  const events: unknown[][] = [];
  const recorded = new Proxy({} as LoginEvents, {
    get:
      (_, name) =>
      (...values: unknown[]) =>
        void events.push([name, ...values]),
  });
  const keys = randomKeys(2);
  const config = await loginConfig(changes);
  const { store, replaceKeys, memory } = createTestStore({
    clock,
    keys: keys.slice(0, 1),
    maxAge: config.sessions.maxAge,
    ...(maxOpenings !== undefined && { maxOpenings }),
  });
  const findWith = (of: typeof config) =>
    createFindSession({
      config: of,
      issuers: loginIssuersOf(of),
      denyList: () => denyList,
      store,
      renew: renew ?? (() => ({ kind: 'current' })),
      hostOf: createLoginHosts(
        { hosts: ['shop.example.com', 'dev.example.com'], httpHosts: ['dev.example.com'] },
        'exact',
      ),
      events: recorded,
      clock,
    });
  const browser = createTestBrowser();
  const requestOf = (line = browser.line(), host = 'shop.example.com') =>
    checkRequest({ host, header: (name) => (name === 'cookie' && line !== '' ? [line] : []) });
  const find = findWith(config);
  return {
    clock,
    config,
    keys,
    store,
    memory,
    replaceKeys,
    browser,
    events,
    requestOf,
    find,
    findWith,
    look: async (at: Partial<LoginPlace> = {}) => find(requestOf(), { ...place, ...at }),
    signIn: async (more: Partial<Session> = {}) => {
      const session = sessionAt(clock, more);
      const saved = await store.save(session, browser.cookies(), plainPlace);
      if ('cookies' in saved) browser.take(saved.cookies);
      return session;
    },
  };
}

const cookiesOf = (verdict: SessionVerdict) => ('cookies' in verdict ? verdict.cookies : undefined);

describe('a session', () => {
  test('is an identity like that of a token, made once', async () => {
    const { find, requestOf, signIn, clock, events } = await start();
    const session = await signIn({ accessToken: 'a.b.c', sid: 'sid-1' });
    const verdict = find(requestOf(), place);
    // The process that saved the cookie answers in the same turn.
    expect(verdict).not.toBeInstanceOf(Promise);
    expect(verdict).toMatchObject({
      outcome: 'signed_in',
      token: 'a.b.c',
      cached: true,
      cookies: [],
      identity: {
        issuer: loginIssuerUrl,
        issuerName: 'main',
        subject: 'alice',
        audiences: ['shop'],
        scopes: ['openid'],
        expiresAt: session.startedAt + 12 * 3_600,
        confirmation: undefined,
      },
    });
    const again = await find(requestOf(), place);
    const [one, other] = [await verdict, again].map((one) => 'identity' in one && one.identity);
    expect(other).toBe(one);
    expect(one && JSON.parse(one.text)).toEqual({
      email: 'alice@example.com',
      groups: ['staff'],
      iss: loginIssuerUrl,
      sub: 'alice',
      sid: 'sid-1',
      aud: 'shop',
      exp: session.startedAt + 12 * 3_600,
    });
    expect(events).toEqual([
      ['sessionLookup', 'cached'],
      ['sessionLookup', 'cached'],
    ]);
    expect(clock.now()).toBeGreaterThan(0);
  });

  test.each([
    [{ accessToken: 'a.b.c', idToken: 'd.e.f' }, 'accessToken', 'a.b.c'],
    [{ accessToken: 'a.b.c', idToken: 'd.e.f' }, 'idToken', 'd.e.f'],
    [{ accessToken: 'a.b.c', idToken: 'd.e.f' }, 'none', ''],
    [{}, 'accessToken', ''],
  ] as const)('with %j and forward: %s gives the token %j', async (tokens, forward, token) => {
    const { look, signIn } = await start({ login: { forward } });
    await signIn(tokens);
    expect(await look()).toMatchObject({ outcome: 'signed_in', token });
  });

  test('does not count where its issuer does not, and its cookie stays', async () => {
    const { look, signIn } = await start();
    await signIn();
    const verdict = await look({ issuers: ['other'] });
    expect(verdict).toMatchObject({ outcome: 'none', cause: 'absent', cookies: [] });
    expect('detail' in verdict && verdict.detail?.().text).toBe(
      'the session is of the issuer main; sessions of other count here',
    );
  });

  test('does not count on a host without a login', async () => {
    const { find, requestOf, signIn, browser } = await start();
    await signIn();
    for (const host of ['other.example.com', 'shop.example.com:8443', 'SHOP.example.com.', ''])
      expect(await find(requestOf(browser.line(), host), place)).toMatchObject({
        outcome: 'none',
        cause: 'absent',
        cookies: [],
      });
    expect(await find(requestOf(browser.line(), 'Shop.Example.com'), place)).toMatchObject({
      outcome: 'signed_in',
    });
  });

  test('of a secure cookie does not count over plain HTTP', async () => {
    const { find, requestOf, signIn, browser } = await start();
    await signIn();
    expect(await find(requestOf(browser.line(), 'dev.example.com'), place)).toMatchObject({
      cause: 'absent',
    });
  });

  test('of an issuer that is no longer configured, or with fewer claims than used, has expired', async () => {
    const { look, signIn } = await start({ issuer: { requiredClaims: { tenant: 't' } } });
    for (const more of [{ issuer: 'https://gone.example.com' }, { claimNames: ['email', 'groups'] }]) {
      await signIn(more);
      expect(await look()).toMatchObject({ outcome: 'none', cause: 'expired', cookies: [expect.anything()] });
    }
    await signIn({ claimNames: ['email', 'email_verified', 'groups', 'tenant'], claims: { tenant: 't' } });
    expect(await look()).toMatchObject({ outcome: 'signed_in' });
  });
});

describe('without a session', () => {
  test('the cookie of an invalid one is deleted', async () => {
    const { find, requestOf, events } = await start();
    const line = '__Host-oidc-authz=forged; a=1';
    const verdict = await find(requestOf(line), place);
    expect(verdict).toMatchObject({ outcome: 'none', cause: 'invalid' });
    expect(cookiesOf(verdict)).toEqual([expect.stringMatching(/^__Host-oidc-authz=; .*Max-Age=0/)]);
    expect(await find(requestOf(''), place)).toMatchObject({ outcome: 'none', cause: 'absent', cookies: [] });
    expect(events).toEqual([
      ['sessionLookup', 'invalid'],
      ['sessionLookup', 'absent'],
    ]);
  });

  test('an overload is an error, and the cookie stays', async () => {
    const { find, requestOf, signIn, browser, keys, store } = await start({ maxOpenings: 1 });
    expect(keys).toHaveLength(2);
    await signIn();
    const blocking = store.find(
      { values: (name) => (name === '__Host-oidc-authz' ? ['forged'] : []), names: () => [] },
      plainPlace,
    );
    const verdict = await find(requestOf('__Host-oidc-authz=other'), place);
    expect(verdict).toMatchObject({ outcome: 'error', reason: 'overloaded' });
    expect('cookies' in verdict).toBe(false);
    await blocking;
    expect(await find(requestOf(browser.line()), place)).toMatchObject({ outcome: 'signed_in' });
  });
});

describe('a session ends', () => {
  test('at its maximum age, however often it is used', async () => {
    const { look, signIn, clock, browser, events } = await start({
      sessions: { maxAge: '2h', idleTimeout: '1h' },
    });
    await signIn();
    for (let minutes = 0; minutes < 119; minutes += 30) {
      const verdict = await look();
      expect(verdict).toMatchObject({ outcome: 'signed_in' });
      browser.take(cookiesOf(verdict) ?? []);
      clock.pass(30 * 60_000);
    }
    const verdict = await look();
    expect(verdict).toMatchObject({ outcome: 'none', cause: 'expired' });
    expect('detail' in verdict && verdict.detail?.()).toMatchObject({ option: 'sessions.maxAge' });
    await look();
    expect(events.filter(([name]) => name === 'sessionEnded')).toEqual([['sessionEnded', 'main', 'max_age']]);
  });

  test('after the idle time, and the cookie of each request counts', async () => {
    const { look, signIn, clock, browser } = await start({ sessions: { idleTimeout: '10m' } });
    await signIn();
    for (let requests = 0; requests < 5; requests++) {
      clock.pass(9 * 60_000);
      const verdict = await look();
      expect(verdict).toMatchObject({ outcome: 'signed_in' });
      browser.take(cookiesOf(verdict) ?? []);
    }
    // The noted time is rounded down to a minute.
    clock.pass(9 * 60_000 + 59_000);
    expect(await look()).toMatchObject({ outcome: 'signed_in' });
    clock.pass(12 * 60_000);
    const verdict = await look();
    expect(verdict).toMatchObject({ outcome: 'none', cause: 'expired' });
    expect('detail' in verdict && verdict.detail?.()).toMatchObject({ option: 'sessions.idleTimeout' });
  });

  test('when a forwarded token ends that cannot be renewed', async () => {
    for (const [more, sessions, cause] of [
      [{ accessToken: 'a.b.c' }, {}, 'expired'],
      [{ accessToken: 'a.b.c', refreshToken: 'r' }, { refresh: false }, 'expired'],
      [{ accessToken: 'a.b.c', refreshToken: 'r' }, {}, undefined],
      [{}, {}, undefined],
    ] as const) {
      const { look, signIn, clock } = await start({ sessions });
      await signIn({ ...more, tokensEndAt: Math.floor(clock.now() / 1000) + 300 });
      clock.pass(299_000);
      expect(await look()).toMatchObject({ outcome: 'signed_in' });
      clock.pass(2_000);
      expect(await look()).toMatchObject(
        cause === undefined ? { outcome: 'signed_in' } : { outcome: 'none', cause },
      );
    }
  });

  test('by a sign-out', async () => {
    const { look, signIn, store } = await start();
    const session = await signIn();
    store.end(session);
    const verdict = await look();
    expect(verdict).toMatchObject({ outcome: 'none', cause: 'expired' });
    expect('detail' in verdict && verdict.detail?.().text).toBe('the session was ended by a sign-out');
  });
});

describe('the issuer requires', () => {
  const entry = (claims: DenyListEntry['claims'], issuedBefore?: number): DenyListEntry => ({
    issuer: loginIssuerUrl,
    claims,
    issuedBefore,
  });

  test.each([
    ['sub', 'alice'],
    ['sid', 'sid-1'],
    ['jti', 'jti-1'],
  ] as const)('no session whose %s is in the deny list', async (name, value) => {
    const { look, signIn } = await start({ denyList: [entry([[name, value]])] });
    const claims = { jti: 'jti-1' };
    await signIn({ sid: 'sid-1', claims });
    const verdict = await look();
    expect(verdict).toMatchObject({ outcome: 'deny', reason: 'token_revoked', issuerName: 'main' });
    expect('detail' in verdict && verdict.detail?.().text).not.toContain(value);
    await signIn({ sid: 'other', subject: 'bob', claims: {} });
    expect(await look()).toMatchObject({ outcome: 'signed_in' });
  });

  test('no session that began before the time of an entry, even if its tokens are newer', async () => {
    const time = Math.floor(Date.now() / 1000) - 600;
    const { look, signIn } = await start({ denyList: [entry([['sub', 'alice']], time)] });
    const claims = { iat: time + 300 };
    await signIn({ claims, startedAt: time - 1 });
    expect(await look()).toMatchObject({ outcome: 'deny', reason: 'token_revoked' });
    await signIn({ claims, startedAt: time });
    expect(await look()).toMatchObject({ outcome: 'signed_in' });
  });

  test.each<readonly [string, object, Partial<Session>, object]>([
    [
      'scopes',
      { requiredScopes: ['orders.read'] },
      {},
      { reason: 'scope_insufficient', requiredScopes: ['orders.read'] },
    ],
    ['claims', { requiredClaims: { tenant: 't' } }, {}, { reason: 'claim_not_allowed' }],
    ['a group', { groups: { allowed: ['admin'] } }, {}, { reason: 'claim_not_allowed' }],
    ['an email', { email: { allowedDomains: ['example.org'] } }, {}, { reason: 'claim_not_allowed' }],
    [
      'a verified email',
      { email: { requireVerified: true } },
      { claims: { email_verified: false } },
      { reason: 'claim_invalid' },
    ],
  ])('%s', async (_, issuer, more, expected) => {
    const { look, signIn } = await start({ issuer });
    await signIn(more);
    expect(await look()).toMatchObject({ outcome: 'deny', issuerName: 'main', cached: true, ...expected });
  });

  test('neither audiences nor a type nor a time of an access token', async () => {
    const { look, signIn } = await start({ issuer: { audiences: ['orders-api'], tokenTypes: ['at+jwt'] } });
    await signIn({
      audiences: ['shop'],
      claims: { exp: 1, iat: 4_000_000_000, cnf: { jkt: 'x' }, email: 'a@b' },
    });
    expect(await look()).toMatchObject({ outcome: 'signed_in' });
  });
});

describe('the cookie is replaced', () => {
  test('at most once a minute, for one of the requests of that minute', async () => {
    const { look, signIn, clock, browser } = await start();
    await signIn();
    expect(cookiesOf(await look())).toEqual([]);
    clock.pass(60_000);
    const verdicts = await Promise.all([look(), look(), look()]);
    const sent = verdicts.map(cookiesOf).filter((cookies) => cookies?.length === 1);
    expect(sent).toHaveLength(1);
    browser.take(sent[0] ?? []);
    // The new cookie is known, and the person stays the same.
    const verdict = await look();
    expect(verdict).toMatchObject({ cached: true, cookies: [] });
  });

  test('after a rotation of keys, once', async () => {
    const { look, signIn, keys, replaceKeys, browser, store } = await start();
    await signIn();
    replaceKeys(keys.toReversed());
    const cookies = cookiesOf(await look()) ?? [];
    expect(cookies).toHaveLength(1);
    expect(cookiesOf(await look())).toEqual([]);
    browser.take(cookies);
    expect(await look()).toMatchObject({ outcome: 'signed_in', cookies: [] });
    expect(await store.find(browser.cookies(), plainPlace)).toMatchObject({ isCurrentKey: true });
    replaceKeys(keys.slice(1));
    expect(await look()).toMatchObject({ outcome: 'signed_in' });
    replaceKeys(keys.slice(0, 1));
    expect(await look()).toMatchObject({ outcome: 'none', cause: 'invalid' });
  });

  test('and a browser that never gets it is noticed, at each third request with the old one', async () => {
    const { look, signIn, clock, events } = await start();
    const undelivered = () => events.filter(([name]) => name === 'cookieNotDelivered');
    await signIn();
    clock.pass(60_000);
    // Requests that were under way do not count.
    for (let request = 0; request < 10; request++) await look();
    expect(undelivered()).toEqual([]);
    clock.pass(2_000);
    await look();
    await look();
    expect(undelivered()).toEqual([]);
    await look();
    expect(undelivered()).toEqual([['cookieNotDelivered', 'shop.example.com']]);
    for (let request = 0; request < 3; request++) await look();
    expect(undelivered()).toHaveLength(2);
  });

  test('and a slow person whose browser never gets it is noticed too', async () => {
    const { look, signIn, clock, events } = await start();
    await signIn();
    for (let request = 0; request < 4; request++) {
      clock.pass(70_000);
      await look();
    }
    expect(events.filter(([name]) => name === 'cookieNotDelivered')).toHaveLength(1);
  });

  test('and a browser that gets each new one is never noticed', async () => {
    const { look, signIn, browser, clock, events } = await start();
    await signIn();
    for (let request = 0; request < 30; request++) {
      clock.pass(20_000);
      browser.take(cookiesOf(await look()) ?? []);
    }
    expect(events.filter(([name]) => name === 'cookieNotDelivered')).toEqual([]);
  });
});

describe('a refresh', () => {
  const renewing = (renewals: (session: Session) => Renewal | Promise<Renewal>) => {
    const seen: Session[] = [];
    const renew: Renew = (session) => {
      seen.push(session);
      return renewals(session);
    };
    return { renew, seen };
  };

  test('is asked for only with a refresh token', async () => {
    const { renew, seen } = renewing(() => ({ kind: 'current' }));
    const { look, signIn } = await start({ renew });
    await signIn();
    await look();
    expect(seen).toEqual([]);
    await signIn({ refreshToken: 'r' });
    await look();
    expect(seen).toHaveLength(1);
  });

  test('gives every request with the old cookie the new session and the same cookie', async () => {
    let renewed: Session | undefined;
    const { renew } = renewing((session) => {
      renewed ??= {
        ...session,
        subject: 'alice',
        refreshToken: 'r2',
        accessToken: 'new.to.ken',
        renewedAt: session.renewedAt + 1,
      };
      return session.refreshToken === 'r2' ? { kind: 'current' } : { kind: 'renewed', session: renewed };
    });
    const { look, signIn, browser } = await start({ renew });
    await signIn({ refreshToken: 'r1', accessToken: 'old.to.ken' });
    const verdicts = await Promise.all([look(), look()]);
    for (const verdict of verdicts)
      expect(verdict).toMatchObject({ outcome: 'signed_in', token: 'new.to.ken' });
    const [first, second] = verdicts.map(cookiesOf);
    expect(first).toHaveLength(1);
    expect(second).toEqual(first);
    const identities = verdicts.map((verdict) => 'identity' in verdict && verdict.identity);
    expect(identities[1]).toBe(identities[0]);
    browser.take(first ?? []);
    expect(await look()).toMatchObject({
      outcome: 'signed_in',
      token: 'new.to.ken',
      cookies: [],
      cached: true,
    });
  });

  test('that takes time is waited for', async () => {
    const { promise, resolve } = Promise.withResolvers<Renewal>();
    const { renew } = renewing(() => promise);
    const { look, signIn } = await start({ renew });
    const session = await signIn({ refreshToken: 'r1' });
    const waiting = look();
    resolve({ kind: 'renewed', session: { ...session, subject: 'renewed' } });
    expect(await waiting).toMatchObject({ identity: { subject: 'renewed' } });
  });

  test('that the issuer rejects ends the session in this process', async () => {
    const { renew } = renewing(() => ({
      kind: 'ended',
      detail: 'the token endpoint answered 400 invalid_grant',
    }));
    const { look, signIn, memory } = await start({ renew });
    await signIn({ refreshToken: 'r' });
    const verdict = await look();
    expect(verdict).toMatchObject({ outcome: 'none', cause: 'expired', cookies: [expect.anything()] });
    expect('detail' in verdict && verdict.detail?.().text).toContain('invalid_grant');
    expect(memory.ended.size()).toBe(1);
  });

  test('that cannot happen now is an error, and the cookie stays', async () => {
    const { renew } = renewing(() => ({ kind: 'unavailable', detail: 'no answer' }));
    const { look, signIn } = await start({ renew });
    await signIn({ refreshToken: 'r' });
    const verdict = await look();
    expect(verdict).toMatchObject({
      outcome: 'error',
      reason: 'login_unavailable',
      issuerName: 'main',
      problem: 'no answer',
    });
    expect('cookies' in verdict).toBe(false);
  });

  test('makes the requirements of the issuer hold for the new claims', async () => {
    const { renew } = renewing((session) => ({
      kind: 'renewed',
      session: { ...session, claims: { groups: ['left'] } },
    }));
    const { look, signIn } = await start({ renew, issuer: { groups: { allowed: ['staff'] } } });
    await signIn({ refreshToken: 'r' });
    expect(await look()).toMatchObject({ outcome: 'deny', reason: 'claim_not_allowed' });
  });

  test('whose session does not fit into cookies is reported, and still serves this request', async () => {
    const { renew } = renewing((session) => ({
      kind: 'renewed',
      session: { ...session, claims: { groups: ['x'.repeat(10_000)] } },
    }));
    const { look, signIn, events } = await start({ renew });
    await signIn({ refreshToken: 'r' });
    expect(await look()).toMatchObject({ outcome: 'signed_in', cookies: [] });
    expect(events).toContainEqual(['sessionTooLarge', 'main', 'the claim groups', 10_004]);
  });
});

describe('a trace', () => {
  test('shows the session without its values, and changes nothing', async () => {
    const renewals: Session[] = [];
    const renew: Renew = (session) => {
      renewals.push(session);
      return { kind: 'ended', detail: '' };
    };
    const { find, requestOf, signIn, clock, events } = await start({
      renew,
      issuer: { groups: { allowed: ['staff'] } },
      denyList: [{ issuer: loginIssuerUrl, claims: [['sub', 'bob']], issuedBefore: undefined }],
    });
    await signIn({ refreshToken: 'r', tokensEndAt: 1 });
    clock.pass(120_000);
    events.splice(0);
    const steps: TraceStep[] = [];
    const verdict = await find(requestOf(), place, (step) => steps.push(step));
    expect(verdict).toMatchObject({ outcome: 'signed_in', cookies: [] });
    expect(steps.map(({ step, result }) => `${step} ${result}`)).toEqual([
      'session passed',
      'revocation passed',
      'claims passed',
    ]);
    expect(steps[0]?.found).toBe('a session of main, cached, sealed with the first key');
    expect(JSON.stringify(steps)).not.toMatch(/alice|staff|bob/);
    expect(events).toEqual([]);
    expect(renewals).toEqual([]);
    await find(requestOf('__Host-oidc-authz=x'), place, (step) => steps.push(step));
    expect(events).toEqual([]);
  });
});

test('another configuration judges the same cached session by its own requirements', async () => {
  const { find, findWith, requestOf, signIn, config } = await start();
  await signIn();
  expect(await find(requestOf(), place)).toMatchObject({ outcome: 'signed_in' });
  const stricter = await loginConfig({ issuer: { groups: { allowed: ['admin'] } } });
  expect(await findWith(stricter)(requestOf(), place)).toMatchObject({ outcome: 'deny' });
  expect(await findWith(config)(requestOf(), place)).toMatchObject({ outcome: 'signed_in' });
});
