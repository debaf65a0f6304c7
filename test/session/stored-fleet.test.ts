/** Random histories of a fleet: requests, sign-outs and outages. No ended session counts again, and no living one is lost. */
import { expect, test } from 'vitest';
import { createRandom } from '../security/differential/random.ts';
import { createTestClock, settled } from '../support/clock.ts';
import { plainPlace, sessionAt } from '../support/sessions.ts';
import { createFleet, signInto } from '../support/stored-sessions.ts';

const idleTimeout = 20 * 60_000;
const grace = 30_000;
/** A process notices at once that the store is away, but counts `grace` from 3 s later. */
const noticed = grace + 3_000;

/** A session, as an observer of the whole fleet knows it. */
interface Observed {
  readonly browser: Awaited<ReturnType<typeof signInto>>;
  /** The last request that certainly reached the store. */
  seenAt: number;
  endedAt: number | undefined;
  endedBy: number | undefined;
}

async function live(seed: number) {
  const random = createRandom(seed);
  const clock = createTestClock();
  const fleet = createFleet(clock, { idleTimeout, grace, maxAge: 1_000 * 3_600_000 });
  const third = fleet.start();
  const pods = [...fleet.processes.map((one, index) => ({ ...one, client: fleet.clients[index] })), third];
  const awaySince: (number | undefined)[] = pods.map(() => undefined);
  const sessions: Observed[] = [];
  const counts = { found: 0, unavailable: 0, expired: 0 };

  const begin = async () => {
    const healthy = pods.findIndex((_, index) => awaySince[index] === undefined);
    const pod = pods[healthy];
    if (pod === undefined) return;
    const browser = await signInto(pod.store, sessionAt(clock, { sid: `sid-${sessions.length}` }));
    sessions.push({ browser, seenAt: clock.monotonic(), endedAt: undefined, endedBy: undefined });
  };
  const request = async (at: number, of: Observed) => {
    const pod = pods[at];
    const found = await pod?.store.find(of.browser.cookies(), plainPlace);
    if (found === undefined) return;
    const now = clock.monotonic();
    const away = awaySince[at];
    if ('session' in found) {
      counts.found++;
      if (of.endedAt !== undefined) {
        // Only a process that cannot know the end uses the session, and not for long.
        const by = of.endedBy ?? 0;
        const cannotKnow =
          by !== at &&
          ((away !== undefined && away <= of.endedAt && now - away < noticed) || awaySince[by] !== undefined);
        expect(cannotKnow, `seed ${seed}: an ended session counts at ${at}`).toBe(true);
      }
      if (found.isSeenDue === true) await pod?.store.seen(found.session, 0, of.browser.cookies(), plainPlace);
      await settled();
      if (away === undefined) of.seenAt = now;
    } else if ('unavailable' in found) {
      counts.unavailable++;
      expect(away, `seed ${seed}: unavailable with a store`).toBeDefined();
    } else {
      counts.expired++;
      expect(found).toMatchObject({ none: 'expired' });
      const isIdle = now - of.seenAt >= idleTimeout;
      expect(of.endedAt !== undefined || isIdle, `seed ${seed}: a living session is lost`).toBe(true);
    }
  };

  await begin();
  for (let step = 0; step < 250; step++) {
    const at = random.below(pods.length);
    const of = sessions[random.below(sessions.length)];
    switch (random.below(12)) {
      case 0:
        await begin();
        break;
      case 1:
        if (of !== undefined && of.endedAt === undefined) {
          of.endedAt = clock.monotonic();
          of.endedBy = at;
          void pods[at]?.store.end(of.browser.saved.session);
          await settled();
        }
        break;
      case 2:
        pods[at]?.client?.fail(random.below(2) === 0 ? 'away' : 'timeout');
        awaySince[at] ??= clock.monotonic();
        break;
      case 3:
      case 4:
        pods[at]?.client?.fail(undefined);
        awaySince[at] = undefined;
        // Until its ends have reached the store.
        await clock.advance(10_000);
        break;
      case 5:
        await clock.advance(random.below(5 * 60_000));
        break;
      case 6:
        await clock.advance(random.below(40_000));
        break;
      default:
        if (of !== undefined) await request(at, of);
    }
  }
  return counts;
}

test.each(Array.from({ length: 12 }, (_, index) => index + 1))('random history %i', async (seed) => {
  const counts = await live(seed);
  expect(counts.found).toBeGreaterThan(20);
});
