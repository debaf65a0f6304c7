/** A browser whose session never arrives is not sent back and forth without an end. */
import { expect, test } from 'vitest';
import { openBrowser, type TestBrowser } from './support/browser.ts';
import { browserOf, callbackOf, follow, pageOf, signIn } from './support/steps.ts';
import { createLoginWorld, type LoginWorld } from './support/world.ts';

const session = '__Host-oidc-authz';
const mark = '__Host-oidc-authz-login-finished';

/** Follows redirects as a browser does that drops the session cookie. Returns the number of logins until a page is shown. */
async function loginsUntilPage(world: LoginWorld, browser: TestBrowser): Promise<number> {
  for (let logins = 0; logins < 10; logins++) {
    const decision = await world.answer(browser.request('/orders'));
    browser.receive(decision);
    if (browserOf(decision).location === undefined) return logins;
    await follow(world, browser, callbackOf(world, 0, `code-${logins}`));
    browser.cookies.delete(session);
  }
  return Number.POSITIVE_INFINITY;
}

test('after three logins without a session, a page is shown', async () => {
  const world = createLoginWorld();
  const browser = openBrowser();
  expect(await loginsUntilPage(world, browser)).toBe(3);
  const decision = await world.answer(browser.request('/orders'));
  expect(decision).toMatchObject({
    outcome: 'deny',
    reason: 'login_failed',
    browser: { status: 403, cookies: [] },
  });
  expect(pageOf(decision)).toContain('/.oidc-authz/start?rd=%2Forders');
  expect(decision.detail?.().text).toContain('sessions.keysFile');
});

test('the link of the page begins a login, and a session that arrives ends the search', async () => {
  const world = createLoginWorld();
  const browser = openBrowser();
  await loginsUntilPage(world, browser);
  browser.receive(await world.answer(browser.request('/.oidc-authz/start?rd=/orders')));
  await follow(world, browser, callbackOf(world, 0, 'next'));
  expect(await world.answer(browser.request('/orders'))).toMatchObject({ outcome: 'allow' });
  browser.receive(await world.answer(browser.request('/.oidc-authz/start?rd=/orders')));
  await follow(world, browser, callbackOf(world, 0, 'last'));
  expect([...browser.cookies.keys()]).toEqual([session]);
});

test('a minute later, the browser is sent to log in again', async () => {
  const world = createLoginWorld();
  const browser = openBrowser();
  await loginsUntilPage(world, browser);
  await world.clock.advance(61_000);
  browser.cookies.delete(mark);
  expect(await loginsUntilPage(world, browser)).toBe(3);
});

test('ordinary logins of one person have no mark', async () => {
  const world = createLoginWorld();
  for (let index = 0; index < 2; index++) {
    const browser = openBrowser();
    await signIn(world, browser);
    expect([...browser.cookies.keys()]).toEqual([session]);
  }
});

test('many browsers of one person are not in a loop', async () => {
  const world = createLoginWorld();
  for (let index = 0; index < 5; index++) {
    const browser = openBrowser();
    await signIn(world, browser);
    expect(await world.answer(browser.request('/orders'))).toMatchObject({ outcome: 'allow' });
    expect(browserOf(await world.answer(browser.request('/.oidc-authz/start'))).status).toBe(302);
  }
});

test('signing out deletes the mark', async () => {
  const world = createLoginWorld();
  const browser = openBrowser();
  await loginsUntilPage(world, browser);
  expect(browser.cookies.has(mark)).toBe(true);
  browser.receive(await world.answer(browser.request('/.oidc-authz/sign-out')));
  expect(browser.cookies.size).toBe(0);
});

test.each(['0', '10', 'x', '', '-1', 'true'])('a planted mark %j means nothing', async (value) => {
  const world = createLoginWorld();
  const browser = openBrowser();
  browser.cookies.set(mark, { value, secure: true });
  expect(browserOf(await world.answer(browser.request('/orders'))).status).toBe(302);
});

test('the mark is not one of the five logins in progress', async () => {
  const world = createLoginWorld();
  const browser = openBrowser();
  browser.cookies.set(mark, { value: '1', secure: true });
  for (let index = 0; index < 6; index++)
    browser.receive(await world.answer(browser.request(`/.oidc-authz/start?rd=/page${index}`)));
  expect(browser.cookies.size).toBe(6);
  expect(browser.cookies.has(mark)).toBe(true);
});
