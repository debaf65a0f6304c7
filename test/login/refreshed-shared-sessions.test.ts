/** Two processes of a fleet with their sessions in a store, and an issuer that accepts each refresh token once. */
import { expect, test } from 'vitest';
import { createFindSession } from '../../src/login/find-session.ts';
import type { LoginClient, LoginProblem, Tokens } from '../../src/login/login-client.ts';
import type { LoginEvents } from '../../src/login/login-events.ts';
import { createLoginHosts } from '../../src/login/login-hosts.ts';
import type { SessionVerdict } from '../../src/login/logins.ts';
import { createFleetRenewals } from '../../src/login/refresh-in-fleet.ts';
import { createSessionMaker } from '../../src/login/session-of-tokens.ts';
import { createTestClock } from '../support/clock.ts';
import { loginConfig, loginIssuersOf, loginIssuerUrl } from '../support/login-config.ts';
import { checkRequest } from '../support/requests.ts';
import { createFleet, signInto } from '../support/stored-sessions.ts';

const place = {
  policy: '',
  rule: undefined,
  issuers: ['main'],
  when: 'navigation',
  requireSameOrigin: false,
  option: 'login',
} as const;

async function start() {
  const clock = createTestClock();
  const now = () => Math.floor(clock.now() / 1000);
  const fleet = createFleet(clock);
  let current = 0;
  const uses: string[] = [];
  let problem: LoginProblem | undefined;
  const tokens = (): Tokens & { readonly claims: Readonly<Record<string, unknown>> } => ({
    claims: { iss: loginIssuerUrl, sub: 'alice', aud: 'shop', sid: 'sid-1' },
    idToken: undefined,
    accessToken: `access-${current}`,
    isAccessTokenVerified: true,
    accessTokenEndsAt: now() + 300,
    refreshToken: `refresh-${current}`,
    scopes: undefined,
  });
  const refresh = async (token: string): Promise<Tokens | LoginProblem> => {
    uses.push(token);
    if (problem !== undefined) return problem;
    if (token !== `refresh-${current}`) return { kind: 'ended', detail: 'invalid_grant' };
    current++;
    return tokens();
  };
  const config = await loginConfig({ login: { signOut: { hint: false } } });
  const issuers = loginIssuersOf(config, { refresh } as Partial<LoginClient>);
  const [issuer] = issuers;
  if (issuer === undefined) throw new Error('no issuer');
  const hostOf = createLoginHosts({ hosts: ['shop.example.com'], httpHosts: [] }, 'exact');
  const maker = createSessionMaker({ config, issuers, clock, randomText: () => 'session-of-alice' });
  const browser = await signInto(
    fleet.processes[0].store,
    maker.begin({ issuer, policy: '', tokens: tokens() }),
  );
  const services = fleet.processes.map(({ store }) => {
    const ended: string[] = [];
    const events = new Proxy({} as LoginEvents, {
      get: (_, name) =>
        name === 'sessionEnded' ? (_issuer: string, cause: string) => ended.push(cause) : () => {},
    });
    const { shared } = store;
    if (shared === undefined) throw new Error('the sessions are not shared');
    const { renew } = createFleetRenewals({
      ...{ sessions: config.sessions, maxWait: 4_800, clock, events, renewed: maker.renewed },
      ...{ shared: () => shared, end: store.end, revoke: () => {}, random: () => 0.5 },
    });
    const find = createFindSession({
      ...{ config, issuers, denyList: () => [], store, renew, hostOf, events, clock },
    });
    const look = async (): Promise<SessionVerdict> =>
      find(
        checkRequest({
          host: 'shop.example.com',
          header: (name) => (name === 'cookie' ? [browser.line()] : []),
        }),
        place,
      );
    return { look, ended };
  });
  const [one, two] = services;
  if (one === undefined || two === undefined) throw new Error('no services');
  return {
    ...{ clock, fleet, uses, one, two },
    fail: (next: LoginProblem | undefined) => {
      problem = next;
    },
  };
}

const tokenOf = (verdict: SessionVerdict) =>
  verdict.outcome === 'signed_in' ? verdict.token : verdict.outcome;
const cookiesOf = (verdict: SessionVerdict) => ('cookies' in verdict ? verdict.cookies : []);

/** Waits for answers while the clock moves, because processes look again after a pause. */
async function inTime<T>(clock: { readonly advance: (ms: number) => Promise<void> }, answers: Promise<T>) {
  let result: { readonly of: T } | undefined;
  void answers.then((of) => {
    result = { of };
  });
  for (let turn = 0; turn < 200 && result === undefined; turn++) await clock.advance(20);
  if (result === undefined) throw new Error('no answer');
  return result.of;
}

test('LG-28: 200 requests at two processes use the refresh token once, and the cookie stays the same', async () => {
  const { clock, one, two, uses } = await start();
  expect([tokenOf(await one.look()), tokenOf(await two.look())]).toEqual(['access-0', 'access-0']);
  clock.pass(301_000);
  const verdicts = await inTime(
    clock,
    Promise.all(Array.from({ length: 100 }, () => [one.look(), two.look()]).flat()),
  );
  expect(new Set(verdicts.map(tokenOf))).toEqual(new Set(['access-1']));
  expect(verdicts.flatMap(cookiesOf)).toEqual([]);
  expect(uses).toEqual(['refresh-0']);
});

test('an end at the issuer ends the session in both processes, with one operation and one event', async () => {
  const { clock, one, two, fleet, uses, fail } = await start();
  await one.look();
  await two.look();
  fail({ kind: 'ended', detail: 'invalid_grant' });
  clock.pass(301_000);
  const verdicts = await inTime(
    clock,
    Promise.all(Array.from({ length: 50 }, () => [one.look(), two.look()]).flat()),
  );
  expect(new Set(verdicts.map((verdict) => verdict.outcome === 'none' && verdict.cause))).toEqual(
    new Set(['expired']),
  );
  expect(uses).toHaveLength(1);
  expect([...one.ended, ...two.ended].filter((cause) => cause === 'refresh_rejected')).toHaveLength(1);
  expect(fleet.server.operations.get('remove')).toBe(1);
});

test('without the store, tokens that live are used, and those that ended are an error of the sessions', async () => {
  const { clock, one, fleet, uses } = await start();
  await one.look();
  for (const client of fleet.clients) client.fail('away');
  clock.pass(20_000);
  expect(tokenOf(await one.look())).toBe('access-0');
  for (const client of fleet.clients) client.fail(undefined);
  clock.pass(200_000);
  await one.look();
  for (const client of fleet.clients) client.fail('away');
  clock.pass(25_000);
  clock.pass(56_000);
  const verdict = await inTime(clock, one.look());
  expect(verdict).toMatchObject({ outcome: 'error', reason: 'sessions_unavailable' });
  expect(cookiesOf(verdict)).toEqual([]);
  expect(uses).toEqual([]);
});
