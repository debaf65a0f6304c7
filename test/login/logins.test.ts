/** Logins with every real part, at a certified OpenID provider: the way of a person, and of an attacker. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LoginIssuer } from '../../src/login/login-issuer.ts';
import { systemClock } from '../../src/runtime/time/clock.ts';
import { createLoginBrowser } from '../support/login-browser.ts';
import { startLoginIssuer, type TestLoginIssuer, temporaryFile } from '../support/login-issuer.ts';
import { type LoginProvider, signIn, startLoginProvider } from '../support/login-provider.ts';
import { openBrowser, type TestBrowser } from './support/browser.ts';
import { browserOf, follow } from './support/steps.ts';
import { createLoginWorld, type LoginWorld } from './support/world.ts';

const secret = 'a-secret-that-is-long-enough-for-tests';
const origin = 'https://shop.example.com';

const providers: LoginProvider[] = [];
const started: TestLoginIssuer[] = [];
let issuers: readonly LoginIssuer[] = [];

beforeAll(async () => {
  for (const name of ['main', 'other1']) {
    const provider = await startLoginProvider({
      clients: [
        {
          client_id: 'shop',
          client_secret: secret,
          redirect_uris: ['callback', `callback/${name}`].map((path) => `${origin}/.oidc-authz/${path}`),
        },
      ],
    });
    providers.push(provider);
    const login = { clientId: 'shop', clientSecretFile: temporaryFile('secret', secret) };
    started.push(await startLoginIssuer(provider.url, { login, more: { name } }));
  }
  issuers = started.map((one) => one.login);
});

afterAll(async () => {
  for (const one of started) one.stop();
  for (const provider of providers) await provider.close();
});

const worldOf = (count = 2) => createLoginWorld({ real: issuers.slice(0, count), clock: realClock });
/** The tokens have real times. */
const realClock = { ...systemClock, advance: async () => {}, pass: () => {}, jump: () => {} };

const tokenCalls = () => providers.reduce((sum, provider) => sum + provider.count('/token'), 0);

/** Opens a page, signs in at the issuer, and returns the callback without opening it. */
async function callbackFor(
  world: LoginWorld,
  browser: TestBrowser,
  path: string,
  person: string,
): Promise<URL> {
  const decision = await world.answer(browser.request(path));
  browser.receive(decision);
  const { location = '' } = browserOf(decision);
  const page = await signIn(createLoginBrowser(), location, person, (url) => url.origin === origin);
  return new URL(page.headers.location ?? page.url);
}

const targetOf = ({ pathname, search }: URL) => pathname + search;

test('a person signs in, and signs out', async () => {
  const world = worldOf(1);
  const browser = openBrowser();
  const callback = await callbackFor(world, browser, '/orders?x=1', 'anna');
  const decision = await follow(world, browser, targetOf(callback));
  expect(decision).toMatchObject({ reason: 'login_completed', browser: { location: '/orders?x=1' } });
  expect(await world.answer(browser.request('/orders'))).toMatchObject({
    outcome: 'allow',
    identity: { subject: 'anna', issuerName: 'main' },
  });
  const out = await world.answer(browser.request('/.oidc-authz/sign-out'));
  const address = new URL(browserOf(out).location ?? '');
  expect(address.origin).toBe(providers[0]?.url);
  expect(address.searchParams.get('post_logout_redirect_uri')).toBe(`${origin}/.oidc-authz/signed-out`);
  expect(address.searchParams.get('id_token_hint')).toMatch(/^ey/);
  browser.receive(out);
  expect(browser.cookies.size).toBe(0);
});

describe('an attacker', () => {
  test('cannot sign the person in to an account of the attacker (LG-01)', async () => {
    const world = worldOf(1);
    const [victim, attacker] = [openBrowser(), openBrowser()];
    const callback = await callbackFor(world, attacker, '/', 'mallory');
    const before = tokenCalls();
    await follow(world, victim, targetOf(callback));
    await follow(world, victim, targetOf(callback));
    expect(tokenCalls()).toBe(before);
    expect(victim.cookies.has('__Host-oidc-authz')).toBe(false);
  });

  test('cannot put a code of the attacker into a login of the person: PKCE and the nonce', async () => {
    const world = worldOf(1);
    const [victim, attacker] = [openBrowser(), openBrowser()];
    const ofAttacker = await callbackFor(world, attacker, '/', 'mallory');
    const ofVictim = await callbackFor(world, victim, '/', 'anna');
    ofVictim.searchParams.set('code', ofAttacker.searchParams.get('code') ?? '');
    const decision = await follow(world, victim, targetOf(ofVictim));
    expect(decision).toMatchObject({ reason: 'login_failed' });
    expect(victim.cookies.size).toBe(0);
  });

  test('cannot use a callback again, with or without its cookie (LG-02)', async () => {
    const world = worldOf(1);
    const browser = openBrowser();
    const callback = await callbackFor(world, browser, '/', 'anna');
    const cookies = new Map(browser.cookies);
    await follow(world, browser, targetOf(callback));
    const before = tokenCalls();
    const thief = openBrowser();
    for (const [name, cookie] of cookies) thief.cookies.set(name, cookie);
    await follow(world, thief, targetOf(callback));
    expect(thief.cookies.has('__Host-oidc-authz')).toBe(false);
    expect(tokenCalls()).toBe(before);
    // The session of the person continues.
    expect(await world.answer(browser.request('/'))).toMatchObject({ outcome: 'allow' });
  });

  test('cannot mix up two issuers (LG-03)', async () => {
    const world = worldOf();
    const browser = openBrowser();
    const callback = await callbackFor(world, browser, '/.oidc-authz/start?issuer=main&rd=/', 'anna');
    expect(callback.pathname).toBe('/.oidc-authz/callback/main');
    expect(callback.searchParams.get('iss')).toBe(providers[0]?.url);
    const before = tokenCalls();
    const changed = (change: (url: URL) => void) => {
      const url = new URL(callback);
      change(url);
      return targetOf(url);
    };
    const other = providers[1]?.url ?? '';
    // A copy of the browser for each forgery: the login of the person must survive none of them by chance.
    const cases: readonly ((url: URL) => void)[] = [
      (url) => url.searchParams.set('iss', other),
      (url) => url.searchParams.set('iss', `${providers[0]?.url}/`),
      (url) => url.searchParams.set('iss', ''),
      (url) => url.searchParams.delete('iss'),
      (url) => url.searchParams.append('iss', other),
      (url) => url.searchParams.append('iss', providers[0]?.url ?? ''),
      (url) => {
        url.pathname = '/.oidc-authz/callback/other1';
      },
      (url) => {
        url.pathname = '/.oidc-authz/callback';
      },
    ];
    for (const change of cases) {
      const copy = openBrowser();
      for (const [name, cookie] of browser.cookies) copy.cookies.set(name, cookie);
      const forged = worldOf();
      await follow(forged, copy, changed(change));
      expect(copy.cookies.has('__Host-oidc-authz')).toBe(false);
    }
    expect(tokenCalls()).toBe(before);
    expect(await follow(world, browser, targetOf(callback))).toMatchObject({ reason: 'login_completed' });
  });
});

test('a person who cancels gets a page', async () => {
  const world = worldOf(1);
  const browser = openBrowser();
  const decision = await world.answer(browser.request('/'));
  browser.receive(decision);
  const { searchParams } = new URL(browserOf(decision).location ?? '');
  const query = new URLSearchParams({
    error: 'access_denied',
    state: searchParams.get('state') ?? '',
    iss: providers[0]?.url ?? '',
  });
  const before = tokenCalls();
  const end = await follow(world, browser, `/.oidc-authz/callback?${query}`);
  expect(end).toMatchObject({ reason: 'login_cancelled', browser: { status: 403 } });
  expect(tokenCalls()).toBe(before);
});

test('a token endpoint that is down ends with a page, and a reload does not send the code again', async () => {
  const world = worldOf(1);
  const browser = openBrowser();
  const callback = await callbackFor(world, browser, '/', 'anna');
  const [provider] = providers;
  if (provider === undefined) throw new Error('no provider');
  const before = tokenCalls();
  provider.intercept = (request, response) => {
    if (!request.url?.startsWith('/token')) return false;
    response.writeHead(503).end();
    return true;
  };
  try {
    expect(await follow(world, browser, targetOf(callback))).toMatchObject({ reason: 'login_unavailable' });
    await follow(world, browser, targetOf(callback));
    expect(tokenCalls()).toBe(before + 1);
  } finally {
    provider.intercept = () => false;
  }
});
