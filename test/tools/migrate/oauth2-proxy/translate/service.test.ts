/** Log, listeners, logins and upstreams. */
import { describe, expect, test } from 'vitest';
import { configOf } from '../../../../support/app.ts';
import { configFrom, type Flags, findingOf, installationOf, migrated } from '../sample-installation.ts';

describe('the log', () => {
  test.each<[Flags, string]>([
    [{}, 'all'],
    [{ 'request-logging': true, 'auth-logging': false }, 'all'],
    [{ 'request-logging': false }, 'denied'],
    [{ 'request-logging': false, 'auth-logging': false }, 'none'],
  ])('records the same checks: %o', async (flags, checks) => {
    expect((await configFrom(flags)).log.checks).toBe(checks);
  });

  test('leaves out the same paths and reads the request ID from the same header', async () => {
    const flags = { 'exclude-logging-path': ['/ping', 'x', '/a?b'], 'request-id-header': 'X-Trace' };
    const { log } = await configFrom(flags);
    expect([log.excludePaths, log.requestIdHeader]).toEqual([['/ping'], 'x-trace']);
    expect(findingOf('exclude-logging-path', flags).verdict).toBe('changed');
    expect(findingOf('request-id-header', { 'request-id-header': 'a b' }).verdict).toBe('changed');
  });

  test.each([
    ['request-logging-format', '{}'],
    ['logging-filename', '/log'],
    ['standard-logging', false],
    ['logging-local-time', true],
  ])('%s changes', (flag, value) => {
    expect(findingOf(flag, { [flag]: value }).verdict).toBe('changed');
  });
});

describe('listeners', () => {
  test('have the same addresses', async () => {
    const flags = { 'http-address': 'http://127.0.0.1:4181', 'metrics-address': '[::1]:9100' };
    const { http, admin } = await configFrom(flags);
    expect([http.host, http.port, admin.host, admin.port]).toEqual(['127.0.0.1', 4181, '[::1]', 9100]);
  });

  test('with TLS are the only ones for checks', async () => {
    const flags = {
      'http-address': ':4181',
      'https-address': ':8443',
      'tls-cert-file': '/c.pem',
      'tls-key-file': '/k.pem',
      'tls-min-version': 'TLS1.3',
      'tls-cipher-suite': ['TLS_AES_128_GCM_SHA256'],
      'metrics-secure-address': ':9443',
      'metrics-tls-cert-file': '/mc.pem',
      'metrics-tls-key-file': '/mk.pem',
    };
    const { http, admin } = await configFrom(flags);
    expect(http).toMatchObject({
      port: 8443,
      tls: {
        certFile: '/c.pem',
        keyFile: '/k.pem',
        minVersion: 'TLSv1.3',
        cipherSuites: ['TLS_AES_128_GCM_SHA256'],
      },
    });
    expect(admin).toMatchObject({ port: 9443, tls: { certFile: '/mc.pem', keyFile: '/mk.pem' } });
    expect(findingOf('http-address', flags).verdict).toBe('meaningless');
    expect(findingOf('tls-min-version', { 'tls-min-version': 'TLS1.3' }).verdict).toBe('meaningless');
  });

  test.each([
    ['http-address', '0.0.0.0:4180', 'meaningless'],
    ['metrics-address', '0.0.0.0:44180', 'meaningless'],
    ['http-address', 'unix:///run/a.sock', 'changed'],
    ['http-address', 'fd:3', 'changed'],
    ['http-address', '-', 'changed'],
    ['http-address', ':9000', 'changed'],
    ['http-address', ':8081', 'changed'],
    ['http-address', ':99999', 'changed'],
    ['metrics-address', '', 'changed'],
    ['metrics-address', ':8000', 'changed'],
    ['https-address', ':443', 'meaningless'],
  ])('%s=%s keeps the default and is %s', async (flag, value, verdict) => {
    const { http, admin } = await configFrom({ [flag]: value });
    expect([http.port, admin.port]).toEqual([8000, 8081]);
    expect(findingOf(flag, { [flag]: value }).verdict).toBe(verdict);
  });

  test('never have the same port', async () => {
    const { http, admin } = await configFrom({ 'http-address': ':9100', 'metrics-address': ':9100' });
    expect([http.port, admin.port]).toEqual([8000, 9100]);
  });
});

describe('bearer tokens', () => {
  test.each([false, undefined])('are refused if oauth2-proxy ignores them (%s)', (value) => {
    expect(findingOf('skip-jwt-bearer-tokens', { 'skip-jwt-bearer-tokens': value })).toMatchObject({
      verdict: 'refused',
      text: expect.stringContaining('BEARER TOKENS ARE ALLOWED FROM NOW ON'),
    });
  });

  test('get our responses, or those of oauth2-proxy with compat', async () => {
    const installation = installationOf({ 'bearer-token-login-fallback': false });
    const ours = await configOf(migrated(installation).output);
    const old = await configOf(migrated(installation, { compat: true }).output);
    expect([ours.compat, ours.compatInvalidTokenStatus]).toEqual(['none', 401]);
    expect([old.compat, old.compatInvalidTokenStatus]).toEqual(['oauth2-proxy', 403]);
    const fallback = await configOf(migrated(installationOf(), { compat: true }).output);
    expect([fallback.compat, fallback.compatInvalidTokenStatus]).toEqual(['oauth2-proxy', 401]);
    expect(findingOf('force-json-errors').text).toContain('`compat: oauth2-proxy`');
  });
});

describe('browsers', () => {
  test('of a login are refused, unless no client was sent to one', () => {
    const flags = { 'redirect-url': 'https://user:secret@a.example.com/oauth2/callback' };
    expect(findingOf('redirect-url', flags).verdict).toBe('meaningless');
    expect(findingOf('redirect-url', { ...flags, 'force-json-errors': false }).verdict).toBe('refused');
    expect(findingOf('redirect-url', { ...flags, 'force-json-errors': undefined }).verdict).toBe('refused');
  });

  test('without a token get 401', () => {
    expect(findingOf('force-json-errors', { 'force-json-errors': undefined })).toMatchObject({
      verdict: 'changed',
      source: 'not set',
    });
  });

  test.each([
    ['session-store-type', 'redis', 'refused'],
    ['session-store-type', 'cookie', 'meaningless'],
    ['htpasswd-file', '/users', 'refused'],
    ['htpasswd-file', '', 'meaningless'],
    ['htpasswd-user-group', ['a'], 'refused'],
    ['cookie-name', '_x', 'meaningless'],
    ['cookie-secure', false, 'meaningless'],
    ['login-url', 'static://401', 'meaningless'],
    ['skip-provider-button', true, 'meaningless'],
    ['force-https', true, 'refused'],
    ['force-https', false, 'meaningless'],
    ['proxy-prefix', '/oauth2', 'changed'],
    ['ping-path', '/ping', 'changed'],
  ])('%s=%s is %s', (flag, value, verdict) => {
    expect(findingOf(flag, { [flag]: value }).verdict).toBe(verdict);
  });
});

test.each([
  [['static://200'], 'kept'],
  [['static://OK'], 'kept'],
  [['static://202'], 'refused'],
  [['static://401', 'static://200'], 'refused'],
  [['file:///dev/null'], 'refused'],
  [['http://user:secret@app:8080'], 'refused'],
  [['static://200', 'http://app:8080/api'], 'changed'],
  [[], 'changed'],
  [undefined, 'changed'],
])('the upstream %j is %s', (upstream, verdict) => {
  const finding = findingOf('upstream', { upstream });
  expect(finding.verdict).toBe(verdict);
  expect(finding.text).not.toContain('secret');
});

describe('the scope', () => {
  test('was never required, and the output offers to require it', async () => {
    const flags = { scope: 'openid profile email orders.read "x" orders.write offline_access' };
    expect(findingOf('scope', flags)).toMatchObject({
      verdict: 'meaningless',
      text: expect.stringMatching(
        /never requires it in a token.*requiredScopes: \[orders.read, orders.write\]/,
      ),
    });
    const { output } = migrated(installationOf(flags));
    expect((await configOf(output)).issuers[0]?.requiredScopes).toEqual([]);
    const offered = output.replace(/^(\s*)# (requiredScopes: .*)$/m, '$1$2');
    expect((await configOf(offered)).issuers[0]?.requiredScopes).toEqual(['orders.read', 'orders.write']);
  });

  test('of a login alone offers nothing', () => {
    expect(migrated(installationOf({ scope: 'openid email' })).output).not.toContain('requiredScopes');
  });
});
