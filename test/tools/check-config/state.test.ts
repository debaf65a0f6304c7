/** The output of `check-config` about the store that replicas share. */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { checkConfig } from '../../../src/cli/check-config.ts';

const keys = randomBytes(32).toString('base64');

interface Parts {
  readonly url?: string;
  readonly valkey?: string;
  readonly sessions?: string;
  readonly more?: string;
}

async function aboutOf({
  url = 'rediss://valkey.example.svc:6379',
  valkey = '',
  sessions = '',
  more = '',
}: Parts): Promise<readonly string[]> {
  const text = `
issuers: [{issuer: "https://a.example.com", name: main, audiences: [a], login: {clientId: shop, clientSecretFile: /secret}}]
login: {hosts: [shop.example.com]}
limits: {meshTimeout: 5s}
sessions: {keysFile: /keys${sessions}}
state: {valkey: {urls: ["${url}"]${valkey}}}
${more}
`;
  const { output, exitCode } = await checkConfig({
    flags: [{ name: '--config', value: '/c.yaml' }],
    environment: {},
    readFile: (path) => (path === '/c.yaml' ? text : path === '/keys' ? keys : 'hunter2'),
  });
  expect(output).not.toContain('hunter2');
  expect([exitCode, output]).toEqual([0, expect.anything()]);
  return output.split('\n').filter((line) => line.startsWith('# '));
}

const warningsOf = async (parts: Parts) =>
  (await aboutOf(parts)).filter((line) => line.startsWith('# warning: '));

test('says where the store is and what it holds, without a warning', async () => {
  const about = await aboutOf({ more: 'denyList: {store: true}\nworkers: 2' });
  expect(about.filter((line) => line.startsWith('# state'))).toEqual([
    '# state: one server at rediss://valkey.example.svc:6379; keys begin with oidc-authz:',
    '# state: it holds sessions, ended sessions, revocations',
  ]);
  expect(about.filter((line) => line.startsWith('# warning'))).toEqual([]);
});

test('sessions in cookies are not in the store, and several replicas still cannot refresh', async () => {
  const about = await aboutOf({ sessions: ', store: cookie' });
  expect(about).toContain('# state: it holds ended sessions');
  expect(about).toContainEqual(
    expect.stringContaining('sessions.refresh: run one replica only, or set sessions.store to valkey'),
  );
});

test.each<[string, Parts]>([
  ['state.valkey.urls: without TLS', { url: 'redis://valkey.example.svc', valkey: ', passwordFile: /p' }],
  ['state.valkey.passwordFile: without a password', { url: 'redis://valkey.example.svc' }],
  ['sessions.grace: with 0s', { sessions: ', grace: 0s' }],
  ['dpop.store: closed', { more: 'dpop: {origins: ["https://a.example.com"], store: closed}' }],
])('warns: %s', async (expected, parts) => {
  expect(await warningsOf(parts)).toContainEqual(
    expect.stringMatching(new RegExp(`^# warning: ${expected}`)),
  );
});

test('plain text is accepted on this machine', async () => {
  expect(await warningsOf({ url: 'redis://127.0.0.1:6379' })).toEqual([]);
});
