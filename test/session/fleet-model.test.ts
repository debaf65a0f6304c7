/** The model behind docs/growth.md counts the operations that the sessions in the store really need. */
import { expect, test } from 'vitest';
import { liveSession, noCounts } from '../../bench/fleet-model/session-life.ts';
import { createRandom } from '../security/differential/random.ts';
import { createTestClock } from '../support/clock.ts';
import { plainPlace, sessionAt } from '../support/sessions.ts';
import { createFleet, signInto } from '../support/stored-sessions.ts';

const minutes = 30;

test.each([1, 2, 3])('reads and extensions, for random requests of a session, seed %i', async (seed) => {
  const random = createRandom(seed);
  const clock = createTestClock();
  const fleet = createFleet(clock);
  const pods = [fleet.start(), fleet.start(), fleet.start()];
  const [{ store: elsewhere }] = fleet.processes;
  const browser = await signInto(elsewhere, sessionAt(clock));
  const times = Array.from({ length: 200 }, () => random.below(minutes * 60) * 1_000).sort((a, b) => a - b);
  const requests = times.map((at) => ({ at, pod: random.below(pods.length) }));

  const { operations } = fleet.server;
  const before = { get: operations.get('get') ?? 0, extend: operations.get('extend') ?? 0 };
  let now = 0;
  for (const { at, pod } of requests) {
    if (at > now) await clock.advance(at - now);
    now = Math.max(now, at);
    const store = pods[pod]?.store ?? elsewhere;
    const found = await store.find(browser.cookies(), plainPlace);
    if (!('session' in found)) throw new Error(JSON.stringify(found));
    if (found.isSeenDue === true)
      await store.seen(found.session, clock.now() / 1_000, browser.cookies(), plainPlace);
  }

  const counts = noCounts();
  const endless = { tokenLife: 1e9, recheck: 1e9, issuerTime: 0, cacheAge: Number.POSITIVE_INFINITY };
  liveSession('model', requests, { ...endless, pods: 3, random: () => 0 }, 0, counts);
  expect(counts.reused).toBe(0);
  expect({
    get: (operations.get('get') ?? 0) - before.get,
    extend: (operations.get('extend') ?? 0) - before.extend,
  }).toEqual({ get: counts.get, extend: counts.extend });
});
