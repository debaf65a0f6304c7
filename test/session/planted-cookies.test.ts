/** Cookies that another host of the domain has planted are deleted, in a bounded number of lines. */
import { expect, test } from 'vitest';
import { deletePlanted } from '../../src/session/planted-cookies.ts';

const shared = { domain: 'example.com', isHttp: false, sameSite: 'lax' } as const;
const placesOf = (lines: readonly string[]) =>
  lines.map((line) => `${/Domain=([^;]*)/.exec(line)?.[1] ?? '(host)'} ${/Path=([^;]*)/.exec(line)?.[1]}`);

test('each domain and path that fits the request is tried, the usual place first', () => {
  const lines = deletePlanted(['__Secure-s'], shared, 'shop.example.com', '/x/y?z');
  expect(placesOf(lines)).toEqual(
    ['example.com', 'shop.example.com', '(host)'].flatMap((domain) =>
      ['/', '/x', '/x/', '/x/y', '/x/y/'].map((path) => `${domain} ${path}`),
    ),
  );
  expect(lines.every((line) => line.startsWith('__Secure-s=; ') && /Max-Age=0.*; Secure/.test(line))).toBe(
    true,
  );
});

test('a name with the prefix __Host- has one place', () => {
  const attributes = { isHttp: false, sameSite: 'lax' } as const;
  expect(deletePlanted(['__Host-s', '__Host-s.0'], attributes, 'shop.example.com', '/x')).toEqual([
    expect.stringContaining('__Host-s=; Path=/; Max-Age=0; Secure'),
    expect.stringContaining('__Host-s.0=; Path=/; Max-Age=0; Secure'),
  ]);
});

test('several names share the lines', () => {
  const names = ['s', 's.0', 's.1', 's.2'];
  const lines = deletePlanted(names, { ...shared, isHttp: true }, 'a.b.c.d.e.example.com', '/1/2/3/4');
  expect(lines).toHaveLength(24);
  for (const name of names) expect(lines.filter((line) => line.startsWith(`${name}=`))).toHaveLength(6);
});

test.each([
  ['127.0.0.1', '/', ['(host) /']],
  ['[::1]', '/', ['(host) /']],
  ['localhost', '/', ['(host) /']],
  ['shop.example.com', '/a;b', ['example.com /', 'shop.example.com /', '(host) /']],
  ['shop.example.com', `/${'a'.repeat(300)}`, ['example.com /', 'shop.example.com /', '(host) /']],
  ['shop.example.com', '/\r\nset-cookie: x', ['example.com /', 'shop.example.com /', '(host) /']],
  ['shop.example.com', '', ['example.com /', 'shop.example.com /', '(host) /']],
])('host %s and path %j', (host, path, places) => {
  const lines = deletePlanted(['s'], { isHttp: true, sameSite: 'lax' }, host, path);
  expect(placesOf(lines).toSorted()).toEqual(places.toSorted());
});
