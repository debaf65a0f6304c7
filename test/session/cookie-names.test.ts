/** The names of our cookies. */
import { expect, test } from 'vitest';
import { createCookieNames } from '../../src/session/cookie-names.ts';

const https = { policy: '', isHttp: false };
const http = { policy: '', isHttp: true };

test('the prefix depends on the domain and the scheme, the suffix on the policy', () => {
  const names = createCookieNames({ name: 'oidc-authz' }, ['team-a']);
  expect(names.session(https)).toBe('__Host-oidc-authz');
  expect(names.session({ ...https, policy: 'team-a' })).toBe('__Host-oidc-authz-team-a');
  expect(names.session({ ...http, policy: 'team-a' })).toBe('oidc-authz-team-a');
  expect(names.login(https, 'abcdefgh')).toBe('__Host-oidc-authz-login-abcdefgh');
  expect(names.login(http, 'abcdefgh')).toBe('oidc-authz-login-abcdefgh');
  const shared = createCookieNames({ name: 's', domain: 'example.com' }, []);
  expect(shared.session(https)).toBe('__Secure-s');
  // A login is for one host even then.
  expect(shared.login(https, 'abcdefgh')).toBe('__Host-s-login-abcdefgh');
});

test.each([
  '__Host-oidc-authz',
  '__Host-oidc-authz.0',
  '__Secure-oidc-authz',
  '__Host-oidc-authz-team-a.2',
  '__Secure-oidc-authz-team-a',
  '__Host-oidc-authz-login-abc_EF-1',
  'oidc-authz',
  'oidc-authz.2',
  'oidc-authz-team-a',
  'oidc-authz-team-a.0',
  'oidc-authz-login-abcdefgh',
])('%s is ours', (name) => {
  expect(createCookieNames({ name: 'oidc-authz' }, ['team-a']).isOwn(name)).toBe(true);
});

test.each([
  '',
  '__Host-',
  '__Host-oidc-authzx',
  '__Host-oidc-authz.3',
  '__Host-oidc-authz-theme',
  '__Secure-oidc-authz-login-theme',
  '__Host-__Host-oidc-authz',
  'x__Host-oidc-authz',
  'oidc-authz.3',
  'oidc-authz-theme',
  'oidc-authz-login-abc',
  'OIDC-AUTHZ',
  'oidc',
])('%j is not ours', (name) => {
  expect(createCookieNames({ name: 'oidc-authz' }, ['team-a']).isOwn(name)).toBe(false);
});

test('recognizes logins in progress', () => {
  const { isLogin } = createCookieNames({ name: 'n' }, []);
  expect(['__Host-n-login-abcdefgh', 'n-login-abcdefgh'].every(isLogin)).toBe(true);
  expect(['__Host-n', '__Host-n-login-abcdefghi', 'xn-login-abcdefgh'].some(isLogin)).toBe(false);
});
