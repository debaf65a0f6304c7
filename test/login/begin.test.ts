/** The beginning of a login: the redirect, its secrets, and the cookie. */
import { describe, expect, test } from 'vitest';
import type { Decision } from '../../src/model/decision.ts';
import { openBrowser } from './support/browser.ts';
import { beginLogin, browserOf, headerOf, pageOf } from './support/steps.ts';
import { createLoginWorld } from './support/world.ts';

const base64url32 = /^[A-Za-z0-9_-]{43}$/;

test('a page without a session is sent to the issuer, with a cookie for this login', async () => {
  const world = createLoginWorld();
  const decision = await world.answer(openBrowser().request('/orders?x=1'));
  expect(decision).toMatchObject({
    outcome: 'deny',
    reason: 'login_required',
    rule: 'pages',
    issuerName: 'main',
  });
  const { status, location, cookies } = browserOf(decision);
  const { started } = world.clients[0];
  expect(status).toBe(302);
  expect(location).toBe(`https://main.idp.example.com/authorize?state=${started?.state}`);
  expect(cookies).toHaveLength(1);
  expect(cookies[0]).toMatch(
    /^__Host-oidc-authz-login-[A-Za-z0-9_-]{8}=[A-Za-z0-9_.-]+; Path=\/; Max-Age=600; Secure; HttpOnly; SameSite=Lax$/,
  );
  expect(world.events).toContainEqual(['loginStarted', 'main']);
});

test('state, nonce and verifier are 32 random bytes each, new at each login', async () => {
  const world = createLoginWorld();
  const seen = new Set<string>();
  for (let round = 0; round < 3; round++) {
    await beginLogin(world, openBrowser());
    const { state = '', nonce = '', codeVerifier = '' } = world.clients[0].started ?? {};
    for (const secret of [state, nonce, codeVerifier]) {
      expect(secret).toMatch(base64url32);
      expect(seen.has(secret)).toBe(false);
      seen.add(secret);
    }
  }
});

test('nothing of a request reaches the issuer but the host', async () => {
  const world = createLoginWorld();
  await beginLogin(world, openBrowser(), '/orders?prompt=none&scope=admin&redirect_uri=https://evil.example');
  expect(world.clients[0].started?.redirectUri).toBe('https://shop.example.com/.oidc-authz/callback');
  expect(Object.keys(world.clients[0].started ?? {}).toSorted()).toEqual([
    'codeVerifier',
    'nonce',
    'redirectUri',
    'state',
  ]);
});

test('the languages of the person are sent to the issuer', async () => {
  const world = createLoginWorld();
  await world.answer(
    openBrowser().request('/', { accept: 'text/html', 'accept-language': 'de-DE,en;q=0.5' }),
  );
  expect(world.clients[0].started?.uiLocales).toBe('de-DE en');
});

test('the cookie does not show its content', async () => {
  const world = createLoginWorld();
  const browser = openBrowser();
  await beginLogin(world, browser, '/secret-path');
  const { state = '', nonce = '', codeVerifier = '' } = world.clients[0].started ?? {};
  const [[name, { value }] = ['', { value: '' }]] = [...browser.cookies];
  for (const secret of [state, nonce, codeVerifier, '/secret-path', 'shop.example.com']) {
    expect(`${name}=${value}`).not.toContain(secret);
    expect(Buffer.from(value, 'base64url').toString('latin1')).not.toContain(secret);
  }
});

test('a return address of 2 KiB fits into the cookie', async () => {
  const world = createLoginWorld();
  const browser = openBrowser();
  await beginLogin(world, browser, `/${'a'.repeat(2_047)}`);
  expect(browser.cookies.size).toBe(1);
});

test('the return address is the path before a rewrite by the mesh', async () => {
  const world = createLoginWorld();
  const browser = openBrowser();
  const request = browser.request('/orders', {
    accept: 'text/html',
    'x-envoy-original-path': '/shop/orders?x=1',
  });
  browser.receive(await world.answer(request));
  const { started } = world.clients[0];
  const callback = `/.oidc-authz/callback?code=1&state=${started?.state}`;
  expect(browserOf(await world.answer(browser.request(callback))).location).toBe('/shop/orders?x=1');
});

test('a return address that is refused becomes /, and is counted', async () => {
  const world = createLoginWorld();
  const browser = openBrowser();
  const request = browser.request('/orders', {
    accept: 'text/html',
    'x-envoy-original-path': '//evil.example',
  });
  browser.receive(await world.answer(request));
  expect(world.events).toContainEqual(['returnAddressRefused', 'shop.example.com']);
  const callback = `/.oidc-authz/callback?code=1&state=${world.clients[0].started?.state}`;
  expect(browserOf(await world.answer(browser.request(callback))).location).toBe('/');
});

test('an issuer that cannot be used ends with a page, Retry-After, and no cookie', async () => {
  const world = createLoginWorld();
  world.clients[0].metadataProblem = 'no metadata yet';
  const decision = await world.answer(openBrowser().request('/orders'));
  expect(decision).toMatchObject({
    outcome: 'error',
    reason: 'login_unavailable',
    problem: 'no metadata yet',
    issuerName: 'main',
  });
  expect(browserOf(decision)).toMatchObject({ status: 403, cookies: [] });
  expect(headerOf(decision, 'retry-after')).toBe('5');
  expect(pageOf(decision)).toContain('/.oidc-authz/start?issuer=main&amp;rd=%2Forders');
  expect(world.events).not.toContainEqual(['loginStarted', 'main']);
});

test('an issuer that does not answer a pushed request ends with a page before the mesh gives up', async () => {
  const world = createLoginWorld();
  const called = Promise.withResolvers<void>();
  world.clients[0].authorizationUrl = () => {
    called.resolve();
    return new Promise(() => {});
  };
  const pending = world.answer(openBrowser().request('/orders'));
  await called.promise;
  await world.clock.advance(1_500);
  expect(await pending).toMatchObject({ reason: 'login_unavailable', browser: { status: 403 } });
});

describe('the scheme and the host', () => {
  test('never come from the request (LG-22)', async () => {
    const world = createLoginWorld();
    const request = openBrowser().request('/orders', {
      accept: 'text/html',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'evil.example',
      forwarded: 'proto=http;host=evil.example',
    });
    const { cookies } = browserOf(await world.answer(request));
    expect(world.clients[0].started?.redirectUri).toBe('https://shop.example.com/.oidc-authz/callback');
    expect(cookies[0]).toMatch(/^__Host-.*; Secure;/);
  });

  test('a host of login.httpHosts has http and cookies without Secure and prefix', async () => {
    const world = createLoginWorld({
      login: { hosts: ['shop.example.com', 'localhost:8000'], httpHosts: ['localhost:8000'] },
    });
    const { cookies } = browserOf(await world.answer(openBrowser('localhost:8000', 'http').request('/')));
    expect(world.clients[0].started?.redirectUri).toBe('http://localhost:8000/.oidc-authz/callback');
    expect(cookies[0]).toMatch(/^oidc-authz-login-[A-Za-z0-9_-]{8}=/);
    expect(cookies[0]).not.toContain('Secure');
  });

  test.each([
    ['SHOP.example.com', 'https://shop.example.com'],
    ['shop.example.com:443', undefined],
    ['a.apps.example.com', 'https://a.apps.example.com'],
    ['apps.example.com', undefined],
    ['evil-shop.example.com', undefined],
    ['shop.example.com.evil.example', undefined],
    ['shop.example.com:8443', undefined],
    ['shop.example.com,evil.example', undefined],
    ['shop.example.com.', undefined],
    ['a.apps.example.com@evil.example', undefined],
    ['', undefined],
  ])('a request to %j begins a login at %s', async (host, origin) => {
    const world = createLoginWorld();
    const decision = await world.answer(openBrowser(host).request('/orders'));
    const uri = origin === undefined ? undefined : `${origin}/.oidc-authz/callback`;
    expect(world.clients[0].started?.redirectUri).toBe(uri);
    if (uri === undefined) {
      expect(decision).toMatchObject({ reason: 'login_required', browser: { status: 401, cookies: [] } });
      expect(headerOf(decision, 'x-oidc-authz-login')).toBeUndefined();
    }
  });

  test.each([
    ['shop.example.com:443', 'https://shop.example.com'],
    ['shop.example.com:8443', 'https://shop.example.com:8443'],
  ])('with hosts.ports: ignore, %s begins at %s', async (host, origin) => {
    const world = createLoginWorld({ hosts: { ports: 'ignore' } });
    await world.answer(openBrowser(host).request('/orders'));
    expect(world.clients[0].started?.redirectUri).toBe(`${origin}/.oidc-authz/callback`);
  });

  test('an entry with a port covers only that port', async () => {
    const world = createLoginWorld({ login: { hosts: ['shop.example.com:8443'] } });
    await world.answer(openBrowser('shop.example.com').request('/orders'));
    expect(world.clients[0].started).toBeUndefined();
    await world.answer(openBrowser('shop.example.com:8443').request('/orders'));
    expect(world.clients[0].started?.redirectUri).toBe('https://shop.example.com:8443/.oidc-authz/callback');
  });
});

describe('logins in progress', () => {
  test('of the same moment are deleted in the order in which browsers send them', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    const names: string[] = [];
    for (let index = 0; index < 8; index++) {
      await beginLogin(world, browser, `/page${index}`);
      names.push([...browser.cookies.keys()].find((name) => !names.includes(name)) ?? 'none');
    }
    expect([...browser.cookies.keys()].toSorted()).toEqual(names.slice(-5).toSorted());
  });

  test('are at most five: the oldest are deleted', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    const names: string[] = [];
    for (let index = 0; index < 8; index++) {
      await beginLogin(world, browser, `/page${index}`);
      names.push([...browser.cookies.keys()].find((name) => !names.includes(name)) ?? 'none');
      await world.clock.advance(2_000);
    }
    expect([...browser.cookies.keys()].toSorted()).toEqual(names.slice(-5).toSorted());
  });

  test('that begin at the same time are soon five again: the newest stay', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    const answers: Decision[] = [];
    for (let index = 0; index < 40; index++) {
      answers.push(await world.answer(openBrowser().request(`/tab${index}`)));
      await world.clock.advance(10);
    }
    for (const answer of answers) browser.receive(answer);
    const names = [...browser.cookies.keys()];
    expect(names).toHaveLength(40);
    for (const [path, left] of [
      ['/next', 21],
      ['/last', 5],
    ] as const) {
      const decision = await world.answer(browser.request(path));
      const bytes = Buffer.byteLength(browserOf(decision).cookies.join(''));
      expect(bytes).toBeLessThan(4_096);
      browser.receive(decision);
      expect(browser.cookies.size).toBe(left);
    }
    expect([...browser.cookies.keys()].slice(0, 3)).toEqual(names.slice(-3));
  });

  test('that are unreadable are deleted before old ones', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    for (let index = 0; index < 4; index++) {
      await beginLogin(world, browser, `/page${index}`);
      await world.clock.advance(2_000);
    }
    const good = [...browser.cookies.keys()];
    browser.cookies.set('__Host-oidc-authz-login-AAAAAAAA', { value: 'planted', secure: true });
    await beginLogin(world, browser, '/last');
    expect(browser.cookies.size).toBe(5);
    expect(good.every((name) => browser.cookies.has(name))).toBe(true);
  });

  test('of a client with 200 planted cookies cost at most 10 openings and 21 lines', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    for (let index = 0; index < 200; index++)
      browser.cookies.set(`__Host-oidc-authz-login-${String(index).padStart(8, 'A')}`, {
        value: 'planted',
        secure: true,
      });
    const { cookies } = browserOf(await world.answer(browser.request('/orders')));
    expect(cookies.length).toBeLessThanOrEqual(21);
    expect(cookies.at(-1)).toContain('Max-Age=600');
  });
});
