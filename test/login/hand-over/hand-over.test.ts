/** One host signs everyone in: the way of a session to the other hosts, with sessions in cookies and in the store. */
import { describe, expect, test } from 'vitest';
import { createTestClock } from '../../support/clock.ts';
import { createMemoryServer } from '../../support/state/memory-store.ts';
import { tokensOf } from '../support/fake-client.ts';
import { answerOfIssuer, openWanderingBrowser, type WanderingBrowser } from '../support/many-hosts.ts';
import { browserOf, pageOf } from '../support/steps.ts';
import type { LoginWorld, WorldOptions } from '../support/world.ts';
import { auth, createCentralWorld, openAt, sessionCookie, shop, signInAt, team } from './support.ts';

const fromIssuer = {
  accept: 'text/html',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-site': 'cross-site',
};

/** The addresses without their queries. */
const paths = (browser: WanderingBrowser) => browser.visited.map((url) => url.replace(/\?.*/, ''));

/** The login cookies of a host. */
const loginCookies = (browser: WanderingBrowser, origin: string) =>
  [...browser.at(origin).cookies.keys()].filter((name) => name.includes('-login-'));

const issuerCalls = (world: LoginWorld) =>
  world.clients.flatMap(({ calls }) => calls.map(({ name }) => name));

/** Each test runs with both places of sessions. */
const places = {
  'in cookies': (options: WorldOptions = {}) => createCentralWorld(options),
  'in the store': (options: WorldOptions = {}) => {
    const clock = options.clock ?? createTestClock();
    return createCentralWorld({ clock, state: createMemoryServer(clock).connect(), ...options });
  },
} as const;

describe.each(Object.entries(places))('with sessions %s', (kind, createWorld) => {
  describe('a person opens a page', () => {
    test('signs in at the central host, and returns to the page with a session of its host', async () => {
      const world = createWorld();
      const browser = openAt(world);
      const arrival = await signInAt(world, browser, `${shop}/orders?x=1`);
      expect(arrival).toMatchObject({
        url: `${shop}/orders?x=1`,
        decision: { outcome: 'allow', identity: { subject: 'anna' } },
      });
      expect(paths(browser)).toEqual([
        `${shop}/orders`,
        `${auth}/.oidc-authz/start`,
        `${auth}/.oidc-authz/callback`,
        `${shop}/.oidc-authz/complete`,
        `${shop}/orders`,
      ]);
      expect([...browser.at(shop).cookies.keys()]).toEqual([sessionCookie]);
      expect([...browser.at(auth).cookies.keys()]).toEqual([sessionCookie]);
      expect(world.events.filter(([name]) => name === 'handedOver').map(([, result]) => result)).toEqual([
        'requested',
        'granted',
        'completed',
      ]);
    });

    test('is signed in at the second host without the issuer', async () => {
      const world = createWorld();
      const browser = openAt(world);
      await signInAt(world, browser, `${shop}/orders`);
      const before = issuerCalls(world).length;
      const arrival = await browser.follow(`${team}/reports`);
      expect(arrival).toMatchObject({ url: `${team}/reports`, decision: { outcome: 'allow' } });
      expect(issuerCalls(world).length).toBe(before);
    });

    test('the only redirect URI is that of the central host', async () => {
      const world = createWorld();
      const browser = openAt(world);
      await browser.follow(`${shop}/orders`);
      expect(world.clients[0].started?.redirectUri).toBe(`${auth}/.oidc-authz/callback`);
    });

    test('a script at a host without a session is not sent to the central host', async () => {
      const world = createWorld();
      const browser = openAt(world);
      await signInAt(world, browser, `${shop}/orders`);
      const decision = await browser.visit(`${team}/api`, { 'sec-fetch-mode': 'cors', accept: '*/*' });
      expect(browserOf(decision)).toMatchObject({ status: 401, cookies: [] });
    });
  });

  describe('with several issuers', () => {
    const options = {
      issuers: [{}, {}],
      placesByHost: {
        'shop.example.org': { issuers: ['main'] },
        'team.example.net': { issuers: ['other1'] },
      },
    };

    test('the central host asks, and each link continues with the same login', async () => {
      const world = createWorld({ issuers: [{}, {}] });
      const browser = openAt(world);
      const { url, decision } = await browser.follow(`${shop}/orders`);
      expect(url).toMatch(`${auth}/.oidc-authz/start?request=`);
      const link = /href="([^"]*issuer=other1)"/.exec(pageOf(decision))?.[1]?.replaceAll('&amp;', '&') ?? '';
      await browser.follow(auth + link);
      const arrival = await browser.follow(answerOfIssuer(world, 1));
      expect(arrival).toMatchObject({
        url: `${shop}/orders`,
        decision: { outcome: 'allow', identity: { issuerName: 'other1' } },
      });
    });

    test('a session of an issuer that the host does not accept is not handed over, and stays for the others', async () => {
      const world = createWorld(options);
      const browser = openAt(world);
      await signInAt(world, browser, `${shop}/orders`);
      const atIssuer = await browser.follow(`${team}/reports`);
      expect(atIssuer.url).toMatch('https://other1.idp.example.com/authorize');
      const arrival = await browser.follow(answerOfIssuer(world, 1));
      expect(arrival).toMatchObject({ url: `${team}/reports`, decision: { outcome: 'allow' } });
      await world.clock.advance(120_000);
      expect(await browser.visit(`${shop}/orders`)).toMatchObject({
        outcome: 'allow',
        identity: { issuerName: 'main' },
      });
    });

    test('a choice that an application links to is asked at the central host', async () => {
      const world = createWorld({ issuers: [{}, {}] });
      const browser = openAt(world);
      await browser.visit(`${shop}/.oidc-authz/choose?rd=%2Fx`);
      const { url } = await browser.follow(`${shop}/.oidc-authz/choose?rd=%2Fx`);
      expect(url).toMatch(`${auth}/.oidc-authz/choose?request=`);
    });

    test('an issuer that an application names is used at once', async () => {
      const world = createWorld({ issuers: [{}, {}] });
      const browser = openAt(world);
      const { url } = await browser.follow(`${shop}/.oidc-authz/start?issuer=other1&rd=%2Fx`);
      expect(url).toMatch('https://other1.idp.example.com/authorize');
      expect(await browser.follow(answerOfIssuer(world, 1))).toMatchObject({ url: `${shop}/x` });
    });
  });

  describe('in many tabs', () => {
    test('ten at two hosts end at their own pages, with one session and one code', async () => {
      const world = createWorld();
      const browser = openAt(world);
      const callbacks: string[] = [];
      const urlOf = (tab: number) => `${tab % 2 === 0 ? shop : team}/tab/${tab}`;
      for (let tab = 0; tab < 10; tab++) {
        await browser.follow(urlOf(tab));
        callbacks.push(answerOfIssuer(world));
      }
      await world.clock.advance(5_000);
      for (const [tab, callback] of callbacks.entries())
        expect(await browser.follow(callback, fromIssuer)).toMatchObject({
          url: urlOf(tab),
          decision: { outcome: 'allow' },
        });
      expect(issuerCalls(world).filter((name) => name === 'finish')).toHaveLength(1);
      for (const origin of [auth, shop, team]) expect(loginCookies(browser, origin)).toEqual([]);
    });

    test('a person leaves at most ten login cookies at the central host, and five at another one', async () => {
      const world = createWorld();
      const browser = openAt(world);
      for (let tab = 0; tab < 30; tab++) await browser.follow(`${shop}/tab/${tab}`);
      expect(loginCookies(browser, auth)).toHaveLength(10);
      expect(loginCookies(browser, shop)).toHaveLength(5);
    });
  });

  describe('a browser that loses its cookies', () => {
    test('of the other host begins one new login, and then sees a page', async () => {
      const world = createWorld();
      const browser = openAt(world);
      await browser.follow(`${shop}/orders`);
      const grant = browserOf(await browser.visit(answerOfIssuer(world), fromIssuer)).location ?? '';
      browser.at(shop).cookies.clear();
      const first = await browser.visit(grant, fromIssuer);
      expect(browserOf(first).location).toMatch(`${auth}/.oidc-authz/start?request=`);
      const again = browserOf(await browser.visit(browserOf(first).location ?? '')).location ?? '';
      browser.at(shop).cookies.clear();
      const second = await browser.visit(again, fromIssuer);
      expect(second).toMatchObject({ reason: 'login_failed', browser: { status: 403, cookies: [] } });
      expect(pageOf(second)).toContain('The sign-in was not completed');
    });

    test('continues if it has a session at the other host', async () => {
      const world = createWorld();
      const browser = openAt(world);
      await signInAt(world, browser, `${shop}/orders`);
      const grant = browser.visited.find((url) => url.includes('complete?grant=')) ?? '';
      expect(browserOf(await browser.visit(grant, fromIssuer))).toMatchObject({ location: '/orders' });
      await world.clock.advance(31_000);
      expect(browserOf(await browser.visit(grant, fromIssuer))).toMatchObject({ location: '/orders' });
    });

    test('of the central host begins one new login, which ends with a page that says so', async () => {
      const world = createWorld();
      const browser = openAt(world);
      await browser.follow(`${shop}/orders`);
      const callback = answerOfIssuer(world);
      browser.at(auth).cookies.clear();
      await browser.follow(callback, fromIssuer);
      const { url, decision } = await browser.follow(answerOfIssuer(world), fromIssuer);
      expect(url).toBe(`${auth}/.oidc-authz/complete`);
      expect(pageOf(decision)).toContain('You are signed in');
    });
  });

  describe('a login that takes too long', () => {
    test('at the choice of issuers starts again at its host, and returns to the page', async () => {
      const world = createWorld();
      const browser = openAt(world);
      await browser.visit(`${shop}/orders?x=1`);
      const request = browserOf(await browser.visit(`${shop}/orders?x=1`)).location ?? '';
      await world.clock.advance(11 * 60_000);
      const atIssuer = await browser.follow(request);
      expect(atIssuer.url).toMatch('https://main.idp.example.com/authorize');
      expect(await browser.follow(answerOfIssuer(world))).toMatchObject({ url: `${shop}/orders?x=1` });
    });

    test('at the issuer over night starts again at its host', async () => {
      const world = createWorld();
      const browser = openAt(world);
      await browser.follow(`${shop}/orders?x=1`);
      await world.clock.advance(10 * 60 * 60_000);
      const atIssuer = await browser.follow(answerOfIssuer(world), fromIssuer);
      expect(atIssuer.url).toMatch('https://main.idp.example.com/authorize');
      expect(issuerCalls(world)).not.toContain('finish');
      expect(await browser.follow(answerOfIssuer(world), fromIssuer)).toMatchObject({
        url: `${shop}/orders?x=1`,
      });
    });

    test('for the second time ends with a page', async () => {
      const world = createWorld();
      const browser = openAt(world);
      const request =
        browserOf(await browser.visit(`${shop}/.oidc-authz/start?rd=%2Fx&again=`)).location ?? '';
      await world.clock.advance(11 * 60_000);
      const decision = await browser.visit(request);
      expect(decision).toMatchObject({ reason: 'login_failed', browser: { status: 403 } });
    });
  });

  test('a failed login has a link that starts the same login again', async () => {
    const world = createWorld();
    const browser = openAt(world);
    world.clients[0].result = async () => ({ kind: 'rejected', detail: 'no' });
    await browser.follow(`${shop}/orders`);
    const { decision } = await browser.follow(answerOfIssuer(world), fromIssuer);
    expect(decision).toMatchObject({ reason: 'login_failed' });
    const link = /href="([^"]*request=[^"]*)"/.exec(pageOf(decision))?.[1]?.replaceAll('&amp;', '&') ?? '';
    world.clients[0].result = undefined;
    await browser.follow(auth + link);
    expect(await browser.follow(answerOfIssuer(world))).toMatchObject({ url: `${shop}/orders` });
  });

  test('loops end with a page: a host whose session cookie the browser drops', async () => {
    const world = createWorld();
    const browser = openAt(world);
    await signInAt(world, browser, `${shop}/orders`);
    const drop = () => browser.at(shop).cookies.delete(sessionCookie);
    let last = '';
    for (let round = 0; round < 6; round++) {
      drop();
      const { decision } = await browser.follow(`${shop}/orders`);
      last = decision.reason;
    }
    expect(last).toBe('login_failed');
  });

  test('another person at the issuer ends the sessions of the first one at every host', async () => {
    const world = createWorld();
    const browser = openAt(world);
    await signInAt(world, browser, `${shop}/orders`);
    await browser.follow(`${team}/reports`);
    world.clients[0].result = async () => tokensOf('ben');
    await world.clock.advance(1_000);
    await browser.follow(`${shop}/.oidc-authz/start?issuer=main&rd=%2Forders`);
    expect(await browser.follow(answerOfIssuer(world))).toMatchObject({
      decision: { outcome: 'allow', identity: { subject: 'ben' } },
    });
    expect(await browser.visit(`${team}/reports`)).toMatchObject({ reason: 'session_expired' });
  });

  test('the policy of the other host decides, and the session is one of it', async () => {
    const placesByHost = { 'shop.example.org': { policy: 'a' }, 'team.example.net': { policy: 'b' } };
    const world = createWorld({ placesByHost });
    const browser = openAt(world);
    expect(await signInAt(world, browser, `${shop}/orders`)).toMatchObject({
      decision: { outcome: 'allow' },
    });
    expect(await browser.follow(`${team}/reports`)).toMatchObject({ decision: { outcome: 'allow' } });
    expect([...browser.at(shop).cookies.keys()]).toEqual([`${sessionCookie}-a`]);
    expect([...browser.at(team).cookies.keys()]).toEqual([`${sessionCookie}-b`]);
    expect([...browser.at(auth).cookies.keys()]).toEqual([sessionCookie]);
  });

  test('hosts over plain HTTP and with ports keep their origins', async () => {
    const hosts = ['localhost:8443', 'shop.localhost:8080'];
    const world = createWorld({
      login: { hosts, httpHosts: ['shop.localhost:8080'], host: 'localhost:8443' },
      placesByHost: { 'localhost:8443': { isOnlyCentral: true } },
    });
    const browser = openAt(world, ['https://localhost:8443', 'http://shop.localhost:8080']);
    const { url, decision } = await signInAt(world, browser, 'http://shop.localhost:8080/orders');
    expect(url).toBe('http://shop.localhost:8080/orders');
    expect(decision).toMatchObject({ outcome: 'allow' });
    expect([...browser.at('http://shop.localhost:8080').cookies.keys()]).toEqual(['oidc-authz']);
    expect([...browser.at('https://localhost:8443').cookies.keys()]).toEqual([sessionCookie]);
  });

  test('a central host with pages of its own signs people in there as usual', async () => {
    const world = createWorld({
      placesByHost: { 'auth.example.com': { rule: 'portal', option: 'rules[0].login' } },
    });
    const browser = openAt(world);
    const arrival = await signInAt(world, browser, `${auth}/portal`);
    expect(arrival).toMatchObject({ url: `${auth}/portal`, decision: { outcome: 'allow' } });
    expect(paths(browser)).not.toContain(`${auth}/.oidc-authz/complete`);
  });

  test('the central host without pages says that the person is signed in', async () => {
    const world = createWorld();
    const browser = openAt(world);
    const { url, decision } = await signInAt(world, browser, `${auth}/.oidc-authz/start`);
    expect(url).toBe(`${auth}/.oidc-authz/complete`);
    expect(browserOf(decision).status).toBe(200);
    expect(pageOf(decision)).toContain('You are signed in');
  });

  test('a dry run says where the browser goes, and uses nothing', async () => {
    const world = createWorld();
    const browser = openAt(world);
    const steps: string[] = [];
    const trace = (step: { readonly found?: string | undefined }) => void steps.push(step.found ?? '');
    const dry = (url: string) => {
      const { origin, pathname, search } = new URL(url);
      return world.answer(browser.at(origin).request(pathname + search), trace);
    };
    await dry(`${shop}/orders`);
    expect(steps).toContain(`to the central host, ${auth}`);
    expect(world.events).toEqual([]);
    await browser.follow(`${shop}/orders`);
    const grant = browserOf(await browser.visit(answerOfIssuer(world), fromIssuer)).location ?? '';
    await dry(grant);
    expect(steps).toContain('one for this host');
    expect((await browser.visit(grant, fromIssuer)).reason).toBe('login_completed');
    const request = browserOf(await browser.visit(`${team}/reports`)).location ?? '';
    const events = world.events.length;
    await dry(request);
    expect(steps).toContain(`back to ${team}, with the session`);
    expect(world.events.length).toBe(events);
  });

  test('the session of another host has no refresh token of its own, unless the store has it', async () => {
    const world = createWorld({ sessions: { refresh: true } });
    const browser = openAt(world);
    await signInAt(world, browser, `${shop}/orders`);
    const value = browser.at(shop).cookies.get(sessionCookie)?.value ?? '';
    const found = await world.store.find(
      { values: (name) => (name === sessionCookie ? [value] : []), names: () => [sessionCookie] },
      { policy: '', isHttp: false, host: 'shop.example.org' },
    );
    const token = 'session' in found ? found.session.refreshToken : 'no session';
    expect(token).toBe(kind === 'in cookies' ? undefined : 'refresh-token-of-anna');
  });
});

test('a session that fills the address drops its hint first, and then ends with a page', async () => {
  const large = 'x'.repeat(5_000);
  const withHint = createCentralWorld();
  withHint.clients[0].result = async () => tokensOf('anna', { idToken: large });
  const browser = openAt(withHint);
  expect(await signInAt(withHint, browser, `${shop}/orders`)).toMatchObject({
    decision: { outcome: 'allow' },
  });
  const claims = { sub: 'anna', groups: Array.from({ length: 400 }, (_, index) => `group-number-${index}`) };
  const withGroups = createCentralWorld();
  withGroups.clients[0].result = async () => tokensOf('anna', { claims });
  const other = openAt(withGroups);
  const { decision } = await signInAt(withGroups, other, `${shop}/orders`);
  expect(decision).toMatchObject({ reason: 'session_too_large', browser: { status: 403 } });
  expect(decision.outcome !== 'allow' && decision.detail?.().text).toContain('state.valkey');
});

describe('with a store', () => {
  const createFleet = () => {
    const clock = createTestClock();
    const server = createMemoryServer(clock);
    const worlds = [server.connect(), server.connect()].map((state) => createCentralWorld({ clock, state }));
    return worlds as [LoginWorld, LoginWorld];
  };

  test('a grant counts once in the fleet', async () => {
    const [first, second] = createFleet();
    const browser = openAt(first);
    await browser.follow(`${shop}/orders`);
    const grant = browserOf(await browser.visit(answerOfIssuer(first), fromIssuer)).location ?? '';
    const request = browser.at(shop).request(grant.slice(shop.length), fromIssuer);
    expect(browserOf(await first.answer(request)).location).toBe('/orders');
    const again = await second.answer(request);
    expect(browserOf(again).location).toMatch(`${auth}/.oidc-authz/start`);
    expect(second.events).toContainEqual(['handedOver', 'replayed']);
  });

  test('each step can be answered by another process', async () => {
    const worlds = createFleet();
    const browser = openWanderingBrowser((origin) => (origin === auth ? worlds[0] : worlds[1]));
    const atIssuer = await browser.visit(`${shop}/orders`);
    await browser.visit(browserOf(atIssuer).location ?? '');
    const grant = browserOf(await browser.visit(answerOfIssuer(worlds[0]), fromIssuer)).location ?? '';
    expect(await browser.follow(grant, fromIssuer)).toMatchObject({
      url: `${shop}/orders`,
      decision: { outcome: 'allow', identity: { subject: 'anna' } },
    });
  });
});
