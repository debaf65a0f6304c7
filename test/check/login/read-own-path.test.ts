/** Whether a path is one of the login. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readOwnPath } from '../../../src/check/login/read-own-path.ts';
import { readPath } from '../../../src/check/rules/path.ts';
import { createLoginPaths } from '../../../src/login/login-paths.ts';

const renamed = { prefix: '/.oidc-authz', callback: '/oauth2/callback', signOut: '/oauth2/sign_out' };

test.each([
  ['/', 'other'],
  ['/cart', 'other'],
  ['/cart/', 'other'],
  ['/.oidc-authz', 'own'],
  ['/.oidc-authz/start', 'own'],
  ['/.oidc-authz/unknown/', 'own'],
  ['/.oidc-authzx', 'other'],
  ['/oauth2/callback', 'own'],
  ['/oauth2/callback/a%20b', 'own'],
  ['/oauth2/callback/a%62', 'ambiguous'],
  ['/oauth2/%63allback', 'ambiguous'],
  ['/caf%C3%A9', 'other'],
  ['//cart', 'ambiguous'],
  ['/cart/../x', 'ambiguous'],
  ['cart', 'ambiguous'],
  ['', 'ambiguous'],
])('%j is %s', (path, expected) => {
  expect(readOwnPath(path, isOwn(renamed))).toBe(expected);
});

test('says of every path what reading each of its segments says', () => {
  const piece = fc.constantFrom(
    ...[
      '/',
      '/',
      '/',
      '//',
      '.',
      '..',
      '+',
      '%',
      '%2f',
      '%2e',
      '%20',
      '%63',
      ';',
      '#',
      '\\',
      ' ',
      '\u00e9',
      '~',
      '-',
    ],
    ...[
      '.oidc-authz',
      'oidc',
      '/oauth2',
      '/callback',
      '/start',
      'sign_out',
      'cart',
      'a',
      'A',
      '%41',
      '=',
      '@',
      '\u007f',
    ],
  );
  const path = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
  const seen = { own: 0, other: 0, ambiguous: 0 };
  fc.assert(
    fc.property(
      fc.oneof(
        path,
        path.map((rest) => `/${rest}`),
        path.map((rest) => `/.oidc-authz${rest}`),
      ),
      fc.boolean(),
      (text, isRenamed) => {
        const isOwnPath = isOwn(isRenamed ? renamed : { prefix: '/.oidc-authz' });
        const reading = readOwnPath(text, isOwnPath);
        seen[reading]++;
        expect(reading).toBe(bySegments(text, isOwnPath));
      },
    ),
    { numRuns: 20_000 },
  );
  expect(Math.min(seen.own, seen.other, seen.ambiguous)).toBeGreaterThan(100);
});

test('the paths are those below the prefix, and the renamed ones', () => {
  const piece = fc.constantFrom(
    '/.oidc-authz',
    '/oauth2',
    '/callback',
    '/sign_out',
    '/start',
    '/',
    'x',
    '/a%20b',
  );
  const { read } = createLoginPaths(renamed, true);
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 5 }), (pieces) => {
      const path = pieces.join('');
      const below = (parent: string) => path === parent || path.startsWith(`${parent}/`);
      const expected = below('/.oidc-authz') || below('/oauth2/callback') || path === '/oauth2/sign_out';
      expect(read(path) !== undefined).toBe(expected);
    }),
    { numRuns: 5_000 },
  );
});

function isOwn(options: Parameters<typeof createLoginPaths>[0]): (path: string) => boolean {
  const { read } = createLoginPaths(options, true);
  return (path) => read(path) !== undefined;
}

/** The plain way: every path is read segment by segment. */
function bySegments(path: string, isOwnPath: (path: string) => boolean): string {
  const segments = readPath(path);
  if (segments === undefined) return 'ambiguous';
  const decoded = `/${segments.join('/')}`;
  if (decoded === path) return isOwnPath(path) ? 'own' : 'other';
  if (isOwnPath(path) && path === `/${segments.map(encodeURIComponent).join('/')}`) return 'own';
  return isOwnPath(path) || isOwnPath(decoded) ? 'ambiguous' : 'other';
}
