/** The pages as text: hostile values, headers, sizes, and the structure that a screen reader reads. */
import { hash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { LoginPages, ShownPage } from '../../../src/login/login-pages.ts';
import { createLoginPages } from '../../../src/login/pages/pages.ts';
import { hostileTexts, pagesWith } from '../../support/login/shown-pages.ts';

const pages = createLoginPages();

const decision = 'abcdefghijklm';
const bodyOf = ({ page }: ShownPage) => page.body(decision);
const headerOf = ({ headers }: ShownPage, name: string) => headers.find(([header]) => header === name)?.[1];

/** The tags of a document, with the names of their attributes. */
function tagsOf(document: string): string[] {
  return [...document.matchAll(/<\/?[a-z][^<>]*>/g)].map(([tag]) => tag.replaceAll(/="[^"]*"/g, ''));
}

const usual = pagesWith(pages, 'en', { text: 'Example', path: '/.oidc-authz/start?rd=%2F' });

describe.each(Object.keys(usual))('the page %s', (name) => {
  const pageOf = (languages: string, values: { text: string; path: string }) =>
    pagesWith(pages, languages, values)[name] as ShownPage;
  const page = usual[name] as ShownPage;

  test.each(hostileTexts)('shows the text %j, and has no further tag or attribute', (text) => {
    const hostile = bodyOf(pageOf('en', { text, path: `/start?rd=${text}` }));
    expect(tagsOf(hostile)).toEqual(tagsOf(bodyOf(page)));
    expect(hostile).not.toMatch(/[\p{Cf}\0]/u);
  });

  test.each([
    'javascript:alert(1)',
    '//evil.example.com',
    '/\\evil.example.com',
    'https://evil.example.com/',
    '',
    ' /x',
    'x',
  ])('links to no other place than its own host: %j', (path) => {
    const addresses = [
      ...bodyOf(pageOf('en', { text: 'Example', path })).matchAll(/(?:href|action)="([^"]*)"/g),
    ];
    expect(addresses.length).toBeGreaterThan(0);
    expect(new Set(addresses.map(([, address]) => address))).toEqual(new Set(['/']));
  });

  test('has its title as the heading, one main landmark, and no script', () => {
    const body = bodyOf(page);
    const [, title] = /<title>(.+)<\/title>/.exec(body) ?? [];
    expect(body.match(/<h1 id="title">(.+)<\/h1>/)?.[1]).toBe(title);
    expect(body.match(/<main /g)).toHaveLength(1);
    expect(body).not.toMatch(/<script|<iframe|<object|<img|<link|\son\w+=|\sstyle=/i);
    expect(body).not.toMatch(/envoy|oidc-authz(?!\/)/i);
  });

  test('has less than 10 KB, also with a text of 10,000 characters', () => {
    expect(Buffer.byteLength(bodyOf(page))).toBeLessThan(10_000);
    if (name !== 'choice')
      expect(Buffer.byteLength(bodyOf(pageOf('de', { text: 'x'.repeat(10_000), path: '/' })))).toBeLessThan(
        10_000,
      );
  });

  test('has a content security policy that allows its own style only, also in the document', () => {
    const body = bodyOf(page);
    const [, style = ''] = /<style>([\s\S]*)<\/style>/.exec(body) ?? [];
    const policy = headerOf(page, 'content-security-policy') ?? '';
    const directives = new Map(
      policy.split('; ').map((directive) => directive.split(/ (.*)/).slice(0, 2) as [string, string]),
    );
    expect(directives.get('default-src')).toBe("'none'");
    expect(directives.get('style-src')).toBe(`'sha256-${hash('sha256', style, 'base64')}'`);
    expect(directives.get('base-uri')).toBe("'none'");
    expect(directives.get('form-action')).toBe(name === 'confirmSignOut' ? "'self' https: http:" : "'none'");
    expect(directives.get('frame-ancestors')).toBe(name === 'needsSignIn frame' ? undefined : "'none'");
    const [, meta = ''] = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(body) ?? [];
    expect(meta.replaceAll('&#39;', "'")).toBe(policy.replace("; frame-ancestors 'none'", ''));
  });

  test('has its language in the document and in a header', () => {
    for (const language of ['en', 'de']) {
      const shown = pageOf(language, { text: 'x', path: '/' });
      expect(bodyOf(shown)).toContain(`<html lang="${language}">`);
      expect(headerOf(shown, 'content-language')).toBe(language);
    }
  });

  test('has headers for browsers that would guess', () => {
    expect(headerOf(page, 'x-content-type-options')).toBe('nosniff');
    expect(page.page.type).toBe('text/html; charset=utf-8');
    // A browser sends a form of a page with `no-referrer` with `Origin: null`.
    expect(headerOf(page, 'referrer-policy')).toBe(name === 'confirmSignOut' ? 'same-origin' : 'no-referrer');
  });
});

test('a page about a problem shows the decision ID, if there is one', () => {
  const failed = pages.failed({ cause: 'failed', signIn: '/' }, '');
  expect(failed.page.body(decision)).toContain(`<code>${decision}</code>`);
  expect(failed.page.body(undefined)).not.toContain('<code>');
  const noAccess = pages.noAccess({ signOut: '/', user: undefined }, '');
  expect(noAccess.page.body(decision)).toContain(`<code>${decision}</code>`);
});

test('the page without access names no person if none is known', () => {
  expect(pages.noAccess({ signOut: '/', user: undefined }, '').page.body(decision)).not.toContain(
    'Signed in as',
  );
  expect(pages.noAccess({ signOut: '/', user: 'jane' }, '').page.body(decision)).toContain(
    'Signed in as <strong>jane</strong>',
  );
});

test('a long name is cut between characters', () => {
  const body = pages.noAccess({ signOut: '/', user: '😀'.repeat(500) }, '').page.body(decision);
  expect(body).toContain(`<strong>${'😀'.repeat(119)}…</strong>`);
});

test('every function of the pages is in the list of this test', () => {
  const shown = new Set(Object.keys(usual).map((name) => name.split(' ')[0]));
  expect([...shown].toSorted()).toEqual(Object.keys(pages satisfies LoginPages).toSorted());
});
