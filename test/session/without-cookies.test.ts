/** The `cookie` header without our cookies. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createCookieNames } from '../../src/session/cookie-names.ts';
import { readCookies } from '../../src/session/read-cookies.ts';
import { withoutCookies } from '../../src/session/without-cookies.ts';

const isOwn = (name: string) => name.startsWith('__Host-oidc-authz');
const names = { stem: 'oidc-authz', isOwn };
const own = '__Host-oidc-authz=eyJ.secret';

test.each([
  [[`a=1; ${own}; b=2`], 'a=1; b=2'],
  [[`${own}; b=2`], 'b=2'],
  [[`a=1; ${own}`], 'a=1'],
  [[`a=1;${own};b=2`], 'a=1;b=2'],
  [[own], ''],
  [[`${own}; ${own}`], ''],
  [[` ${own} ; `], ''],
  [[own, 'a=1', 'b=2'], 'a=1; b=2'],
  // The second line of a client, joined by the proxy.
  [[`a=1,${own}`], 'a=1'],
  [[`a=1, ${own}; b=2`], 'a=1; b=2'],
  [[`${own},b=2`], 'b=2'],
  [[`a="x; ${own}; y"`], 'a="x; y"'],
  [[`a=1; __Host-oidc-authz.0=x; __Host-oidc-authz-login-12345678=y`], 'a=1'],
  [[`a;b;;=c; ${own}; d="1, 2" ; \u00e9=\u00ff`], 'a;b;;=c; d="1, 2" ; \u00e9=\u00ff'],
])('removes %j to %j', (lines, expected) => {
  expect(withoutCookies(lines, names)).toBe(expected);
});

test.each([
  [[]],
  [['']],
  [['a=1; b=2']],
  [['__Host-oidc-authz']],
  [['a=__Host-oidc-authz=1']],
  [['x__Host-oidc-authz=1']],
])('leaves %j', (lines) => {
  expect(withoutCookies(lines, names)).toBeUndefined();
});

test('reads only the names of cookies that can be ours', () => {
  let reads = 0;
  const line = `${';'.repeat(58_000)}a=1; ${own}`;
  const counted = (name: string) => {
    reads++;
    return isOwn(name);
  };
  expect(withoutCookies([line], { ...names, isOwn: counted })).toBe(line.slice(0, -own.length - 2));
  expect(reads).toBe(1);
});

test('removes every cookie of ours, also beyond the limits of the reader', () => {
  const line = `${Array.from({ length: 1_000 }, (_, index) => `c${index}=${'x'.repeat(100)}`).join('; ')}; ${own}`;
  expect(withoutCookies([line], names)).toBe(line.slice(0, -own.length - 2));
});

test('keeps the others byte for byte, wherever our cookies are', () => {
  const other = fc
    .string({ unit: fc.constantFrom('a', 'b', '=', ' ', '"', ',', '.', '\u00ff') })
    .map((cookie) => `o${cookie}`);
  const ours = fc.constantFrom(
    '__Host-oidc-authz=x',
    ' __Host-oidc-authz.1=y=',
    '__Host-oidc-authz-login-abcdefgh=',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(other, ours), { minLength: 1 }), (cookies) => {
      const isOurs = (cookie: string) => isOwn(cookie.trim());
      const expected = cookies.filter((cookie) => !isOurs(cookie)).join(';');
      const result = withoutCookies([cookies.join(';')], names);
      if (cookies.some(isOurs)) expect(result).toBe(expected.replaceAll(/^[ \t]+|[ \t]+$/g, ''));
      else expect(result).toBeUndefined();
      const left = result ?? cookies.join(';');
      expect(readCookies([left]).names().filter(isOwn)).toEqual([]);
    }),
    { numRuns: 2_000 },
  );
});

test('gives what a reader of every cookie gives', () => {
  const { stem, isOwn: isOurs } = createCookieNames({ name: 'oidc-authz' }, ['team-a']);
  const piece = fc.constantFrom(
    ...[
      ';',
      ';',
      '; ',
      ',',
      ', ',
      '=',
      ' ',
      'a',
      'a=1',
      '__Host-',
      '__Secure-',
      '-team-a',
      '.0',
      '-login-abcdefgh',
    ],
    ...['oidc-authz', 'oidc-authz=', '__Host-oidc-authz=x', 'oidc', '-authz', 'OIDC-AUTHZ', '\t', '\u00ff'],
  );
  const line = fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join(''));
  let removed = 0;
  fc.assert(
    fc.property(fc.array(line, { maxLength: 3 }), (lines) => {
      const expected = readingEveryCookie(lines, isOurs);
      if (expected !== undefined) removed++;
      expect(withoutCookies(lines, { stem, isOwn: isOurs })).toBe(expected);
    }),
    { numRuns: 20_000 },
  );
  expect(removed).toBeGreaterThan(1_000);
});

/** The plain way: every cookie of every line is read. */
function readingEveryCookie(lines: readonly string[], isOurs: (name: string) => boolean): string | undefined {
  const blanks = /^[ \t]+|[ \t]+$/g;
  const isKept = (part: string) =>
    !part.includes('=') || !isOurs(part.slice(0, part.indexOf('=')).replaceAll(blanks, ''));
  const kept = lines.map((line) =>
    line
      .split(';')
      .map((cookie) => cookie.split(',').filter(isKept))
      .filter((parts) => parts.length > 0)
      .map((parts) => parts.join(','))
      .join(';'),
  );
  if (kept.every((line, index) => line === lines[index])) return undefined;
  const trimmed = kept.map((line) => line.replaceAll(blanks, ''));
  return trimmed.filter((line) => line !== '').join('; ');
}
