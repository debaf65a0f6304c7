/** Attacks on the hand-over: none gives a person the session of another one, or sends a browser to a host that is not listed. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createSeal } from '../../../src/session/seal-values.ts';
import { answerOfIssuer, type WanderingBrowser } from '../support/many-hosts.ts';
import { browserOf } from '../support/steps.ts';
import type { LoginWorld } from '../support/world.ts';
import {
  auth,
  createCentralWorld,
  openAt,
  parameterOf,
  sessionCookie,
  shop,
  signInAt,
  team,
} from './support.ts';

const complete = '/.oidc-authz/complete';
const start = '/.oidc-authz/start';

/** A person who has signed in at the issuer, and whose browser has not yet followed the grant. */
async function grantOf(
  world: LoginWorld,
  browser: WanderingBrowser,
  url = `${shop}/orders`,
): Promise<string> {
  await browser.follow(url);
  const decision = await browser.visit(answerOfIssuer(world), fromIssuer);
  return browserOf(decision).location ?? '';
}

const fromIssuer = {
  accept: 'text/html',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-site': 'cross-site',
};

const hasSession = (browser: WanderingBrowser, origin: string) =>
  browser.at(origin).cookies.has(sessionCookie);

/** The seal of the world, as an insider with the keys would have it. */
const insider = createSeal(() => [
  { id: 'testkey1', bytes: createHash('sha256').update('a key of tests: testkey1').digest() },
]);

describe('a grant (LG-01, LG-02)', () => {
  test('that an attacker sends to another person brings no session, and the person signs in anew', async () => {
    const world = createCentralWorld();
    const [attacker, victim] = [openAt(world), openAt(world)];
    const grant = await grantOf(world, attacker);
    const decision = await victim.visit(grant, fromIssuer);
    expect(hasSession(victim, shop)).toBe(false);
    expect(decision).toMatchObject({ reason: 'login_required', browser: { status: 302 } });
    expect(browserOf(decision).location).toMatch(`${auth}${start}?request=`);
    expect(world.events).toContainEqual(['handedOver', 'lost']);
  });

  test('that an attacker sends to another person in a login of the person brings no session', async () => {
    const world = createCentralWorld();
    const [attacker, victim] = [openAt(world), openAt(world)];
    const grant = await grantOf(world, attacker);
    await victim.follow(`${shop}/orders`);
    await victim.visit(grant, fromIssuer);
    expect(hasSession(victim, shop)).toBe(false);
  });

  test('that was shown to another browser no longer works in its own', async () => {
    const world = createCentralWorld();
    const [attacker, victim] = [openAt(world), openAt(world)];
    // The attacker makes a request, and the victim, who has a session, opens its address.
    await attacker.visit(`${shop}/orders`);
    const request = browserOf(await attacker.visit(`${shop}/orders`)).location ?? '';
    await signInAt(world, victim, `${team}/reports`);
    const grant = browserOf(await victim.visit(request, fromIssuer)).location ?? '';
    expect(grant).toMatch(`${shop}${complete}?grant=`);
    await victim.visit(grant, fromIssuer);
    // The attacker reads the address in a log.
    await attacker.visit(grant, fromIssuer);
    expect(hasSession(attacker, shop)).toBe(false);
    expect(world.events).toContainEqual(['handedOver', 'replayed']);
  });

  test('counts once: with its own login cookie again, it brings no session', async () => {
    const world = createCentralWorld();
    const browser = openAt(world);
    const grant = await grantOf(world, browser);
    const cookies = new Map(browser.at(shop).cookies);
    await browser.visit(grant, fromIssuer);
    expect(hasSession(browser, shop)).toBe(true);
    browser.at(shop).cookies.clear();
    for (const [name, value] of cookies) browser.at(shop).cookies.set(name, value);
    const again = await browser.visit(grant, fromIssuer);
    expect(hasSession(browser, shop)).toBe(false);
    expect(again).toMatchObject({ reason: 'login_required' });
    expect(world.events).toContainEqual(['handedOver', 'replayed']);
  });

  test('for another host is refused there', async () => {
    const world = createCentralWorld();
    const browser = openAt(world);
    const grant = await grantOf(world, browser);
    const decision = await browser.visit(grant.replace(shop, team), fromIssuer);
    expect(decision).toMatchObject({ reason: 'login_failed', browser: { status: 403, cookies: [] } });
    expect(world.events).toContainEqual(['handedOver', 'refused']);
    expect(hasSession(browser, team)).toBe(false);
  });

  test('is refused at the central host', async () => {
    const world = createCentralWorld();
    const browser = openAt(world);
    const grant = await grantOf(world, browser);
    const decision = await browser.visit(grant.replace(shop, auth), fromIssuer);
    expect(decision).toMatchObject({ reason: 'login_failed', browser: { status: 403, cookies: [] } });
  });

  test('that is 31 s old brings no session', async () => {
    const world = createCentralWorld();
    const browser = openAt(world);
    const grant = await grantOf(world, browser);
    await world.clock.advance(31_000);
    const decision = await browser.visit(grant, fromIssuer);
    expect(hasSession(browser, shop)).toBe(false);
    expect(decision).toMatchObject({ reason: 'login_required' });
    expect(world.events).toContainEqual(['handedOver', 'expired']);
  });

  test('that is changed in any character brings no session', async () => {
    const world = createCentralWorld();
    const browser = openAt(world);
    const grant = new URL(await grantOf(world, browser));
    const sealed = grant.searchParams.get('grant') ?? '';
    for (let at = 0; at < sealed.length; at += 7) {
      const other = sealed[at] === 'A' ? 'B' : 'A';
      grant.searchParams.set('grant', sealed.slice(0, at) + other + sealed.slice(at + 1));
      const decision = await browser.visit(grant.href, fromIssuer);
      expect(decision).toMatchObject({ reason: 'login_failed' });
    }
    expect(hasSession(browser, shop)).toBe(false);
  });

  test.each(['', '&grant=x'])('without a value, or there twice, brings no session: %j', async (more) => {
    const world = createCentralWorld();
    const browser = openAt(world);
    const grant = await grantOf(world, browser);
    const url = more === '' ? `${shop}${complete}` : grant + more;
    expect(browserOf(await browser.visit(url, fromIssuer)).cookies).toEqual([]);
    expect(hasSession(browser, shop)).toBe(false);
  });

  test.each(['HEAD', 'POST', 'OPTIONS', 'PUT'])('by %s is not used up', async (method) => {
    const world = createCentralWorld();
    const browser = openAt(world);
    const grant = await grantOf(world, browser);
    expect(await browser.visit(grant, fromIssuer, method)).toMatchObject({
      reason: 'login_path',
      detail: expect.any(Function),
    });
    await browser.visit(grant, fromIssuer);
    expect(hasSession(browser, shop)).toBe(true);
  });

  test('of another policy brings no session (LG-23)', async () => {
    const placesByHost = { 'shop.example.org': { policy: 'a' }, 'team.example.net': { policy: 'b' } };
    const world = createCentralWorld({ placesByHost });
    const other = createCentralWorld({ placesByHost: { 'shop.example.org': { policy: 'b' } } });
    const browser = openAt(world);
    const grant = await grantOf(world, browser);
    const request = browser.at(shop).request(grant.slice(shop.length), fromIssuer);
    expect(await other.answer(request)).toMatchObject({ reason: 'login_failed', browser: { cookies: [] } });
  });

  test('in place of a session, a request or a login cookie is nothing', async () => {
    const world = createCentralWorld();
    const browser = openAt(world);
    const grant = new URL(await grantOf(world, browser)).searchParams.get('grant') ?? '';
    const request = parameterOf(browser, start, 'request');
    const thief = openAt(world);
    for (const value of [grant, request]) {
      thief.at(shop).cookies.set(sessionCookie, { value, secure: true });
      expect(await thief.visit(`${shop}/orders`)).toMatchObject({ reason: 'session_invalid' });
    }
    for (const [name, value] of [
      ['request', grant],
      ['request', browser.at(auth).cookies.get(sessionCookie)?.value ?? ''],
    ] as const)
      expect(await thief.visit(`${auth}${start}?${name}=${value}`)).toMatchObject({ reason: 'login_failed' });
    for (const value of [request, browser.at(auth).cookies.get(sessionCookie)?.value ?? ''])
      expect(await thief.visit(`${shop}${complete}?grant=${value}`)).toMatchObject({
        reason: 'login_failed',
      });
  });
});

describe('a request', () => {
  const claims = {
    kind: 'login',
    origin: shop,
    policy: '',
    issuers: ['main'],
    hash: 'h'.repeat(43),
    returnTo: '/',
    isAgain: false,
    startedAt: 0,
  };

  test.each([
    'https://evil.example.com',
    'https://evil-shop.example.org',
    'https://shop.example.org.evil.example.com',
    'https://shop.example.org:8443',
    'http://shop.example.org',
    'https://shop.example.org@evil.example.com',
    'https://shop.example.org/',
    'https://SHOP.example.org',
    'https://evil.example.com\\@shop.example.org',
    '//shop.example.org',
    'javascript://shop.example.org',
    '',
  ])('for an origin that is not listed is refused, even with a good seal: %j (LG-04)', async (origin) => {
    const world = createCentralWorld();
    const browser = openAt(world);
    await signInAt(world, browser, `${team}/`);
    const request = await insider.seal('oidc-authz-request', {
      ...claims,
      origin,
      startedAt: world.clock.now(),
    });
    const decision = await browser.visit(`${auth}${start}?request=${request}`, fromIssuer);
    expect(decision).toMatchObject({ reason: 'login_failed', browser: { status: 403 } });
    expect(browserOf(decision).location).toBeUndefined();
    expect(world.events).toContainEqual(['handedOver', 'refused']);
  });

  test.each([
    { issuers: 'main' },
    { issuers: [1] },
    { hash: '' },
    { isAgain: 'no' },
    { startedAt: -1 },
    { startedAt: '0' },
    { returnTo: '' },
    { policy: 1 },
    { stepUp: 'x' },
    { kind: 'sign-out' },
    { kind: 'signed-out' },
  ])('of another form is refused: %j', async (change) => {
    const world = createCentralWorld();
    const browser = openAt(world);
    const request = await insider.seal('oidc-authz-request', {
      ...claims,
      startedAt: world.clock.now(),
      ...change,
    });
    expect(await browser.visit(`${auth}${start}?request=${request}`)).toMatchObject({
      reason: 'login_failed',
    });
  });

  test('at another host than the central one is not read', async () => {
    const world = createCentralWorld();
    const browser = openAt(world);
    await browser.visit(`${shop}/orders`);
    const request = new URL(browserOf(await browser.visit(`${shop}/orders`)).location ?? '');
    const decision = await browser.visit(`${team}${start}${request.search}`);
    expect(browserOf(decision).location).toMatch(`${auth}${start}?request=`);
    expect(browserOf(decision).location).not.toBe(request.href);
  });

  test('by a script or an image starts nothing at the central host', async () => {
    const world = createCentralWorld();
    const browser = openAt(world);
    const request = browserOf(await browser.visit(`${shop}/orders`)).location ?? '';
    const headers = { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' };
    expect(browserOf(await browser.visit(request, headers))).toMatchObject({ status: 401, cookies: [] });
    expect(world.clients[0].calls).toEqual([]);
  });

  test('takes no issuer that the other host does not accept', async () => {
    const world = createCentralWorld({
      issuers: [{}, {}],
      placesByHost: { 'shop.example.org': { issuers: ['main'] } },
    });
    const browser = openAt(world);
    const request = browserOf(await browser.visit(`${shop}/orders`)).location ?? '';
    await browser.visit(`${request}&issuer=other1`);
    expect(world.clients[1]?.calls).toEqual([]);
    expect(world.clients[0].calls.map(({ name }) => name)).toEqual(['authorizationUrl']);
  });
});

describe('return addresses (LG-04)', () => {
  test.each([
    '//evil.example.com',
    '/\\evil.example.com',
    '/%09/evil.example.com',
    'https:evil.example.com',
    'https://evil.example.com/',
    '/.//evil.example.com',
    '/@evil.example.com\\',
    '/x\t/y',
    `/${'a'.repeat(3_000)}`,
    '/.oidc-authz/complete?grant=x',
  ])('%j leads to the host where the login began, and nowhere else', async (rd) => {
    const world = createCentralWorld();
    const browser = openAt(world);
    const query = new URLSearchParams({ rd });
    const { url } = await signInAt(world, browser, `${shop}${start}?${query}`);
    expect(url).toBe(`${shop}/`);
  });

  test('a long one survives, because the login cookie has it', async () => {
    const world = createCentralWorld();
    const browser = openAt(world);
    const page = `${shop}/${'a'.repeat(1_900)}?q=1`;
    expect((await signInAt(world, browser, page)).url).toBe(page);
  });
});

describe('planted cookies (LG-05)', () => {
  test('a login cookie of an attacker, planted at the host, does not take the grant of the person', async () => {
    const world = createCentralWorld();
    const [attacker, victim] = [openAt(world), openAt(world)];
    await attacker.visit(`${shop}/orders`);
    for (const [name, value] of attacker.at(shop).cookies) victim.at(shop).cookies.set(name, value);
    const { url, decision } = await signInAt(world, victim, `${shop}/mine`);
    expect(url).toBe(`${shop}/mine`);
    expect(decision).toMatchObject({ outcome: 'allow', identity: { subject: 'anna' } });
  });

  test('the session of the other host is new to it, and the ID is never one that the browser had before', async () => {
    const world = createCentralWorld();
    const browser = openAt(world);
    browser.at(shop).cookies.set(sessionCookie, { value: 'planted', secure: true });
    await signInAt(world, browser, `${shop}/orders`);
    expect(browser.at(shop).cookies.get(sessionCookie)?.value).not.toBe('planted');
    expect(await browser.visit(`${shop}/orders`)).toMatchObject({ outcome: 'allow' });
  });

  test('a session cookie of one host is none at another', async () => {
    const world = createCentralWorld();
    const browser = openAt(world);
    await signInAt(world, browser, `${shop}/orders`);
    const stolen = openAt(world);
    for (const from of [shop, auth]) {
      const cookie = browser.at(from).cookies.get(sessionCookie);
      if (cookie !== undefined) stolen.at(team).cookies.set(sessionCookie, cookie);
      expect(await stolen.visit(`${team}/reports`)).toMatchObject({ reason: 'session_invalid' });
    }
  });
});

test('the paths of the hand-over are never an allow, for no method and with no cookie (LG-13)', async () => {
  const world = createCentralWorld();
  const browser = openAt(world);
  await signInAt(world, browser, `${shop}/orders`);
  for (const origin of [auth, shop])
    for (const path of [
      complete,
      `${complete}?grant=x`,
      `${complete}/x`,
      `${start}?request=x`,
      '/.oidc-authz',
    ])
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'CONNECT', 'X'])
        expect(await browser.visit(origin + path, fromIssuer, method)).toMatchObject({ outcome: 'deny' });
});
