/**
 * The store fails in every way while people use two replicas. There is no wrong allow, and every session continues. Each fault has an
 * effect that the test sees, and the time until everyone is allowed again is limited.
 */
import { writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { findRedis } from '../../tools/redis.ts';
import { until } from '../support/app.ts';
import { startBusyFleet } from '../support/fleet/busy-fleet.ts';
import type { Fleet } from '../support/fleet/fleet.ts';
import { temporaryFile } from '../support/login-issuer.ts';
import { describeWith } from '../support/real-servers.ts';
import { startTcpProxy, type TcpProxy } from '../support/redis/proxy.ts';
import { type RedisServer, startRedis } from '../support/redis/server.ts';

/** The parts that a fault breaks. */
interface Parts {
  readonly redis: RedisServer;
  readonly proxy: TcpProxy;
  readonly passwordFile: string;
}

interface Fault {
  readonly name: string;
  readonly begin: (parts: Parts) => Promise<unknown> | unknown;
  readonly end: (parts: Parts) => Promise<unknown> | unknown;
  /** Whether people whose tokens end in this time get errors. Otherwise, operations are slow, and succeed. */
  readonly hasErrors: boolean;
}

const faults: readonly Fault[] = [
  {
    name: 'killed, and started again',
    begin: ({ redis }) => redis.kill(),
    end: ({ redis }) => redis.start(),
    hasErrors: true,
  },
  {
    name: 'frozen: connections stay open, and nothing is answered',
    begin: ({ redis }) => redis.freeze(),
    end: ({ redis }) => redis.thaw(),
    hasErrors: true,
  },
  {
    name: 'full: it rejects writes',
    begin: ({ redis }) => redis.fill(),
    end: ({ redis }) => redis.drain(),
    hasErrors: true,
  },
  {
    name: 'slow, within the timeout',
    begin: ({ proxy }) => proxy.delay(50),
    end: ({ proxy }) => proxy.pass(),
    hasErrors: false,
  },
  {
    name: 'slower than the timeout',
    begin: ({ proxy }) => proxy.delay(400),
    end: ({ proxy }) => proxy.pass(),
    hasErrors: true,
  },
  {
    name: 'behind a network that swallows everything',
    begin: ({ proxy }) => proxy.swallow(),
    end: ({ proxy }) => proxy.pass(),
    hasErrors: true,
  },
  {
    name: 'behind a network that refuses connections',
    begin: ({ proxy }) => proxy.refuse(),
    end: ({ proxy }) => proxy.pass(),
    hasErrors: true,
  },
  {
    name: 'there with another password, until the file has it too',
    begin: ({ redis }) => redis.changePassword('second'),
    end: ({ passwordFile }) => writeFileSync(passwordFile, 'second'),
    hasErrors: true,
  },
];

/** The seconds that tokens live. */
const tokenLife = 4;

/** Answers of each replica during a fault, and after it: the tokens of everyone end in this time. */
const answersOfOneLife = 500;

/** The seconds from the moment when the store answers again until everyone with living tokens is allowed. */
const recovery = 2;

/**
 * The same if the tokens have ended. A process connects again within 1 s. Then it uses no refresh token for 2 s, because another process can
 * have a newer one that the store has not got yet (docs/adr/0036-refresh-in-a-fleet.md). Then the renewals of everyone take their time.
 */
const recoveryOfRenewals = 5;

/** The operations of a fleet that took longer than 50 ms, although there was nothing to wait for. */
async function slowOperations({ replicas }: Fleet): Promise<number> {
  const name = 'oidc_authz_store_operations_seconds';
  const counts = replicas.map(
    async ({ metric }) =>
      (await metric(`${name}_count`, 'operation="get"')) -
      (await metric(`${name}_bucket`, 'le="0.05",operation="get"')),
  );
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

/** MiB that all processes of the fleet may grow together. */
const mostGrowth = 150;

describeWith('a store', await findRedis(), (path) => {
  test.each(faults)('that is $name', { timeout: 180_000 }, async ({ begin, end, hasErrors }) => {
    const redis = await startRedis(path, { password: 'first' });
    onTestFinished(redis.stop);
    const proxy = await startTcpProxy(redis.port);
    onTestFinished(proxy.stop);
    const passwordFile = temporaryFile('password', 'first');
    const valkey = `urls: ["redis://127.0.0.1:${proxy.port}"], passwordFile: ${passwordFile}`;
    const { fleet, traffic, memory, expectNoHarm } = await startBusyFleet({
      replicas: [{ valkey }, { valkey, workers: 2 }],
      tokenLife,
    });
    const before = { memory: memory(), clients: await redis.info('connected_clients') };

    const parts = { redis, proxy, passwordFile };
    const slowBefore = await slowOperations(fleet);
    await begin(parts);
    const errors = await traffic.answers(answersOfOneLife);
    if (hasErrors) expect(errors).toBeGreaterThan(0);
    else {
      expect(errors).toBe(0);
      expect(await slowOperations(fleet)).toBeGreaterThan(slowBefore);
    }
    await end(parts);

    await traffic.settle(hasErrors ? recoveryOfRenewals : 0);
    expect(await traffic.answers(answersOfOneLife)).toBe(0);
    await expectNoHarm();
    expect(memory() - before.memory).toBeLessThan(mostGrowth);
    expect(await redis.info('connected_clients')).toBeLessThanOrEqual(before.clients);
  });

  // One for each way back: a new server, a connection that was silent, and a new password.
  const lasting = faults.filter(({ name }) =>
    /^(?:killed|behind a network that swallows|there with another)/.test(name),
  );

  test.each(lasting)(
    `for longer than the grace, $name: after ${recovery} s, everyone with living tokens is allowed`,
    { timeout: 180_000 },
    async ({ begin, end }) => {
      const redis = await startRedis(path, { password: 'first' });
      onTestFinished(redis.stop);
      const proxy = await startTcpProxy(redis.port);
      onTestFinished(proxy.stop);
      const passwordFile = temporaryFile('password', 'first');
      const valkey = `urls: ["redis://127.0.0.1:${proxy.port}"], passwordFile: ${passwordFile}`;
      const { traffic, expectNoHarm } = await startBusyFleet({
        replicas: [{ valkey }, { valkey, workers: 2 }],
        sessions: 'grace: 1s',
      });
      const parts = { redis, proxy, passwordFile };
      await begin(parts);
      await until(async () => (await traffic.answers(20)) > 0, 60);
      await end(parts);
      await traffic.settle(recovery);
      expect(await traffic.answers(100)).toBe(0);
      await expectNoHarm();
    },
  );
});
