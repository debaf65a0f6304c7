/** Sessions whose tokens are renewed, with an issuer that accepts each refresh token once and ends the family at a second use. */
import { expect, test } from 'vitest';
import { createFindSession } from '../../src/login/find-session.ts';
import type { LoginClient, LoginProblem, Tokens } from '../../src/login/login-client.ts';
import type { LoginEvents } from '../../src/login/login-events.ts';
import { createLoginHosts } from '../../src/login/login-hosts.ts';
import type { SessionVerdict } from '../../src/login/logins.ts';
import { createRenewals } from '../../src/login/refresh-in-process.ts';
import { createSessionMaker } from '../../src/login/session-of-tokens.ts';
import { createTestClock, settled } from '../support/clock.ts';
import { loginConfig, loginIssuersOf, loginIssuerUrl } from '../support/login-config.ts';
import { checkRequest } from '../support/requests.ts';
import { createTestBrowser, createTestStore, plainPlace } from '../support/sessions.ts';

const place = {
  policy: '',
  rule: undefined,
  issuers: ['main'],
  when: 'navigation',
  requireSameOrigin: false,
  option: 'login',
} as const;

/** An issuer with rotation: tokens live for 5 minutes. */
function rotatingIssuer(now: () => number) {
  let current = 0;
  let isRevoked = false;
  const uses: string[] = [];
  const tokens = (): Tokens & { readonly claims: Readonly<Record<string, unknown>> } => ({
    claims: { iss: loginIssuerUrl, sub: 'alice', aud: 'shop', generation: current },
    idToken: undefined,
    accessToken: `access-${current}`,
    isAccessTokenVerified: true,
    accessTokenEndsAt: now() + 300,
    refreshToken: `refresh-${current}`,
    scopes: undefined,
  });
  const refresh = async (token: string): Promise<Tokens | LoginProblem> => {
    uses.push(token);
    if (isRevoked || token !== `refresh-${current}`) {
      isRevoked = true;
      return { kind: 'ended', detail: 'the token endpoint answered 400 invalid_grant' };
    }
    current++;
    return tokens();
  };
  return { tokens, refresh, uses };
}

async function start() {
  const clock = createTestClock();
  const now = () => Math.floor(clock.now() / 1000);
  const idp = rotatingIssuer(now);
  const config = await loginConfig({ login: { signOut: { hint: false } }, sessions: { idleTimeout: '2h' } });
  const issuers = loginIssuersOf(config, { refresh: idp.refresh } as Partial<LoginClient>);
  const [issuer] = issuers;
  if (issuer === undefined) throw new Error('no issuer');
  let ids = 0;
  const maker = createSessionMaker({ config, issuers, clock, randomText: () => `id-${++ids}` });
  const events = new Proxy({} as LoginEvents, { get: () => () => {} });
  const { store } = createTestStore({ clock });
  const { renew } = createRenewals({
    sessions: config.sessions,
    maxWait: 5_000,
    clock,
    events,
    renewed: maker.renewed,
  });
  const hostOf = createLoginHosts({ hosts: ['shop.example.com'], httpHosts: [] }, 'exact');
  const find = createFindSession({
    config,
    issuers,
    denyList: () => [],
    store,
    renew,
    hostOf,
    events,
    clock,
  });
  const browser = createTestBrowser();
  const saved = await store.save(
    maker.begin({ issuer, policy: '', tokens: idp.tokens() }),
    browser.cookies(),
    plainPlace,
  );
  if (!('cookies' in saved)) throw new Error('too large');
  browser.take(saved.cookies);
  const look = async (line = browser.line()): Promise<SessionVerdict> =>
    find(
      checkRequest({ host: 'shop.example.com', header: (name) => (name === 'cookie' ? [line] : []) }),
      place,
    );
  return { clock, idp, browser, look };
}

const tokenOf = (verdict: SessionVerdict) =>
  verdict.outcome === 'signed_in' ? verdict.token : verdict.outcome;
const cookiesOf = (verdict: SessionVerdict) => ('cookies' in verdict ? verdict.cookies : []);

test('200 requests at the end of the tokens use the refresh token once, and all get the new session', async () => {
  const { clock, idp, browser, look } = await start();
  clock.pass(301_000);
  const verdicts = await Promise.all(Array.from({ length: 200 }, () => look()));
  expect(idp.uses).toEqual(['refresh-0']);
  expect(new Set(verdicts.map(tokenOf))).toEqual(new Set(['access-1']));
  expect(new Set(verdicts.map((verdict) => cookiesOf(verdict).join())).size).toBe(1);
  browser.take(verdicts.flatMap(cookiesOf));
  expect(tokenOf(await look())).toBe('access-1');
  expect(idp.uses).toEqual(['refresh-0']);
});

test('before the end, requests continue with the old token while the new one is fetched', async () => {
  const { clock, idp, browser, look } = await start();
  clock.pass(250_000);
  expect(tokenOf(await look())).toBe('access-0');
  await settled();
  expect(idp.uses).toEqual(['refresh-0']);
  const next = await look();
  expect(tokenOf(next)).toBe('access-1');
  browser.take(cookiesOf(next));
  expect(cookiesOf(next)).toHaveLength(1);
  expect(tokenOf(await look())).toBe('access-1');
});

test('a browser that misses several new cookies is served with its first one, through several renewals', async () => {
  const { clock, idp, browser, look } = await start();
  const first = browser.line();
  for (let generation = 1; generation <= 4; generation++) {
    clock.pass(301_000);
    expect(tokenOf(await look(first))).toBe(`access-${generation}`);
  }
  expect(idp.uses).toEqual(['refresh-0', 'refresh-1', 'refresh-2', 'refresh-3']);
  const verdict = await look(first);
  browser.take(cookiesOf(verdict));
  expect(browser.line()).not.toBe(first);
  expect(tokenOf(await look())).toBe('access-4');
});

test('a refresh token that another program used ends the session, and the cookie is deleted', async () => {
  const { clock, idp, browser, look } = await start();
  await idp.refresh('refresh-0');
  clock.pass(301_000);
  const verdict = await look();
  expect(verdict).toMatchObject({ outcome: 'none', cause: 'expired' });
  browser.take(cookiesOf(verdict));
  expect(browser.line()).toBe('');
});
