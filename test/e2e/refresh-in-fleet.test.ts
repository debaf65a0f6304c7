/**
 * Real replicas share a real Redis. The issuers accept a refresh token once: a Keycloak with "Revoke Refresh Token", and an oidc-provider
 * that revokes everything at a second use. The clock of the replicas moves, and a proxy counts the token requests.
 */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { findKeycloak } from '../../tools/keycloak.ts';
import { findRedis } from '../../tools/redis.ts';
import { createShiftedClock, findShiftedClock, type ShiftedClock } from '../../tools/shifted-clock.ts';
import { until } from '../support/app.ts';
import { type Answer, askReplica } from '../support/fleet/ask.ts';
import { shop } from '../support/fleet/fleet.ts';
import { cookieOf, type LogoutFleet, startLogoutFleet } from '../support/fleet/logout-fleet.ts';
import type { IssuerFront } from '../support/login/issuer-front.ts';
import { client, type LoginKeycloak, type people, startLoginKeycloak } from '../support/login/keycloak.ts';
import { startLoginProvider } from '../support/login/oidc-provider.ts';
import { signIn } from '../support/login-provider.ts';
import { describeWithAll } from '../support/real-servers.ts';
import { startRedis } from '../support/redis/server.ts';

const origin = `https://${shop}`;
const found = { redis: await findRedis(), clock: await findShiftedClock() };
const hour = 3_600;

/** Two replicas, and their clock. */
async function startReplicas(
  paths: Readonly<Record<'redis' | 'clock', string>>,
  issuer: string,
  { sessions = 'recheck: 1h', workers = 1 } = {},
): Promise<{ readonly fleet: LogoutFleet; readonly clock: ShiftedClock }> {
  const redis = await startRedis(paths.redis);
  onTestFinished(redis.stop);
  const clock = createShiftedClock(paths.clock);
  const { environment } = clock;
  const fleet = await startLogoutFleet({
    ...{ issuer: { url: issuer, client }, store: redis.url, sessions, replicas: 2, workers, environment },
  });
  onTestFinished(fleet.stop);
  return { fleet, clock };
}

/** The different answers to 200 parallel requests with one cookie: 100 at each replica. */
async function answersOf(fleet: LogoutFleet, cookie: string) {
  const answers = await Promise.all(Array.from({ length: 100 }, () => fleet.ask(cookie)));
  return new Set(answers.flat());
}

const counted = async (fleet: LogoutFleet, result: string) => {
  const counts = fleet.replicas.map((replica) =>
    replica.metric('oidc_authz_session_refreshes_total', `result="${result}"`),
  );
  return (await Promise.all(counts)).reduce((sum, one) => sum + one, 0);
};

describeWithAll(
  'an oidc-provider that revokes everything at a second use of a refresh token',
  found,
  (paths) => {
    /** Starts the issuer. Its tokens live as long as the test says, so that only those of the replicas' past end. */
    const startIssuer = async () => {
      const life = { seconds: 120 };
      const ttl = () => life.seconds;
      const issuer = await startLoginProvider([origin], undefined, {
        ttl: {
          AccessToken: ttl,
          IdToken: ttl,
          RefreshToken: 10 * hour,
          Session: 10 * hour,
          Grant: 10 * hour,
        },
      });
      onTestFinished(issuer.stop);
      const signInAt = async (fleet: LogoutFleet) => {
        const browser = fleet.browser(0);
        const first = await browser.open(`${origin}/orders`, (url) => url.origin === issuer.front.url);
        expect((await signIn(browser, first.headers.location ?? '', 'anna')).status).toBe(200);
        return cookieOf(browser);
      };
      return { issuer, life, signInAt };
    };

    test.each([1, 2])(
      'LG-28: 200 parallel requests at two replicas after the tokens ended: one token request (workers: %i)',
      async (workers) => {
        const { issuer, life, signInAt } = await startIssuer();
        const { fleet, clock } = await startReplicas(paths, issuer.issuer, { workers });
        const cookie = await signInAt(fleet);
        expect(await answersOf(fleet, cookie)).toEqual(new Set(['allowed']));
        let now = 0;
        for (const round of [1, 2, 3]) {
          now += life.seconds + 1;
          life.seconds *= 10;
          clock.set(now);
          expect(await answersOf(fleet, cookie)).toEqual(new Set(['allowed']));
          expect(issuer.front.grants('refresh_token')).toHaveLength(round);
          expect(await counted(fleet, 'success')).toBe(round);
        }
        expect(await counted(fleet, 'rejected')).toBe(0);
      },
    );

    test('a replica that is killed while it has the lock ends no session: the other one continues', async () => {
      const { issuer, life, signInAt } = await startIssuer();
      const { fleet, clock } = await startReplicas(paths, issuer.issuer);
      const cookie = await signInAt(fleet);
      await fleet.ask(cookie);
      const held = holdRefresh(issuer.front);
      clock.set(life.seconds + 1);
      life.seconds = hour;
      const [first, second] = fleet.replicas;
      const asked = askReplica(first?.httpPort ?? 0, cookie);
      await held.arrived;
      first?.service.child.kill('SIGKILL');
      // The issuer never gets it.
      held.release('close');
      expect((await asked).answer).toHaveProperty('unexpected');
      const answers: Answer[] = [];
      await until(async () => {
        answers.push((await askReplica(second?.httpPort ?? 0, cookie)).answer);
        return answers.at(-1) === 'allowed';
      }, 40);
      expect(new Set(answers)).toEqual(new Set(['error', 'allowed']));
      expect(issuer.front.grants('refresh_token')).toHaveLength(2);
    });

    test('a replica that stops while it renews a session writes the new tokens first', async () => {
      const { issuer, life, signInAt } = await startIssuer();
      const { fleet, clock } = await startReplicas(paths, issuer.issuer);
      const cookie = await signInAt(fleet);
      await fleet.ask(cookie);
      const held = holdRefresh(issuer.front);
      // Tokens that still live: the renewal runs in the background.
      clock.set(95);
      life.seconds = hour;
      const [first, second] = fleet.replicas;
      expect((await askReplica(first?.httpPort ?? 0, cookie)).answer).toBe('allowed');
      await held.arrived;
      first?.service.child.kill('SIGTERM');
      await first?.service.record(({ msg }) => msg === 'draining');
      held.release(undefined);
      expect(await first?.service.exit).toBe(0);
      expect((await askReplica(second?.httpPort ?? 0, cookie)).answer).toBe('allowed');
      expect(issuer.front.grants('refresh_token')).toHaveLength(1);
      clock.set(200);
      expect((await askReplica(second?.httpPort ?? 0, cookie)).answer).toBe('allowed');
      expect(issuer.front.grants('refresh_token')).toHaveLength(1);
    });
  },
);

describeWithAll(
  'a Keycloak with "Revoke Refresh Token"',
  { ...found, keycloak: await findKeycloak() },
  (paths) => {
    let keycloak: LoginKeycloak;

    beforeAll(async () => {
      keycloak = await startLoginKeycloak(paths.keycloak, {
        origins: [origin],
        realm: {
          revokeRefreshToken: true,
          refreshTokenMaxReuse: 0,
          ssoSessionIdleTimeout: 10 * hour,
          ssoSessionMaxLifespan: 10 * hour,
        },
      });
    }, 300_000);

    afterAll(() => keycloak?.stop());

    const tokensLive = (seconds: number) => keycloak.admin('PUT', '/shop', { accessTokenLifespan: seconds });
    const signInAs = async (fleet: LogoutFleet, name: keyof typeof people) => {
      const browser = fleet.browser(0);
      const form = await browser.open(`${origin}/orders`);
      const page = await browser.submit(form, { username: name, password: name });
      expect(page.status, page.body + fleet.replicas[0]?.service.output()).toBe(200);
      return cookieOf(browser);
    };
    const refreshes = () => keycloak.front.grants('refresh_token').length;

    test('LG-28: 200 parallel requests at two replicas after the tokens ended: one token request', async () => {
      const { fleet, clock } = await startReplicas(paths, keycloak.issuer);
      await tokensLive(120);
      const cookie = await signInAs(fleet, 'anna');
      expect(await answersOf(fleet, cookie)).toEqual(new Set(['allowed']));
      const before = refreshes();
      await tokensLive(1_200);
      clock.set(121);
      expect(await answersOf(fleet, cookie)).toEqual(new Set(['allowed']));
      expect(refreshes() - before).toBe(1);
      await tokensLive(3 * hour);
      clock.set(1_400);
      expect(await answersOf(fleet, cookie)).toEqual(new Set(['allowed']));
      expect(refreshes() - before).toBe(2);
      expect([await counted(fleet, 'success'), await counted(fleet, 'rejected')]).toEqual([2, 0]);
    });

    describe('within sessions.recheck, the session ends in every replica after', () => {
      const everywhere = async (fleet: LogoutFleet, cookie: string, answer: Answer) =>
        expect(await fleet.ask(cookie)).toEqual(fleet.replicas.map(() => answer));

      test.each<readonly [string, keyof typeof people, () => Promise<unknown>, () => Promise<unknown>]>([
        [
          'the account was disabled',
          'ben',
          async () => keycloak.admin('PUT', `/shop/users/${await keycloak.idOf('ben')}`, { enabled: false }),
          async () => keycloak.admin('PUT', `/shop/users/${await keycloak.idOf('ben')}`, { enabled: true }),
        ],
        [
          'the password was reset and the person signed out by the administrator',
          'ben',
          async () => {
            const id = await keycloak.idOf('ben');
            const credentials = { type: 'password', value: 'ben', temporary: false };
            await keycloak.admin('PUT', `/shop/users/${id}/reset-password`, credentials);
            await keycloak.admin('POST', `/shop/users/${id}/logout`);
          },
          async () => {},
        ],
        [
          '"sign out all sessions" of the realm',
          'anna',
          () => keycloak.admin('POST', '/shop/logout-all'),
          async () => {},
        ],
        [
          'the account was deleted',
          'ben',
          async () => keycloak.admin('DELETE', `/shop/users/${await keycloak.idOf('ben')}`),
          async () => {},
        ],
      ])('%s', async (_, name, end, restore) => {
        await tokensLive(3 * hour);
        const { fleet, clock } = await startReplicas(paths, keycloak.issuer, { sessions: 'recheck: 1m' });
        const cookie = await signInAs(fleet, name);
        await everywhere(fleet, cookie, 'allowed');
        clock.set(61);
        const before = refreshes();
        await everywhere(fleet, cookie, 'allowed');
        expect(refreshes() - before).toBe(1);
        await end();
        onTestFinished(async () => void (await restore()));
        await everywhere(fleet, cookie, 'allowed');
        clock.set(122);
        await everywhere(fleet, cookie, 'login');
        expect(refreshes() - before).toBe(2);
        expect(await counted(fleet, 'rejected')).toBe(1);
      });
    });
  },
);

/** Holds the next request that renews tokens before the issuer gets it. */
function holdRefresh(front: IssuerFront) {
  const arrived = Promise.withResolvers<void>();
  const released = Promise.withResolvers<'close' | undefined>();
  front.fault = ({ form }) => {
    if (form.get('grant_type') !== 'refresh_token') return undefined;
    front.fault = () => undefined;
    arrived.resolve();
    return released.promise;
  };
  return { arrived: arrived.promise, release: released.resolve };
}
