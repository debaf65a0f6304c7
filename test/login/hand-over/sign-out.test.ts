/** Signing out with a central host: its session ends too, another site cannot do it, and the person returns to the host where it began. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createSeal } from '../../../src/session/seal-values.ts';
import { createTestClock } from '../../support/clock.ts';
import { createMemoryServer } from '../../support/state/memory-store.ts';
import { navigation } from '../support/browser.ts';
import { tokensOf } from '../support/fake-client.ts';
import { browserOf, pageOf } from '../support/steps.ts';
import type { LoginWorld, WorldOptions } from '../support/world.ts';
import { auth, createCentralWorld, openAt, sessionCookie, shop, signInAt, team } from './support.ts';

const signOut = '/.oidc-authz/sign-out';
const signedOut = '/.oidc-authz/signed-out';
const crossSite = { ...navigation, 'sec-fetch-site': 'cross-site' };

/** The address after the issuer has signed the person out. */
const returnOf = (world: LoginWorld) => {
  const call = world.clients[0].calls.findLast(({ name }) => name === 'endSessionUrl');
  if (call === undefined) throw new Error('the browser was not sent to the issuer');
  const { returnTo, state } = call.of as { returnTo: string; state: string };
  return `${returnTo}?${new URLSearchParams({ state })}`;
};

test('while the store is away, a link of another site asks first, and no cookie of the central host is deleted', async () => {
  const clock = createTestClock();
  const state = createMemoryServer(clock).connect();
  const world = createCentralWorld({ clock, state });
  const victim = openAt(world);
  await signInAt(world, victim, `${shop}/orders`);
  const attacker = openAt(world);
  world.clients[0].result = async () => tokensOf('mallory');
  await signInAt(world, attacker, `${shop}/orders`);
  const link = browserOf(await attacker.visit(`${shop}${signOut}`)).location ?? '';
  expect(link).toContain('?request=');
  state.fail('away');
  await clock.advance(60_000);
  const { decision } = await victim.follow(link, crossSite);
  expect(decision).toMatchObject({ reason: 'login_path' });
  expect(pageOf(decision)).toContain('<form');
  expect([...victim.at(auth).cookies.keys()]).toContain(sessionCookie);
  state.fail(undefined);
  expect(await victim.visit(`${shop}/orders`)).toMatchObject({ outcome: 'allow' });
});

const insider = createSeal(() => [
  { id: 'testkey1', bytes: createHash('sha256').update('a key of tests: testkey1').digest() },
]);

const places = {
  'in cookies': (options: WorldOptions = {}) => createCentralWorld(options),
  'in the store': (options: WorldOptions = {}) => {
    const clock = createTestClock();
    return createCentralWorld({ clock, state: createMemoryServer(clock).connect(), ...options });
  },
} as const;

describe.each(Object.entries(places))('with sessions %s', (_, createWorld) => {
  const signedIn = async (options: WorldOptions = {}) => {
    const world = createWorld({ sessions: { refresh: true }, ...options });
    const browser = openAt(world);
    await signInAt(world, browser, `${shop}/orders`);
    await browser.follow(`${team}/reports`);
    return { world, browser };
  };

  test('a sign-out at one host ends the session at every host and at the issuer', async () => {
    const { world, browser } = await signedIn();
    const { url } = await browser.follow(`${shop}${signOut}`);
    expect(url).toMatch('https://main.idp.example.com/end-session');
    expect(world.clients[0].calls.at(-1)).toMatchObject({
      name: 'endSessionUrl',
      of: { idToken: 'id-token-of-anna', returnTo: auth + signedOut },
    });
    expect(world.clients[0].calls.map(({ name }) => name)).toContain('revoke');
    for (const origin of [auth, shop]) expect([...browser.at(origin).cookies.keys()]).toEqual([]);
    expect(await browser.visit(`${team}/reports`)).toMatchObject({ reason: 'session_expired' });
  });

  test('the person returns to the host where the sign-out began', async () => {
    const { world, browser } = await signedIn();
    await browser.follow(`${team}${signOut}`);
    const { url, decision } = await browser.follow(returnOf(world), crossSite);
    expect(url).toBe(team + signedOut);
    expect(pageOf(decision)).toContain('You are signed out');
  });

  test('the path of login.afterSignOut is one of that host', async () => {
    const { world, browser } = await signedIn({ login: { afterSignOut: '/goodbye' } });
    await browser.follow(`${team}${signOut}`);
    await browser.follow(returnOf(world), crossSite);
    expect(browser.visited).toContain(`${team}/goodbye`);
    const { decision } = await browser.follow(auth + signedOut, crossSite);
    expect(pageOf(decision)).toContain('You are signed out');
  });

  test('an issuer without a sign-out leads back at once, with a page that says so', async () => {
    const world = createWorld();
    world.clients[0].endSession = undefined;
    const browser = openAt(world);
    await signInAt(world, browser, `${shop}/orders`);
    const { url, decision } = await browser.follow(`${shop}${signOut}`);
    expect(url).toBe(`${shop}${signedOut}?here`);
    expect(pageOf(decision)).toContain('of this application only');
  });

  test('without any session, the person sees that they are signed out', async () => {
    const world = createWorld();
    const { url } = await openAt(world).follow(`${shop}${signOut}`);
    expect(url).toBe(shop + signedOut);
  });

  test('with a session at the central host only, a page asks', async () => {
    const { world, browser } = await signedIn();
    browser.at(shop).cookies.clear();
    const request = browserOf(await browser.visit(`${shop}${signOut}`)).location ?? '';
    const { url, decision } = await browser.follow(request, crossSite);
    expect(url).toBe(request);
    expect(pageOf(decision)).toContain('Do you want to sign out?');
    expect(browser.at(auth).cookies.has(sessionCookie)).toBe(true);
    const action = /action="([^"]*)"/.exec(pageOf(decision))?.[1] ?? '';
    const sent = await browser.visit(auth + action, { ...navigation, origin: auth }, 'POST');
    expect(browserOf(sent).location).toMatch('https://main.idp.example.com/end-session');
    expect((await browser.follow(returnOf(world), crossSite)).url).toBe(shop + signedOut);
  });

  test('a POST continues with GET', async () => {
    const { browser } = await signedIn();
    const headers = { ...navigation, origin: shop };
    expect(browserOf(await browser.visit(`${shop}${signOut}`, headers, 'POST')).status).toBe(303);
  });

  test('the sign-out of an attacker signs no other person out (LG-16)', async () => {
    const { world, browser } = await signedIn();
    const attacker = openAt(world);
    world.clients[0].result = async () => tokensOf('mallory');
    await signInAt(world, attacker, `${shop}/orders`);
    const request = browserOf(await attacker.visit(`${shop}${signOut}`)).location ?? '';
    const { url, decision } = await browser.follow(request, crossSite);
    expect(url).toBe(request);
    expect(pageOf(decision)).toContain('Do you want to sign out?');
    expect(await browser.visit(`${shop}/orders`)).toMatchObject({ outcome: 'allow' });
  });

  test('the address of a sign-out is worth nothing after a minute', async () => {
    const { world, browser } = await signedIn();
    const cookies = new Map(browser.at(auth).cookies);
    const request = browserOf(await browser.visit(`${shop}${signOut}`)).location ?? '';
    await world.clock.advance(61_000);
    browser.at(auth).cookies.clear();
    for (const [name, value] of cookies) browser.at(auth).cookies.set(name, value);
    const { decision } = await browser.follow(request, crossSite);
    expect(pageOf(decision)).toContain('Do you want to sign out?');
  });

  test.each([
    'https://evil.example.com',
    'https://shop.example.org.evil.example.com',
    'http://shop.example.org',
  ])('no sealed address leads to %s (LG-04)', async (origin) => {
    const { world, browser } = await signedIn();
    const state = await insider.seal('oidc-authz-request', { kind: 'signed-out', origin });
    const after = await browser.visit(`${auth}${signedOut}?state=${state}`, crossSite);
    expect(browserOf(after).location).toBeUndefined();
    const request = await insider.seal('oidc-authz-request', {
      kind: 'sign-out',
      origin,
      id: '',
      issuer: '',
      askedAt: world.clock.now(),
    });
    // Without a session, there is nothing to ask about.
    const page = await openAt(world).visit(`${auth}${signOut}?request=${request}`, crossSite);
    expect(browserOf(page).location).toBeUndefined();
    expect(pageOf(page)).toContain('Do you want to sign out?');
  });

  test('a return that is not sealed, or is read at another host, leads nowhere', async () => {
    const { world, browser } = await signedIn();
    await browser.follow(`${team}${signOut}`);
    const back = returnOf(world);
    for (const url of [
      back.replace(auth, shop),
      `${back}x`,
      `${back}&state=x`,
      `${auth}${signedOut}?state=${team}`,
    ])
      expect(browserOf(await browser.visit(url, crossSite)).location).toBeUndefined();
  });

  test('a dry run ends nothing', async () => {
    const { world, browser } = await signedIn();
    const request = browser.at(shop).request(signOut);
    await world.answer(request, () => {});
    expect(await browser.visit(`${shop}/orders`)).toMatchObject({ outcome: 'allow' });
  });
});

test('with sessions in cookies, a copy ends in a minute, also if the browser never comes to the central host', async () => {
  const world = createCentralWorld();
  const browser = openAt(world);
  await signInAt(world, browser, `${shop}/orders`);
  const thief = openAt(world);
  for (const [name, value] of browser.at(shop).cookies) thief.at(shop).cookies.set(name, value);
  await browser.visit(`${shop}${signOut}`);
  await world.clock.advance(60_000);
  expect(await thief.visit(`${shop}/orders`)).toMatchObject({ reason: 'session_expired' });
});
