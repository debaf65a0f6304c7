/** A real server that is killed, frozen, full or changed, and a network that breaks. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findRedis } from '../../../../tools/redis.ts';
import { until } from '../../../support/app.ts';
import { describeWith } from '../../../support/real-servers.ts';
import { startTcpProxy } from '../../../support/redis/proxy.ts';
import { type RedisOptions, startRedis } from '../../../support/redis/server.ts';
import { failureOfCall, openValkeyStore } from '../../../support/state/valkey-store.ts';

describeWith('a store', await findRedis(), (path) => {
  const start = async (options: RedisOptions = {}) => {
    const server = await startRedis(path, options);
    onTestFinished(server.stop);
    return server;
  };
  const proxyFor = async (port: number) => {
    const proxy = await startTcpProxy(port);
    onTestFinished(proxy.stop);
    return proxy;
  };

  test('that is away at the start is used when it comes', async () => {
    const server = await start();
    await server.kill();
    const { store } = openValkeyStore({ urls: [server.url] });
    expect(await store.ready(100)).toBe(false);
    expect(store.status().state).toBe('connecting');
    const failed = await failureOfCall(() => store.get('a'));
    expect(failed).toMatchObject({
      failure: 'away',
      message: expect.stringMatching(/^localhost:\d+: no server listens there; .*\(ECONNREFUSED\)$/),
    });
    await server.start();
    expect(await store.ready(10_000)).toBe(true);
    expect(await store.get('a')).toBeUndefined();
  });

  test('that is killed fails at once, and is used again after its start; nothing is sent twice', async () => {
    const server = await start();
    const { store, statuses } = openValkeyStore({ urls: [server.url] });
    await store.ready(5_000);
    await store.set('kept', 'x', 600_000);
    await server.kill();
    await until(() => store.status().state === 'away');
    const failed = await Promise.all([
      failureOfCall(() => store.set('lost', 'x', 600_000)),
      failureOfCall(() => store.removeIf('kept', 'x')),
    ]);
    expect(failed.map(({ failure }) => failure)).toEqual(['away', 'away']);
    await server.start();
    await until(() => store.status().state === 'ready');
    expect(await store.get('kept')).toBe('x');
    expect(await store.get('lost')).toBeUndefined();
    expect(statuses.map(({ state }) => state).filter((state, at, all) => state !== all[at - 1])).toEqual([
      'ready',
      'away',
      'ready',
    ]);
  });

  test('that is frozen: one operation has a timeout, later ones fail at once, and the first may take effect', async () => {
    const server = await start();
    const { store, operations } = openValkeyStore({ urls: [server.url], timeout: 50 });
    await store.ready(5_000);
    server.freeze();
    expect(await failureOfCall(() => store.set('perhaps', 'x', 600_000))).toMatchObject({
      failure: 'timeout',
      message: 'the store does not answer within 50 ms',
    });
    await until(() => store.status().state === 'away');
    expect(store.status().problem).toMatch(/^localhost:\d+: the store does not answer$/);
    expect(await failureOfCall(() => store.get('a'))).toMatchObject({ failure: 'away' });
    server.thaw();
    await until(() => store.status().state === 'ready');
    expect(await store.get('perhaps')).toBe('x');
    expect(operations).toEqual(['set timeout', 'get away', 'get success']);
  });

  test('behind a network that loses everything is left without an operation, and found again', async () => {
    const server = await start();
    const proxy = await proxyFor(server.port);
    const { store, attempts } = openValkeyStore({ urls: [`redis://127.0.0.1:${proxy.port}`], timeout: 50 });
    await store.ready(5_000);
    proxy.swallow();
    await until(() => store.status().state === 'away', 20);
    proxy.pass();
    await until(() => store.status().state === 'ready');
    expect(await store.set('a', 'x', 1_000)).toBe(true);
    expect(attempts.length).toBeLessThan(10);
  });

  test('behind a slow network answers late, and stays connected', async () => {
    const server = await start();
    const proxy = await proxyFor(server.port);
    const { store, statuses } = openValkeyStore({ urls: [`redis://127.0.0.1:${proxy.port}`], timeout: 50 });
    await store.ready(5_000);
    proxy.delay(30);
    expect(await failureOfCall(() => store.set('late', 'x', 600_000))).toMatchObject({ failure: 'timeout' });
    proxy.delay(0);
    await until(async () => (await store.get('late').catch(() => undefined)) === 'x');
    expect(statuses.map(({ state }) => state)).toEqual(['ready']);
  });

  test('that is full refuses writes, and reads still work', async () => {
    const server = await start();
    const { store } = openValkeyStore({ urls: [server.url] });
    await store.ready(5_000);
    await store.set('a', 'x', 600_000);
    const feed = store.feed('f', { longestLife: 60_000, receive: () => {} });
    await server.fill();
    for (const write of [
      () => store.set('b', 'x', 1_000),
      () => store.addMember('s', 'x', 1_000),
      () => feed.add('x', 1_000),
    ])
      expect(await failureOfCall(write)).toMatchObject({
        failure: 'full',
        message: 'the store has no memory left for writes (OOM)',
      });
    expect(await store.get('a')).toBe('x');
    expect(await store.remove('a')).toBe(true);
    await server.drain();
    expect(await store.set('b', 'x', 1_000)).toBe(true);
  });

  test('that needs a password says so, without it, and reads the file for each connection', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-state-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, 'first-secret\n');
    const server = await start({ password: 'first-secret' });
    const { store, statuses } = openValkeyStore({ urls: [server.url], passwordFile });
    expect(await store.ready(5_000)).toBe(true);
    await server.changePassword('second-secret');
    await until(() => store.status().problem?.includes('WRONGPASS') === true);
    const failed = await failureOfCall(() => store.get('a'));
    expect(failed).toMatchObject({
      failure: 'away',
      message: expect.stringMatching(/: the store rejects the user or the password; .*\(WRONGPASS\)$/),
    });
    writeFileSync(passwordFile, 'second-secret\n');
    await until(() => store.status().state === 'ready');
    expect(await store.get('a')).toBeUndefined();
    rmSync(passwordFile);
    await server.disconnectClients();
    await until(() => store.status().problem?.includes('ENOENT') === true);
    expect(store.status().problem).toBe(
      `the file ${passwordFile} (\`state.valkey.passwordFile\`) cannot be read (ENOENT)`,
    );
    expect(JSON.stringify([statuses, failed])).not.toContain('secret');
  });

  test('without the password is not connected', async () => {
    const server = await start({ password: 'a-secret' });
    const { store } = openValkeyStore({ urls: [server.url] });
    expect(await store.ready(100)).toBe(false);
    await until(() => store.status().problem?.includes('the store requires a password') === true);
  });

  test('that became a replica is left', async () => {
    const [server, other] = [await start(), await start()];
    const proxy = await proxyFor(server.port);
    const { store, attempts } = openValkeyStore({ urls: [`redis://127.0.0.1:${proxy.port}`] });
    await store.ready(5_000);
    await server.command('REPLICAOF', '127.0.0.1', other.port);
    proxy.moveTo(other.port);
    await until(async () => (await store.set('a', 'x', 600_000).catch(() => false)) === true);
    expect(await other.command('GET', 'test:a')).toBe('x');
    expect(attempts.length).toBeGreaterThan(1);
  });

  test('whose feed lost its entries receives those of this process again', async () => {
    const server = await start();
    const received: string[] = [];
    const { store } = openValkeyStore({ urls: [server.url] });
    await store.ready(5_000);
    const feed = store.feed('f', { longestLife: 60_000, receive: (entry) => void received.push(entry) });
    await feed.add('mine', 60_000);
    await until(() => received.length === 1);
    await server.command('FLUSHALL');
    await server.disconnectClients();
    await until(() => received.length > 1);
    await until(async () => (await server.command('XLEN', 'test:{feed}:f')) === 1);
    await server.command('XADD', 'test:{feed}:f', '*', 'e', 'theirs', 'l', '1000');
    await until(() => received.includes('theirs'));
    expect([...new Set(received)]).toEqual(['mine', 'theirs']);
  });

  test('with entries of another form skips them, and reports a receiver that throws', async () => {
    const server = await start();
    const received: string[] = [];
    const { store, defects } = openValkeyStore({ urls: [server.url] });
    await store.ready(5_000);
    const key = 'test:{feed}:f';
    await server.command('XADD', key, '*', 'x', 'y');
    await server.command('XADD', key, '*', 'e', 'no life', 'l', 'soon');
    await server.command('XADD', key, '*', 'e', 'bad', 'l', '60000');
    await server.command('XADD', key, '*', 'e', 'good', 'l', '60000');
    store.feed('f', {
      longestLife: 60_000,
      receive: (entry) => {
        if (entry === 'bad') throw new Error('a defect');
        received.push(entry);
      },
    });
    await until(() => received.length > 0);
    expect(received).toEqual(['good']);
    expect(defects.map(String)).toEqual(['Error: a defect']);
  });

  test('of another kind is refused, and a stopped one rejects every operation', async () => {
    const server = await start();
    const { store } = openValkeyStore({ urls: [server.url] });
    await store.ready(5_000);
    await store.addMember('s', 'x', 60_000);
    expect(await failureOfCall(() => store.get('s'))).toMatchObject({ failure: 'rejected' });
    store.stop();
    expect(await failureOfCall(() => store.get('a'))).toMatchObject({ failure: 'away' });
    await until(async () => (await server.info('connected_clients')) === 1);
  });
});
