/** The numbers of the last 15 minutes, from samples of the metrics. */
import { expect, test } from 'vitest';
import type { Decision } from '../../src/model/decision.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import { createCheckSampler } from '../../src/observe/recent-checks.ts';
import { reportOf } from '../../src/observe/worker-metrics.ts';
import { createTestClock } from '../support/clock.ts';

const createTestMetrics = () =>
  createMetrics(
    { cacheEntries: () => 0, proofs: () => 0, workers: () => 1, issuers: () => [] },
    { version: '0', node: '0' },
  );
const forwarding = { set: [], remove: [], withheld: [] };
const allowed = (more: object = {}) =>
  ({
    outcome: 'allow',
    reason: 'allowed',
    identity: undefined,
    forwarding,
    cached: true,
    ...more,
  }) as unknown as Decision;
const denied = (more: object = {}) =>
  ({ outcome: 'deny', reason: 'token_expired', ...more }) as unknown as Decision;

/** Starts a sampler of the metrics of one process. */
async function startSampler() {
  const clock = createTestClock();
  const metrics = createTestMetrics();
  const sampler = createCheckSampler(metrics.report, clock);
  sampler.start();
  await clock.advance(0);
  return { clock, metrics, sampler };
}

test('counts the checks since the start by reason, with rates', async () => {
  const { clock, metrics, sampler } = await startSampler();
  for (let index = 0; index < 30; index++) metrics.checkEnded('http', allowed(), 0.0002);
  for (let index = 0; index < 10; index++) metrics.checkEnded('grpc', denied(), 0.0002);
  await clock.advance(10_000);
  const { seconds, reasons, points } = await sampler.read();
  expect(seconds).toBe(10);
  expect(reasons).toEqual([
    { outcome: 'allow', reason: 'allowed', count: 30, perSecond: 3 },
    { outcome: 'deny', reason: 'token_expired', count: 10, perSecond: 1 },
  ]);
  expect(points).toMatchObject([{ allow: 3, deny: 1, error: 0 }]);
});

test('forgets checks after 15 minutes, and stores at most 90 rates', async () => {
  const { clock, metrics, sampler } = await startSampler();
  metrics.checkEnded('http', denied(), 0.0002);
  await clock.advance(15 * 60_000);
  expect((await sampler.read()).reasons).toHaveLength(1);
  await clock.advance(30_000);
  const { seconds, reasons, points } = await sampler.read();
  expect(reasons).toEqual([]);
  expect(seconds).toBe(900);
  expect(points).toHaveLength(90);
});

test('computes percentiles from the histogram, and the lookups in the cache', async () => {
  const { clock, metrics, sampler } = await startSampler();
  expect((await sampler.read()).latency).toEqual({ p50: undefined, p99: undefined });
  for (let index = 0; index < 98; index++) metrics.checkEnded('http', allowed(), 0.00007);
  for (let index = 0; index < 2; index++) metrics.checkEnded('http', denied(), 0.04);
  for (const isHit of [true, true, true, false]) metrics.cacheLookup(isHit);
  await clock.advance(10_000);
  const { latency, cache } = await sampler.read();
  expect(latency.p50).toBeCloseTo(0.0000755, 6);
  expect(latency.p99).toBeCloseTo(0.0375, 4);
  expect(cache).toEqual({ hits: 3, misses: 1 });
});

test('counts the hits of rules since the start, and finds the time of the last one', async () => {
  const { clock, metrics, sampler } = await startSampler();
  metrics.checkEnded('http', allowed({ rule: 'a', shadow: 'token_missing' }), 0.0001);
  metrics.checkEnded('http', denied({ rule: 'a' }), 0.0001);
  await clock.advance(10_000);
  const seen = clock.now();
  await clock.advance(3_600_000);
  expect((await sampler.read()).rules).toEqual([
    { name: 'a', hits: 2, allowed: 1, denied: 1, shadow: 1, lastHit: seen },
  ]);
});

test('reads the sum of several processes', async () => {
  const clock = createTestClock();
  const processes = [createTestMetrics(), createTestMetrics()];
  const sampler = createCheckSampler(
    async () => reportOf(await Promise.all(processes.map(({ report }) => report()))),
    clock,
  );
  sampler.start();
  await clock.advance(0);
  for (const metrics of processes) metrics.checkEnded('http', denied({ rule: 'a' }), 0.00007);
  await clock.advance(10_000);
  const { reasons, latency, rules } = await sampler.read();
  expect(reasons).toMatchObject([{ reason: 'token_expired', count: 2 }]);
  expect(latency.p50).toBeGreaterThan(0.00005);
  expect(rules).toMatchObject([{ name: 'a', hits: 2 }]);
});

test('continues after a report that fails, and ends when stopped', async () => {
  const clock = createTestClock();
  const metrics = createTestMetrics();
  let reports = 0;
  const sampler = createCheckSampler(() => {
    reports++;
    return reports === 2 ? Promise.reject(new Error('no report')) : metrics.report();
  }, clock);
  sampler.start();
  await clock.advance(0);
  await clock.advance(30_000);
  expect(reports).toBe(4);
  expect((await sampler.read()).points).toHaveLength(2);
  sampler.stop();
  await clock.advance(60_000);
  expect(reports).toBe(5);
});
