/** The actions of a person in the browser of a login test. */
import type { Browser, BrowserContextOptions, Page, Response } from 'playwright-core';
import { onTestFinished } from 'vitest';
import type { SignIn } from './sign-in.ts';

/** Opens a page in a new browser profile, which closes after the test. */
export async function newPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(10_000);
  onTestFinished(() => context.close());
  return context.newPage();
}

/** Opens an address, signs in at the issuer, and waits for the workload. */
export async function signInAt(page: Page, url: string, signIn: SignIn, name = 'anna'): Promise<void> {
  await page.goto(url);
  await signIn(page, name);
  await page.getByRole('heading', { name: 'Workload' }).waitFor();
}

/** Opens an address and returns the last answer. */
export async function open(page: Page, url: string): Promise<Response> {
  const response = await page.goto(url);
  if (response === null) throw new Error(`no answer from ${url}`);
  return response;
}

/** The result of `fetch` in the page. The code is text, because tests are compiled without the types of a browser. */
export function fetchInPage(page: Page, path: string, init: object = {}): Promise<FetchResult> {
  return page.evaluate(
    `fetch(${JSON.stringify(path)}, ${JSON.stringify(init)}).then(
      async (answer) => ({
        status: answer.status, url: answer.url, redirected: answer.redirected,
        headers: Object.fromEntries(answer.headers), body: await answer.text() }),
      (error) => ({ error: String(error) }))`,
  );
}

/** The parts of an answer that a page can read; only `error` if it can read none. */
export interface FetchResult {
  readonly status?: number;
  readonly url?: string;
  readonly redirected?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly error?: string;
}

/** The names of the login's cookies for an origin. */
export async function ownCookies(page: Page, origin: string): Promise<string[]> {
  const cookies = await page.context().cookies(origin);
  return cookies.map(({ name }) => name).filter((name) => name.includes('oidc-authz'));
}
