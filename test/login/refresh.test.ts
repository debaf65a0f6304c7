import { describe, expect, onTestFinished, test } from 'vitest';
import type { LoginClient, LoginProblem, Tokens } from '../../src/login/login-client.ts';
import type { LoginIssuer } from '../../src/login/login-issuer.ts';
import type { Renewal, Renewals } from '../../src/login/refresh.ts';
import { createRenewals } from '../../src/login/refresh-in-process.ts';
import type { Session } from '../../src/session/session.ts';
import { createTestClock, settled, type TestClock } from '../support/clock.ts';
import { createLoginBrowser } from '../support/login-browser.ts';
import { loginStart, startLoginIssuer, temporaryFile } from '../support/login-issuer.ts';
import { signIn, startLoginProvider } from '../support/login-provider.ts';

const minutes = (count: number) => count * 60_000;

interface Bench {
  readonly clock: TestClock;
  readonly renew: (session: Session) => Renewal | Promise<Renewal>;
  readonly session: (more?: Partial<Session>) => Session;
  /** The refresh tokens that the issuer got. */
  readonly asked: string[];
  readonly befores: unknown[];
  readonly events: string[];
  /** Answers the oldest open call of the issuer. */
  readonly answer: (answer?: Partial<Tokens> | LoginProblem) => Promise<void>;
  readonly newestOf: Renewals['newestOf'];
}

const unavailable: LoginProblem = { kind: 'unavailable', detail: 'no answer' };
const ended: LoginProblem = { kind: 'ended', detail: 'invalid_grant' };

function bench({ recheck = minutes(15), refresh = true } = {}): Bench {
  const clock = createTestClock();
  const now = () => Math.floor(clock.now() / 1000);
  const open: ((answer: Tokens | LoginProblem) => void)[] = [];
  const made: Bench = {
    clock,
    asked: [],
    befores: [],
    events: [],
    session: (more = {}) => ({
      id: 'session-1',
      policy: '',
      issuer: 'https://issuer.example.com',
      subject: 'alice',
      claims: { email: 'alice@example.com' },
      audiences: ['shop'],
      scopes: ['openid'],
      startedAt: now(),
      seenAt: now(),
      renewedAt: now(),
      tokensEndAt: now() + 300,
      refreshToken: 'r1',
      ...more,
    }),
    renew: (session) => renew(session, issuer),
    newestOf: (session) => newestOf(session),
    answer: async (answer = {}) => {
      const resolve = open.shift();
      if (resolve === undefined) throw new Error('no call is open');
      resolve(
        'kind' in answer
          ? (answer as LoginProblem)
          : ({ refreshToken: `r${made.asked.length + 1}`, ...answer } as Tokens),
      );
      await settled();
    },
  };
  const client = {
    refresh: (refreshToken, before) => {
      made.asked.push(refreshToken);
      made.befores.push(before);
      return new Promise((resolve) => open.push(resolve));
    },
  } as Partial<LoginClient> as LoginClient;
  const issuer = { config: { name: 'main' }, path: 'issuers[0]', client } as LoginIssuer;
  const { renew, newestOf } = createRenewals({
    sessions: { refresh, recheck, idleTimeout: minutes(60) },
    maxWait: 5_000,
    clock,
    events: {
      refreshed: (name, result) => made.events.push(`${name} ${result}`),
      sessionEnded: (name, cause) => made.events.push(`${name} ${cause}`),
    },
    renewed: (session, { refreshToken }) => ({
      ...session,
      renewedAt: now(),
      tokensEndAt: now() + 300,
      ...(refreshToken !== undefined && { refreshToken }),
    }),
  });
  return made;
}

test('a session with fresh tokens is used unchanged, at once', () => {
  const { renew, session, asked } = bench();
  expect(renew(session())).toEqual({ kind: 'current' });
  expect(asked).toEqual([]);
});

test('the newest tokens of a session are known before its new cookie arrives', async () => {
  const { renew, newestOf, session, answer, clock } = bench();
  const old = session();
  expect(newestOf(old)).toBe(old);
  clock.pass(241_000);
  renew(old);
  expect(newestOf(old)).toBe(old);
  await answer();
  expect(newestOf(old)).toMatchObject({ refreshToken: 'r2' });
});

test.each([
  ['is off', { refresh: false }, {}],
  ['has no refresh token', {}, { refreshToken: undefined }],
])('a session whose renewal %s is never renewed', (_, options, more) => {
  const { renew, session, asked } = bench(options);
  const { refreshToken, ...rest } = session({ tokensEndAt: 1, renewedAt: 1 });
  expect(renew({ ...rest, ...('refreshToken' in more ? {} : { refreshToken }) } as Session)).toEqual({
    kind: 'current',
  });
  expect(asked).toEqual([]);
});

describe('before the tokens end', () => {
  test('a renewal runs in the background, and requests use the old tokens; the next one gets the new session', async () => {
    const { renew, session, asked, befores, answer, clock, events } = bench();
    const old = session();
    clock.pass(239_000);
    expect(renew(old)).toEqual({ kind: 'current' });
    expect(asked).toEqual([]);
    clock.pass(2_000);
    expect(renew(old)).toEqual({ kind: 'current' });
    expect(renew(old)).toEqual({ kind: 'current' });
    expect(asked).toEqual(['r1']);
    expect(befores).toEqual([
      { email: 'alice@example.com', iss: 'https://issuer.example.com', sub: 'alice' },
    ]);
    await answer();
    expect(renew(old)).toMatchObject({ kind: 'renewed', session: { id: 'session-1', refreshToken: 'r2' } });
    expect(events).toEqual(['main success']);
  });

  test('a long life is renewed in its last fifth', () => {
    const { renew, session, asked, clock } = bench({ recheck: minutes(24 * 60) });
    const old = session({ tokensEndAt: Math.floor(clock.now() / 1000) + 3_600 });
    clock.pass(minutes(47));
    renew(old);
    expect(asked).toEqual([]);
    clock.pass(minutes(2));
    renew(old);
    expect(asked).toEqual(['r1']);
  });

  test('a short life is not renewed at each request', () => {
    const { renew, session, asked, clock } = bench();
    const old = session({ tokensEndAt: Math.floor(clock.now() / 1000) + 60 });
    clock.pass(20_000);
    renew(old);
    expect(asked).toEqual([]);
    clock.pass(15_000);
    renew(old);
    expect(asked).toEqual(['r1']);
  });

  test('a failure changes nothing, and the issuer is asked again after 10 s', async () => {
    const { renew, session, asked, answer, clock, events } = bench();
    const old = session();
    clock.pass(245_000);
    renew(old);
    await answer(unavailable);
    for (let second = 0; second < 9; second++) {
      clock.pass(1_000);
      expect(renew(old)).toEqual({ kind: 'current' });
    }
    expect(asked).toHaveLength(1);
    clock.pass(1_500);
    renew(old);
    expect(asked).toHaveLength(2);
    expect(events).toEqual(['main unavailable']);
  });
});

describe('after the tokens ended', () => {
  test('LG-19: 200 parallel requests wait for one renewal', async () => {
    const { renew, session, asked, answer, clock, events } = bench();
    const old = session();
    clock.pass(301_000);
    const waiting = Array.from({ length: 200 }, () => renew({ ...old }));
    await answer();
    const results = await Promise.all(waiting);
    expect(
      new Set(results.map((one) => (one.kind === 'renewed' ? one.session.refreshToken : one.kind))),
    ).toEqual(new Set(['r2']));
    expect(asked).toEqual(['r1']);
    expect(events).toEqual(['main success']);
  });

  test('a late request with the old cookie gets the new session', async () => {
    const { renew, session, asked, answer, clock } = bench();
    const old = session();
    clock.pass(301_000);
    const first = renew(old);
    await answer();
    expect(await first).toMatchObject({ kind: 'renewed' });
    clock.pass(59_000);
    expect(await renew(old)).toMatchObject({ kind: 'renewed', session: { refreshToken: 'r2' } });
    expect(asked).toEqual(['r1']);
  });

  test('a browser that comes back after 40 minutes gets the newest session, renewed with the newest token', async () => {
    const { renew, session, asked, answer, clock } = bench();
    const old = session();
    clock.pass(250_000);
    renew(old);
    await answer();
    clock.pass(minutes(40));
    const back = renew(old);
    await answer();
    expect(await back).toMatchObject({ kind: 'renewed', session: { refreshToken: 'r3' } });
    expect(asked).toEqual(['r1', 'r2']);
    expect(await renew(old)).toMatchObject({ kind: 'renewed', session: { refreshToken: 'r3' } });
  });

  test('an issuer that returns the same refresh token again', async () => {
    const { renew, session, asked, answer, clock } = bench();
    const old = session();
    clock.pass(301_000);
    const first = renew(old);
    await answer({ refreshToken: 'r1' });
    const renewal = await first;
    const current = renewal.kind === 'renewed' ? renewal.session : old;
    expect(renew(old)).toMatchObject({ kind: 'renewed' });
    expect(renew(current)).toEqual({ kind: 'current' });
    clock.pass(301_000);
    const second = renew(current);
    await answer({ refreshToken: 'r1' });
    expect(await second).toMatchObject({ kind: 'renewed' });
    expect(asked).toEqual(['r1', 'r1']);
  });

  test('invalid_grant ends the session, once', async () => {
    const { renew, session, asked, answer, clock, events } = bench();
    const old = session();
    clock.pass(301_000);
    const waiting = [renew(old), renew(old)];
    await answer(ended);
    expect(await Promise.all(waiting)).toEqual([
      { kind: 'ended', detail: 'invalid_grant' },
      { kind: 'ended', detail: 'invalid_grant' },
    ]);
    expect(renew(old)).toEqual({ kind: 'ended', detail: 'invalid_grant' });
    expect(asked).toEqual(['r1']);
    expect(events).toEqual(['main rejected', 'main refresh_rejected']);
  });

  test('an ID token of another person ends the session', async () => {
    const { renew, session, answer, clock } = bench();
    const old = session();
    clock.pass(301_000);
    const waiting = renew(old);
    await answer({ kind: 'rejected', detail: 'the ID token is for another person' });
    expect(await waiting).toMatchObject({ kind: 'ended' });
  });

  test('an issuer that does not answer is an error, not the end; the session continues afterwards', async () => {
    const { renew, session, asked, answer, clock } = bench();
    const old = session();
    clock.pass(301_000);
    const waiting = renew(old);
    await answer(unavailable);
    expect(await waiting).toEqual(unavailable);
    expect(await renew(old)).toMatchObject({
      kind: 'unavailable',
      detail: expect.stringContaining('just now'),
    });
    expect(asked).toHaveLength(1);
    clock.pass(10_001);
    const again = renew(old);
    await answer();
    expect(await again).toMatchObject({ kind: 'renewed' });
  });

  test('LG-29: after an answer that cannot be verified, its refresh token is the next one', async () => {
    const { renew, session, asked, answer, clock } = bench();
    const old = session();
    clock.pass(301_000);
    const waiting = renew(old);
    await answer({ kind: 'unavailable', detail: 'the ID token is expired', refreshToken: 'r2' });
    expect(await waiting).toMatchObject({ kind: 'unavailable' });
    expect(await renew(old)).toMatchObject({ kind: 'unavailable' });
    clock.pass(10_001);
    const again = renew(old);
    await answer();
    expect(await again).toMatchObject({ kind: 'renewed', session: { refreshToken: 'r3' } });
    expect(asked).toEqual(['r1', 'r2']);
  });

  test('a request waits at most 5 s; the result is still used', async () => {
    const { renew, session, answer, clock } = bench();
    const old = session();
    clock.pass(301_000);
    const waiting = renew(old);
    await clock.advance(5_001);
    expect(await waiting).toMatchObject({ kind: 'unavailable', detail: expect.stringContaining('too long') });
    await answer();
    expect(await renew(old)).toMatchObject({ kind: 'renewed' });
  });

  test('after three failures in a row every session of the issuer pauses for 5 s', async () => {
    const { renew, session, asked, answer, clock } = bench();
    clock.pass(1_000_000);
    const expired = (refreshToken: string) => renew(session({ refreshToken, tokensEndAt: 1, renewedAt: 0 }));
    for (const token of ['a', 'b', 'c']) {
      const waiting = expired(token);
      await answer(unavailable);
      await waiting;
    }
    expect(await expired('d')).toMatchObject({ kind: 'unavailable' });
    expect(asked).toEqual(['a', 'b', 'c']);
    clock.pass(5_001);
    const waiting = expired('d');
    await answer();
    expect(await waiting).toMatchObject({ kind: 'renewed' });
  });
});

test('answers about single sessions do not pause the others, also between failures', async () => {
  const { renew, session, asked, answer, clock } = bench();
  clock.pass(1_000_000);
  const expired = (refreshToken: string) => renew(session({ refreshToken, tokensEndAt: 1, renewedAt: 0 }));
  const denied: LoginProblem = { kind: 'unavailable', detail: 'access_denied', isOfSession: true };
  const tokens = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  for (const [index, token] of tokens.entries()) {
    const waiting = expired(token);
    await answer(index % 3 === 2 ? unavailable : denied);
    expect(await waiting).toMatchObject({ kind: 'unavailable' });
  }
  expect(asked).toEqual(tokens);
  expect(await expired('a')).toMatchObject({
    kind: 'unavailable',
    detail: expect.stringContaining('just now'),
  });
});

describe('sessions.recheck', () => {
  const long = (clock: TestClock) => ({ tokensEndAt: Math.floor(clock.now() / 1000) + 36_000 });

  test('renews a session whose tokens live longer', async () => {
    const { renew, session, asked, answer, clock } = bench();
    const old = session(long(clock));
    clock.pass(minutes(11));
    renew(old);
    expect(asked).toEqual([]);
    clock.pass(minutes(5));
    const waiting = renew(old);
    await answer(ended);
    expect(await waiting).toMatchObject({ kind: 'ended' });
  });

  test('does not end a session because the issuer does not answer, while its tokens live', async () => {
    const { renew, session, answer, clock } = bench();
    const old = session(long(clock));
    clock.pass(minutes(16));
    const waiting = renew(old);
    await answer(unavailable);
    expect(await waiting).toEqual({ kind: 'current' });
    expect(await renew(old)).toEqual({ kind: 'current' });
  });
});

test('at an oidc-provider that ends everything at a second use of a refresh token', async () => {
  const provider = await startLoginProvider({
    clients: [{ client_id: 'shop', client_secret: 'secret' }],
  });
  const login = await startLoginIssuer(provider.url, {
    login: { clientId: 'shop', clientSecretFile: temporaryFile('secret', 'secret') },
  });
  onTestFinished(async () => {
    login.stop();
    await provider.close();
  });
  const to = await login.client.authorizationUrl(loginStart());
  const page = await signIn(
    createLoginBrowser(),
    'url' in to ? to.url : '',
    'alice',
    ({ origin }) => origin === 'https://shop.example.com',
  );
  const tokens = await login.client.finish(new URL(page.headers.location ?? ''), loginStart());
  if ('kind' in tokens) throw new Error(tokens.detail);
  const clock = createTestClock();
  const { renew } = createRenewals({
    sessions: { refresh: true, recheck: minutes(15), idleTimeout: minutes(60) },
    maxWait: 5_000,
    clock,
    events: { refreshed: () => {}, sessionEnded: () => {} },
    renewed: (session, { refreshToken = '' }) => ({
      ...session,
      refreshToken,
      renewedAt: clock.now() / 1000,
      tokensEndAt: clock.now() / 1000 + 300,
    }),
  });
  let session: Session = {
    ...bench().session(),
    issuer: provider.url,
    claims: tokens.claims ?? {},
    refreshToken: tokens.refreshToken ?? '',
  };
  const before = provider.count('/token');
  for (let round = 1; round <= 3; round++) {
    clock.pass(301_000);
    const results = await Promise.all(Array.from({ length: 200 }, () => renew(session, login.login)));
    expect(new Set(results.map(({ kind }) => kind))).toEqual(new Set(['renewed']));
    expect(provider.count('/token')).toBe(before + round);
    const [first] = results;
    if (first?.kind === 'renewed') ({ session } = first);
  }
});
