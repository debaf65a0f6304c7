/** The console in a real Chromium: accessibility, keyboard, without script, hostile texts, live updates, and the pictures of the docs. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { source as axeSource } from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Explanation } from '../../src/model/explanation.ts';
import { findChromium } from '../../tools/chromium.ts';
import { fileFor, startApp } from '../support/app.ts';
import { consoleContent, denialWith, startConsole } from '../support/console.ts';
import { exchange, request } from '../support/http1.ts';
import { describeWith } from '../support/real-servers.ts';

const pages = [
  '',
  '/issuers',
  '/checks',
  '/denials',
  '/denials/abcdefghijklm',
  '/explain',
  '/reasons',
  '/nothing',
];

/** Texts that run a script, or break out of an element or an attribute, if they are not escaped. */
const hostileTexts = [
  '<script>window.attacked = 1</script>',
  '"><img src=x onerror="window.attacked=1">',
  "' onmouseover='window.attacked=1' autofocus onfocus='window.attacked=1",
  '</title></textarea></table><svg onload=window.attacked=1>',
  'javascript:window.attacked=1',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a text
  '{{constructor.constructor("window.attacked=1")()}}${window.attacked=1}',
  '&lt;script&gt;window.attacked=1&lt;/script&gt;',
  '\u202E\u0000\uFEFF<\u200Bscript>',
];

const found = await findChromium();

describeWith('in Chromium, the console', found, (executablePath) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  afterAll(() => browser?.close());

  /** Opens a page, whose errors and CSP violations fail the test. */
  const open = async (options: BrowserContextOptions = {}) => {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (!/status of (403|404|429)/.test(message.text())) problems.push(message.text());
    });
    onTestFinished(async () => {
      await context.close();
      expect(problems).toEqual([]);
    });
    return page;
  };

  // The code that runs in the page is text, because these tests are compiled without the types of a browser.
  const findingsOf = async (page: Page): Promise<string[]> => {
    await page.evaluate(axeSource);
    return page.evaluate(`axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => id + ': ' + html.slice(0, 200) + ' ' + failureSummary)))`);
  };

  describe.each([360, 1440])('at a width of %i px', (width) => {
    test.each(['light', 'dark'] as const)(
      'has no accessibility findings and no horizontal scroll in the %s scheme',
      async (colorScheme) => {
        const { url } = await startConsole();
        const page = await open({ viewport: { width, height: 900 }, colorScheme, reducedMotion: 'reduce' });
        for (const path of pages) {
          await page.goto(url + path);
          expect(await findingsOf(page), path).toEqual([]);
          expect(await page.evaluate('document.documentElement.scrollWidth'), path).toBeLessThanOrEqual(
            width,
          );
        }
        await page.goto(`${url}/explain`);
        await page.getByLabel('Token').fill('x');
        await page.getByRole('button', { name: 'Explain' }).click();
        await page.getByRole('heading', { name: 'Decision: deny' }).waitFor();
        expect(await findingsOf(page)).toEqual([]);
      },
    );
  });

  test('has no accessibility findings on the page on which an operator signs in', async () => {
    const { url } = await startConsole({ isLocal: false, token: () => 'secret' });
    const page = await open();
    await page.goto(url);
    expect(page.url()).toBe(`${url}/login`);
    await page.getByLabel('Token').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    expect(await findingsOf(page)).toEqual([]);
    await page.getByLabel('Token').fill('secret');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'State', level: 1 }).waitFor();
    expect(page.url()).toBe(url);
    expect(await findingsOf(page)).toEqual([]);
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/console' });
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.goto(`${url}/issuers`);
    expect(page.url()).toBe(`${url}/login`);
  });

  test('can be used with the keyboard alone', async () => {
    const { url } = await startConsole();
    const page = await open();
    const focused = () => page.evaluate(`document.activeElement?.textContent?.trim() ?? ''`);
    /** Presses Tab until an element has the focus. */
    const tabTo = async (text: string) => {
      for (let presses = 0; presses < 40; presses++) {
        await page.keyboard.press('Tab');
        if ((await focused()) === text) return;
      }
      throw new Error(`Tab does not reach ${text}`);
    };
    await page.goto(url);
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement?.id')).toBe('main');
    await page.goto(url);
    await tabTo('Denials');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${url}/denials`);
    await tabTo('abcdefghijklm');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${url}/denials/abcdefghijklm`);
    await tabTo('Explain this request with a token');
    await page.keyboard.press('Enter');
    await page.getByLabel('Host').waitFor();
    expect(await page.getByLabel('Path').inputValue()).toBe('/orders/17');
    await tabTo('Explain');
    await page.getByLabel('Method').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Decision: deny' }).waitFor();
    const outline = await page.evaluate(`document.querySelector('nav a').focus();
      getComputedStyle(document.activeElement).outlineStyle`);
    expect(outline).toBe('solid');
  });

  test('works without script', async () => {
    const { url } = await startConsole();
    const page = await open({ javaScriptEnabled: false });
    for (const [link, heading] of [
      ['Issuers', 'partner'],
      ['Checks', 'Rules'],
      ['State', 'Certificates'],
    ] as const) {
      await page.goto(url);
      await page.getByRole('link', { name: link, exact: true }).click();
      await page.getByRole('heading', { name: heading }).waitFor();
    }
    await page.goto(`${url}/denials`);
    await page.getByLabel('Reason').selectOption('token_expired');
    await page.getByRole('button', { name: 'Show' }).click();
    await page.getByRole('link', { name: 'bcdefghijklmn' }).waitFor();
    expect(await page.getByRole('link', { name: 'abcdefghijklm', exact: true }).count()).toBe(0);
    await page.goto(`${url}/issuers`);
    await page.getByRole('button', { name: 'Fetch the keys of main now' }).click();
    await page.getByText('The service fetches the keys of main now.').waitFor();
    await page.goto(`${url}/explain`);
    await page.getByLabel('Token').fill('token-4711');
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.getByRole('heading', { name: 'Decision: deny' }).waitFor();
    expect(await page.content()).not.toContain('token-4711');
    expect(page.url()).toBe(`${url}/explain`);
  });

  test.each(hostileTexts)('shows the text %j of clients and issuers, and does not run it', async (text) => {
    const usual = consoleContent();
    const recent = await usual.checks();
    const { url } = await startConsole({
      content: {
        state: () => ({
          ...usual.state(),
          incumbent: text,
          problems: [{ what: 'configuration', files: [text], problem: text, since: 0 }],
          certificates: [{ use: text, file: text, expires: undefined, problem: text }],
          listeners: [{ name: text, address: text, security: 'TLS' }],
        }),
        issuers: () =>
          usual.issuers().map((issuer) => ({
            ...issuer,
            name: text,
            issuer: text,
            problem: text,
            keys: [{ id: text, algorithms: [text], since: 0 }],
            unused: [{ key: text, cause: 'use' }],
          })),
        rules: () => [{ name: text, policy: text, isShadow: true }],
        checks: async () => ({
          ...recent,
          reasons: [{ outcome: 'deny', reason: text, count: 1, perSecond: 1 }],
          rules: [{ name: text, hits: 1, allowed: 1, denied: 0, shadow: 0, lastHit: 0 }],
        }),
        denials: async () => [
          denialWith({ id: text, method: text, host: text, path: text, rule: text, issuer: text }),
        ],
        denial: async () =>
          denialWith({
            ...{ id: text, method: text, host: text, path: text, rule: text, issuer: text },
            ...{ policy: text, detail: text, option: text, requestId: text },
          }),
        explain: async (asked) => ({
          ...((await usual.explain(asked)) as Explanation),
          rule: text,
          detail: { text, option: text },
          steps: [
            { step: 'audience', result: 'failed', subject: text, expected: text, found: text, option: text },
          ],
          jose: { verdict: 'rejects', text, differs: true },
        }),
      },
    });
    const page = await open();
    const attacked = () => page.evaluate('window.attacked');
    const query = new URLSearchParams({ reason: text, host: text, rule: text, method: text, path: text });
    for (const path of [
      ...pages,
      `/denials?${query}`,
      `/explain?${query}`,
      `/denials/${encodeURIComponent(text)}`,
    ]) {
      await page.goto(url + path);
      expect(await attacked(), path).toBeUndefined();
      expect(
        await page.locator('main img, main script, main style, main [onload], main [onerror]').count(),
      ).toBe(0);
    }
    await page.goto(`${url}/explain`);
    for (const label of ['Method', 'Host', 'Path']) await page.getByLabel(label).fill(text.slice(0, 30));
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.getByRole('heading', { name: 'Decision: deny' }).waitFor();
    expect(await attacked()).toBeUndefined();
  });

  test('replaces its content every 10 s, except while the reader pauses or uses it', async () => {
    let version = '1.0.0';
    const usual = consoleContent();
    const { url } = await startConsole({ content: { state: () => ({ ...usual.state(), version }) } });
    const page = await open();
    await page.clock.install();
    await page.goto(url);
    await page.getByText('1.0.0').waitFor();
    version = '1.0.1';
    await page.clock.runFor(10_000);
    await page.getByText('1.0.1').waitFor();

    await page.getByRole('button', { name: 'Pause updates' }).click();
    version = '1.0.2';
    await page.clock.runFor(60_000);
    expect(await page.getByText('1.0.2').count()).toBe(0);
    await page.getByRole('button', { name: 'Resume updates' }).click();
    await page.locator('.scroll').first().focus();
    await page.clock.runFor(60_000);
    expect(await page.getByText('1.0.2').count()).toBe(0);
    await page.getByRole('button', { name: 'Pause updates' }).focus();
    await page.clock.runFor(10_000);
    await page.getByText('1.0.2').waitFor();
    expect(await findingsOf(page)).toEqual([]);
  });

  test('of a real service leads from a decision ID to its cause', async () => {
    const file = fileFor('ISSUER').replace(
      'port: 0}\nshutdown',
      'port: 0, console: {enabled: true}}\nshutdown',
    );
    const { httpPort, adminPort, issuer } = await startApp({ file });
    const token = await issuer.mint({ claims: { aud: 'account' } });
    const answer = await exchange(
      httpPort,
      request('GET', '/orders/17?card=4111', ['host: orders.example.com', `authorization: Bearer ${token}`]),
    );
    const id = answer?.headers['x-oidc-authz-decision'] ?? 'none';
    const page = await open();
    await page.goto(`http://127.0.0.1:${adminPort}/console/denials`);
    await page.getByRole('link', { name: id }).click();
    await page.getByText('expected audience orders-api, found account').waitFor();
    expect(await page.content()).not.toContain('4111');
    await page.getByRole('link', { name: 'Explain this request with a token' }).click();
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.getByRole('row', { name: /audience.*failed/ }).waitFor();
    expect(await page.content()).not.toContain(token.slice(0, 60));
  });

  test('is drawn for the documentation', async () => {
    // `npm run console:pictures` replaces the pictures of the documentation.
    const folder =
      process.env.CONSOLE_PICTURES === '1'
        ? fileURLToPath(new URL('../../docs/images/', import.meta.url))
        : `${mkdtempSync(join(tmpdir(), 'oidc-authz-console-'))}/`;
    const { url } = await startConsole();
    for (const [name, path, colorScheme] of [
      ['checks', '/checks', 'light'],
      ['issuers', '/issuers', 'dark'],
    ] as const) {
      const page = await open({ viewport: { width: 1100, height: 760 }, colorScheme });
      await page.goto(url + path);
      const file = `${folder}console-${name}.png`;
      await page.screenshot({ path: file });
      expect(readFileSync(file).length).toBeLessThan(200_000);
    }
  });
});
