/** One host signs everyone in: the way of the session to the other hosts. */
import { describe, expect, test } from 'vitest';
import { browserOf, pageOf } from '../support/steps.ts';
import { auth, createCentralWorld, openAt, sessionCookie, shop, signInAt, team } from './support.ts';

describe('a person opens a page', () => {
  test('signs in at the central host, and returns to the page with a session of its host', async () => {
    const world = createCentralWorld();
    const browser = openAt(world);
    const arrival = await signInAt(world, browser, `${shop}/orders?x=1`);
    expect(arrival).toMatchObject({
      url: `${shop}/orders?x=1`,
      decision: { outcome: 'allow', identity: { subject: 'anna' } },
    });
    expect(browser.visited.map((url) => new URL(url).origin + new URL(url).pathname)).toEqual([
      `${shop}/orders`,
      `${auth}/.oidc-authz/start`,
      `${auth}/.oidc-authz/callback`,
      `${shop}/.oidc-authz/complete`,
      `${shop}/orders`,
    ]);
    expect([...browser.at(shop).cookies.keys()]).toEqual([sessionCookie]);
    expect([...browser.at(auth).cookies.keys()]).toEqual([sessionCookie]);
  });

  test('is signed in at the second host without the issuer', async () => {
    const world = createCentralWorld();
    const browser = openAt(world);
    await signInAt(world, browser, `${shop}/orders`);
    const before = world.clients[0].calls.length;
    const arrival = await browser.follow(`${team}/reports`);
    expect(arrival).toMatchObject({ url: `${team}/reports`, decision: { outcome: 'allow' } });
    expect(world.clients[0].calls.length).toBe(before);
  });

  test('the redirect URI is the one of the central host', async () => {
    const world = createCentralWorld();
    const browser = openAt(world);
    await browser.follow(`${shop}/orders`);
    expect(world.clients[0].started?.redirectUri).toBe(`${auth}/.oidc-authz/callback`);
  });
});

test('the central host without pages says that the person is signed in', async () => {
  const world = createCentralWorld();
  const browser = openAt(world);
  const { url, decision } = await signInAt(world, browser, `${auth}/.oidc-authz/start`);
  expect(url).toBe(`${auth}/.oidc-authz/complete`);
  expect(browserOf(decision).status).toBe(200);
  expect(pageOf(decision)).toContain('You are signed in');
});
