/** The one reading of a path, and the ones that have two. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normalHost, readPath } from '../../src/rules/path.ts';

describe('a path has one reading', () => {
  test.each([
    ['/', ['']],
    ['/orders', ['orders']],
    ['/orders/', ['orders', '']],
    ['/orders/1?x=/../admin', ['orders', '1']],
    ['/a/./b', ['a', 'b']],
    ['/a/../b', ['b']],
    ['/a/..', ['']],
    ['/a/.', ['a', '']],
    ['/a%20b', ['a b']],
    ['/%61dmin', ['admin']],
    ['/caf%C3%A9', ['café']],
    ['/100%25', ['100%']],
    ['/a.b/..c/d..', ['a.b', '..c', 'd..']],
    ['/.well-known/x', ['.well-known', 'x']],
    ['/a:b@c!$&()*+,=', ['a:b@c!$&()*+,=']],
  ])('%s', (target, segments) => {
    expect(readPath(target)).toEqual(segments);
  });
});

describe('a path has two readings', () => {
  test.each([
    '',
    '*',
    'orders',
    'http://orders.example.com/orders',
    '//admin',
    '/a//b',
    '/a//',
    '/..',
    '/../a',
    '/a/../../b',
    '/a%2fb',
    '/a%2Fb',
    '/a%5cb',
    '/a\\b',
    '/a;b',
    '/a;x=1/b',
    '/a%3bb',
    '/..;/admin',
    '/a#b',
    '/a%23b',
    '/a%3fb',
    '/a%00b',
    '/a%0ab',
    '/a%7fb',
    '/a%c2%85b',
    '/%2e%2e/admin',
    '/%2e/admin',
    '/.%2e/admin',
    '/%252e%252e/admin',
    '/a%252fb',
    '/a%',
    '/a%4',
    '/a%zz',
    '/%ff',
    '/%c0%af',
    '/%ed%a0%80',
    '/é',
    '/a b',
    '/a\tb',
  ])('%j', (target) => {
    expect(readPath(target)).toBeUndefined();
  });
});

test('whatever a target is, reading it ends, and the reading of what was read is the same', () => {
  const target = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'/.%2eEfF5cC;?#\\ab') }).map((text) => `/${text}`),
  );
  fc.assert(
    fc.property(target, (text) => {
      const segments = readPath(text);
      if (segments === undefined) return;
      const again = readPath(`/${segments.map((segment) => encodeURIComponent(segment)).join('/')}`);
      // What is escaped anew may look like a second layer, which is refused, but it is never another path.
      if (again !== undefined) expect(again).toEqual(segments);
      for (const segment of segments) expect(/[/\\;?#]|^\.\.?$/.test(segment)).toBe(false);
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ['Orders.Example.COM', 'orders.example.com'],
  ['orders.example.com:8443', 'orders.example.com'],
  ['orders.example.com.', 'orders.example.com'],
  ['[::1]:80', '[::1]'],
  ['', ''],
])('the host %j is %j', (host, normal) => {
  expect(normalHost(host)).toBe(normal);
});
