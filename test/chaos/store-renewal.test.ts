/** The store fails in the middle of a renewal, when the issuer has the refresh token and the new one is not yet stored. */
import { expect, onTestFinished, test } from 'vitest';
import { findRedis } from '../../tools/redis.ts';
import { until } from '../support/app.ts';
import { startBusyFleet } from '../support/fleet/busy-fleet.ts';
import type { Fleet } from '../support/fleet/fleet.ts';
import { holdRenewal } from '../support/fleet/hold-renewal.ts';
import { describeWith } from '../support/real-servers.ts';
import { startSentinelSet } from '../support/redis/sentinel.ts';
import { type RedisServer, startRedis } from '../support/redis/server.ts';

const tokenLife = 6;

/** The failures of a fleet with the store, and its connections. */
async function troubles({ replicas }: Fleet): Promise<number> {
  const operations = 'oidc_authz_store_operations_seconds_count';
  const counts = replicas.map(
    async ({ metric }) =>
      (await metric(operations)) -
      (await metric(operations, 'result="success"')) +
      (await metric('oidc_authz_store_connections_total')),
  );
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

/** Answers of each replica in which all tokens end. */
const answersOfOneLife = 600;

const faults: readonly {
  readonly name: string;
  readonly begin: (redis: RedisServer) => Promise<unknown> | unknown;
  readonly end: (redis: RedisServer) => Promise<unknown> | unknown;
}[] = [
  { name: 'killed', begin: (redis) => redis.kill(), end: (redis) => redis.start() },
  { name: 'frozen', begin: (redis) => redis.freeze(), end: (redis) => redis.thaw() },
  { name: 'full', begin: (redis) => redis.fill(), end: (redis) => redis.drain() },
  { name: 'away for a moment', begin: (redis) => redis.disconnectClients(), end: () => {} },
];

const found = await findRedis();

describeWith('the store during a renewal', found, (path) => {
  test.each(faults)(
    '$name: the new refresh token is not lost',
    { timeout: 180_000 },
    async ({ begin, end }) => {
      const redis = await startRedis(path);
      onTestFinished(redis.stop);
      const valkey = `urls: ["${redis.url}"]`;
      const { fleet, traffic, expectNoHarm } = await startBusyFleet({
        replicas: [{ valkey }, { valkey, workers: 2 }],
        tokenLife,
      });
      const held = holdRenewal(fleet.provider);
      await held.arrived;
      const { accepted } = fleet.renewals();
      const before = await troubles(fleet);
      await begin(redis);
      held.release();
      await until(() => fleet.renewals().accepted > accepted);
      await traffic.answers(100);
      expect(await troubles(fleet)).toBeGreaterThan(before);
      await end(redis);
      await traffic.untilRecovered();
      expect(await traffic.answers(answersOfOneLife)).toBe(0);
      await expectNoHarm();
    },
  );
});

describeWith('a fail-over during a renewal', found, (path) => {
  const start = async () => {
    const set = await startSentinelSet(path);
    onTestFinished(set.stop);
    const valkey = `urls: ["${set.url}"], mode: sentinel, masterName: ${set.masterName}`;
    const busy = await startBusyFleet({ replicas: [{ valkey }, { valkey, workers: 2 }], tokenLife });
    return { set, ...busy };
  };

  test('on request', { timeout: 180_000 }, async () => {
    const { set, fleet, traffic, expectNoHarm } = await start();
    const held = holdRenewal(fleet.provider);
    await held.arrived;
    const failedOver = set.failOver();
    await traffic.answers(50);
    held.release();
    await failedOver;
    await traffic.untilRecovered();
    expect(await traffic.answers(answersOfOneLife)).toBe(0);
    await expectNoHarm();
  });

  test('because the master was killed', { timeout: 180_000 }, async () => {
    const { set, fleet, traffic, expectNoHarm } = await start();
    const from = await set.master();
    const held = holdRenewal(fleet.provider);
    await held.arrived;
    await from.kill();
    held.release();
    await set.untilFailedOver(from);
    await traffic.untilRecovered();
    expect(await traffic.answers(answersOfOneLife)).toBe(0);
    await from.start();
    expect(await traffic.answers(answersOfOneLife)).toBe(0);
    await expectNoHarm();
  });

  test('to a replica that has missed renewals and a sign-out', { timeout: 180_000 }, async () => {
    const { set, fleet, people, traffic, expectNoHarm } = await start();
    const from = await set.master();
    const to = set.servers.find((server) => server !== from) ?? from;
    const { accepted } = fleet.renewals();
    to.freeze();
    // A frozen replica would read what its socket has received, so the master also closes the connection.
    await from.command('CLIENT', 'KILL', 'TYPE', 'replica');
    const seen = await from.info('master_repl_offset');
    await traffic.signOut(people[0] as (typeof people)[number]);
    await until(() => fleet.renewals().accepted >= accepted + 3, 30);
    expect(await from.info('master_repl_offset')).toBeGreaterThan(seen);
    await from.kill();
    to.thaw();
    await set.untilFailedOver(from);
    await traffic.untilRecovered();
    expect(await traffic.answers(answersOfOneLife)).toBe(0);
    await expectNoHarm();
  });
});
