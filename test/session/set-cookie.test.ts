/** The values of `set-cookie`. */
import { expect, test } from 'vitest';
import { deleteCookie, setCookie } from '../../src/session/set-cookie.ts';

const attributes = { isHttp: false, sameSite: 'lax' } as const;

test('has the attributes that the place needs', () => {
  expect(setCookie('__Host-a', 'v', 60.9, attributes)).toBe(
    '__Host-a=v; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax',
  );
  expect(setCookie('__Secure-a', 'v', 60, { ...attributes, domain: 'example.com' })).toBe(
    '__Secure-a=v; Path=/; Max-Age=60; Domain=example.com; Secure; HttpOnly; SameSite=Lax',
  );
  expect(setCookie('a', 'v', 60, { ...attributes, sameSite: 'none' })).toBe(
    'a=v; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=None; Partitioned',
  );
});

test('has neither Secure nor SameSite=None over plain HTTP, because browsers would drop it', () => {
  for (const sameSite of ['lax', 'none'] as const)
    expect(setCookie('a', 'v', 60, { isHttp: true, sameSite })).toBe(
      'a=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax',
    );
});

test('a deletion has the same attributes, and no time in the past is negative', () => {
  expect(deleteCookie('__Host-a', attributes)).toBe(
    '__Host-a=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax',
  );
  expect(setCookie('a', 'v', -5, attributes)).toContain('; Max-Age=0;');
});
