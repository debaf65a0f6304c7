/** The problems of `state` and of the options that need it, each with the option and the fix. */
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig } from '../../../src/config/load/load.ts';
import { ConfigError } from '../../../src/config/validate/problems.ts';

interface Parts {
  /** `state.valkey`; null for a configuration without `state`. */
  readonly valkey?: object | null;
  readonly state?: object;
  readonly sessions?: object;
  readonly login?: object;
  readonly more?: object;
  /** Whether people sign in. */
  readonly hasLogin?: boolean;
}

const url = 'rediss://valkey.example.svc:6379';

function file({ valkey = { urls: [url] }, hasLogin = true, ...parts }: Parts): string {
  const login = { clientId: 'shop', clientSecretFile: 'secret' };
  return stringify({
    issuers: [
      {
        issuer: 'https://issuer.example.com',
        name: 'main',
        audiences: ['shop'],
        ...(hasLogin && { login }),
      },
    ],
    ...(hasLogin && {
      login: { hosts: ['shop.example.com'], ...parts.login },
      sessions: { keysFile: 'keys', ...parts.sessions },
    }),
    ...(valkey !== null && { state: { valkey, ...parts.state } }),
    ...parts.more,
  });
}

async function problemsOf(parts: Parts): Promise<Record<string, string>> {
  try {
    await loadConfig({
      flags: [{ name: '--config', value: 'f.yaml' }],
      environment: {},
      readFile: () => file(parts),
    });
    return {};
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return Object.fromEntries(error.problems.map(({ path, message }) => [path, message]));
  }
}

const origins = ['https://shop.example.com'];
const sentinel = { urls: [url, 'rediss://two.example.svc:26379'], mode: 'sentinel' };
const listener = { listener: { enabled: true } };
const users = { usernameFile: 'u', passwordFile: 'p' };

describe('a configuration with a store is accepted', () => {
  test.each<[string, Parts]>([
    ['for sessions', {}],
    ['for ended sessions, with sessions in cookies', { sessions: { store: 'cookie' } }],
    ['with the number of a database', { valkey: { urls: [`${url}/3`] } }],
    [
      'with users, and certificates',
      { valkey: { urls: [url], ...users, caFile: 'c', certFile: 'c', keyFile: 'k' } },
    ],
    [
      'of sentinels',
      {
        valkey: { ...sentinel, masterName: 'mymaster', sentinelUsernameFile: 'u', sentinelPasswordFile: 'p' },
      },
    ],
    ['of a cluster', { valkey: { urls: ['redis://[2001:db8::1]:7000', 'redis://b'], mode: 'cluster' } }],
    ['for proofs only', { hasLogin: false, more: { dpop: { origins, store: 'local' } } }],
    [
      'for the deny list only',
      { hasLogin: false, state: { keysFile: 'k' }, more: { denyList: { store: true } } },
    ],
    [
      'for logouts of the issuer',
      { login: listener, sessions: { backChannelLogout: true, frontChannelLogout: true } },
    ],
    ['with the longest operation', { valkey: { urls: [url], timeout: '750ms' } }],
  ])('%s', async (_, parts) => {
    expect(await problemsOf(parts)).toEqual({});
  });
});

describe('an option that needs the store is reported without `state`', () => {
  test.each<[string, Parts]>([
    ['sessions.store', { sessions: { store: 'valkey' } }],
    ['denyList.store', { more: { denyList: { store: true } } }],
    ['dpop.store', { more: { dpop: { origins, store: 'closed' } } }],
    ['sessions.backChannelLogout', { login: listener, sessions: { backChannelLogout: true } }],
    ['sessions.frontChannelLogout', { login: listener, sessions: { frontChannelLogout: true } }],
  ])('%s', async (path, parts) => {
    expect(await problemsOf({ ...parts, valkey: null })).toEqual({
      [path]: expect.stringMatching(/^needs `state`.*; add `state: \{valkey: \{urls: \[URL\]\}\}`, or /),
    });
  });
});

describe('a contradiction is reported at its option, with the fix', () => {
  test.each<[string, string, Parts]>([
    [
      'sessions.backChannelLogout',
      'set `login.listener.enabled: true`',
      { sessions: { backChannelLogout: true } },
    ],
    [
      'sessions.frontChannelLogout',
      'set `login.listener.enabled: true`',
      { sessions: { frontChannelLogout: true } },
    ],
    ['dpop.store', 'add the origins', { more: { dpop: { store: 'local' } } }],
    ['state', 'nothing uses it', { hasLogin: false }],
    ['state.keysFile', 'sessions.keysFile is used for both', { state: { keysFile: 'k' } }],
    ['state.keysFile', 'missing', { hasLogin: false, more: { denyList: { store: true } } }],
    [
      'state.keysFile',
      'has no effect without `denyList.store: true`',
      { hasLogin: false, state: { keysFile: 'k' }, more: { dpop: { origins, store: 'local' } } },
    ],
    ['state.valkey.masterName', 'missing', { valkey: sentinel }],
    ['state.valkey.masterName', 'has no effect', { valkey: { urls: [url], masterName: 'm' } }],
    [
      'state.valkey.sentinelPasswordFile',
      'has no effect',
      { valkey: { urls: [url], mode: 'cluster', sentinelPasswordFile: 'm' } },
    ],
    ['state.valkey.urls', 'one address', { valkey: { urls: [url, 'rediss://b'] } }],
    ['state.valkey.urls[0]', 'number of a database', { valkey: { urls: [`${url}/1`], mode: 'cluster' } }],
    ['state.valkey.urls[1]', 'use TLS for all', { valkey: { urls: [url, 'redis://b'], mode: 'cluster' } }],
    [
      'state.valkey.urls[1]',
      'must be unique',
      { valkey: { urls: ['rediss://b', 'rediss://B:6379'], mode: 'cluster' } },
    ],
    ['state.valkey.urls[0]', 'a port from 1 to 65535', { valkey: { urls: ['rediss://b:70000'] } }],
    ['state.valkey.caFile', 'has no effect without TLS', { valkey: { urls: ['redis://b'], caFile: 'c' } }],
    ['state.valkey.keyFile', 'missing', { valkey: { urls: [url], certFile: 'c' } }],
    ['state.valkey.certFile', 'missing', { valkey: { urls: [url], keyFile: 'c' } }],
    ['state.valkey.passwordFile', 'missing', { valkey: { urls: [url], usernameFile: 'u' } }],
    ['state.valkey.timeout', 'lower it to at most 750ms', { valkey: { urls: [url], timeout: '751ms' } }],
    [
      'limits.checkDeadline',
      'set state.valkey.timeout to at most 450ms, or raise this option to at least 1s',
      { more: { limits: { checkDeadline: '900ms' } } },
    ],
  ])('%s: %s', async (path, message, parts) => {
    expect(await problemsOf(parts)).toEqual({ [path]: expect.stringContaining(message) });
  });
});

test('no message repeats a password that is written into an address', async () => {
  const problems = await problemsOf({ valkey: { urls: ['rediss://user:hunter2@b'] } });
  expect(Object.keys(problems)).toEqual(['state.valkey.urls[0]']);
  expect(JSON.stringify(problems)).not.toContain('hunter2');
});

test('invalid values of the options do not stop the other checks', async () => {
  const problems = await problemsOf({
    valkey: { urls: 'rediss://b', mode: 7, masterName: {}, timeout: 500, certFile: 'c' },
    more: { dpop: { store: 'on' }, denyList: { store: 'yes' } },
  });
  expect(Object.keys(problems).toSorted()).toEqual([
    'denyList.store',
    'dpop.store',
    'state.valkey.keyFile',
    'state.valkey.masterName',
    'state.valkey.mode',
    'state.valkey.timeout',
    'state.valkey.urls',
  ]);
});
