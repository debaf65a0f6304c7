/** The records and metrics of logins and sessions. */
import { describe, expect, test } from 'vitest';
import type { Decision } from '../../src/model/decision.ts';
import { createLogger } from '../../src/observe/logger.ts';
import { createLoginEvents } from '../../src/observe/login-events.ts';
import {
  frontChannelResults,
  loginResults,
  logoutTokenResults,
  lookupResults,
  lostEnds,
  refreshResults,
  sessionEnds,
} from '../../src/observe/login-metric-definitions.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import { createRecentDenials } from '../../src/observe/recent-denials.ts';
import { createRecordCheck, recorded } from '../../src/observe/record-check.ts';
import { sumOf } from '../../src/observe/worker-metrics.ts';
import { configOf, fileFor } from '../support/app.ts';
import { createTestClock } from '../support/clock.ts';
import { checkRequest } from '../support/requests.ts';

function watch() {
  const clock = createTestClock();
  const records: Record<string, unknown>[] = [];
  const logger = createLogger('info', { write: (line: string) => void records.push(JSON.parse(line)) });
  const metrics = createMetrics(
    { cacheEntries: () => 0, proofs: () => 0, issuers: () => [], workers: () => 1, sessions: () => 7 },
    { version: '1', node: '2' },
  );
  return {
    clock,
    records,
    logger,
    metrics,
    events: createLoginEvents({ logger, metrics, clock, issuers: ['main'] }),
    /** The values of a metric by their labels. */
    values: async (name: string) =>
      Object.fromEntries(
        [...(await metrics.scrape()).matchAll(/^oidc_authz_(\w+)(\{.*\})? (\S+)$/gm)]
          .filter(([, found, , value]) => found === name && (value !== '0' || !name.endsWith('_total')))
          .map(([, , labels = '', value]) => [labels, Number(value)]),
      ),
  };
}

test('what waits for the store is read at each scrape, and is not there without a store', async () => {
  const { metrics, values } = watch();
  expect(await metrics.scrape()).not.toMatch(/store_writes_waiting|session_ends_age/);
  const waiting = { end: 1, removal: 2, renewal: 3 };
  let age = Number.POSITIVE_INFINITY;
  metrics.logins.storeConfigured({ waiting: () => waiting, endsAge: () => age });
  metrics.logins.storeConfigured({ waiting: () => waiting, endsAge: () => age });
  expect(await values('store_writes_waiting')).toEqual({
    '{kind="end"}': 1,
    '{kind="removal"}': 2,
    '{kind="renewal"}': 3,
  });
  expect(await values('session_ends_age_seconds')).toEqual({});
  [waiting.end, age] = [0, 2_500];
  expect(await values('store_writes_waiting')).toMatchObject({ '{kind="end"}': 0 });
  expect(await values('session_ends_age_seconds')).toEqual({ '': 2.5 });
});

describe('the end of a login', () => {
  test.each([
    ['success', 'info', 'a person signed in'],
    ['failed', 'warn', 'a login failed'],
    ['cancelled', 'info', 'a login was canceled'],
    ['unavailable', 'warn', 'a login failed because the issuer is not available'],
    ['too_large', 'warn', 'a login failed because its session is too large'],
  ] as const)('%s has one record and is counted', async (result, level, msg) => {
    const { events, records, values } = watch();
    events.loginStarted('main');
    events.loginFinished('main', result, { seconds: 12.345, detail: 'the token endpoint answered 400' });
    expect(records).toEqual([
      {
        level,
        msg,
        time: expect.any(String),
        issuer: 'main',
        result,
        seconds: 12.3,
        problem: 'the token endpoint answered 400',
      },
    ]);
    expect(await values('logins_started_total')).toEqual({ '{issuer="main"}': 1 });
    expect(await values('logins_finished_total')).toEqual({ [`{issuer="main",result="${result}"}`]: 1 });
    const isTimed = result === 'success' ? 1 : 0;
    expect(await values('login_duration_seconds_count')).toEqual({ '': isTimed });
  });

  test('at an issuer that rejects the client says so', () => {
    const { events, records } = watch();
    events.loginFinished('main', 'unavailable', { detail: 'answered 401', isClientRejected: true });
    expect(records).toMatchObject([
      {
        level: 'warn',
        msg: 'a login failed because the issuer rejects this service as a client',
        result: 'unavailable',
        problem: 'answered 401',
      },
    ]);
  });

  test('is recorded at most 200 times in a burst, and the others are counted', async () => {
    const { events, records, values, clock } = watch();
    for (let index = 0; index < 10_000; index++) events.loginFinished('none', 'failed', {});
    expect(records).toHaveLength(200);
    await clock.advance(10_000);
    expect(records.at(-1)).toMatchObject({
      leftOut: 9_800,
      msg: 'records of logins were dropped because there were too many',
    });
    expect(await values('check_records_left_out_total')).toEqual({ '': 9_800 });
    expect(await values('logins_finished_total')).toEqual({ '{issuer="none",result="failed"}': 10_000 });
  });
});

describe('a logout token', () => {
  test.each([
    ['success', 'info', 'the issuer ended sessions with a logout token'],
    ['rejected', 'warn', 'a logout token was rejected'],
    ['replayed', 'warn', 'a logout token was here before'],
    ['unconfirmed', 'warn', expect.stringMatching(/^a logout token ended sessions in this process only/)],
    ['too_many', 'warn', expect.stringMatching(/^a logout token was not read/)],
  ] as const)('%s has one record and is counted', async (result, level, msg) => {
    const { events, records, values } = watch();
    events.logoutToken('main', result, 'has no jti');
    expect(records).toMatchObject([{ level, msg, issuer: 'main', result, problem: 'has no jti' }]);
    expect(await values('logout_tokens_total')).toEqual({ [`{issuer="main",result="${result}"}`]: 1 });
  });

  test('has counters from the start if it is configured, and a frame has no record', async () => {
    const { logger, metrics, clock, records } = watch();
    expect(await metrics.scrape()).not.toMatch(/_(?:logout_tokens|front_channel_logouts)_total\{/);
    const logouts = { backChannelLogout: true, frontChannelLogout: true };
    const events = createLoginEvents({ logger, metrics, clock, issuers: ['main'], logouts });
    expect(await metrics.scrape()).toContain(
      'oidc_authz_logout_tokens_total{issuer="main",result="success"} 0',
    );
    events.frontChannelLogout('main', 'success');
    const counted = 'oidc_authz_front_channel_logouts_total{issuer="main",result="success"} 1';
    expect(await metrics.scrape()).toContain(counted);
    expect(records).toEqual([]);
  });
});

describe('a session', () => {
  test('that may be accepted again is counted, and logged once a minute', async () => {
    const { events, records, values, clock } = watch();
    for (let index = 0; index < 3; index++) events.endLost('list_full');
    events.endLost('not_sent');
    expect(records.map(({ level, cause }) => [level, cause])).toEqual([
      ['error', 'list_full'],
      ['error', 'not_sent'],
    ]);
    await clock.advance(60_000);
    events.endLost('list_full');
    expect(records).toHaveLength(3);
    expect(await values('session_ends_lost_total')).toEqual({
      '{cause="list_full"}': 4,
      '{cause="not_sent"}': 1,
    });
  });

  test('that its owner ends has a record; other ends are only counted', async () => {
    const { events, records, values } = watch();
    for (const cause of ['sign_out', 'max_age', 'idle', 'tokens_ended', 'replaced'] as const)
      events.sessionEnded('main', cause);
    expect(records).toMatchObject([{ level: 'info', msg: 'a person signed out', issuer: 'main' }]);
    expect(await values('sessions_ended_total')).toEqual({
      '{cause="sign_out"}': 1,
      '{cause="max_age"}': 1,
      '{cause="idle"}': 1,
      '{cause="tokens_ended"}': 1,
      '{cause="replaced"}': 1,
    });
  });

  test('whose refresh fails has a record with the problem', async () => {
    const { events, records, values } = watch();
    events.refreshed('main', 'success', undefined);
    events.refreshed('main', 'rejected', 'the token endpoint answered 400 invalid_grant');
    events.refreshed('main', 'unavailable', 'the token endpoint did not respond within 5 s');
    expect(records).toMatchObject(
      [
        { level: 'info', msg: 'the issuer rejected the refresh of a session', problem: /invalid_grant/ },
        { level: 'warn', msg: 'a session could not be refreshed', problem: /did not respond/ },
      ].map(({ problem, ...record }) => ({ ...record, problem: expect.stringMatching(problem) })),
    );
    expect(await values('session_refreshes_total')).toEqual({
      '{issuer="main",result="success"}': 1,
      '{issuer="main",result="rejected"}': 1,
      '{issuer="main",result="unavailable"}': 1,
    });
  });

  test('that is too large has a record with its largest part', async () => {
    const { events, records, values } = watch();
    events.sessionTooLarge('main', 'claim groups', 15_000);
    expect(records).toMatchObject([{ level: 'warn', part: 'claim groups', bytes: 15_000 }]);
    expect(await values('sessions_too_large_total')).toEqual({ '{issuer="main"}': 1 });
  });

  test('counts every lookup', async () => {
    const { events, values } = watch();
    for (const result of ['cached', 'cached', 'opened', 'expired'] as const) events.sessionLookup(result);
    expect(await values('session_lookups_total')).toEqual({
      '{result="cached"}': 2,
      '{result="opened"}': 1,
      '{result="expired"}': 1,
    });
    expect(await values('session_cache_entries')).toEqual({ '': 7 });
  });
});

describe('a warning about the mesh', () => {
  test.each([['cookieNotDelivered', 'session_cookie_not_delivered_total', 'set-cookie']] as const)(
    '%s is logged once a minute for each host, and always counted',
    async (name, metric, text) => {
      const { events, records, values, clock } = watch();
      for (let index = 0; index < 5; index++) events[name]('shop.example.com');
      events[name]('app.example.com');
      await clock.advance(60_000);
      events[name]('shop.example.com');
      expect(records.map(({ host }) => host)).toEqual([
        'shop.example.com',
        'app.example.com',
        'shop.example.com',
      ]);
      expect(records[0]).toMatchObject({ level: 'warn', msg: expect.stringContaining(text) });
      expect(await values(metric)).toEqual({ '': 7 });
    },
  );

  test('is logged for at most 100 hosts a minute, and for others after it', async () => {
    const { events, records, clock } = watch();
    for (let index = 0; index < 1_000; index++) events.cookieNotDelivered(`h${index}.example.com`);
    expect(records).toHaveLength(100);
    await clock.advance(60_000);
    events.cookieNotDelivered('h500.example.com');
    expect(records).toHaveLength(101);
  });
});

test('the counters of each issuer exist before the first event', async () => {
  const { metrics } = watch();
  const text = await metrics.scrape();
  for (const name of ['logins_started_total', 'sessions_too_large_total'])
    expect(text).toContain(`oidc_authz_${name}{issuer="main"} 0`);
  for (const result of Object.keys(loginResults))
    expect(text).toContain(`oidc_authz_logins_finished_total{issuer="main",result="${result}"} 0`);
  for (const result of Object.keys(refreshResults))
    expect(text).toContain(`oidc_authz_session_refreshes_total{issuer="main",result="${result}"} 0`);
});

test('a refresh token that could not be revoked has a record', () => {
  const { events, records } = watch();
  events.revocationFailed('main', 'the revocation endpoint answered 503');
  expect(records).toMatchObject([
    { level: 'warn', issuer: 'main', problem: 'the revocation endpoint answered 503' },
  ]);
});

test('a refused return address has a record without the address', async () => {
  const { events, records, values } = watch();
  events.returnAddressRefused(`a${'x'.repeat(2_000)}`);
  expect(String(records[0]?.host)).toHaveLength(513);
  expect(Object.keys(records[0] ?? {}).toSorted()).toEqual(['host', 'level', 'msg', 'time']);
  expect(await values('return_addresses_refused_total')).toEqual({ '': 1 });
});

test('the keys of several processes are not summed, their lookups are', async () => {
  const [first, second] = [watch(), watch()];
  for (const { metrics, events } of [first, second]) {
    metrics.logins.sessionKeysLoaded(2);
    metrics.logins.sessionKeysFailed();
    events.sessionLookup('cached');
  }
  const text = await sumOf([await first.metrics.report(), await second.metrics.report()]);
  expect(text).toMatch(/^oidc_authz_session_keys 2$/m);
  expect(text).toMatch(/^oidc_authz_session_keys_last_reload_successful 0$/m);
  expect(text).toMatch(/^oidc_authz_session_lookups_total\{result="cached"\} 2$/m);
});

test('each result and cause that code can report has a description', async () => {
  const { events, metrics } = watch();
  for (const result of Object.keys(loginResults)) events.loginFinished('main', result as 'success', {});
  for (const result of Object.keys(lookupResults)) events.sessionLookup(result as 'cached');
  for (const result of Object.keys(refreshResults)) events.refreshed('main', result as 'success', '');
  for (const cause of Object.keys(sessionEnds)) events.sessionEnded('main', cause as 'idle');
  for (const result of Object.keys(logoutTokenResults)) events.logoutToken('main', result as 'success');
  for (const result of Object.keys(frontChannelResults))
    events.frontChannelLogout('main', result as 'success');
  for (const cause of Object.keys(lostEnds)) events.endLost(cause as 'not_sent');
  expect(await metrics.scrape()).not.toContain('undefined');
});

describe('the record of a check', () => {
  const browser = { status: 302, location: 'https://issuer.example.com/', cookies: [] } as const;
  const decide = async (decision: Decision, logOptions = '') => {
    const { records, logger, metrics, clock } = watch();
    const { log } = await configOf(`${fileFor('https://issuer.example.com')}log: {${logOptions}}`);
    const denials = createRecentDenials();
    const record = createRecordCheck({ options: log, logger, metrics, clock, denials });
    const check = recorded(() => decision, 'http', { metrics, record, clock, newId: () => 'id-1' });
    const decided = (await check(checkRequest())) as Decision;
    return { decided, records, stored: denials.find({ limit: 10 }), text: await metrics.scrape() };
  };

  test.each(['login_completed', 'signed_out'] as const)(
    'of %s is not a denial, but it is counted',
    async (reason) => {
      const { decided, records, stored, text } = await decide({
        outcome: 'deny',
        reason,
        issuerName: 'main',
        browser,
      });
      expect(decided.id).toBeUndefined();
      expect([records, stored]).toEqual([[], []]);
      expect(text).toContain(
        `oidc_authz_checks_total{transport="http",outcome="deny",reason="${reason}",issuer="main"} 1`,
      );
    },
  );

  test('of the page about the signed-in person is not a denial', async () => {
    const page = { status: 200, cookies: [] } as const;
    const { records, stored } = await decide({ outcome: 'deny', reason: 'login_path', browser: page });
    expect([records, stored]).toEqual([[], []]);
  });

  test('of the end of a login is written with log.checks: all', async () => {
    const { records } = await decide({ outcome: 'deny', reason: 'login_completed', browser }, 'checks: all');
    expect(records).toMatchObject([{ msg: 'check', reason: 'login_completed', answer: 'redirect' }]);
  });

  test.each([
    ['redirect', browser],
    ['page', { status: 401, cookies: [], page: { type: 'text/html', body: () => '' } }],
    ['status', { status: 401, cookies: [] }],
  ] as const)('of a request without a session says that the browser receives a %s', async (answer, given) => {
    const { decided, records, stored } = await decide({
      outcome: 'deny',
      reason: 'login_required',
      browser: given,
    });
    expect(decided.id).toBe('id-1');
    expect(records).toMatchObject([{ level: 'info', reason: 'login_required', answer }]);
    expect(stored).toHaveLength(1);
  });

  test.each(['login_completed', 'login_path'] as const)(
    'of %s without an answer for a browser is a denial',
    async (reason) => {
      const { stored } = await decide({ outcome: 'deny', reason });
      expect(stored).toHaveLength(1);
    },
  );
});
