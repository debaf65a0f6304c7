/** The user, the commands and the settings that docs/state.md and deploy/valkey tell people to use, in a real server. */
import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { StateStore } from '../../../../src/state/state-store.ts';
import { findRedis } from '../../../../tools/redis.ts';
import { describeWith } from '../../../support/real-servers.ts';
import { askRedis, connectRedis } from '../../../support/redis/client.ts';
import { startRedis } from '../../../support/redis/server.ts';
import { openValkeyStore } from '../../../support/state/valkey-store.ts';

const read = (path: string) =>
  readFileSync(fileURLToPath(new URL(`../../../../${path}`, import.meta.url)), 'utf8');
const page = read('docs/state.md');
const manifest = parseAllDocuments(read('deploy/valkey/valkey.yaml')).map((document) => document.toJSON());
const settings: string = manifest.find(({ kind }) => kind === 'ConfigMap').data['valkey.conf'];

/** The rules of the user, without its name and its password. */
const [, rules = ''] = /^user oidc-authz on #HASH (.*)$/m.exec(page) ?? [];
const commands = rules.split(' ').filter((word) => word.startsWith('+'));
const password = 'a-password-of-this-test';
const folder = tmpdir();

/** The settings of the manifest that do not name files. */
const lines = settings
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#') && !/^(aclfile|dir) /.test(line));

function secretFile(name: string, text: string): string {
  const file = join(folder, `oidc-authz-documented-${process.pid}-${name}`);
  writeFileSync(file, `${text}\n`, { mode: 0o600 });
  return file;
}

/** Runs every operation. @returns those that failed, with the failure */
async function failing(store: StateStore): Promise<readonly string[]> {
  const feed = store.feed('entries', { longestLife: 60_000, receive: () => {} });
  const operations: Readonly<Record<string, () => Promise<unknown>>> = {
    set: () => store.set('a', '1', 60_000),
    get: () => store.get('a'),
    getAndExtend: () => store.get('a', 60_000),
    extend: () => store.extend('a', 60_000),
    removeIf: () => store.removeIf('a', '1'),
    remove: () => store.remove('a'),
    addMember: () => store.addMember('s', 'x', 60_000),
    members: () => store.members('s'),
    removeMember: () => store.removeMember('s', 'x'),
    add: () => feed.add('x', 30_000),
  };
  const failed: string[] = [];
  for (const [name, run] of Object.entries(operations))
    await run().catch(({ failure }) => failed.push(`${name} ${failure}`));
  return failed;
}

/** The Secrets that the commands of the page create: `NAME KEY` and the value. */
function createdSecrets(): Readonly<Record<string, string>> {
  const [, block = ''] = /^```sh\n(kubectl apply .*?)^```$/ms.exec(page) ?? [];
  const kubectl = `kubectl() { for word; do case "$word" in --from-literal=*) printf '%s %s\\0' "$6" "\${word#*=}";; esac; done; }`;
  const output = execFileSync('bash', ['-euc', `${kubectl}\n${block}`], { encoding: 'utf8' });
  return Object.fromEntries(
    output.split('\0').map((secret) => {
      const [, name = '', value = ''] = /^([^=]*)=(.*)$/s.exec(secret) ?? [];
      return [name, value];
    }),
  );
}

/** The users of the server: their names and rules. */
function createdUsers(secrets: ReturnType<typeof createdSecrets>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    (secrets['valkey-users users.acl'] ?? '').split('\n').map((line) => {
      const [, name = '', rest = ''] = /^user (\S+) (.*)$/.exec(line) ?? [];
      return [name, rest];
    }),
  );
}

/** The commands for the server in the runbooks. */
function runbookCommands(): readonly string[] {
  const runbooks = readdirSync(fileURLToPath(new URL('../../../../docs/runbooks/', import.meta.url)));
  return runbooks.flatMap((name) =>
    [...read(`docs/runbooks/${name}`).matchAll(/valkey-cli ([a-z -]+?) *(?:`|#|$)/gm)].map(
      ([, words = '']) => words,
    ),
  );
}

test('the page has one list of commands', () => {
  expect(commands.length).toBeGreaterThan(10);
  const [, may = ''] = /^may="(.*)"$/m.exec(page) ?? [];
  expect(may.split(' ')).toEqual(commands);
  expect(rules).toContain('~oidc-authz:* resetchannels -@all');
});

describeWith('a real server with the documented settings', await findRedis(), (path) => {
  const start = async (list: readonly string[] = commands) => {
    const rest = rules.split(' ').filter((word) => !word.startsWith('+'));
    const user = `on #${hash('sha256', password)} ${[...rest, ...list].join(' ')}`;
    const server = await startRedis(path, { lines, users: { 'oidc-authz': user } });
    onTestFinished(server.stop);
    return server;
  };
  const open = (url: string) =>
    openValkeyStore({
      urls: [url],
      prefix: 'oidc-authz',
      usernameFile: secretFile('user', 'oidc-authz'),
      passwordFile: secretFile('password', password),
    });

  test('lets the service do everything, and keeps its data without evicting any', async () => {
    const server = await start();
    const opened = open(server.url);
    expect(await opened.store.ready(5_000)).toBe(true);
    expect(await failing(opened.store)).toEqual([]);
    expect(await server.command('CONFIG', 'GET', 'maxmemory-policy')).toEqual([
      'maxmemory-policy',
      'noeviction',
    ]);
    expect(await server.command('CONFIG', 'GET', 'appendonly')).toEqual(['appendonly', 'yes']);
    expect(await server.command('CONFIG', 'GET', 'maxmemory')).toEqual([
      'maxmemory',
      String(384 * 1024 * 1024),
    ]);
  });

  test('does not let the service read or write the keys of others', async () => {
    const server = await start();
    await server.command('SET', 'other:a', '1');
    const opened = openValkeyStore({
      urls: [server.url],
      prefix: 'other',
      usernameFile: secretFile('user', 'oidc-authz'),
      passwordFile: secretFile('password', password),
    });
    await expect
      .poll(() => opened.store.status().problem)
      .toContain('the user of the store has no right to the keys of `state.valkey.prefix` (NOPERM)');
    const failed = await failing(opened.store);
    expect(await server.command('KEYS', 'other:*')).toEqual(['other:a']);
    expect(await server.command('PTTL', 'other:a')).toBe(-1);
    expect(failed).toHaveLength(10);
  });

  test('has every key after a restart: the user `default` is off, but has the rights to read the file', async () => {
    const secrets = createdSecrets();
    const as = { username: 'test', password: 'of-this-test' };
    const server = await startRedis(path, {
      lines,
      users: { ...createdUsers(secrets), test: `on >${as.password} ~* &* +@all` },
      as,
    });
    onTestFinished(server.stop);
    await expect(askRedis({ port: server.port }, 'PING')).rejects.toThrow(/NOAUTH/);
    const { store } = openValkeyStore({
      urls: [server.url],
      prefix: 'oidc-authz',
      usernameFile: secretFile('documented-user', secrets['valkey username'] ?? ''),
      passwordFile: secretFile('documented-password', secrets['valkey password'] ?? ''),
    });
    expect(await store.ready(5_000)).toBe(true);
    await store.set('session:a', '1', 60_000);
    await store.addMember('sessions:a', 'x', 60_000);
    await store.feed('revoked', { longestLife: 60_000, receive: () => {} }).add('x', 30_000);
    const keys = async () => [(await server.command('KEYS', '*')) ?? []].flat().map(String).toSorted();
    const before = await keys();
    expect(before).toHaveLength(3);
    await server.kill();
    await server.start();
    expect(await keys()).toEqual(before);
  });

  test('lets the operator of the page run the commands of the runbooks, and read no key', async () => {
    const secrets = createdSecrets();
    const users = createdUsers(secrets);
    expect(Object.keys(users)).toEqual(['default', 'oidc-authz', 'operator']);
    // The harness needs the user that the manifest turns off.
    const { default: _, ...named } = users;
    const server = await startRedis(path, { lines, users: named });
    onTestFinished(server.stop);
    const service = await connectRedis({
      port: server.port,
      username: secrets['valkey username'] ?? '',
      password: secrets['valkey password'] ?? '',
    });
    onTestFinished(service.close);
    expect(await service.command('SET', 'oidc-authz:a', '1')).toBe('OK');

    const operator = await connectRedis({
      port: server.port,
      username: 'operator',
      password: secrets['valkey-operator password'] ?? '',
    });
    onTestFinished(operator.close);
    expect(runbookCommands().toSorted()).toEqual([
      '--latency',
      'acl log',
      'info memory',
      'info persistence',
      'slowlog get',
    ]);
    for (const words of runbookCommands())
      await operator.command(...(words === '--latency' ? ['ping'] : words.split(' ')));
    // This server has no file of users, so the command itself fails.
    await expect(operator.command('ACL', 'LOAD')).rejects.toThrow(/not configured to use an ACL file/);
    for (const refused of [
      ['GET', 'oidc-authz:a'],
      ['SET', 'oidc-authz:a', '2'],
      ['KEYS', '*'],
      ['CONFIG', 'GET', 'dir'],
    ])
      await expect(operator.command(...refused)).rejects.toThrow(/^NOPERM/);
  });

  describe('needs', () => {
    // The connection itself uses these, or the feed and the heartbeat in the background.
    const inBackground = ['+xread', '+xrevrange', '+ping'];

    test.each(commands.filter((command) => !inBackground.includes(command)))('%s', async (command) => {
      const server = await start(commands.filter((other) => other !== command));
      const { store } = open(server.url);
      const isReady = await store.ready(1_000);
      expect([isReady, isReady ? await failing(store) : []]).not.toEqual([true, []]);
      expect(JSON.stringify(await server.command('ACL', 'LOG'))).toContain(`"${command.slice(1)}"`);
    });

    test.each(inBackground)('%s', async (command) => {
      const server = await start(commands.filter((other) => other !== command));
      const { store } = open(server.url);
      await store.ready(1_000);
      store.feed('entries', { longestLife: 60_000, receive: () => {} });
      await expect
        .poll(async () => JSON.stringify(await server.command('ACL', 'LOG')), { timeout: 10_000 })
        .toContain(`"${command.slice(1)}"`);
    });
  });
});
