import { describe, expect, onTestFinished, test } from 'vitest';
import { createProblemReporter } from '../../src/issuer/problem-reporter.ts';
import { fileFor, type RunningApp, runApp, stopByClock, until } from '../support/app.ts';
import { createTestClock, settled, type TestClock } from '../support/clock.ts';
import { type FakeIssuer, sendJson, startFakeIssuer } from '../support/fake-issuer.ts';

const minutes = 60_000;

/** Without gRPC, whose guards would sweep four times for each second of the clock. */
const plainFile = fileFor('ISSUER').replace('grpc: {', 'grpc: {enabled: false, ');

async function service(file = plainFile, prepare: (fake: FakeIssuer) => void = () => {}) {
  const issuer = await startFakeIssuer();
  onTestFinished(issuer.close);
  prepare(issuer);
  const clock = createTestClock();
  const running = await runApp({ issuer, clock, file, untilReady: false });
  stopByClock(running, clock);
  await until(() => running.records.some(({ state }) => state !== undefined));
  return { ...running, issuer, clock };
}

/** The records that an operator finds with `grep '"state"'`. */
const stateRecords = ({ records }: Pick<RunningApp, 'records'>) =>
  records.filter(({ state }) => state !== undefined);

const readyz = async ({ adminPort }: Pick<RunningApp, 'adminPort'>) => {
  const response = await fetch(`http://127.0.0.1:${adminPort}/readyz`);
  return { status: response.status, body: (await response.json()) as { issuers: Record<string, unknown>[] } };
};

const metric = async ({ adminPort }: Pick<RunningApp, 'adminPort'>, line: string) =>
  (await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text()).includes(`${line}\n`);

/** Advances the clock in small steps, so each fetch ends at its time. */
async function pass(clock: TestClock, milliseconds: number, step = 10_000) {
  for (let passed = 0; passed < milliseconds; passed += step) {
    await clock.advance(step);
    await new Promise((resolve) => setTimeout(resolve, 2));
    await settled();
  }
}

describe('a key set that moves to another host', () => {
  test('is reported in the log, in /readyz and as a metric, and used after a reload', async () => {
    const running = await service(plainFile.concat('keys: {refreshInterval: 5m}\n'));
    const { issuer, clock, app, config, adminPort } = running;
    const other = await startFakeIssuer();
    onTestFinished(other.close);
    other.keys = issuer.keys;
    const [before, now] = [`127.0.0.1:${issuer.port}`, `localhost:${other.port}`];
    expect(await metric(running, 'oidc_authz_issuer_jwks_uri_moved{issuer="main"} 0')).toBe(true);
    issuer.discovery = (_, response) =>
      sendJson(response, { issuer: issuer.url, jwks_uri: `http://${now}/jwks` });
    for (let tries = 0; tries < 40 && stateRecords(running).length < 2; tries++)
      await pass(clock, 3 * minutes, 30_000);

    const record = stateRecords(running).at(-1);
    expect(record).toMatchObject({
      level: 'warn',
      issuer: 'main',
      state: 'ready',
      since: expect.any(String),
    });
    for (const part of [before, now, 'reload', 'jwksUri']) expect(String(record?.problem)).toContain(part);
    const { status, body } = await readyz({ adminPort });
    expect(status).toBe(200);
    expect(body.issuers[0]).toMatchObject({
      state: 'ready',
      problem: record?.problem,
      problemSince: record?.since,
    });
    expect(await metric(running, 'oidc_authz_issuer_jwks_uri_moved{issuer="main"} 1')).toBe(true);
    expect(other.hits.jwks).toBe(0);

    const count = stateRecords(running).length;
    await pass(clock, 5 * minutes, 30_000);
    expect(stateRecords(running).length).toBeGreaterThan(count);

    await app.reload(config);
    await until(async () => metric(running, 'oidc_authz_issuer_jwks_uri_moved{issuer="main"} 0'));
    await until(() => other.hits.jwks === 1 && stateRecords(running).at(-1)?.level === 'info');
    expect((await readyz(running)).body.issuers[0]).toMatchObject({ problem: null, problemSince: null });
    expect(stateRecords(running).at(-1)).toMatchObject({ level: 'info', state: 'ready' });
  });

  test('is still reported when the old address fails and the keys expire', async () => {
    const running = await service(plainFile.concat('keys: {maxStale: 10m}\n'));
    const { issuer, clock } = running;
    issuer.discovery = (_, response) =>
      sendJson(response, { issuer: issuer.url, jwks_uri: 'http://localhost:1/jwks' });
    issuer.jwks = (_, response) => response.writeHead(404).end();
    await pass(clock, 16 * minutes, minutes);
    const { status, body } = await readyz(running);
    expect([status, body.issuers[0]?.state]).toEqual([200, 'unavailable']);
    expect(String(body.issuers[0]?.problem)).toMatch(/404.*the jwks_uri moved from .* to localhost:1/);
  });

  test('reports an unreadable document while keys are still fetched', async () => {
    const running = await service();
    running.issuer.discovery = (_, response) => response.writeHead(200).end('<html>maintenance</html>');
    await pass(running.clock, 70 * minutes, 2 * minutes);
    expect(stateRecords(running).at(-1)).toMatchObject({
      level: 'warn',
      state: 'ready',
      problem: expect.stringContaining('keys are still fetched from'),
    });
  });
});

describe('the problem of an issuer', () => {
  test('is logged again every 5 minutes, with the state and the start', async () => {
    const running = await service(plainFile, (issuer) => {
      issuer.discovery = (_, response) => response.writeHead(503).end();
    });
    const { clock } = running;
    const start = stateRecords(running)[0];
    expect(start).toMatchObject({ level: 'warn', issuer: 'main', state: 'waiting' });
    for (let times = 1; times < 4; times++) {
      const count = stateRecords(running).length;
      await pass(clock, 5 * minutes);
      expect(stateRecords(running).length).toBeGreaterThan(count);
    }
    // One record every 5 minutes, regardless of the number of attempts.
    expect(stateRecords(running).length).toBeLessThan(6);
    const { time: _, msg: __, ...first } = start ?? {};
    expect(stateRecords(running).at(-1)).toMatchObject({ ...first, level: 'warn' });
    expect(first.since).toBeDefined();
  });

  test('is logged immediately when it changes', async () => {
    const running = await service(plainFile, (issuer) => {
      issuer.discovery = (_, response) => response.writeHead(503).end();
    });
    running.issuer.discovery = (_, response) => response.writeHead(404).end();
    await pass(running.clock, 4_000, 1_000);
    expect(stateRecords(running).map(({ problem }) => /status \d+/.exec(String(problem))?.[0])).toEqual([
      'status 503',
      'status 404',
    ]);
  });
});

describe('a problem reporter', () => {
  test('limits the reports of a problem that changes every second', async () => {
    const clock = createTestClock();
    let repeats = 0;
    const watch = createProblemReporter(clock, () => repeats++);
    let changes = 0;
    for (let second = 0; second < 600; second++) {
      if (watch.update(`problem ${second % 2}`, false)) changes++;
      await clock.advance(1_000);
    }
    expect(changes).toBeGreaterThan(9);
    expect(changes + repeats).toBeLessThan(40);
  });

  test('reports nothing after the problem ended', async () => {
    const clock = createTestClock();
    let repeats = 0;
    const watch = createProblemReporter(clock, () => repeats++);
    expect(watch.update('it is away', true)).toBe(false);
    expect(watch.since()).toBe(clock.now());
    expect(watch.update(undefined, false)).toBe(true);
    expect(watch.update(undefined, false)).toBe(false);
    await clock.advance(60 * minutes);
    expect([repeats, watch.since()]).toEqual([0, undefined]);
  });

  test('reports nothing after it was stopped', async () => {
    const clock = createTestClock();
    let repeats = 0;
    const watch = createProblemReporter(clock, () => repeats++);
    watch.update('it is away', false);
    await clock.advance(10 * minutes);
    expect(repeats).toBe(2);
    watch.stop();
    await clock.advance(60 * minutes);
    expect(repeats).toBe(2);
  });
});
