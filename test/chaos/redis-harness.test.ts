/** The servers of the fault tests themselves: each fault is real, and ends. */
import { expect, onTestFinished, test } from 'vitest';
import { findRedis } from '../../tools/redis.ts';
import { createAuthority } from '../support/certificates.ts';
import { describeWith } from '../support/real-servers.ts';
import { askRedis, connectRedis } from '../support/redis/client.ts';
import { startRedisCluster } from '../support/redis/cluster.ts';
import { startTcpProxy } from '../support/redis/proxy.ts';
import { startSentinelSet } from '../support/redis/sentinel.ts';
import { startRedis } from '../support/redis/server.ts';

const late = 'late';

/** The first answer, or `late` after a time in milliseconds. */
function within<T>(milliseconds: number, answer: Promise<T>): Promise<T | string> {
  const tooLate = new Promise<string>((resolve) => setTimeout(() => resolve(late), milliseconds));
  return Promise.race([answer.catch((error: Error) => error.message), tooLate]);
}

describeWith('a redis-server', await findRedis(), (path) => {
  test('keeps its port and its data when it is killed and starts again', async () => {
    const server = await startRedis(path);
    onTestFinished(server.stop);
    await server.command('SET', 'color', 'blue');
    await server.kill();
    await expect(server.command('GET', 'color')).rejects.toThrow(/ECONNREFUSED/);
    await server.start();
    expect(await server.command('GET', 'color')).toBe('blue');
    expect(await server.info('aof_enabled')).toBe(1);
  });

  test('with TLS, a password and an ACL user', async () => {
    const authority = createAuthority();
    const tls = { ...authority.issue('redis'), caFile: authority.caFile };
    const server = await startRedis(path, {
      tls,
      password: 'first',
      users: { app: 'on >secret resetchannels ~oidc-authz:* -@all +get +set' },
    });
    onTestFinished(server.stop);
    expect(server.url).toMatch(/^rediss:/);
    const as = { port: server.port, ca: authority.ca };
    await expect(askRedis(as, 'GET', 'color')).rejects.toThrow('NOAUTH');
    const app = await connectRedis({ ...as, username: 'app', password: 'secret' });
    onTestFinished(app.close);
    expect(await app.command('SET', 'oidc-authz:color', 'blue')).toBe('OK');
    await expect(app.command('GET', 'color')).rejects.toThrow('NOPERM');
    await expect(app.command('FLUSHALL')).rejects.toThrow('NOPERM');
    await server.changePassword('second');
    await expect(app.command('GET', 'oidc-authz:color')).rejects.toThrow();
    await expect(askRedis({ ...as, password: 'first' }, 'PING')).rejects.toThrow('WRONGPASS');
    await server.kill();
    await server.start();
    expect(await askRedis({ ...as, password: 'second' }, 'PING')).toBe('PONG');
  });

  test('frozen, it answers late; full, it rejects writes and answers reads', async () => {
    const server = await startRedis(path);
    onTestFinished(server.stop);
    await server.command('SET', 'color', 'blue');
    server.freeze();
    const asked = server.command('GET', 'color');
    expect(await within(200, asked)).toBe(late);
    server.thaw();
    expect(await asked).toBe('blue');
    await server.fill();
    await expect(server.command('SET', 'color', 'red')).rejects.toThrow('OOM');
    expect(await server.command('GET', 'color')).toBe('blue');
    expect(await server.command('DEL', 'color')).toBe(1);
    await server.drain();
    expect(await server.command('SET', 'color', 'red')).toBe('OK');
  });

  test('behind a proxy that swallows, delays, cuts and refuses', async () => {
    const server = await startRedis(path);
    onTestFinished(server.stop);
    const proxy = await startTcpProxy(server.port);
    onTestFinished(proxy.stop);
    const first = await connectRedis(proxy);
    expect(await first.command('PING')).toBe('PONG');
    proxy.swallow();
    const lost = first.command('PING');
    expect(await within(100, lost)).toBe(late);
    proxy.pass();
    await expect(lost).rejects.toThrow();
    const second = await connectRedis(proxy);
    proxy.delay(100);
    const slow = second.command('PING');
    expect(await within(150, slow)).toBe(late);
    expect(await slow).toBe('PONG');
    proxy.refuse();
    await expect(second.command('PING')).rejects.toThrow();
    await expect(askRedis(proxy, 'PING')).rejects.toThrow();
    proxy.pass();
    expect(await askRedis(proxy, 'PING')).toBe('PONG');
    expect(proxy.accepted()).toBe(4);
  });

  test('a sentinel fails over on request, and after the master is killed', async () => {
    const set = await startSentinelSet(path, { password: 'secret', sentinelPassword: 'other' });
    onTestFinished(set.stop);
    const [first, second] = set.servers;
    expect(await set.master()).toBe(first);
    await first.command('SET', 'color', 'blue');
    await first.command('WAIT', 1, 5_000);
    expect(await set.failOver()).toBe(second);
    expect(await second.command('GET', 'color')).toBe('blue');
    await second.kill();
    expect(await set.untilFailedOver(second)).toBe(first);
  });

  test('a cluster moves a slot', async () => {
    const cluster = await startRedisCluster(path, { password: 'secret' });
    onTestFinished(cluster.stop);
    const from = await cluster.nodeOf('color');
    const to = cluster.nodes.find((node) => node !== from) ?? from;
    await from.command('SET', 'color', 'blue');
    await expect(to.command('GET', 'color')).rejects.toThrow('MOVED');
    await cluster.move('color', to);
    expect(await cluster.nodeOf('color')).toBe(to);
    expect(await to.command('GET', 'color')).toBe('blue');
  });
});
