/** A master, a replica, and a sentinel that watches them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from '../../../tools/child.ts';
import { freePort } from '../../../tools/free-port.ts';
import { redisEnvironment } from '../../../tools/redis.ts';
import { until } from '../app.ts';
import { askRedis, type RedisAnswer } from './client.ts';
import { type RedisServer, startRedis } from './server.ts';

/** The set. */
export interface SentinelSet {
  /** The address of the sentinel for `state.valkey.urls`. */
  readonly url: string;
  readonly masterName: string;
  /** The servers: at the start, the first is the master. */
  readonly servers: readonly [RedisServer, RedisServer];
  /** The server that the sentinel names as the master. */
  readonly master: () => Promise<RedisServer>;
  /** Sends a command to the sentinel. */
  readonly command: (...words: readonly (string | number)[]) => Promise<RedisAnswer>;
  /** Makes the replica the master while both run. Resolves when it is. */
  readonly failOver: () => Promise<RedisServer>;
  /** Waits until the sentinel has named another master, after the old one was killed or frozen. */
  readonly untilFailedOver: (from: RedisServer) => Promise<RedisServer>;
  readonly stop: () => Promise<void>;
}

/** The passwords of a set. */
export interface SentinelOptions {
  /** The password of the servers. */
  readonly password?: string;
  /** The password of the sentinel. */
  readonly sentinelPassword?: string;
}

const masterName = 'main';

/** Starts a set, and waits until the sentinel knows the replica. It treats a master as down after 300 ms. */
export async function startSentinelSet(path: string, options: SentinelOptions = {}): Promise<SentinelSet> {
  const { password, sentinelPassword } = options;
  const serverOptions = { ...(password !== undefined && { password }) };
  const authLines = password === undefined ? [] : [`masterauth ${password}`];
  const replication = ['repl-diskless-sync-delay 0', 'repl-ping-replica-period 1', ...authLines];
  const first = await startRedis(path, { ...serverOptions, lines: replication });
  const second = await startRedis(path, {
    ...serverOptions,
    lines: [...replication, `replicaof 127.0.0.1 ${first.port}`],
  });
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-sentinel-'));
  const port = await freePort();
  const command = (...words: readonly (string | number)[]) =>
    askRedis({ port, ...(sentinelPassword !== undefined && { password: sentinelPassword }) }, ...words);
  const file = join(folder, 'sentinel.conf');
  writeFileSync(
    file,
    [
      'bind 127.0.0.1',
      `port ${port}`,
      `dir ${folder}`,
      ...(sentinelPassword === undefined ? [] : [`requirepass ${sentinelPassword}`]),
      `sentinel monitor ${masterName} 127.0.0.1 ${first.port} 1`,
      `sentinel down-after-milliseconds ${masterName} 300`,
      `sentinel failover-timeout ${masterName} 3000`,
      ...(password === undefined ? [] : [`sentinel auth-pass ${masterName} ${password}`]),
      '',
    ].join('\n'),
    { mode: 0o600 },
  );
  const isReady = () =>
    command('PING').then(
      (answer) => answer === 'PONG',
      () => false,
    );
  const sentinel = await startChild(
    'redis-sentinel',
    path,
    [file, '--sentinel'],
    isReady,
    redisEnvironment(path),
  );
  const servers = [first, second] as const;
  const master = async () => {
    const address = (await command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', masterName)) as readonly string[];
    const found = servers.find((server) => String(server.port) === address[1]);
    if (found === undefined) throw new Error(`an unknown master: ${address}`);
    return found;
  };
  const untilFailedOver = async (from: RedisServer) => {
    await until(async () => {
      const current = await master();
      return current !== from && (await roleOf(current)) === 'master';
    }, 30);
    return master();
  };
  // Without a connected replica, the sentinel has no server to choose.
  await until(async () => {
    const replicas = (await command('SENTINEL', 'REPLICAS', masterName)) as readonly (readonly string[])[];
    return replicas.length === 1 && /master-link-status,ok/.test(String(replicas[0]));
  }, 30);
  return {
    url: `redis://127.0.0.1:${port}`,
    masterName,
    servers,
    master,
    command,
    failOver: async () => {
      const from = await master();
      await command('SENTINEL', 'FAILOVER', masterName);
      return untilFailedOver(from);
    },
    untilFailedOver,
    stop: async () => {
      await sentinel.stop();
      for (const server of servers) await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function roleOf(server: RedisServer): Promise<string> {
  const role = await server.command('ROLE').catch(() => []);
  return String((role as readonly RedisAnswer[])[0]);
}
