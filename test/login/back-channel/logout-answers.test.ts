/** The answers to issuers that end sessions, with two processes that share a store. */
import { describe, expect, test } from 'vitest';
import { configSchema } from '../../../src/config/declare/options.ts';
import { zodOf } from '../../../src/config/schema/to-zod.ts';
import { createLogoutAnswers } from '../../../src/login/back-channel/create-logout-answers.ts';
import type { LogoutAnswers } from '../../../src/login/back-channel/logout-answers.ts';
import { createUseLogoutToken } from '../../../src/login/back-channel/used-logout-tokens.ts';
import type { LoginEvents } from '../../../src/login/login-events.ts';
import type { LoginIssuer } from '../../../src/login/login-issuer.ts';
import type { EndedSessions } from '../../../src/session/ended-sessions.ts';
import type { Session } from '../../../src/session/session.ts';
import { createTestClock, settled, type TestClock } from '../../support/clock.ts';
import { keysOf, type TestIssuerKeys } from '../../support/issuer-keys.ts';
import { createSigningKey } from '../../support/keys.ts';
import {
  type LogoutTokenChanges,
  logoutClient,
  logoutForgeries,
  otherTokens,
  signLogoutToken,
} from '../../support/logout-tokens.ts';
import { createTestEnded, randomKeys, sessionAt } from '../../support/sessions.ts';
import { createMemoryServer, type MemoryClient } from '../../support/state/memory-store.ts';

const issuer = 'https://issuer.example.com';
const key = await createSigningKey('k1');

const ok = { status: 200 };
const invalid = { status: 400, error: 'invalid_request' };
const unconfirmed = { status: 400, error: 'temporarily_unavailable' };
const tooMany = { status: 429, error: 'temporarily_unavailable' };

/** The forgeries by name. @param now seconds since the epoch */
const forgeries = (now: number) => [...logoutForgeries(issuer, now), ...otherTokens(issuer, now)];

interface Process {
  readonly answers: LogoutAnswers;
  readonly ended: EndedSessions;
  readonly client: MemoryClient;
  readonly events: (readonly unknown[])[];
}

interface Fleet {
  readonly clock: TestClock;
  readonly keys: TestIssuerKeys;
  readonly first: Process;
  readonly second: Process;
  readonly sign: (changes?: LogoutTokenChanges) => Promise<string>;
  readonly send: (process: Process, changes?: LogoutTokenChanges) => ReturnType<LogoutAnswers['backChannel']>;
  readonly dump: () => readonly string[];
}

function startFleet(options: { readonly back?: boolean; readonly front?: boolean } = {}): Fleet {
  const { back = true, front = true } = options;
  const clock = createTestClock();
  const server = createMemoryServer(clock);
  const keys = keysOf([key]);
  const sessionKeys = randomKeys();
  const [config] = zodOf(configSchema).parse({
    issuers: [
      {
        name: 'main',
        issuer,
        audiences: ['orders'],
        login: { clientId: logoutClient, clientAuthentication: 'none' },
      },
    ],
  }).issuers;
  const start = (): Process => {
    const client = server.connect();
    const events: (readonly unknown[])[] = [];
    const ended = createTestEnded({ clock, keys: () => sessionKeys, state: client });
    const answers = createLogoutAnswers({
      sessions: { backChannelLogout: back, frontChannelLogout: front },
      issuers: [
        {
          config: { ...config, name: 'main' } as LoginIssuer['config'],
          source: { ...keys.issuer, loginMetadata: () => undefined },
        },
      ],
      store: { endOf: ended.endOf },
      use: createUseLogoutToken(client, clock),
      events: new Proxy({} as LoginEvents, {
        get:
          (_, name) =>
          (...values: unknown[]) =>
            void events.push([name, ...values]),
      }),
      clock,
    });
    return { answers, ended, client, events };
  };
  const sign = (changes?: LogoutTokenChanges) =>
    signLogoutToken(issuer, Math.floor(clock.now() / 1000), key, changes);
  return {
    clock,
    keys,
    first: start(),
    second: start(),
    sign,
    send: async (process, changes) => process.answers.backChannel('main', await sign(changes)),
    dump: server.dump,
  };
}

const causeOf = ({ ended }: Process, session: Session) =>
  ended.causeOf({ session, endedMark: undefined })?.cause;

describe('a logout token', () => {
  test('ends the sessions of its sid in every process, and of the person without a sid', async () => {
    const { clock, first, second, send, dump } = startFleet();
    const sessions = [
      sessionAt(clock, { sid: 'the-sid' }),
      sessionAt(clock),
      sessionAt(clock, { sid: 'other' }),
      sessionAt(clock, { sid: 'other', subject: 'bob' }),
    ];
    expect(await send(first)).toEqual(ok);
    for (const process of [first, second])
      expect(sessions.map((session) => causeOf(process, session))).toEqual([
        'back_channel',
        'back_channel',
        undefined,
        undefined,
      ]);
    expect(first.events).toEqual([['logoutToken', 'main', 'success', undefined]]);
    expect(dump().join()).not.toMatch(/the-sid|alice/);
  });

  test('without a sid ends every session of the person', async () => {
    const { clock, first, second, send } = startFleet();
    expect(await send(first, { claims: { sid: undefined } })).toEqual(ok);
    expect(causeOf(second, sessionAt(clock, { sid: 'any' }))).toBe('back_channel');
    expect(causeOf(second, sessionAt(clock, { subject: 'bob' }))).toBeUndefined();
  });

  test('counts once in a process, and once in the fleet', async () => {
    const { first, second, sign } = startFleet();
    const token = await sign();
    expect(await first.answers.backChannel('main', token)).toEqual(ok);
    for (const process of [first, second])
      expect(await process.answers.backChannel('main', token)).toEqual(invalid);
    expect([...first.events, ...second.events].map(([, , result]) => result)).toEqual([
      'success',
      'replayed',
      'replayed',
    ]);
  });

  test('counts once if it arrives several times at once', async () => {
    const { first, sign } = startFleet();
    const token = await sign();
    const answers = await Promise.all([1, 2, 3].map(() => first.answers.backChannel('main', token)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 400, 400]);
  });

  test('does not count again before it is too old', async () => {
    const { clock, first, sign } = startFleet();
    const token = await sign({ claims: { exp: undefined } });
    expect(await first.answers.backChannel('main', token)).toEqual(ok);
    for (let minute = 0; minute < 10; minute++) {
      await clock.advance(60_000);
      expect(await first.answers.backChannel('main', token)).toEqual(invalid);
    }
  });

  test.each(forgeries(0).map(([name]) => name))('forged: %s', async (name) => {
    const { clock, first, second, send } = startFleet();
    const [, changes] = forgeries(Math.floor(clock.now() / 1_000)).find(([one]) => one === name) ?? [];
    expect(await send(first, changes)).toEqual(invalid);
    expect([first.ended.size(), second.ended.size()]).toEqual([0, 0]);
    expect(first.client.status().state).toBe('ready');
    expect(clock.monotonic()).toBe(0);
    expect(first.events).toEqual([['logoutToken', 'main', 'rejected', expect.any(String)]]);
    expect(JSON.stringify(first.events)).not.toMatch(/the-sid|alice|evil/);
  });

  test('of a forger does not use up the jti of the issuer', async () => {
    const { clock, first, send } = startFleet();
    const forged = await signLogoutToken(
      issuer,
      Math.floor(clock.now() / 1000),
      await createSigningKey('k1'),
      { claims: { jti: 'a' } },
    );
    expect(await first.answers.backChannel('main', forged)).toEqual(invalid);
    expect(await send(first, { claims: { jti: 'a' } })).toEqual(ok);
  });

  test('for an issuer that does not sign people in, or none', async () => {
    const { first, sign } = startFleet();
    expect(await first.answers.backChannel('other', await sign())).toEqual({
      status: 404,
      error: 'unknown_issuer',
    });
    expect(await first.answers.backChannel('main', undefined)).toEqual(invalid);
  });
});

describe('while the store is away', () => {
  test('a logout token counts in this process at once, is answered within 2 s, and counts in the others later', async () => {
    const { clock, first, second, send } = startFleet();
    first.client.fail('away');
    const session = sessionAt(clock, { sid: 'the-sid' });
    const answers: unknown[] = [];
    const answering = send(first).then((answer) => answers.push(answer));
    while (first.ended.waiting() === 0) await settled();
    expect(causeOf(first, session)).toBe('back_channel');
    await clock.advance(1_999);
    expect(answers).toEqual([]);
    await clock.advance(1);
    await answering;
    expect(answers).toEqual([unconfirmed]);
    expect(first.events).toEqual([['logoutToken', 'main', 'unconfirmed', undefined]]);
    first.client.fail(undefined);
    await clock.advance(1_000);
    expect(causeOf(second, session)).toBe('back_channel');
  });
});

describe('a flood', () => {
  test('of logout tokens that wait for the store is limited in number', async () => {
    const { first, sign, clock } = startFleet();
    const tokens = await Promise.all(Array.from({ length: 70 }, () => sign()));
    first.client.fail('away');
    const answering = Promise.all(tokens.map((token) => first.answers.backChannel('main', token)));
    while (first.ended.waiting() < 64) await settled();
    await clock.advance(2_000);
    const statuses = (await answering).map(({ status }) => status);
    expect(statuses.filter((status) => status === 429)).toHaveLength(6);
    expect(statuses.filter((status) => status === 400)).toHaveLength(64);
  });

  test('of forged tokens rejects no real one', async () => {
    const { first, sign, send } = startFleet();
    const plausible = `${(await sign()).split('.').slice(0, 2).join('.')}.${'A'.repeat(86)}`;
    for (const forged of ['x', 'a.b.c', plausible])
      for (let index = 0; index < 1_000; index++)
        expect((await first.answers.backChannel('main', forged)).status).toBe(400);
    expect(await send(first)).toEqual(ok);
  });

  test('of tokens with unknown keys does not make the others wait', async () => {
    const { first, keys, sign, send } = startFleet();
    let waiting = 0;
    keys.fetch = () => {
      waiting++;
      return new Promise(() => {});
    };
    const unknown = await Promise.all(
      Array.from({ length: 100 }, (_, index) => sign({ header: { kid: `unknown-${index}` } })),
    );
    const answered: number[] = [];
    for (const token of unknown)
      void first.answers.backChannel('main', token).then(({ status }) => answered.push(status));
    while (waiting < 100) await settled();
    await settled();
    expect(answered).toEqual(Array.from({ length: 36 }, () => 400));
    expect(await send(first)).toEqual(ok);
  });

  test('of used tokens does not grow the memory without a limit', async () => {
    const clock = createTestClock();
    const use = createUseLogoutToken(undefined, clock);
    for (let index = 0; index <= 10_001; index++)
      expect(await use(issuer, `jti-${index}`, 60_000)).toBe(true);
    expect(await use(issuer, 'jti-10001', 60_000)).toBe(false);
    // The oldest is forgotten.
    expect(await use(issuer, 'jti-0', 60_000)).toBe(true);
  });
});

describe('a frame of the issuer', () => {
  const query = (more: string) => new URLSearchParams(more);
  const good = `iss=${encodeURIComponent(issuer)}&sid=the-sid`;

  test('ends the sessions of its sid in every process', async () => {
    const { clock, first, second } = startFleet();
    expect(await first.answers.frontChannel('main', query(good))).toEqual(ok);
    for (const process of [first, second]) {
      expect(causeOf(process, sessionAt(clock, { sid: 'the-sid' }))).toBe('front_channel');
      expect(causeOf(process, sessionAt(clock))).toBeUndefined();
    }
    expect(first.events).toEqual([['frontChannelLogout', 'main', 'success']]);
  });

  test.each([
    ['nothing', ''],
    ['no sid', `iss=${encodeURIComponent(issuer)}`],
    ['an empty sid', `iss=${encodeURIComponent(issuer)}&sid=`],
    ['two sid', `${good}&sid=b`],
    ['no iss', 'sid=the-sid'],
    ['another iss', 'iss=https%3A%2F%2Fevil.example.com&sid=the-sid'],
    ['two iss', `${good}&iss=${encodeURIComponent(issuer)}`],
    ['a sid of 2,000 characters', `iss=${encodeURIComponent(issuer)}&sid=${'x'.repeat(2_000)}`],
  ])('with %s is rejected', async (_, text) => {
    const { first } = startFleet();
    expect(await first.answers.frontChannel('main', query(text))).toEqual(invalid);
    expect(first.ended.size()).toBe(0);
  });

  test('is limited in a second, because everyone can send it', async () => {
    const { clock, first } = startFleet();
    const statuses: number[] = [];
    for (let index = 0; index < 52; index++)
      statuses.push((await first.answers.frontChannel('main', query(`${good}${index}`))).status);
    expect(statuses.indexOf(429)).toBe(50);
    expect(await first.answers.frontChannel('main', query(good))).toEqual(tooMany);
    await clock.advance(1_000);
    expect(await first.answers.frontChannel('main', query(good))).toEqual(ok);
  });

  test('gets 400 while the store is away', async () => {
    const { clock, first } = startFleet();
    first.client.fail('away');
    const answering = first.answers.frontChannel('main', query(good));
    await settled();
    await clock.advance(2_000);
    expect(await answering).toEqual(unconfirmed);
  });
});

test('what is not configured is 501', async () => {
  const { first, sign } = startFleet({ back: false, front: false });
  const notConfigured = { status: 501, error: 'not_configured' };
  expect(await first.answers.backChannel('main', await sign())).toEqual(notConfigured);
  expect(await first.answers.frontChannel('main', new URLSearchParams())).toEqual(notConfigured);
  expect(first.ended.size()).toBe(0);
});
