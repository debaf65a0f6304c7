/** A real Keycloak ends sessions in three replicas that share a real store. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { findKeycloak } from '../../tools/keycloak.ts';
import { findRedis } from '../../tools/redis.ts';
import { until } from '../support/app.ts';
import { shop } from '../support/fleet/fleet.ts';
import { cookieOf, type LogoutFleet, startLogoutFleet } from '../support/fleet/logout-fleet.ts';
import { client, type LoginKeycloak, startLoginKeycloak } from '../support/login/keycloak.ts';
import type { LoginBrowser } from '../support/login-browser.ts';
import { describeWithAll } from '../support/real-servers.ts';
import { type RedisServer, startRedis } from '../support/redis/server.ts';

const found = { keycloak: await findKeycloak(), redis: await findRedis() };
const everywhere = (answer: string) => [answer, answer, answer];

describeWithAll('a real Keycloak', found, (paths) => {
  let keycloak: LoginKeycloak;
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await startRedis(paths.redis);
    keycloak = await startLoginKeycloak(paths.keycloak, { origins: [`https://${shop}`] });
  }, 300_000);

  afterAll(async () => {
    await keycloak?.stop();
    await redis?.stop();
  });

  /** Tells Keycloak where the fleet gets logout tokens. */
  const register = async (port: number | undefined, more: Record<string, string> = {}) => {
    const [found] = (await keycloak.admin('GET', `/shop/clients?clientId=${client.id}`)) as {
      id: string;
      attributes: Record<string, string>;
    }[];
    await keycloak.admin('PUT', `/shop/clients/${found?.id}`, {
      ...found,
      attributes: {
        ...found?.attributes,
        'backchannel.logout.url': `http://127.0.0.1:${port}/back-channel-logout/main`,
        'backchannel.logout.session.required': 'true',
        ...more,
      },
    });
  };
  const startFleet = async (sessions: string): Promise<LogoutFleet> => {
    const fleet = await startLogoutFleet({
      issuer: { url: keycloak.issuer, client },
      store: redis.url,
      sessions: `backChannelLogout: true, ${sessions}`,
    });
    onTestFinished(fleet.stop);
    await register(fleet.loginPorts[1]);
    return fleet;
  };
  const signIn = async (fleet: LogoutFleet, name: string, at = 0) => {
    const browser = fleet.browser(at);
    const form = await browser.open(`https://${shop}/orders`);
    const page = await browser.submit(form, { username: name, password: name });
    expect(page.status).toBe(200);
    return { browser, cookie: cookieOf(browser) };
  };
  const sessionIds = async (name: 'anna' | 'ben') =>
    (
      (await keycloak.admin('GET', `/shop/users/${await keycloak.idOf(name)}/sessions`)) as { id: string }[]
    ).map(({ id }) => id);
  const hasEnded = (fleet: LogoutFleet, cookie: string) =>
    until(async () => (await fleet.ask(cookie)).every((answer) => answer === 'login'));

  describe.each([
    ['in the store', 'store: valkey'],
    ['in cookies', 'store: cookie, refresh: false'],
  ])('with sessions %s', (_, sessions) => {
    test('an administrator signs a person out: every session of the person ends in every replica', async () => {
      const fleet = await startFleet(sessions);
      const [first, second] = [await signIn(fleet, 'anna', 0), await signIn(fleet, 'anna', 2)];
      const ben = await signIn(fleet, 'ben', 1);
      for (const { cookie } of [first, second, ben])
        expect(await fleet.ask(cookie)).toEqual(everywhere('allowed'));

      await keycloak.admin('POST', `/shop/users/${await keycloak.idOf('anna')}/logout`);
      for (const { cookie } of [first, second]) await hasEnded(fleet, cookie);
      expect(await fleet.ask(ben.cookie)).toEqual(everywhere('allowed'));
      expect(await fleet.replicas[1]?.metric('oidc_authz_logout_tokens_total', 'result="success"')).toBe(2);
      expect(await fleet.replicas[0]?.metric('oidc_authz_sessions_ended_total', 'cause="back_channel"')).toBe(
        2,
      );

      // The next login counts.
      const again = await signIn(fleet, 'anna', 0);
      expect(await fleet.ask(again.cookie)).toEqual(everywhere('allowed'));
    });

    test('an administrator deletes one session: the other one of the person stays', async () => {
      const fleet = await startFleet(sessions);
      const before = await sessionIds('anna');
      const first = await signIn(fleet, 'anna', 0);
      const [id] = (await sessionIds('anna')).filter((one) => !before.includes(one));
      const second = await signIn(fleet, 'anna', 1);
      await keycloak.admin('DELETE', `/shop/sessions/${id}`);
      await hasEnded(fleet, first.cookie);
      expect(await fleet.ask(second.cookie)).toEqual(everywhere('allowed'));
    });

    test('a person signs out at one replica: the session ends in the others, and at Keycloak', async () => {
      const fleet = await startFleet(`${sessions}`);
      const { browser, cookie } = await signIn(fleet, 'anna', 0);
      const before = await sessionIds('anna');
      const page = await signOut(browser);
      expect(page.headers.location).toMatch(/openid-connect\/logout/);
      await hasEnded(fleet, cookie);
      await browser.open(page.headers.location ?? '');
      await until(async () => (await sessionIds('anna')).length < before.length);
    });
  });
});

function signOut(browser: LoginBrowser) {
  return browser.request(`https://${shop}/.oidc-authz/sign-out`);
}
