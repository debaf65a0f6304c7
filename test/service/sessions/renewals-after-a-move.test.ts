/** The renewals of a process, when a reload moves the sessions from the store to cookies. */
import { expect, onTestFinished, test } from 'vitest';
import type { Config } from '../../../src/config/declare/options.ts';
import type { LoginClient } from '../../../src/login/login-client.ts';
import type { LoginEvents } from '../../../src/login/login-events.ts';
import type { WithSessions } from '../../../src/service/session-places.ts';
import { createSessionRenewals } from '../../../src/service/session-renewals.ts';
import type { Session } from '../../../src/session/session.ts';
import type { SessionStore, SharedSessions } from '../../../src/session/session-store.ts';
import { StateError } from '../../../src/state/state-store.ts';
import { createVirtualTime } from '../../support/login/virtual-time.ts';
import { loginConfig, loginIssuersOf } from '../../support/login-config.ts';
import { sessionAt } from '../../support/sessions.ts';

/** The rejections that nothing handles, which would end the process. */
function watchRejections(): readonly unknown[] {
  const rejections: unknown[] = [];
  const listeners = process.listeners('unhandledRejection');
  const note = (error: unknown) => void rejections.push(error);
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', note);
  onTestFinished(() => {
    process.removeAllListeners('unhandledRejection');
    for (const listener of listeners) process.on('unhandledRejection', listener);
  });
  return rejections;
}

/** A process that renews a session in a store, and then moves its sessions to cookies. */
async function start() {
  const time = createVirtualTime();
  const rejections = watchRejections();
  let problem: Error | undefined;
  let stored: Session = {
    ...sessionAt(time),
    startedAt: time.now() / 1_000 - 1_000,
    renewedAt: time.now() / 1_000 - 1_000,
    tokensEndAt: time.now() / 1_000 - 1,
    refreshToken: 'first',
    recordKey: 'key',
  };
  const shared: SharedSessions = {
    reread: async () => stored,
    rewrite: async (session) => {
      if (problem !== undefined) throw problem;
      stored = session;
      return true;
    },
    lock: async () => ({ release: async () => {}, extend: async () => true }),
    connectedAt: () => time.now() - 100_000,
    referenceOf: () => ({ id: '', key: '' }),
    resume: async () => undefined,
  };
  const config = await loginConfig({});
  const withPlace = (store: string) =>
    ({ ...config, state: {}, sessions: { ...config.sessions, refresh: true, store } }) as unknown as Config &
      WithSessions;
  const events = new Proxy({} as LoginEvents, { get: () => () => {} });
  const refresh: Partial<LoginClient> = {
    refresh: async () => ({
      claims: undefined,
      idToken: undefined,
      accessToken: undefined,
      isAccessTokenVerified: false,
      accessTokenEndsAt: undefined,
      refreshToken: 'second',
      scopes: undefined,
    }),
  };
  const [issuer] = loginIssuersOf(config, refresh as Partial<LoginClient>);
  if (issuer === undefined) throw new Error('no issuer');
  const renewals = createSessionRenewals(time, () => 0.5);
  const move = async (place: 'valkey' | 'cookie') => {
    await renewals.prepare(withPlace(place));
    const store = { end: async () => {}, ...(place === 'valkey' && { shared }) } as unknown as SessionStore;
    const renewed = (
      session: Session,
      { refreshToken = '' }: { readonly refreshToken?: string | undefined },
    ) => ({
      ...session,
      refreshToken,
      renewedAt: time.now() / 1_000,
      tokensEndAt: time.now() / 1_000 + 300,
    });
    return renewals.renewalsFor(withPlace(place), { store, maker: { renewed }, events });
  };
  const { renew } = await move('valkey');
  return {
    time,
    rejections,
    move,
    renew: async () => {
      const renewal = renew(stored, issuer);
      await time.pass(1_000);
      return renewal;
    },
    stored: () => stored.refreshToken,
    fail: (error: Error | undefined) => {
      problem = error;
    },
  };
}

test('a reload to cookies after a renewal ends no process', async () => {
  const { time, rejections, move, renew, stored } = await start();
  expect(await renew()).toMatchObject({ kind: 'renewed' });
  await move('cookie');
  await time.pass(2_000);
  expect(rejections).toEqual([]);
  expect(stored()).toBe('second');
});

test('new tokens that wait for the store reach it after a reload to cookies', async () => {
  const { time, rejections, move, renew, stored, fail } = await start();
  fail(new StateError('full', 'the store is full'));
  expect(await renew()).toMatchObject({ kind: 'renewed' });
  expect(stored()).toBe('first');
  await move('cookie');
  await time.pass(2_000);
  fail(undefined);
  await time.pass(2_000);
  expect(stored()).toBe('second');
  expect(rejections).toEqual([]);
});

test('a defect in a late write is not the end of the process, and the write is tried again', async () => {
  const { time, rejections, renew, stored, fail } = await start();
  fail(new StateError('full', 'the store is full'));
  expect(await renew()).toMatchObject({ kind: 'renewed' });
  fail(new TypeError('a defect'));
  await time.pass(2_000);
  fail(undefined);
  await time.pass(2_000);
  expect(rejections).toEqual([]);
  expect(stored()).toBe('second');
});
