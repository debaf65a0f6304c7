/** Sessions, form tokens and request limits of the console. */
import { describe, expect, test } from 'vitest';
import { createFormProtection, isOwnOrigin } from '../../../src/transport/console/form-protection.ts';
import { createRequestLimits } from '../../../src/transport/console/request-limits.ts';
import { createSessions, sessionCookie } from '../../../src/transport/console/sessions.ts';
import { createTestClock } from '../../support/clock.ts';

const hour = 3_600_000;

describe('a session', () => {
  test('is valid for 8 hours', () => {
    const clock = createTestClock();
    const sessions = createSessions(() => 'secret', clock);
    const id = sessions.begin();
    clock.pass(8 * hour - 1);
    expect(sessions.isValid(id)).toBe(true);
    clock.pass(1);
    expect(sessions.isValid(id)).toBe(false);
  });

  test('ends when the token changes, and when the operator ends it', () => {
    let token = 'one';
    const sessions = createSessions(() => token, createTestClock());
    const [first, second] = [sessions.begin(), sessions.begin()];
    sessions.end(first);
    expect([first, second].map(sessions.isValid)).toEqual([false, true]);
    token = 'two';
    expect(sessions.isValid(second)).toBe(false);
    token = 'one';
    expect(sessions.isValid(second)).toBe(false);
  });

  test('ends when 100 newer ones begin', () => {
    const sessions = createSessions(() => 'secret', createTestClock());
    const id = sessions.begin();
    for (let index = 0; index < 99; index++) sessions.begin();
    expect(sessions.isValid(id)).toBe(true);
    sessions.begin();
    expect(sessions.isValid(id)).toBe(false);
  });

  test.each([undefined, ''])('accepts no token if the file has %j', (token) => {
    const sessions = createSessions(() => token, createTestClock());
    expect(['', 'undefined', 'secret'].map(sessions.isToken)).toEqual([false, false, false]);
  });
});

test('the session cookie is bound to the host over TLS', () => {
  expect(sessionCookie(true).set('ID')).toBe(
    '__Host-oidc-authz-console=ID; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=28800',
  );
  expect(sessionCookie(false).set('ID')).toBe(
    'oidc-authz-console=ID; Path=/console; HttpOnly; SameSite=Strict; Max-Age=28800',
  );
  expect(sessionCookie(true).read('a=b; __Host-oidc-authz-console=ID')).toBe('ID');
  expect(sessionCookie(true).read('oidc-authz-console=ID')).toBeUndefined();
});

test('a form token is valid for its session and its process only', () => {
  const [own, other] = [createFormProtection(), createFormProtection()];
  const fieldValue = (markup: string) => /value="([^"]+)"/.exec(markup)?.[1] ?? '';
  const token = fieldValue(own.field('a').markup);
  expect(own.isOwn('a', token)).toBe(true);
  expect(own.isOwn('b', token)).toBe(false);
  expect(other.isOwn('a', token)).toBe(false);
  expect(own.isOwn('a', '')).toBe(false);
});

test.each([
  ['http://127.0.0.1:8081', '127.0.0.1:8081', false, false, true],
  ['https://127.0.0.1:8081', '127.0.0.1:8081', true, false, true],
  ['https://127.0.0.1:8081', '127.0.0.1:8081', false, false, false],
  ['http://evil.example', '127.0.0.1:8081', false, false, false],
  ['http://evil.example', '127.0.0.1:8081', false, true, false],
  ['null', '127.0.0.1:8081', false, false, false],
  ['http://127.0.0.1', '127.0.0.1:8081', false, false, false],
  [undefined, '127.0.0.1:8081', false, false, false],
  [undefined, '127.0.0.1:8081', false, true, true],
  ['http://', '', false, false, false],
])(
  'a form with the origin %s for host %s (TLS %s, authorization %s) is accepted: %s',
  (origin, host, isTls, hasAuthorization, expected) => {
    expect(isOwnOrigin({ origin, host, isTls, hasAuthorization })).toBe(expected);
  },
);

describe('the request limits', () => {
  test('admit 4 requests at the same time', () => {
    const limits = createRequestLimits(createTestClock());
    expect([1, 2, 3, 4, 5].map(limits.begin)).toEqual([undefined, undefined, undefined, undefined, 503]);
    limits.end();
    expect(limits.begin()).toBeUndefined();
  });

  test('admit 20 requests a second after a burst of 40', () => {
    const clock = createTestClock();
    const limits = createRequestLimits(clock);
    const admitted = () => {
      let count = 0;
      while (limits.begin() === undefined) {
        limits.end();
        count++;
      }
      return count;
    };
    expect(admitted()).toBe(40);
    clock.pass(1_000);
    expect(admitted()).toBe(20);
  });

  test('admit 5 failed sign-ins, then one in 10 seconds; a successful one does not count', () => {
    const clock = createTestClock();
    const limits = createRequestLimits(clock);
    for (let index = 0; index < 4; index++) limits.maySignIn();
    expect(limits.maySignIn()).toBe(true);
    limits.signedIn();
    expect(limits.maySignIn()).toBe(true);
    expect(limits.maySignIn()).toBe(false);
    clock.pass(10_000);
    expect(limits.maySignIn()).toBe(true);
  });
});
