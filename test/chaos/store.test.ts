/** The store fails in every way while people use two replicas. There is no wrong allow, and every session continues. */
import { writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { findRedis } from '../../tools/redis.ts';
import { startBusyFleet } from '../support/fleet/busy-fleet.ts';
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
  /** Whether people whose tokens end in this time get errors. */
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

/** Answers of each replica during a fault: the tokens of everyone end in this time. */
const answersInFault = 600;

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
    const { traffic, memory, expectNoHarm } = await startBusyFleet({
      replicas: [{ valkey }, { valkey, workers: 2 }],
      tokenLife: 4,
    });
    const before = { memory: memory(), clients: await redis.info('connected_clients') };

    const parts = { redis, proxy, passwordFile };
    await begin(parts);
    const errors = await traffic.answers(answersInFault);
    if (!hasErrors) expect(errors).toBe(0);
    await end(parts);

    await traffic.untilRecovered();
    expect(await traffic.answers(answersInFault)).toBe(0);
    await expectNoHarm();
    expect(memory() - before.memory).toBeLessThan(mostGrowth);
    expect(await redis.info('connected_clients')).toBeLessThanOrEqual(before.clients);
  });
});
