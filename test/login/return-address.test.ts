/** Return addresses: every accepted one stays on the host, as a browser reads it (LG-04, LG-12). */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLoginPaths } from '../../src/login/login-paths.ts';
import { readReturnAddress, requestedAddress } from '../../src/login/return-address.ts';
import { requestOf } from './support/browser.ts';

const paths = createLoginPaths(
  {
    prefix: '/.oidc-authz',
    callback: '/oauth2/callback',
    start: '/oauth2/start',
    signOut: undefined,
    user: undefined,
  },
  true,
);
const isOwnPath = (path: string) => paths.read(path) !== undefined;
const read = (text: string) => readReturnAddress(text, isOwnPath);

const origin = 'https://shop.example.com';

describe('accepts', () => {
  test.each([
    '/',
    '/orders',
    '/orders/',
    '/orders?x=1&y=%20',
    '/orders?next=//evil.example',
    '/orders?next=https://evil.example/',
    '/orders?x=/../',
    '/app#/route',
    '/a//b',
    '/@evil.example',
    '/:80',
    '/.well-known/x',
    '/...',
    '/.oidc-authzx/start',
    '/oauth2/other',
    '/%C3%A9',
    "/it's(a)~test;v=1,2",
    `/${'a'.repeat(2_047)}`,
  ])('%s', (address) => {
    expect(read(address)).toBe(address);
  });

  test('a character outside ASCII, percent-encoded as browsers do', () => {
    expect(read('/straße?ort=Köln')).toBe(new URL('/straße?ort=Köln', origin).href.slice(origin.length));
  });
});

describe('refuses', () => {
  test.each([
    '',
    'orders',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/%09/evil.example',
    '\t//evil.example',
    ' //evil.example',
    '/ /evil.example',
    '/\n/evil.example',
    '/\r\nlocation: https://evil.example',
    '/a\r\nset-cookie: x=1',
    '/%0d%0aset-cookie:x=1',
    '/\0',
    '/%00',
    '/\x7f',
    '/\x85',
    '/%5cevil.example',
    '/%5C%5Cevil.example',
    '/%2f/evil.example',
    '/%2F%2Fevil.example',
    'https:evil.example',
    'https://evil.example/',
    'https:/evil.example',
    '//shop.example.com.evil.example',
    '//shop.example.com@evil.example',
    'evil-shop.example.com',
    'javascript:alert(1)',
    'data:text/html,x',
    '@evil.example',
    '/.//evil.example',
    '/./x',
    '/..//evil.example',
    '/a/../..//evil.example',
    '/%2e/x',
    '/%2E%2e/x',
    '/.%2e/x',
    '/x/..',
    '/x/%2e%2e?y',
    '/\u200b/evil.example',
    '/\u2028x',
    '/\u00a0x',
    '/\ud800',
    '/%',
    '/%zz',
    '/%ff',
    // Paths of the login would loop.
    '/.oidc-authz',
    '/.oidc-authz/start',
    '/.oidc-authz/start?rd=/',
    '/.oidc-authz/sign-out#x',
    '/.oidc-authz/anything/else',
    '/%2eoidc-authz/start',
    '/.oidc%2dauthz/start',
    '/x/../.oidc-authz/start',
    '/oauth2/callback',
    '/oauth2/callback/main?code=1',
    '/oauth2/start',
    '/oauth2%2fstart',
    `/${'a'.repeat(2_048)}`,
    `/${'é'.repeat(400)}`,
  ])('%j', (address) => {
    expect(read(address)).toBeUndefined();
  });
});

describe('a browser that follows an accepted address', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      ...[
        '/',
        '//',
        '\\',
        '.',
        '..',
        '%2e',
        '%2E',
        '%2f',
        '%5c',
        '%09',
        '%0a',
        '%00',
        '\t',
        '\n',
        '\r',
        '\0',
        ' ',
        '@',
      ],
      ...[
        ':',
        '?',
        '#',
        ';',
        'https:',
        'http:',
        'evil.example',
        'shop.example.com',
        '.oidc-authz',
        'start',
        'oauth2',
      ],
      ...[
        'callback',
        '%',
        '%25',
        '%252e',
        '\u200b',
        '\u3002',
        '\uff0f',
        '\u2028',
        'é',
        '\ud800',
        '[',
        ']',
        '|',
        '"',
        '<',
        '`',
      ],
    ),
    fc.string({ unit: 'grapheme', maxLength: 3 }),
  );
  const address = fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join('')}`);

  test('stays on the host, below no path of the login, with a header that has only printable ASCII', () => {
    let accepted = 0;
    fc.assert(
      fc.property(address, (text) => {
        const location = read(text);
        if (location === undefined) return;
        accepted++;
        const followed = new URL(location, origin);
        expect(followed.origin).toBe(origin);
        expect(followed.username + followed.password).toBe('');
        expect(location).toMatch(/^\/[\x21-\x7e]*$/);
        // The address means the same as the text that was given.
        expect(followed.href).toBe(new URL(text, origin).href);
        expect(isOwnPath(followed.pathname)).toBe(false);
        expect(isOwnPath(decodeURIComponent(followed.pathname))).toBe(false);
        // It stays the same when it is read again.
        expect(read(location)).toBe(location);
      }),
      { numRuns: 20_000 },
    );
    // The test would say nothing if nothing was accepted.
    expect(accepted).toBeGreaterThan(500);
  });

  test('ends on another host only for texts that are refused', () => {
    fc.assert(
      fc.property(address, (text) => {
        const followed = URL.parse(text, origin);
        if (followed === null || followed.origin !== origin) expect(read(text)).toBeUndefined();
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('the requested address', () => {
  test('is the path before a rewrite, if the mesh tells it', () => {
    const headers = { 'x-envoy-original-path': '/shop/orders?x=1' };
    expect(requestedAddress(requestOf({ path: '/orders?x=1', headers }))).toBe('/shop/orders?x=1');
  });

  test.each([[{}], [{ 'x-envoy-original-path': '' }], [{ 'x-envoy-original-path': ['/a', '/b'] }]])(
    'is the path of the request with %j',
    (headers) => {
      expect(requestedAddress(requestOf({ path: '/orders', headers }))).toBe('/orders');
    },
  );
});
