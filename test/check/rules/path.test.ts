/** Paths with one reading, and ambiguous paths. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { otherSpellings, readPath } from '../../../src/check/rules/path.ts';

describe('a path has one reading', () => {
  test.each([
    ['/', ['']],
    ['/orders', ['orders']],
    ['/orders/', ['orders', '']],
    ['/orders/1?x=/../admin', ['orders', '1']],
    ['/?', ['']],
    ['/orders?', ['orders']],
    ['/orders?//x', ['orders']],
    ['/orders?a#/../admin', ['orders']],
    ['/orders?%00%2e%2e/;\\', ['orders']],
    ['/a%20b', ['a b']],
    ['/%61dmin', ['admin']],
    ['/caf%C3%A9', ['café']],
    ['/100%25', ['100%']],
    ['/a.b/..c/d..', ['a.b', '..c', 'd..']],
    ['/.well-known/x', ['.well-known', 'x']],
    ['/file.tar.gz', ['file.tar.gz']],
    ['/v1.2/x', ['v1.2', 'x']],
    ['/~user', ['~user']],
    ['/@scope/pkg', ['@scope', 'pkg']],
    ['/a:b', ['a:b']],
    ['/users/a%40b.c', ['users', 'a@b.c']],
    ['/a+b', ['a+b']],
    ['/%E3%81%82%E3%81%84', ['あい']],
    ['/%E2%9D%A4%EF%B8%8F', ['❤️']],
    ['/a:b@c!$&()*+,=', ['a:b@c!$&()*+,=']],
  ])('%s', (target, segments) => {
    expect(readPath(target)).toEqual(segments);
  });
});

describe('a path is ambiguous', () => {
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
    '/a/./b',
    '/a/../b',
    '/admin/../public/x',
    '/public//../admin',
    '/public/../admin',
    '/a/..',
    '/a/.',
    '/.',
    '/./',
    '/a/.?x=1',
    '/...',
    '/a/..../b',
    '/a/%20/b',
    '/a/..%20/b',
    '/a/%2e%2e%20/b',
    '/a//',
    '/a///',
    '/a//?x',
    '/a/%2e',
    '/a/%2E%2e/b',
    '/a/%2e./b',
    '/a/.%2E',
    '/a%u002e%u002e/b',
    '/a%25u002e/b',
    '/a%25%32e/b',
    '/%25%32%65',
    '/%25252e',
    '/%e0%80%af',
    '/%f0%80%80%ae',
    '/%c0%ae%c0%ae/admin',
    '/%ef%bc%8e%ef%bc%8e/admin',
    '/%e2%80%a5/admin',
    '/%e2%80%a4%e2%80%a4/admin',
    '/public%ef%bc%8fadmin',
    '/public%ef%bc%bcadmin',
    '/a/..+/b',
    '/a/+..',
    '/a/.%2b./b',
    '/a/%2b%2e%2e/b',
    '/a/+/b',
    '/%E3%81%82%EF%BC%9F',
    '/admin%ef%bc%9bx',
    '/admin%cd%be',
    '/admin%ef%bc%83x',
    '/%ef%bc%852e%ef%bc%852e/admin',
    '/a/%e2%80%8b/b',
    '/admin/%e2%80%8b',
    '/a/%e2%80%8b',
    '/%e2%80%8b',
    '/a/%c2%ad',
    '/a/%e2%81%a0?x',
    '/a/.%e2%80%8b./b',
    '?x=1',
    '?/a',
    '#',
    '/#',
    '/a#?x',
    'https:/a',
    'orders.example.com/a',
    'orders.example.com:443',
    '/\t',
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

test('any target is read without an exception, and its result is read as itself', () => {
  const target = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'/.%2eEfF5cC;?#\\ab') }).map((text) => `/${text}`),
  );
  fc.assert(
    fc.property(target, (text) => {
      const segments = readPath(text);
      if (segments === undefined) return;
      const again = readPath(`/${segments.map((segment) => encodeURIComponent(segment)).join('/')}`);
      // A segment that is encoded again can look double-encoded, which is denied. It is never another path.
      if (again !== undefined) expect(again).toEqual(segments);
      for (const segment of segments) expect(/[/\\;?#]|^\.\.?$/.test(segment)).toBe(false);
    }),
    { numRuns: 2_000 },
  );
});

/** The other readings of the segments of a path. */
function spellingsOf(target: string) {
  const segments = readPath(target) ?? [];
  const spellings = otherSpellings(target, segments);
  return segments.map((_, index) => spellings?.at(index));
}

describe('other servers can read another text for', () => {
  test.each([
    ['/admin.', [['admin']]],
    ['/admin%20', [['admin']]],
    ['/admin%C2%A0', [['admin', 'admin ']]],
    ['/%20admin', [['admin']]],
    ['/admin.%20.', [['admin']]],
    ['/a./b', [['a'], undefined]],
    ['/cafe%CC%81', [['café']]],
    // NFC keeps the first character; NFKC turns it into two.
    ['/%EF%AC%81e%CC%81', [['fié', 'ﬁé']]],
    ['/%E2%84%AAelvin', [['Kelvin']]],
    ['/%EF%BD%81dmin', [['admin']]],
    ['/adm%C2%ADin', [['admin']]],
    ['/a+b', [['a b']]],
  ])('%s', (target, expected) => {
    const others = spellingsOf(target).map((spelling) => spelling?.others.toSorted());
    expect(others).toEqual(expected);
  });

  test.each(['/', '/orders/', '/file.tar.gz', '/a%20b', '/caf%C3%A9', '/.well-known/x', '/100%25', '/a?b.'])(
    'no segment of %s',
    (target) => {
      expect(spellingsOf(target).every((spelling) => spelling === undefined)).toBe(true);
    },
  );

  test.each(['/%61dmin', '/%7Euser', '/a%40b', '/caf%c3%a9', '/a%2Db'])(
    'no segment of %s, except servers that do not decode',
    (target) => {
      expect(spellingsOf(target)).toEqual([{ others: [], isSure: false }]);
    },
  );
});
