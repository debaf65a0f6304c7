/** A session that ends, or whose tokens are renewed, under a running page. A real Keycloak that accepts a refresh token once. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findChromium } from '../../tools/chromium.ts';
import { findEnvoy } from '../../tools/envoy.ts';
import { findKeycloak } from '../../tools/keycloak.ts';
import { type LoginKeycloak, startLoginKeycloak } from '../support/login/keycloak.ts';
import { fetchInPage, newPage, open, ownCookies, signInAt } from '../support/login/pages.ts';
import { createMovableClock, type MovableClock } from '../support/login/service.ts';
import { type LoginSite, origin, startLoginSite } from '../support/login/site.ts';
import { transports } from '../support/login/stack.ts';
import { describeWithAll } from '../support/real-servers.ts';

const found = { chromium: await findChromium(), envoy: await findEnvoy(), keycloak: await findKeycloak() };

const minute = 60_000;

/** Seconds that tokens of the realm live, unless a test says otherwise. */
const usual = 3_600;

describeWithAll('under a running page', found, (paths) => {
  let keycloak: LoginKeycloak;

  beforeAll(async () => {
    keycloak = await startLoginKeycloak(paths.keycloak, {
      origins: [origin, 'https://other.test'],
      realm: {
        accessTokenLifespan: usual,
        revokeRefreshToken: true,
        refreshTokenMaxReuse: 0,
        ssoSessionIdleTimeout: 36_000,
        ssoSessionMaxLifespan: 36_000,
      },
    });
  }, 300_000);

  afterAll(() => keycloak?.stop());

  describe.each(transports)('over %s', (transport) => {
    let site: LoginSite;
    let clock: MovableClock;

    beforeAll(async () => {
      clock = createMovableClock();
      site = await startLoginSite(paths, {
        transport,
        clock,
        issuers: { main: keycloak.issuer },
        sessions: 'idleTimeout: 10m, recheck: 30m',
      });
    });

    afterAll(() => site?.stop());
    beforeEach(() => clock.reset());

    const signIn = async (path = '/', page?: Page) => {
      const own = page ?? (await newPage(site.browser));
      await signInAt(own, `${origin}${path}`, keycloak.signIn);
      return own;
    };
    const refreshes = () => keycloak.front.grants('refresh_token').length;
    /** Tokens that live shorter than those that replace them, because only the clock of the service moves. */
    const signInWithShortTokens = async (path = '/') => {
      await keycloak.admin('PUT', '/shop', { accessTokenLifespan: 120 });
      try {
        return await signIn(path);
      } finally {
        await keycloak.admin('PUT', '/shop', { accessTokenLifespan: usual });
      }
    };

    describe('an idle session ends:', () => {
      test('fetch, images, events and WebSockets get a 401, and start no login', async () => {
        const page = await signIn('/image-page');
        clock.move(11 * minute);
        const started = keycloak.front.requests.length;
        const answer = await fetchInPage(page, '/data');
        expect([answer.status, answer.redirected]).toEqual([401, false]);
        expect(answer.headers?.['x-oidc-authz-login']).toMatch(/^\/\.oidc-authz\/start\?/);
        const results = await page.evaluate(`Promise.all([
          new Promise((resolve) => {
            const events = new EventSource('/events');
            events.onmessage = () => resolve('events');
            events.onerror = () => { events.close(); resolve('refused'); };
          }),
          new Promise((resolve) => {
            const socket = new WebSocket('wss://app.test/socket');
            socket.onmessage = () => resolve('socket');
            socket.onerror = () => resolve('refused');
          }),
          new Promise((resolve) => {
            const image = new Image();
            image.onload = () => resolve('image');
            image.onerror = () => resolve('refused');
            image.src = '/image.png?again';
          }),
        ])`);
        expect(results).toEqual(['refused', 'refused', 'refused']);
        expect(keycloak.front.requests.length).toBe(started);
        expect((await ownCookies(page, origin)).filter((name) => name.includes('-login-'))).toEqual([]);
      });

      test('a link signs in again and opens its page', async () => {
        const page = await signIn('/first');
        clock.move(11 * minute);
        await page.goto(`${origin}/second?a=1`);
        await page.waitForURL(`${origin}/second?a=1`);
        await page.getByRole('heading', { name: 'Workload' }).waitFor();
        expect((await fetchInPage(page, '/data')).status).toBe(200);
      });

      test('a form is not lost: its page says how, and the reload sends it', async () => {
        const page = await signIn('/form');
        await page.getByLabel('Order').fill('4711');
        clock.move(11 * minute);
        await page.getByRole('button', { name: 'Send' }).click();
        await page.getByRole('heading', { name: 'Your form was not sent' }).waitFor();
        expect(page.url()).toBe(`${origin}/orders`);
        const before = site.workload.of('/orders').length;
        const [tab] = await Promise.all([
          page.context().waitForEvent('page'),
          page.getByRole('link', { name: 'Sign in' }).click(),
        ]);
        await tab.getByRole('heading', { name: 'Workload' }).waitFor();
        await page.reload();
        await page.getByText('POST /orders').waitFor();
        const sent = site.workload.of('/orders').slice(before);
        expect(sent.filter(({ method }) => method === 'POST').map(({ body }) => body)).toEqual([
          'order=4711',
        ]);
      });
    });

    describe('the tokens end:', () => {
      test('20 requests at once need one refresh, and the session continues with the new token', async () => {
        const page = await signInWithShortTokens('/first');
        const tokenBefore = site.workload.lastHeaders('/first').authorization;
        const before = refreshes();
        clock.move(3 * minute);
        const statuses = await page.evaluate(`Promise.all(
          Array.from({ length: 20 }, (_, index) => fetch('/data?' + index).then(({ status }) => status)))`);
        expect(statuses).toEqual(Array.from({ length: 20 }, () => 200));
        expect(refreshes() - before).toBe(1);
        expect(site.workload.lastHeaders('/data').authorization).not.toBe(tokenBefore);
        // Keycloak ends the session of a client that uses a refresh token twice.
        clock.move(31 * minute);
        await page.goto(`${origin}/later`);
        expect((await fetchInPage(page, '/data')).status).toBe(200);
      });

      test('another tab with the old cookie gets the new session', async () => {
        const page = await signInWithShortTokens('/first');
        const old = (await page.context().cookies(origin)).filter(({ name }) =>
          name.startsWith('__Host-oidc-authz'),
        );
        const before = refreshes();
        clock.move(3 * minute);
        expect((await fetchInPage(page, '/data')).status).toBe(200);
        const renewed = await page.context().cookies(origin);
        expect(renewed.find(({ name }) => name === '__Host-oidc-authz')?.value).not.toBe(old[0]?.value);
        const late = await newPage(site.browser);
        await late.context().addCookies(old);
        expect((await open(late, `${origin}/late`)).status()).toBe(200);
        expect(refreshes() - before).toBe(1);
      });

      test('an issuer that does not answer ends no session', async () => {
        const page = await signInWithShortTokens('/first');
        clock.move(3 * minute);
        keycloak.front.fault = ({ path }) => (path.endsWith('/token') ? 'close' : undefined);
        try {
          const answer = await open(page, `${origin}/second`);
          expect(answer.status()).toBe(403);
          expect(await answer.headerValue('retry-after')).toMatch(/^\d+$/);
          expect(page.url()).toBe(`${origin}/second`);
          expect(await ownCookies(page, origin)).toContain('__Host-oidc-authz');
        } finally {
          keycloak.front.fault = () => undefined;
        }
        clock.move(minute);
        expect((await open(page, `${origin}/second`)).status()).toBe(200);
      });

      test('a person whom the issuer signed out has no session after it', async () => {
        const page = await signInWithShortTokens('/first');
        await keycloak.admin('POST', `/shop/users/${await keycloak.idOf('anna')}/logout`);
        clock.move(3 * minute);
        expect((await fetchInPage(page, '/data')).status).toBe(401);
        await page.goto(`${origin}/second`);
        await page.locator('#username').waitFor();
      });

      test('a group that the issuer took away is gone after the refresh', async () => {
        const page = await signInWithShortTokens('/staff/plans');
        const [id, groups] = [
          await keycloak.idOf('anna'),
          (await keycloak.admin('GET', '/shop/groups')) as { id: string; name: string }[],
        ];
        const staff = groups.find(({ name }) => name === 'staff')?.id;
        await keycloak.admin('DELETE', `/shop/users/${id}/groups/${staff}`);
        try {
          expect((await open(page, `${origin}/staff/plans`)).status()).toBe(200);
          clock.move(3 * minute);
          expect((await open(page, `${origin}/staff/plans`)).status()).toBe(403);
          expect((await open(page, `${origin}/orders`)).status()).toBe(200);
        } finally {
          await keycloak.admin('PUT', `/shop/users/${id}/groups/${staff}`);
        }
      });
    });

    test('a renewal before the end is not waited for, and its cookie arrives', async () => {
      const page = await signIn('/first');
      const old = (await page.context().cookies(origin)).find(
        ({ name }) => name === '__Host-oidc-authz',
      )?.value;
      const before = refreshes();
      // The session is used, so that it is not idle; `recheck` is 30 minutes.
      for (let step = 0; step < 4; step++) {
        clock.move(8 * minute);
        expect((await fetchInPage(page, '/data')).status).toBe(200);
      }
      await expect.poll(refreshes).toBe(before + 1);
      await expect
        .poll(async () => {
          await fetchInPage(page, '/data');
          return (await page.context().cookies(origin)).find(({ name }) => name === '__Host-oidc-authz')
            ?.value;
        })
        .not.toBe(old);
      expect(refreshes()).toBe(before + 1);
    });
  });
});
