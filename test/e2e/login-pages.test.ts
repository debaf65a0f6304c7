/** The pages of the login in a real Chromium: accessibility, keyboard, languages, hostile texts, the policies, and the pictures of the docs. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { source as axeSource } from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createLoginPages } from '../../src/login/pages/pages.ts';
import type { CheckRequest } from '../../src/model/check-request.ts';
import { findChromium } from '../../tools/chromium.ts';
import { startPages, startSite } from '../support/login/page-server.ts';
import { hostileTexts, pagesWith } from '../support/login/shown-pages.ts';
import { describeWith } from '../support/real-servers.ts';

const pages = createLoginPages();
const usual = { text: 'jane.doe@example.com', path: '/own/start' };
const names = Object.keys(pagesWith(pages, '', usual));

/** Statuses that a browser logs to its console as a failed load. */
const statusLine = /Failed to load resource: .*status of (401|403|404)/;

const found = await findChromium();

describeWith('in Chromium, the pages of the login', found, (executablePath) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  afterAll(() => browser?.close());

  /** Opens a page, whose errors and violations of its policy fail the test. */
  const open = async (options: BrowserContextOptions = {}) => {
    const context = await browser.newContext({ locale: 'en-US', ...options });
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (!statusLine.test(message.text())) problems.push(message.text());
    });
    onTestFinished(async () => {
      await context.close();
      expect(problems).toEqual([]);
    });
    return page;
  };

  /** Serves each page below its name, with a status. */
  const startAll = (values = usual, status: 200 | 401 | 403 = 200) =>
    startPages((request) => {
      const name = decodeURIComponent(request.path.slice(1));
      const shown = pagesWith(pages, languagesOf(request), values)[name];
      return shown && { status, ...shown };
    });

  // The code that runs in the page is text, because these tests are compiled without the types of a browser.
  const findingsOf = async (page: Page): Promise<string[]> => {
    await page.evaluate(axeSource);
    return page.evaluate(`axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => id + ': ' + html.slice(0, 200) + ' ' + failureSummary)))`);
  };
  const scrollsSideways = (page: Page) =>
    page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');

  describe.each([360, 1440])('at a width of %i px', (width) => {
    test.each(['light', 'dark'] as const)(
      'have no accessibility findings and no horizontal scroll in the %s scheme',
      async (colorScheme) => {
        const origin = await startAll();
        // Chromium does not run the checks of axe-core in a page with this policy.
        const page = await open({ viewport: { width, height: 800 }, colorScheme, bypassCSP: true });
        for (const name of names) {
          await page.goto(`${origin}/${name}`);
          expect(await findingsOf(page), name).toEqual([]);
          expect(await scrollsSideways(page), name).toBe(false);
        }
      },
    );
  });

  test('fit into 320 px, with long words, in both languages', async () => {
    const origin = await startAll({ text: 'W'.repeat(64), path: '/' });
    for (const locale of ['en-US', 'de-DE']) {
      const page = await open({ viewport: { width: 320, height: 480 }, locale });
      for (const name of names) {
        await page.goto(`${origin}/${name}`);
        expect(await scrollsSideways(page), name).toBe(false);
      }
    }
  });

  test('are valid: Chromium builds the tree that the text describes', async () => {
    const values = { text: 'a & b < c', path: '/own/start?a=1&b=2' };
    const page = await open();
    for (const [name, shown] of Object.entries(pagesWith(pages, 'de', values))) {
      const text = shown.page.body('k3v9x2m4q7abc');
      await page.goto(await startAll());
      const built = String(
        await page.evaluate(
          `new DOMParser().parseFromString(${JSON.stringify(text)}, 'text/html').documentElement.outerHTML`,
        ),
      );
      const expected = text
        .replace('<!doctype html>\n', '')
        .replaceAll(/<(circle|path|rect)([^>]*)\/>/g, '<$1$2></$1>')
        .replaceAll('&#39;', "'");
      expect(withoutSpace(built), name).toBe(withoutSpace(expected));
    }
  });

  test('speak the language of the browser', async () => {
    const origin = await startAll();
    const german = await open({ locale: 'de-AT' });
    await german.goto(`${origin}/signedOut`);
    expect(await german.title()).toBe('Sie sind abgemeldet');
    expect(await german.locator('html').getAttribute('lang')).toBe('de');
    const french = await open({ locale: 'fr-FR' });
    await french.goto(`${origin}/signedOut`);
    expect(await french.title()).toBe('You are signed out');
  });

  test('are shown with the status of a denial too, without a dialog for a password', async () => {
    for (const status of [401, 403] as const) {
      const origin = await startAll(usual, status);
      const page = await open();
      const response = await page.goto(`${origin}/noAccess`);
      expect(response?.status()).toBe(status);
      await page.getByRole('heading', { name: 'You do not have access' }).waitFor();
    }
  });

  test('read well to a screen reader', async () => {
    const origin = await startAll();
    const page = await open();
    await page.goto(`${origin}/noAccess`);
    expect(await page.locator('body').ariaSnapshot()).toBe(`- main "You do not have access":
  - heading "You do not have access" [level=1]
  - paragraph: Your account does not have access to this page. To use another account, sign out.
  - paragraph:
    - text: Signed in as
    - strong: jane.doe@example.com
  - link "Sign out":
    - /url: /own/start
- contentinfo:
  - text: Decision ID
  - code: k3v9x2m4q7abc`);
  });

  test.each(hostileTexts)('show the text %j, and do not run it even without their policy', async (text) => {
    const origin = await startAll({ text, path: `/own/start?rd=${text}` });
    const page = await open({ bypassCSP: true });
    for (const name of names) {
      await page.goto(`${origin}/${name}`);
      await page.locator('a').first().hover();
      expect(await page.evaluate('window.attacked'), name).toBeUndefined();
      expect(await page.locator('img, script, main style, [onload], [onerror], [onfocus]').count()).toBe(0);
    }
  });

  test('have a policy that Chromium enforces, and that allows their style', async () => {
    const origin = await startAll();
    const context = await browser.newContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    for (const name of names) {
      await page.goto(`${origin}/${name}`);
      expect(
        await page.evaluate(`getComputedStyle(document.querySelector('.button, ul a')).borderRadius`),
        name,
      ).toMatch(/px$/);
      const blocked = await page.evaluate(`new Promise((resolve) => {
        const directives = [];
        document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
          directives.push(effectiveDirective);
          // Each policy reports each violation: that of the header, and that of the document.
          if (directives.length === 8) resolve([...new Set(directives)].sort());
        });
        const add = (tag, more) => document.body.append(Object.assign(document.createElement(tag), more));
        add('script', { textContent: 'window.attacked = 1' });
        add('style', { textContent: 'main { display: none }' });
        add('img', { src: '/picture.png' });
        fetch('/data').catch(() => {});
      })`);
      expect(blocked, name).toEqual(['connect-src', 'img-src', 'script-src-elem', 'style-src-elem']);
      expect(await page.evaluate('window.attacked')).toBeUndefined();
    }
  });

  test('can be used with the keyboard alone, and the focus is visible', async () => {
    const origin = await startAll();
    const page = await open();
    for (const name of names) {
      await page.goto(`${origin}/${name}`);
      const reached: string[] = [];
      const wanted = await page.locator('a, button').allInnerTexts();
      for (const _ of wanted) {
        await page.keyboard.press('Tab');
        reached.push(await page.locator(':focus').innerText());
        expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
      }
      expect(reached, name).toEqual(wanted);
    }
    await page.goto(`${origin}/signedOut`);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${origin}/own/start`);
  });

  test('confirm a sign-out with a form that has the own origin, and whose answer goes to the issuer', async () => {
    const issuer = await startSite(() => ({ html: '<h1>signed out at the issuer</h1>' }));
    const posts: { origin: readonly string[]; site: readonly string[] }[] = [];
    const origin = await startPages((request) => {
      if (request.method !== 'POST')
        return { status: 200, ...pages.confirmSignOut({ action: '/own/sign-out', stay: '/' }, '') };
      posts.push({ origin: request.header('origin'), site: request.header('sec-fetch-site') });
      return { status: 303, location: `${issuer}/logout` };
    });
    const page = await open();
    await page.goto(`${origin}/own/sign-out`);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'signed out at the issuer' }).waitFor();
    expect(posts).toEqual([{ origin: [origin], site: ['same-origin'] }]);
  });

  test('keep a form that was sent without a session, as the page says', async () => {
    const received: string[] = [];
    let isSignedIn = false;
    const site = await startSite((message, body) => {
      if (message.method === 'POST' && isSignedIn) {
        received.push(body);
        return { html: '<h1>saved</h1>' };
      }
      if (message.method === 'POST') {
        const { page, headers } = pages.needsSignIn({ place: 'form', signIn: '/own/start' }, '');
        return { status: 401, html: page.body('k3v9x2m4q7abc'), headers: Object.fromEntries(headers) };
      }
      if (message.url === '/own/start') {
        isSignedIn = true;
        return { html: '<h1>signed in</h1>' };
      }
      return { html: '<form method="post" action="/save"><input name="note"><button>Save</button></form>' };
    });
    const page = await open();
    await page.goto(site);
    await page.locator('input').fill('a long note');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Your form was not sent' }).waitFor();
    const opened = page.waitForEvent('popup');
    await page.getByRole('link', { name: 'Sign in' }).click();
    const tab = await opened;
    await tab.getByRole('heading', { name: 'signed in' }).waitFor();
    expect(await tab.evaluate('window.opener')).toBeNull();
    expect(received).toEqual([]);
    await page.reload();
    await page.getByRole('heading', { name: 'saved' }).waitFor();
    expect(received).toEqual(['note=a+long+note']);
  });

  test('are not shown in frames of others, except for the one that is made for frames', async () => {
    const origin = await startAll();
    const portal = await startSite((message) => ({
      html: `<iframe src="${origin}/${decodeURIComponent((message.url ?? '').slice(1))}"></iframe>`,
    }));
    const page = await open();
    await page.goto(`${portal}/needsSignIn frame`);
    const frame = page.frameLocator('iframe');
    await frame.getByRole('heading', { name: 'You are not signed in' }).waitFor();
    await frame.getByRole('link', { name: 'Sign in' }).click();
    await page.waitForURL(`${origin}/own/start`);

    const context = await browser.newContext();
    onTestFinished(() => context.close());
    const other = await context.newPage();
    for (const name of names.filter((one) => one !== 'needsSignIn frame')) {
      const refused = other.waitForEvent('console', (message) => /frame-ancestors/.test(message.text()));
      await other.goto(`${portal}/${name}`);
      await refused;
    }
  });

  test('are drawn for the documentation', async () => {
    // `npm run login:pictures` replaces the pictures of the documentation.
    const folder =
      process.env.LOGIN_PICTURES === '1'
        ? fileURLToPath(new URL('../../docs/images/', import.meta.url))
        : `${mkdtempSync(join(tmpdir(), 'oidc-authz-login-'))}/`;
    const signIn = '/own/start';
    const shown = {
      choice: pages.choice(
        {
          issuers: ['Example account', 'Partner account', 'Guest'].map((label) => ({ label, href: signIn })),
        },
        'en',
      ),
      failed: pages.failed({ cause: 'failed', signIn }, 'en'),
      'signed-out': pages.signedOut({ signIn, isOnlyHere: false }, 'en'),
      'no-access': pages.noAccess({ signOut: '/own/sign-out', user: usual.text }, 'en'),
      'needs-sign-in': pages.needsSignIn({ place: 'form', signIn }, 'de'),
      'confirm-sign-out': pages.confirmSignOut({ action: '/own/sign-out', stay: '/' }, 'en'),
    };
    const origin = await startPages(({ path }) => {
      const one = shown[path.slice(1) as keyof typeof shown];
      return one && { status: 200, ...one };
    });
    for (const [name, colorScheme] of [
      ['choice', 'light'],
      ['failed', 'light'],
      ['signed-out', 'light'],
      ['no-access', 'dark'],
      ['needs-sign-in', 'light'],
      ['confirm-sign-out', 'dark'],
    ] as const) {
      const page = await open({ viewport: { width: 760, height: 620 }, colorScheme });
      await page.goto(`${origin}/${name}`);
      const file = `${folder}login-${name}.png`;
      await page.screenshot({ path: file });
      expect(readFileSync(file).length).toBeLessThan(200_000);
    }
  });
});

function languagesOf(request: CheckRequest): string {
  return request.header('accept-language').join(',');
}

function withoutSpace(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('> <', '><').trim();
}
