/** The `cookie` header without our cookies. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readCookies } from '../../src/session/read-cookies.ts';
import { withoutCookies } from '../../src/session/without-cookies.ts';

const isOwn = (name: string) => name.startsWith('__Host-oidc-authz');
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
  expect(withoutCookies(lines, isOwn)).toBe(expected);
});

test.each([
  [[]],
  [['']],
  [['a=1; b=2']],
  [['__Host-oidc-authz']],
  [['a=__Host-oidc-authz=1']],
  [['x__Host-oidc-authz=1']],
])('leaves %j', (lines) => {
  expect(withoutCookies(lines, isOwn)).toBeUndefined();
});

test('is the same as splitting the text, for any text', () => {
  const bySplitting = (line: string) =>
    line
      .split(';')
      .flatMap((cookie) => {
        const parts = cookie
          .split(',')
          .filter((part) => !part.includes('=') || !isOwn(part.slice(0, part.indexOf('=')).trim()));
        return parts.length === 0 ? [] : [parts.join(',')];
      })
      .join(';');
  const text = fc
    .array(fc.constantFrom(';', ';', ',', '=', ' ', 'a', '__Host-oidc-authz', '__Host-oidc-authz=x'))
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, (line) => {
      const expected = bySplitting(line);
      const result = withoutCookies([line], isOwn);
      expect(result).toBe(expected === line ? undefined : expected.replaceAll(/^[ \t]+|[ \t]+$/g, ''));
    }),
    { numRuns: 2_000 },
  );
});

test('reads a name for each cookie that has one, and none for semicolons', () => {
  let reads = 0;
  const line = `${';'.repeat(58_000)}a=1; ${own}`;
  const result = withoutCookies([line], (name) => {
    reads++;
    return isOwn(name);
  });
  expect(result).toBe(line.slice(0, -own.length - 2));
  expect(reads).toBe(2);
});

test('removes every cookie of ours, also beyond the limits of the reader', () => {
  const line = `${Array.from({ length: 1_000 }, (_, index) => `c${index}=${'x'.repeat(100)}`).join('; ')}; ${own}`;
  expect(withoutCookies([line], isOwn)).toBe(line.slice(0, -own.length - 2));
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
      const result = withoutCookies([cookies.join(';')], isOwn);
      if (cookies.some(isOurs)) expect(result).toBe(expected.replaceAll(/^[ \t]+|[ \t]+$/g, ''));
      else expect(result).toBeUndefined();
      const left = result ?? cookies.join(';');
      expect(readCookies([left]).names().filter(isOwn)).toEqual([]);
    }),
    { numRuns: 2_000 },
  );
});
