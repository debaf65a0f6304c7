/** The reason that /readyz and the log give for a store that cannot be used: the address, the cause and the option. Real servers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ValkeyConfig } from '../../../../src/state/valkey/valkey-config.ts';
import { findRedis } from '../../../../tools/redis.ts';
import { createAuthority } from '../../../support/certificates.ts';
import { closedPort } from '../../../support/closed-port.ts';
import { describeWith } from '../../../support/real-servers.ts';
import { type RedisOptions, startRedis } from '../../../support/redis/server.ts';
import { failureOfCall, openValkeyStore } from '../../../support/state/valkey-store.ts';

const commands =
  '+get +getex +set +del +pexpire +pttl +zadd +zrem +zrange +zremrangebyscore +eval +time +xadd +xread +xrevrange +ping';

function secretFile(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-messages-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'secret');
  writeFileSync(path, text);
  return path;
}

/** Opens a store that cannot be used. @returns why, with `PORT` for the port of the server */
async function problemOf(options: Partial<ValkeyConfig> & Pick<ValkeyConfig, 'urls'>): Promise<string> {
  const { store } = openValkeyStore(options);
  await expect.poll(() => store.status().problem, { timeout: 5_000 }).toBeDefined();
  expect(store.status().state).toBe('connecting');
  return (store.status().problem ?? '').replaceAll(/:\d+:/g, ':PORT:');
}

/** A server of another kind. */
async function listenWith(onConnection: (socket: net.Socket) => void): Promise<number> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as net.AddressInfo).port;
}

describe('without a server', () => {
  test('a port on which no server listens', async () => {
    expect(await problemOf({ urls: [`redis://127.0.0.1:${closedPort}`] })).toBe(
      '127.0.0.1:PORT: no server listens there; check the host and the port in `state.valkey.urls`, and that the server runs (ECONNREFUSED)',
    );
  });

  test('an unknown host', async () => {
    expect(await problemOf({ urls: ['redis://valkey.invalid:6379'] })).toMatch(
      /^valkey\.invalid:PORT: the name of the host (does not exist|cannot be resolved now); .*\((ENOTFOUND|EAI_AGAIN)\)$/,
    );
  });

  test('a server that closes each connection', async () => {
    const port = await listenWith((socket) => void socket.end());
    expect(await problemOf({ urls: [`redis://127.0.0.1:${port}`] })).toMatch(
      /^127\.0\.0\.1:PORT: it closed the connection without an answer; if it requires TLS, write rediss:\/\/ in `state\.valkey\.urls`/,
    );
    expect(await problemOf({ urls: [`rediss://127.0.0.1:${port}`] })).toBe(
      '127.0.0.1:PORT: it closed the connection without an answer; check that it uses TLS (`state.valkey.urls`), and its log (ECONNRESET)',
    );
  });

  test('a server of another protocol', async () => {
    const port = await listenWith((socket) => {
      socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    });
    expect(await problemOf({ urls: [`redis://127.0.0.1:${port}`] })).toBe(
      '127.0.0.1:PORT: it does not answer as Valkey or Redis does; check the port in `state.valkey.urls`',
    );
    expect(await problemOf({ urls: [`rediss://127.0.0.1:${port}`] })).toBe(
      '127.0.0.1:PORT: it does not use TLS on this port; write redis:// in `state.valkey.urls`, or correct the port (ERR_SSL_WRONG_VERSION_NUMBER)',
    );
  });

  test('a server in protected mode', async () => {
    const port = await listenWith((socket) => {
      socket.end(
        '-DENIED Redis is running in protected mode because protected mode is enabled and no password\r\n',
      );
    });
    expect(await problemOf({ urls: [`redis://127.0.0.1:${port}`] })).toBe(
      '127.0.0.1:PORT: the store is in protected mode; give it a user with a password, or `bind` it to addresses (DENIED)',
    );
  });

  test('a server that is silent', async () => {
    const port = await listenWith(() => {});
    expect(await problemOf({ urls: [`redis://127.0.0.1:${port}`] })).toBe(
      '127.0.0.1:PORT: the store does not answer',
    );
  });
});

describeWith('with a real server', await findRedis(), (path) => {
  const start = async (options: RedisOptions = {}) => {
    const server = await startRedis(path, options);
    onTestFinished(server.stop);
    return server;
  };
  const startTls = async () => {
    const authority = createAuthority();
    const server = await start({ tls: { ...authority.issue('redis'), caFile: authority.caFile } });
    return { authority, server };
  };

  test('rediss:// to a server without TLS', async () => {
    const { port } = await start();
    expect(await problemOf({ urls: [`rediss://localhost:${port}`] })).toBe(
      'localhost:PORT: it takes connections, and does not answer with TLS; if it has no TLS, write redis:// in `state.valkey.urls` (ETIMEDOUT)',
    );
  });

  test('redis:// to a server with TLS', async () => {
    const { server } = await startTls();
    expect(await problemOf({ urls: [`redis://localhost:${server.port}`] })).toMatch(
      /^localhost:PORT: it closed the connection without an answer; if it requires TLS, write rediss:\/\/ in `state\.valkey\.urls`( \(ECONNRESET\))?$/,
    );
  });

  test('certificates: an unknown authority, another name, and none of the client', async () => {
    const { authority, server } = await startTls();
    const urls = [server.url];
    expect(await problemOf({ urls })).toMatch(
      /^localhost:PORT: its certificate is of an authority that is not trusted; set `state\.valkey\.caFile` \([A-Z_]+\)$/,
    );
    expect(await problemOf({ urls, caFile: createAuthority().caFile })).toMatch(
      /not trusted; replace the authority in `state\.valkey\.caFile` \([A-Z_]+\)$/,
    );
    const tunnel = await listenWith((socket) => {
      const other = net.connect(server.port, '127.0.0.1');
      other.on('error', () => {});
      socket.pipe(other).pipe(socket);
    });
    expect(
      await problemOf({ urls: [`rediss://127.1.1.1.nip.invalid:1`], caFile: authority.caFile }),
    ).toContain('the name of the host');
    expect(
      await problemOf({ urls: [`rediss://[::ffff:127.0.0.1]:${tunnel}`], caFile: authority.caFile }),
    ).toMatch(
      /: its certificate is not valid for ::ffff:[\w.:]+, only for .*localhost.*; write a name of the certificate in `state\.valkey\.urls` \(ERR_TLS_CERT_ALTNAME_INVALID\)$/,
    );
    await server.command('CONFIG', 'SET', 'tls-auth-clients', 'yes');
    expect(await problemOf({ urls, caFile: authority.caFile })).toBe(
      'localhost:PORT: it requires a client certificate; set `state.valkey.certFile` and `state.valkey.keyFile` (ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED)',
    );
  });

  test('passwords: none, a wrong one', async () => {
    const { url } = await start({ password: 'right' });
    expect(await problemOf({ urls: [url] })).toBe(
      'localhost:PORT: the store requires a password; set `state.valkey.passwordFile` (NOAUTH)',
    );
    expect(await problemOf({ urls: [url], passwordFile: secretFile('secret-of-test') })).toBe(
      'localhost:PORT: the store rejects the user or the password; check `usernameFile` and `passwordFile` (WRONGPASS)',
    );
  });

  test.each([
    [
      'no right to the prefix',
      `~other:* ${commands}`,
      'the user of the store has no right to the keys of `state.valkey.prefix` (NOPERM)',
    ],
    [
      'no right to write',
      `%R~test:* ${commands}`,
      'the user of the store has no right to the keys of `state.valkey.prefix` (NOPERM)',
    ],
    [
      'no right to scripts',
      `~test:* ${commands.replace('+eval', '')}`,
      'the user of the store may not run `eval` (NOPERM)',
    ],
    [
      'no right to a command of a script',
      `~test:* ${commands.replace('+time', '')}`,
      'the user of the store may not run a command of a script (ERR)',
    ],
  ])('a user with %s', async (_, rules, problem) => {
    const { url } = await start({ users: { app: `on >secret resetchannels -@all ${rules}` } });
    const user = { usernameFile: secretFile('app'), passwordFile: secretFile('secret') };
    expect(await problemOf({ urls: [url], ...user })).toBe(`localhost:PORT: ${problem}`);
  });

  test('a user without a command that only some operations need', async () => {
    const rules = `~test:* ${commands.replace('+getex', '')}`;
    const { url } = await start({ users: { app: `on >secret resetchannels -@all ${rules}` } });
    const user = { usernameFile: secretFile('app'), passwordFile: secretFile('secret') };
    const { store } = openValkeyStore({ urls: [url], ...user });
    expect(await store.ready(5_000)).toBe(true);
    expect(await failureOfCall(() => store.get('a', 1_000))).toMatchObject({
      failure: 'rejected',
      message: 'the user of the store may not run `getex` (NOPERM)',
    });
  });

  test('a replica', async () => {
    const main = await start();
    const replica = await start({ lines: [`replicaof 127.0.0.1 ${main.port}`] });
    expect(await problemOf({ urls: [replica.url] })).toMatch(
      /^localhost:PORT: (the server is a replica and takes no writes \(READONLY\)|the server is a replica that has lost its master \(MASTERDOWN\))$/,
    );
  });

  test('a server of a cluster without slots, or of no cluster', async () => {
    const single = await start();
    const { store } = openValkeyStore({ urls: [single.url], mode: 'sentinel', masterName: 'm' });
    await expect
      .poll(() => store.status().problem, { timeout: 5_000 })
      .toMatch(/the server does not know `sentinel`; check `state\.valkey\.mode` \(ERR\)$/);
    const node = await start({ lines: ['cluster-enabled yes'] });
    expect(await problemOf({ urls: [node.url], mode: 'cluster' })).toContain(
      'the servers of the cluster are not known',
    );
  });

  test('a server that cannot save, or has no room, is connected', async () => {
    const server = await start();
    await server.fill();
    const { store } = openValkeyStore({ urls: [server.url] });
    expect(await store.ready(5_000)).toBe(true);
    expect(await failureOfCall(() => store.set('a', 'x', 1_000))).toMatchObject({
      failure: 'full',
      message: 'the store has no memory left for writes (OOM)',
    });
  });

  test('too many connections', async () => {
    const server = await start();
    const { store } = openValkeyStore({ urls: [server.url] });
    expect(await store.ready(5_000)).toBe(true);
    await server.command('CONFIG', 'SET', 'maxclients', '1');
    expect(await problemOf({ urls: [server.url] })).toMatch(/: the store has too many connections \(ERR\)$/);
  });

  describe('a policy that deletes keys', () => {
    const evictionsOf = async (lines: readonly string[], rules = '~* +@all') => {
      const server = await start({ lines, users: { app: `on >secret resetchannels ${rules}` } });
      const user = { usernameFile: secretFile('app'), passwordFile: secretFile('secret') };
      const { store, evictions } = openValkeyStore({ urls: [server.url], ...user });
      expect(await store.ready(5_000)).toBe(true);
      // Its answer comes after that of the question for the policy.
      await store.get('a');
      return evictions;
    };

    test.each([
      ['is told', ['maxmemory-policy allkeys-lru', 'maxmemory 100mb'], ['allkeys-lru']],
      ['is of no effect without a limit', ['maxmemory-policy allkeys-lru'], []],
      ['is not there', ['maxmemory 100mb'], []],
    ])('%s', async (_, lines, expected) => {
      expect(await evictionsOf(lines)).toEqual(expected);
    });

    test('is not known without the permission', async () => {
      const lines = ['maxmemory-policy allkeys-lru', 'maxmemory 100mb'];
      expect(await evictionsOf(lines, `~test:* -@all ${commands}`)).toEqual([]);
    });
  });
});
