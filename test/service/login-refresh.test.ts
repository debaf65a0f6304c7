/** The whole service renews sessions at a provider that accepts each refresh token once, and ends everything at a second use. */
import { describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src/runtime/time/clock.ts';
import type { RunningApp } from '../support/app.ts';
import type { FakeMesh } from '../support/fake-mesh.ts';
import type { LoginBrowser } from '../support/login-browser.ts';
import { signIn } from '../support/login-provider.ts';
import { shop as host, type LoginServiceParts, startLoginParts } from '../support/login-service.ts';
import { shopFile, startShop } from '../support/shop-service.ts';

interface SignedIn {
  readonly parts: LoginServiceParts;
  readonly service: RunningApp;
  readonly mesh: FakeMesh;
  readonly browser: LoginBrowser;
  /** Sets the clock of the service forward, in milliseconds. Its timers are those of the machine. */
  readonly pass: (milliseconds: number) => void;
  /** The number of token requests since the sign-in. */
  readonly tokenCalls: () => number;
  /** The session cookie of the browser. */
  readonly cookie: () => string;
}

const page = `https://${host}/cart`;

/** Signs a person in at a service that renews each session after a minute. */
async function start(transport: 'http' | 'grpc'): Promise<SignedIn> {
  const parts = await startLoginParts('refresh: true, recheck: 1m');
  let ahead = 0;
  const clock: Clock = {
    ...systemClock,
    now: () => systemClock.now() + ahead,
    monotonic: () => systemClock.monotonic() + ahead,
  };
  const { service, mesh } = await startShop(parts, { clock, file: shopFile(parts) }, transport);
  const browser = parts.browser(mesh);
  const first = await signIn(browser, page, 'alice');
  expect(first.status).toBe(200);
  const before = parts.provider.count('/token');
  return {
    parts,
    service,
    mesh,
    browser,
    pass: (milliseconds) => {
      ahead += milliseconds;
    },
    tokenCalls: () => parts.provider.count('/token') - before,
    cookie: () => browser.cookies(host).get('__Host-oidc-authz') ?? '',
  };
}

describe.each(['http', 'grpc'] as const)('over %s', (transport) => {
  test('LG-19: 200 parallel requests with an expired session need one token request, three times', async () => {
    const { browser, pass, tokenCalls, cookie } = await start(transport);
    for (let round = 1; round <= 3; round++) {
      pass(61_000);
      const old = cookie();
      const pages = await Promise.all(
        Array.from({ length: 200 }, () =>
          browser.request(page, { headers: { cookie: `__Host-oidc-authz=${old}` } }),
        ),
      );
      expect(new Set(pages.map(({ status }) => status))).toEqual(new Set([200]));
      expect(tokenCalls()).toBe(round);
      expect(cookie()).not.toBe(old);
    }
    expect((await browser.open(page)).status).toBe(200);
  });

  test('a provider that fails keeps the session while its tokens live, and is not asked at each request', async () => {
    const { parts, browser, pass, tokenCalls } = await start(transport);
    parts.provider.intercept = (request, response) => {
      if (request.url !== '/token') return false;
      response.writeHead(503).end();
      return true;
    };
    pass(61_000);
    for (let count = 0; count < 5; count++) expect((await browser.open(page)).status).toBe(200);
    expect(tokenCalls()).toBe(1);
    pass(300_000);
    const failed = await browser.request(page);
    expect(failed.status).toBe(403);
    expect(failed.headers.location).toBeUndefined();
    expect(failed.headers['set-cookie']).toBeUndefined();
  });

  test('a provider that ended the session sends the person to log in', async () => {
    const { parts, browser, pass, mesh } = await start(transport);
    parts.provider.intercept = (request, response) => {
      if (request.url !== '/token') return false;
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');
      return true;
    };
    pass(61_000);
    const before = mesh.seen.length;
    const next = await browser.request(page);
    expect(next.status).toBe(302);
    expect(next.headers.location).toContain(`${parts.provider.url}/auth?`);
    expect((await browser.request(page)).status).toBe(302);
    expect(mesh.seen.length).toBe(before);
  });
});
