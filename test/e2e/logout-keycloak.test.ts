/** A real Keycloak ends sessions in three replicas that share a real store. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { findKeycloak } from '../../tools/keycloak.ts';
import { findRedis } from '../../tools/redis.ts';
import { createShiftedClock, findShiftedClock } from '../../tools/shifted-clock.ts';
import { until } from '../support/app.ts';
import { shop } from '../support/fleet/fleet.ts';
import { cookieOf, type LogoutFleet, startLogoutFleet } from '../support/fleet/logout-fleet.ts';
import { client, type LoginKeycloak, startLoginKeycloak } from '../support/login/keycloak.ts';
import { describeWithAll } from '../support/real-servers.ts';
import { type RedisServer, startRedis } from '../support/redis/server.ts';

const found = {
  keycloak: await findKeycloak(),
  redis: await findRedis(),
  clock: await findShiftedClock(),
};
const patient = { timeout: 180_000 };
const everywhere = (answer: string) => [answer, answer, answer];

describeWithAll('a real Keycloak', found, (paths) => {
  let keycloak: LoginKeycloak;
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await startRedis(paths.redis);
    keycloak = await startLoginKeycloak(paths.keycloak, { origins: [`https://${shop}`] });
    // The first token takes Keycloak seconds.
    for (const name of ['anna', 'ben'] as const) await keycloak.tokensOf(name);
  }, 300_000);

  afterAll(async () => {
    await keycloak?.stop();
    await redis?.stop();
  });

  /** Tells Keycloak where the fleet gets logout tokens, and whether they name the session. */
  const register = async (port: number | undefined, isSessionRequired: boolean) => {
    const clients = await keycloak.admin('GET', `/shop/clients?clientId=${client.id}`);
    const [registered] = clients as { id: string; attributes: Record<string, string> }[];
    await keycloak.admin('PUT', `/shop/clients/${registered?.id}`, {
      ...registered,
      attributes: {
        ...registered?.attributes,
        'backchannel.logout.url': `http://127.0.0.1:${port}/back-channel-logout/main`,
        'backchannel.logout.session.required': String(isSessionRequired),
      },
    });
  };
  const startFleet = async (
    sessions: string,
    isSessionRequired: boolean,
    environment?: Readonly<Record<string, string>>,
  ): Promise<LogoutFleet> => {
    const fleet = await startLogoutFleet({
      issuer: { url: keycloak.issuer, client },
      store: redis.url,
      sessions: `backChannelLogout: true, ${sessions}`,
      ...(environment !== undefined && { environment }),
    });
    onTestFinished(fleet.stop);
    await register(fleet.loginPorts[1], isSessionRequired);
    return fleet;
  };
  const signIn = async (fleet: LogoutFleet, name: string, at: number) => {
    const browser = fleet.browser(at);
    const form = await browser.open(`https://${shop}/orders`);
    const page = await browser.submit(form, { username: name, password: name });
    if (page.status !== 200) throw new Error(`${name} is not signed in: ${page.status} ${page.body}`);
    return { browser, cookie: cookieOf(browser) };
  };
  const sessionIds = async (name: 'anna' | 'ben') => {
    const found = await keycloak.admin('GET', `/shop/users/${await keycloak.idOf(name)}/sessions`);
    return (found as { id: string }[]).map(({ id }) => id);
  };
  const hasEnded = (fleet: LogoutFleet, cookie: string) =>
    until(async () => (await fleet.ask(cookie)).every((answer) => answer === 'login'));

  describe.each([
    ['in the store', 'store: valkey'],
    ['in cookies', 'store: cookie, refresh: false'],
  ])('with sessions %s', (_, sessions) => {
    test(
      'an administrator signs a person out: every session of the person ends in every replica',
      patient,
      async () => {
        const fleet = await startFleet(sessions, false);
        const [first, second] = [await signIn(fleet, 'anna', 0), await signIn(fleet, 'anna', 2)];
        const ben = await signIn(fleet, 'ben', 1);
        for (const { cookie } of [first, second, ben])
          expect(await fleet.ask(cookie)).toEqual(everywhere('allowed'));

        await keycloak.admin('POST', `/shop/users/${await keycloak.idOf('anna')}/logout`);
        for (const { cookie } of [first, second]) await hasEnded(fleet, cookie);
        expect(await fleet.ask(ben.cookie)).toEqual(everywhere('allowed'));
        const [other, receiver] = fleet.replicas;
        expect(await receiver?.metric('oidc_authz_logout_tokens_total', 'result="success"')).toBe(1);
        expect(await other?.metric('oidc_authz_sessions_ended_total', 'cause="back_channel"')).toBe(2);

        // In the second of the sign-out, a new login ends too, or does not even complete.
        await until(async () => {
          const again = await signIn(fleet, 'anna', 0).catch(() => undefined);
          return (
            again !== undefined && (await fleet.ask(again.cookie)).every((answer) => answer === 'allowed')
          );
        });
      },
    );

    test('an administrator deletes one session: the other one of the person stays', patient, async () => {
      const fleet = await startFleet(sessions, true);
      const before = await sessionIds('anna');
      const first = await signIn(fleet, 'anna', 0);
      const [id] = (await sessionIds('anna')).filter((one) => !before.includes(one));
      const second = await signIn(fleet, 'anna', 1);
      await keycloak.admin('DELETE', `/shop/sessions/${id}`);
      await hasEnded(fleet, first.cookie);
      expect(await fleet.ask(second.cookie)).toEqual(everywhere('allowed'));
    });

    test(
      'a person signs out at one replica: the session ends in the others, and at Keycloak',
      patient,
      async () => {
        const fleet = await startFleet(sessions, true);
        const { browser, cookie } = await signIn(fleet, 'anna', 0);
        const before = await sessionIds('anna');
        const page = await browser.request(`https://${shop}/.oidc-authz/sign-out`);
        expect(page.headers.location).toMatch(/openid-connect\/logout/);
        await hasEnded(fleet, cookie);
        // Keycloak asks a person whose session keeps no ID token.
        const question = await browser.open(page.headers.location ?? '');
        if ((await sessionIds('anna')).length === before.length) await browser.submit(question);
        await until(async () => (await sessionIds('anna')).length < before.length);
      },
    );
  });

  test(
    'sends nothing for a disabled person; the next renewal ends the session in every replica',
    patient,
    async () => {
      const clock = createShiftedClock(paths.clock);
      const fleet = await startFleet('store: valkey, recheck: 1m', true, clock.environment);
      const [anna, ben] = [await signIn(fleet, 'anna', 0), await signIn(fleet, 'ben', 1)];
      const path = `/shop/users/${await keycloak.idOf('anna')}`;
      await keycloak.admin('PUT', path, {
        ...((await keycloak.admin('GET', path)) as object),
        enabled: false,
      });
      onTestFinished(async () => {
        await keycloak.admin('PUT', path, {
          ...((await keycloak.admin('GET', path)) as object),
          enabled: true,
        });
      });
      expect(await fleet.ask(anna.cookie)).toEqual(everywhere('allowed'));
      clock.set(61);
      await hasEnded(fleet, anna.cookie);
      expect(await fleet.ask(ben.cookie)).toEqual(everywhere('allowed'));
      for (const replica of fleet.replicas)
        expect(await replica.metric('oidc_authz_logout_tokens_total', 'result="success"')).toBe(0);
    },
  );
});
