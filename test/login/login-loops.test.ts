/** A browser whose session never arrives is not sent back and forth without an end. */
import { expect, test } from 'vitest';
import type { Decision } from '../../src/model/decision.ts';
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

/** Follows redirects as a browser does that has planted cookies of its site, on the pages that they are for. */
async function loginsWithPlanted(
  world: LoginWorld,
  browser: TestBrowser,
  planted: string,
  page = '/orders',
): Promise<{ readonly logins: number; readonly last: Decision }> {
  const request = () => {
    const { header, ...rest } = browser.request(page);
    const withPlanted = (name: string) =>
      name === 'cookie' ? [[...header(name), planted].join('; ')] : header(name);
    return { ...rest, header: withPlanted };
  };
  for (let logins = 0; ; logins++) {
    const last = await world.answer(request());
    browser.receive(last);
    if (logins === 10 || last.outcome === 'allow' || browserOf(last).location === undefined)
      return { logins, last };
    await follow(world, browser, callbackOf(world, 0, `code-${logins}`));
  }
}

test.each(['__Secure-oidc-authz=x', '__Secure-oidc-authz.0=x', '__Secure-oidc-authz.2=x'])(
  'a planted %s for the page only, so that each login ends with a session: a page after three',
  async (planted) => {
    const world = createLoginWorld({ sessions: { cookie: { domain: 'example.com' } } });
    const { logins, last } = await loginsWithPlanted(world, openBrowser(), planted);
    expect(logins).toBe(3);
    expect(last).toMatchObject({ reason: 'login_failed', browser: { status: 403 } });
    expect(last.outcome === 'allow' ? undefined : last.detail?.().text).toContain(
      'another host of the domain may have set one',
    );
    expect(pageOf(last)).toContain('cannot use the cookies');
    // The answer tries to delete it, wherever it is.
    expect(browserOf(last).cookies).toContainEqual(
      expect.stringMatching(/^__Secure-oidc-authz.*; Path=\/orders; .*Domain=example\.com/),
    );
  },
);

test('a session that does not count at the place does not end the search', async () => {
  const world = createLoginWorld({
    issuers: [{}, {}],
    place: { issuers: ['main'] },
    placeOf: (_, path) => ({ ...place, issuers: path === '/' ? ['main'] : ['other1'] }),
  });
  const { place } = world;
  const browser = openBrowser();
  let logins = 0;
  for (; logins < 10; logins++) {
    const decision = await world.answer(browser.request('/orders'));
    browser.receive(decision);
    if (browserOf(decision).location === undefined) break;
    // The mesh sends the callback elsewhere: the login there is at another issuer.
    browser.receive(await world.answer(browser.request('/.oidc-authz/start?issuer=other1&rd=/orders')));
    await follow(world, browser, callbackOf(world, 1, `code-${logins}`));
  }
  expect(logins).toBe(3);
});

test('a browser that sends no session is asked to allow cookies', async () => {
  const world = createLoginWorld();
  const browser = openBrowser();
  await loginsUntilPage(world, browser);
  const decision = await world.answer(browser.request('/orders'));
  expect(pageOf(decision)).toContain('did not keep the cookie');
  expect(decision.outcome === 'allow' ? '' : decision.detail?.().text).toContain(
    'the request has neither a token nor a session cookie',
  );
});

test('a mark next to another value of it counts', async () => {
  const world = createLoginWorld();
  const browser = openBrowser();
  await loginsUntilPage(world, browser);
  const { header, ...rest } = browser.request('/orders');
  const request = {
    ...rest,
    header: (name: string) => (name === 'cookie' ? [`${mark}=0; ${header(name).join()}`] : header(name)),
  };
  expect(browserOf(await world.answer(request)).status).toBe(403);
});

test('the link of the page begins a login, and a session that arrives is used', async () => {
  const world = createLoginWorld();
  const browser = openBrowser();
  await loginsUntilPage(world, browser);
  browser.receive(await world.answer(browser.request('/.oidc-authz/start?rd=/orders')));
  await follow(world, browser, callbackOf(world, 0, 'next'));
  expect(await world.answer(browser.request('/orders'))).toMatchObject({ outcome: 'allow' });
  await world.clock.advance(61_000);
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

test('ordinary logins of a person have no mark', async () => {
  const world = createLoginWorld();
  for (const page of ['/orders', '/bills']) {
    const browser = openBrowser();
    await signIn(world, browser, page);
    expect([...browser.cookies.keys()]).toEqual([session]);
  }
});

test('a browser whose session ends is sent to log in, although others of the account have just logged in', async () => {
  const world = createLoginWorld();
  const browsers = Array.from({ length: 5 }, () => openBrowser());
  for (const browser of browsers) await signIn(world, browser);
  for (const browser of browsers) {
    browser.cookies.delete(session);
    expect(browserOf(await world.answer(browser.request('/orders'))).status).toBe(302);
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

test.each(['0', '10', 'x', '', '-1', 'true', '3', '22', ' 2x'])(
  'a planted mark %j means nothing',
  async (value) => {
    const world = createLoginWorld();
    const browser = openBrowser();
    browser.cookies.set(mark, { value, secure: true });
    expect(browserOf(await world.answer(browser.request('/orders'))).status).toBe(302);
  },
);

test('the mark is not one of the five logins in progress', async () => {
  const world = createLoginWorld();
  const browser = openBrowser();
  browser.cookies.set(mark, { value: '1', secure: true });
  for (let index = 0; index < 6; index++)
    browser.receive(await world.answer(browser.request(`/.oidc-authz/start?rd=/page${index}`)));
  expect(browser.cookies.size).toBe(6);
  expect(browser.cookies.has(mark)).toBe(true);
});
