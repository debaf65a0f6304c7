/** The answer to a request without a session: a redirect, a choice, a page, or a 401 that a script understands. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { navigation, openBrowser, requestOf } from './support/browser.ts';
import { browserOf, headerOf, issuerCalls, pageOf, signIn } from './support/steps.ts';
import { createLoginWorld } from './support/world.ts';

const fetched = { accept: '*/*', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };

describe('a script', () => {
  test('gets 401 with the address that starts a login, and no login begins', async () => {
    const world = createLoginWorld();
    const decision = await world.answer(openBrowser().request('/api/orders?x=1', fetched));
    expect(decision).toMatchObject({ outcome: 'deny', reason: 'login_required', rule: 'pages' });
    expect(browserOf(decision)).toEqual({
      status: 401,
      cookies: [],
      headers: [['x-oidc-authz-login', '/.oidc-authz/start?rd=%2Fapi%2Forders%3Fx%3D1']],
    });
    expect(issuerCalls(world)).toEqual([]);
    expect(decision.detail?.().text).toContain('opens no page (sec-fetch-mode: cors)');
  });

  test('of a listed origin may read the answer', async () => {
    const origin = 'https://app.example.com';
    const world = createLoginWorld({ login: { cors: [origin] } });
    const decision = await world.answer(openBrowser().request('/api', { ...fetched, origin }));
    expect(headerOf(decision, 'access-control-allow-origin')).toBe(origin);
    expect(headerOf(decision, 'access-control-allow-credentials')).toBe('true');
    expect(headerOf(decision, 'access-control-expose-headers')).toContain('x-oidc-authz-login');
    expect(headerOf(decision, 'vary')).toBe('origin');
  });

  test.each(['https://evil.example', 'https://app.example.com.evil.example', 'null', ''])(
    'of origin %j may not',
    async (origin) => {
      const world = createLoginWorld({ login: { cors: ['https://app.example.com'] } });
      const decision = await world.answer(openBrowser().request('/api', { ...fetched, origin }));
      expect(headerOf(decision, 'access-control-allow-origin')).toBeUndefined();
    },
  );

  test('of two origins may not', async () => {
    const origin = 'https://app.example.com';
    const world = createLoginWorld({ login: { cors: [origin] } });
    const request = requestOf({ headers: { ...fetched, origin: [origin, origin] } });
    expect(headerOf(await world.answer(request), 'access-control-allow-origin')).toBeUndefined();
  });
});

describe('a page that cannot be sent away', () => {
  test('a form gets 401 with a page, and a link that signs in', async () => {
    const world = createLoginWorld();
    const decision = await world.answer(openBrowser().request('/orders', navigation, 'POST'));
    expect(browserOf(decision)).toMatchObject({ status: 401, cookies: [] });
    expect(pageOf(decision)).toContain('href="/.oidc-authz/start?rd=%2Forders"');
    expect(headerOf(decision, 'x-oidc-authz-login')).toBe('/.oidc-authz/start?rd=%2Forders');
    expect(issuerCalls(world)).toEqual([]);
  });

  test('a frame gets 401 with a link that leaves the frame', async () => {
    const world = createLoginWorld();
    const headers = { ...navigation, 'sec-fetch-dest': 'iframe' };
    const decision = await world.answer(openBrowser().request('/orders', headers));
    expect(browserOf(decision).status).toBe(401);
    expect(pageOf(decision)).toMatch(/target="_(top|blank)"/);
    expect(issuerCalls(world)).toEqual([]);
  });

  test('with login.frames, a frame is sent to log in', async () => {
    const world = createLoginWorld({ login: { frames: true } });
    const headers = { ...navigation, 'sec-fetch-dest': 'iframe' };
    expect(browserOf(await world.answer(openBrowser().request('/orders', headers))).status).toBe(302);
  });

  test('a prefetch gets 401 and leaves no cookie', async () => {
    const world = createLoginWorld();
    const headers = { ...navigation, 'sec-purpose': 'prefetch' };
    const decision = await world.answer(openBrowser().request('/orders', headers));
    expect(browserOf(decision)).toMatchObject({ status: 401, cookies: [] });
  });
});

describe('a place', () => {
  test('with several issuers shows a choice with their labels', async () => {
    const world = createLoginWorld({ issuers: [{ label: 'Shop <account>' }, {}] });
    const decision = await world.answer(openBrowser().request('/orders'));
    expect(browserOf(decision)).toMatchObject({ status: 401, cookies: [] });
    expect(pageOf(decision)).toContain('href="/.oidc-authz/start?issuer=main&amp;rd=%2Forders"');
    expect(pageOf(decision)).toContain('href="/.oidc-authz/start?issuer=other1&amp;rd=%2Forders"');
    expect(pageOf(decision)).toContain('Shop &lt;account&gt;');
    expect(issuerCalls(world)).toEqual([]);
  });

  test('with one of several issuers goes straight there', async () => {
    const world = createLoginWorld({ issuers: [{}, {}], place: { issuers: ['other1'] } });
    const decision = await world.answer(openBrowser().request('/orders'));
    expect(browserOf(decision).location).toContain('https://other1.idp.example.com/');
  });

  test('with login: never gives 401 without an address', async () => {
    const world = createLoginWorld({ place: { when: 'never' } });
    const decision = await world.answer(openBrowser().request('/orders'));
    expect(browserOf(decision)).toEqual({ status: 401, cookies: [], headers: [] });
    expect(decision.detail?.().text).toMatch(/; no person is sent to log in here$/);
    expect(issuerCalls(world)).toEqual([]);
  });

  test('with login: always also sends scripts', async () => {
    const world = createLoginWorld({ place: { when: 'always' } });
    expect(browserOf(await world.answer(openBrowser().request('/api', fetched))).status).toBe(302);
    expect(browserOf(await world.answer(openBrowser().request('/api', fetched, 'POST'))).status).toBe(401);
  });
});

describe('an absent, an expired and an unreadable session get the same answer (LG-07)', () => {
  const answers = async (headers: Readonly<Record<string, string>>) => {
    const world = createLoginWorld({ sessions: { idleTimeout: '1m' } });
    const browser = openBrowser();
    await signIn(world, browser);
    const value = browser.cookies.get('__Host-oidc-authz')?.value ?? '';
    await world.clock.advance(10 * 60_000);
    const ask = (cookie: string | undefined) =>
      world.answer(openBrowser().request('/orders', { ...headers, ...(cookie !== undefined && { cookie }) }));
    const flipped = `${value.slice(0, -2)}${value.at(-2) === 'A' ? 'B' : 'A'}${value.at(-1)}`;
    return {
      absent: await ask(undefined),
      expired: await ask(`__Host-oidc-authz=${value}`),
      invalid: await ask(`__Host-oidc-authz=${flipped}`),
      unreadable: await ask('__Host-oidc-authz=x'),
      doubled: await ask(`__Host-oidc-authz=${value}; __Host-oidc-authz=x`),
    };
  };

  test('to a script: byte for byte', async () => {
    const { absent, ...others } = await answers(fetched);
    for (const other of Object.values(others)) expect(browserOf(other)).toEqual(browserOf(absent));
    expect(Object.values(others).map(({ reason }) => reason)).toEqual([
      'session_expired',
      'session_invalid',
      'session_invalid',
      'session_invalid',
    ]);
  });

  test('to a page: but for the secrets of the login, and the same deletion', async () => {
    const { absent, ...others } = await answers(navigation);
    const [first, ...rest] = Object.values(others).map((decision) => {
      const { status, headers, cookies, location } = browserOf(decision);
      return {
        status,
        headers,
        cookies: cookies.map(withoutSecrets),
        location: withoutSecrets(location ?? ''),
      };
    });
    for (const one of rest) expect(one).toEqual(first);
    expect(browserOf(absent).status).toBe(first?.status);
    expect(withoutSecrets(browserOf(absent).location ?? '')).toBe(first?.location);
  });
});

const withoutSecrets = (text: string) =>
  text.replaceAll(/state=[^&]+/g, 'state=').replace(/-login-[^;]+/, '-login-');

test('a script never deletes a cookie: another tab may just have signed in', async () => {
  const world = createLoginWorld();
  const decision = await world.answer(
    openBrowser().request('/api', { ...fetched, cookie: '__Host-oidc-authz=x' }),
  );
  expect(browserOf(decision).cookies).toEqual([]);
});

test('a dry run calls no issuer, seals no cookie and counts nothing', async () => {
  const world = createLoginWorld();
  const steps: string[] = [];
  const decision = await world.answer(openBrowser().request('/orders'), ({ step }) => steps.push(step));
  expect(browserOf(decision)).toMatchObject({ status: 302, cookies: [] });
  expect(steps).toContain('login');
  expect(issuerCalls(world)).toEqual([]);
  expect(world.events).toEqual([]);
});

test('no text of a client breaks a header line (LG-12)', async () => {
  const world = createLoginWorld({ login: { cors: ['https://app.example.com'] } });
  const odd = fc.oneof(
    fc.constantFrom(
      '\r\nset-cookie: x=1',
      '\n',
      '\0',
      'é',
      '\u2028',
      '\ud800',
      '"',
      ';',
      ',',
      '%0d%0a',
      ' ',
      '\t',
      'ÿ',
    ),
    fc.string({ unit: 'binary', maxLength: 4 }),
  );
  const text = fc.array(odd, { maxLength: 6 }).map((parts) => parts.join(''));
  await fc.assert(
    fc.asyncProperty(
      text,
      text,
      text,
      fc.constantFrom('GET', 'POST'),
      async (path, original, origin, method) => {
        for (const headers of [navigation, fetched]) {
          const sent = {
            ...headers,
            origin,
            'x-envoy-original-path': `/${original}`,
            'accept-language': origin,
          };
          const own = `/.oidc-authz/start?rd=/${path}&issuer=${original}`;
          for (const target of [`/${path}`, own, `/.oidc-authz/callback?state=${path}&code=${original}`]) {
            const decision = await world.answer(openBrowser().request(target, sent, method));
            if (decision.outcome === 'allow' || decision.browser === undefined) continue;
            const { location = '', cookies, headers: lines = [] } = decision.browser;
            for (const line of [location, ...cookies, ...lines.flat()])
              expect(line).toMatch(/^[\x20-\x7e]*$/);
          }
        }
      },
    ),
    { numRuns: 100 },
  );
});
