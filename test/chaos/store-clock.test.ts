/** The clock of a replica, or of the store, jumps. */
import { expect, onTestFinished, test } from 'vitest';
import { findRedis } from '../../tools/redis.ts';
import { createShiftedClock, findShiftedClock } from '../../tools/shifted-clock.ts';
import { startBusyFleet } from '../support/fleet/busy-fleet.ts';
import { describeWithAll } from '../support/real-servers.ts';
import { startRedis } from '../support/redis/server.ts';

const minutes = 60;

/** How many minutes the clock of a process is ahead, by the `date` of its answer. */
async function shiftOf(port: number | undefined): Promise<number> {
  const { headers } = await fetch(`http://127.0.0.1:${port}/metrics`);
  return (Date.parse(headers.get('date') ?? '') - Date.now()) / 1_000 / minutes;
}

describeWithAll(
  'a clock that jumps',
  { redis: await findRedis(), clock: await findShiftedClock() },
  (paths) => {
    test.each([
      ['10 minutes forward', 10 * minutes, undefined],
      // For this replica, the tokens of the others are not valid yet. It denies them, as bearer tokens, and no session ends.
      ['10 minutes back', -10 * minutes, 'denied'],
    ] as const)('of one replica: %s, and right again', { timeout: 180_000 }, async (_, shift, but) => {
      const redis = await startRedis(paths.redis);
      onTestFinished(redis.stop);
      const clock = createShiftedClock(paths.clock);
      const valkey = `urls: ["${redis.url}"]`;
      const { traffic, fleet, expectNoHarm } = await startBusyFleet({
        replicas: [{ valkey }, { valkey, workers: 2, environment: clock.environment }],
        tokenLife: 4,
      });
      const { accepted } = fleet.renewals();
      clock.set(shift);
      await traffic.answers(500);
      expect(await shiftOf(fleet.replicas[1]?.adminPort)).toBeCloseTo(shift / minutes, 0);
      clock.set(0);
      await traffic.untilRecovered();
      expect(await traffic.answers(500)).toBe(0);
      await expectNoHarm(but);
      // A clock that is ahead does not renew at every request.
      expect(fleet.renewals().accepted - accepted).toBeLessThan(300);
    });

    test.each([
      ['10 minutes forward', 10 * minutes],
      ['10 minutes back', -10 * minutes],
    ])('of the store: %s, and right again', { timeout: 180_000 }, async (_, shift) => {
      const clock = createShiftedClock(paths.clock);
      const redis = await startRedis(paths.redis, { environment: clock.environment });
      onTestFinished(redis.stop);
      const valkey = `urls: ["${redis.url}"]`;
      const { traffic, expectNoHarm } = await startBusyFleet({
        replicas: [{ valkey }, { valkey, workers: 2 }],
        tokenLife: 4,
      });
      clock.set(shift);
      await traffic.untilRecovered();
      expect(await traffic.answers(500)).toBe(0);
      const [now] = (await redis.command('TIME')) as readonly string[];
      expect((Number(now) - Date.now() / 1_000) / minutes).toBeCloseTo(shift / minutes, 0);
      clock.set(0);
      await traffic.untilRecovered();
      expect(await traffic.answers(500)).toBe(0);
      await expectNoHarm();
    });
  },
);
