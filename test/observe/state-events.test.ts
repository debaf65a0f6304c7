/** The records in the log of an outage of the store. */
import { expect, test } from 'vitest';
import type { Logger } from '../../src/observe/logger.ts';
import { createStateEvents } from '../../src/observe/state-events.ts';
import type { StateMetrics } from '../../src/observe/state-metrics.ts';
import { createTestClock } from '../support/clock.ts';

function start() {
  const clock = createTestClock();
  const records: string[] = [];
  const record = (level: string) => (first: { problem?: string; policy?: string } | string, text?: string) =>
    void records.push(
      `${level} ${text ?? first}${typeof first === 'object' ? ` (${first.problem ?? first.policy})` : ''}`,
    );
  const logger = { error: record('error'), info: record('info'), warn: record('warn') };
  const metrics: StateMetrics = { operation: () => {}, up: () => {}, connected: () => {} };
  const events = createStateEvents(logger as unknown as Logger, metrics, clock);
  const away = (problem: string) => {
    events.statusChanged({ state: 'away', since: 0, problem });
    events.connected(false);
  };
  const ready = () => events.statusChanged({ state: 'ready', since: 0, problem: undefined });
  return { clock, records, events, away, ready };
}

test('each reason of an outage is in the log once, not only the first one', () => {
  const { records, away, ready } = start();
  ready();
  away('closed');
  away('WRONGPASS');
  away('closed');
  away('WRONGPASS');
  ready();
  away('closed');
  expect(records).toEqual([
    'info the store is connected',
    'error the store is not connected (closed)',
    'error the store is not connected (WRONGPASS)',
    'info the store is connected again',
    'error the store is not connected (closed)',
  ]);
});

test('an outage is in the log every ten minutes', async () => {
  const { clock, records, events, away, ready } = start();
  ready();
  away('closed');
  away('refused');
  await clock.advance(599_999);
  events.connected(false);
  expect(records.splice(0)).toHaveLength(3);
  await clock.advance(1);
  events.connected(false);
  events.connected(false);
  expect(records.splice(0)).toEqual(['error the store is not connected (refused)']);
  ready();
  await clock.advance(600_000);
  // The connection for the feeds, while the other one is there.
  events.connected(false);
  expect(records).toEqual(['info the store is connected again']);
});

test('an outage with many reasons has a limit of records', () => {
  const { records, away } = start();
  for (let index = 0; index < 100; index++) away(`reason ${index}`);
  expect(records).toHaveLength(10);
});

test('a server that deletes keys is in the log', () => {
  const { records, events } = start();
  events.evicts('allkeys-lru');
  expect(records).toEqual([expect.stringMatching(/^warn the store deletes keys .* \(allkeys-lru\)$/)]);
});
