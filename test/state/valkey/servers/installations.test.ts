/** The kinds of installations: TLS and ACL users, sentinels with a fail-over, and a cluster whose slots move. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { slotOf } from '../../../../src/state/valkey/cluster/slots.ts';
import { findRedis } from '../../../../tools/redis.ts';
import { until } from '../../../support/app.ts';
import { createAuthority } from '../../../support/certificates.ts';
import { describeWith } from '../../../support/real-servers.ts';
import { startRedisCluster } from '../../../support/redis/cluster.ts';
import { startSentinelSet } from '../../../support/redis/sentinel.ts';
import { startRedis } from '../../../support/redis/server.ts';
import { failureOfCall, openValkeyStore } from '../../../support/state/valkey-store.ts';

/** The rules of an ACL user that can do what the store does, and no more. */
const rules =
  'resetchannels ~test:* -@all +get +getex +set +del +pexpire +pttl +zadd +zrem +zrange +zremrangebyscore +eval +time +xadd +xread +xrevrange +ping';

/** Writes files with secrets. */
function filesWith<Name extends string>(
  texts: Readonly<Record<Name, string>>,
): Readonly<Record<Name, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-state-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const written = Object.entries<string>(texts).map(([name, text]) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return [name, path];
  });
  return Object.fromEntries(written);
}

describeWith('the store', await findRedis(), (path) => {
  describe('with TLS', () => {
    const start = async () => {
      const authority = createAuthority();
      const server = await startRedis(path, {
        tls: { ...authority.issue('redis'), caFile: authority.caFile },
        users: { app: `on >app-secret ${rules}` },
      });
      onTestFinished(server.stop);
      return { authority, server };
    };

    test('a client certificate, and an ACL user who can do only what the store does', async () => {
      const { authority, server } = await start();
      await server.command('ACL', 'SETUSER', 'default', 'off');
      const client = authority.issue('client');
      const { usernameFile, passwordFile } = filesWith({
        usernameFile: 'app\n',
        passwordFile: 'app-secret\n',
      });
      const { store } = openValkeyStore({
        ...{ urls: [server.url], caFile: authority.caFile, usernameFile, passwordFile },
        ...client,
      });
      expect(await store.ready(5_000)).toBe(true);
      const received: string[] = [];
      const feed = store.feed('f', { longestLife: 60_000, receive: (entry) => void received.push(entry) });
      await feed.add('entry', 30_000);
      expect(await store.set('a', 'x', 60_000, 'absent')).toBe(true);
      expect(await store.extend('a', 60_000)).toBe(true);
      expect(await store.removeIf('a', 'x')).toBe(true);
      expect(await store.remove('a')).toBe(false);
      await store.addMember('s', 'x', 60_000);
      expect(await store.members('s')).toEqual(['x']);
      await store.removeMember('s', 'x');
      await until(() => received.length === 1);
      const other = openValkeyStore({
        ...{ urls: [server.url], caFile: authority.caFile, usernameFile, passwordFile, prefix: 'other' },
      });
      await until(() => other.store.status().problem?.includes('no right to the keys') === true);
      expect(await failureOfCall(() => other.store.get('a'))).toMatchObject({ failure: 'away' });
    });

    test('a server that requires a client certificate is not reached without one', async () => {
      const { authority, server } = await start();
      await server.command('CONFIG', 'SET', 'tls-auth-clients', 'yes');
      const { store } = openValkeyStore({ urls: [server.url], caFile: authority.caFile });
      await until(() => store.status().problem !== undefined);
      expect(store.status()).toMatchObject({ state: 'connecting' });
      const known = openValkeyStore({
        ...{ urls: [server.url], caFile: authority.caFile },
        ...authority.issue('client'),
      });
      expect(await known.store.ready(5_000)).toBe(true);
    });

    test('a server with a certificate of an unknown authority is not trusted', async () => {
      const { server } = await start();
      const { store } = openValkeyStore({ urls: [server.url], caFile: createAuthority().caFile });
      await until(() => store.status().problem !== undefined);
      expect(store.status().problem).toContain('its certificate is of an authority that is not trusted');
    });

    test('a certificate for another name is not trusted', async () => {
      const authority = createAuthority();
      const server = await startRedis(path, {
        tls: { ...authority.issue('redis'), caFile: authority.caFile },
      });
      onTestFinished(server.stop);
      const { store } = openValkeyStore({
        urls: [`rediss://127.0.0.2:${server.port}`],
        caFile: authority.caFile,
      });
      await until(() => store.status().problem !== undefined);
      expect(store.status().problem).toMatch(/\((ERR_TLS_CERT_ALTNAME_INVALID|ECONNREFUSED)\)$/);
    });
  });

  describe('with sentinels', () => {
    const start = async () => {
      const set = await startSentinelSet(path, {
        password: 'server-secret',
        sentinelPassword: 'sentinel-secret',
      });
      onTestFinished(set.stop);
      const files = filesWith({ passwordFile: 'server-secret', sentinelPasswordFile: 'sentinel-secret' });
      const opened = openValkeyStore({
        ...{ urls: ['redis://127.0.0.1:1', set.url], mode: 'sentinel', masterName: set.masterName },
        ...files,
      });
      expect(await opened.store.ready(10_000)).toBe(true);
      return { set, ...opened };
    };
    const writes = (store: { set: (name: string, value: string, life: number) => Promise<boolean> }) =>
      store.set('written', 'x', 600_000).catch(() => false);

    test('a killed master: the store is the new master, and the feed continues', async () => {
      const { set, store } = await start();
      const received: string[] = [];
      const feed = store.feed('f', { longestLife: 60_000, receive: (entry) => void received.push(entry) });
      await feed.add('before', 60_000);
      await until(() => received.includes('before'));
      await set.servers[0].command('WAIT', 1, 5_000);
      await set.servers[0].kill();
      await until(() => writes(store), 30);
      expect(await set.master()).toBe(set.servers[1]);
      expect(await set.servers[1].command('GET', 'test:written')).toBe('x');
      await set.servers[1].command('XADD', 'test:{feed}:f', '*', 'e', 'after', 'l', '60000');
      await until(() => received.includes('after'));
    });

    test('a planned fail-over: the old master is left as soon as the sentinel names the new one', async () => {
      const { set, store, statuses } = await start();
      const next = await set.failOver();
      await until(
        async () => (await writes(store)) && (await next.command('GET', 'test:written')) === 'x',
        30,
      );
      expect(statuses.map(({ problem }) => problem)).toContainEqual(
        expect.stringMatching(/^127\.0\.0\.1:\d+: the sentinels name another master$/),
      );
    });

    test('an unknown master is a problem, without the passwords in its message', async () => {
      const { set } = await start();
      const { store, statuses } = openValkeyStore({
        ...{ urls: [set.url], mode: 'sentinel', masterName: 'unknown' },
        ...filesWith({ passwordFile: 'server-secret', sentinelPasswordFile: 'wrong-secret' }),
      });
      await until(() => store.status().problem?.includes('WRONGPASS') === true);
      expect(JSON.stringify(statuses)).not.toContain('secret');
    });
  });

  describe('with a cluster', () => {
    const start = async () => {
      const cluster = await startRedisCluster(path, {
        password: 'node-secret',
        lines: ['cluster-require-full-coverage no'],
      });
      onTestFinished(cluster.stop);
      const opened = openValkeyStore({
        ...{ urls: cluster.urls.slice(0, 1), mode: 'cluster' },
        ...filesWith({ passwordFile: 'node-secret' }),
      });
      expect(await opened.store.ready(10_000)).toBe(true);
      return { cluster, ...opened };
    };
    const names = Array.from({ length: 60 }, (_, index) => `name ${index}`);

    test('keys are on all masters, in the slots that the cluster computes', async () => {
      const { cluster, store } = await start();
      for (const name of names) expect(await store.set(name, name, 600_000)).toBe(true);
      for (const name of names) expect(await store.get(name)).toBe(name);
      for (const node of cluster.nodes) expect(Number(await node.command('DBSIZE'))).toBeGreaterThan(5);
      for (const key of [...names, 'ä', 'a{b}c', 'a{}b', '{}', 'a{b', 'a}b{c}', 'test:{feed}:f'])
        expect(await cluster.nodes[0]?.command('CLUSTER', 'KEYSLOT', key)).toBe(slotOf(key));
    });

    test('a killed master: its keys fail, the others work, and it is used again', async () => {
      const { cluster, store, attempts } = await start();
      for (const name of names) await store.set(name, name, 600_000);
      const node = cluster.nodes[1];
      await node?.kill();
      await until(() => store.status().state === 'away');
      expect(store.status().problem).toMatch(
        /^1 of 3 masters are not connected: 127\.0\.0\.1:\d+: (the connection was (closed|lost)|no server listens)/,
      );
      const results = await Promise.all(names.map((name) => store.get(name).catch(() => 'failed')));
      const failed = results.filter((result) => result === 'failed').length;
      expect(failed).toBeGreaterThan(5);
      expect(failed).toBeLessThan(55);
      const before = attempts.length;
      for (let round = 0; round < 100; round++)
        await Promise.all(names.map((name) => store.get(name).catch(() => {})));
      expect(attempts.length - before).toBeLessThan(50);
      await node?.start();
      await until(() => store.status().state === 'ready', 20);
      for (const name of names)
        await until(async () => (await store.get(name).catch(() => undefined)) === name);
    });

    test('a slot that moves: no operation fails, and the feed follows', async () => {
      const { cluster, store } = await start();
      const received: string[] = [];
      const feed = store.feed('f', { longestLife: 60_000, receive: (entry) => void received.push(entry) });
      await feed.add('before', 60_000);
      await until(() => received.includes('before'));
      const key = 'test:{feed}:f';
      const from = await cluster.nodeOf(key);
      const to = cluster.nodes.find((node) => node !== from);
      if (to === undefined) throw new Error('no other node');
      await cluster.move(key, to);
      await feed.add('after', 60_000);
      await until(() => received.includes('after'));
      expect(await to.command('XLEN', key)).toBeGreaterThan(1);
    });

    test('a key that has moved before its slot is found where it is (ASK)', async () => {
      const { cluster, store } = await start();
      await store.set('moving', 'x', 600_000);
      const key = 'test:moving';
      const from = await cluster.nodeOf(key);
      const to = cluster.nodes.find((node) => node !== from);
      if (to === undefined) throw new Error('no other node');
      const id = async (node: typeof from) => String(await node.command('CLUSTER', 'MYID'));
      await to.command('CLUSTER', 'SETSLOT', slotOf(key), 'IMPORTING', await id(from));
      await from.command('CLUSTER', 'SETSLOT', slotOf(key), 'MIGRATING', await id(to));
      await from.command('MIGRATE', '127.0.0.1', to.port, key, 0, 5_000, 'AUTH', 'node-secret');
      expect(await store.get('moving')).toBe('x');
      expect(await store.extend('moving', 600_000)).toBe(true);
      expect(await store.removeIf('moving', 'x')).toBe(true);
      expect(await store.get('moving')).toBeUndefined();
    });
  });
});
