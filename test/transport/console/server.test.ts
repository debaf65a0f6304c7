/** The web server of the console: access, forms, limits, headers and pages. */
import http from 'node:http';
import { describe, expect, test } from 'vitest';
import { createTestClock } from '../../support/clock.ts';
import { denialWith, startConsole, type TestConsole } from '../../support/console.ts';

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends a request with exactly these headers. */
function send(
  { port }: TestConsole,
  path: string,
  { method = 'GET', headers = {}, body }: Sent = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', path, method, headers, agent: false };
    const request = http.request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

const tokenIn = ({ body }: Answer) => /name="form_token" value="([^"]+)"/.exec(body)?.[1] ?? '';
const formType = 'application/x-www-form-urlencoded';

/** Sends a form as the browser does. */
async function sendForm(
  running: TestConsole,
  path: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
  from = '/console/explain',
): Promise<Answer> {
  const { cookie = '' } = headers;
  const page = await send(running, from, { headers: cookie === '' ? {} : { cookie } });
  const origin = `http://127.0.0.1:${running.port}`;
  return send(running, path, {
    method: 'POST',
    headers: { 'content-type': formType, origin, ...headers },
    body: new URLSearchParams({ form_token: tokenIn(page), ...fields }).toString(),
  });
}

describe('each response', () => {
  test.each(['/console', '/console/checks', '/console/nothing', '/console/assets/live.js', '/console/%zz'])(
    '%s has the security headers',
    async (path) => {
      const { headers } = await send(await startConsole(), path);
      expect(headers['content-security-policy']).toBe(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      );
      expect(headers['cache-control']).toBe(
        path.includes('/assets/') ? 'private, max-age=86400, immutable' : 'no-store',
      );
      expect(headers['content-type']).toMatch(/^text\/(html|plain|javascript); charset=utf-8$/);
    },
  );

  test('has no inline script, no inline style and no event handler', async () => {
    const running = await startConsole();
    for (const path of [
      '',
      '/issuers',
      '/checks',
      '/denials',
      '/denials/abcdefghijklm',
      '/explain',
      '/reasons',
    ]) {
      const { status, body } = await send(running, `/console${path}`);
      expect(status).toBe(200);
      expect(body).not.toMatch(/<style|\sstyle=|\son[a-z]+=|javascript:/i);
      expect(body.match(/<script(?! src="\/console\/assets\/live\.js\?v=[0-9a-f]{12}" defer>)/g)).toBeNull();
    }
  });
});

describe('access', () => {
  test('is denied to a request with the host of another page (DNS rebinding)', async () => {
    const running = await startConsole();
    const answer = await send(running, '/console', { headers: { host: 'evil.example' } });
    expect([answer.status, answer.body]).toEqual([403, 'Access denied.\n']);
  });

  test('is denied to a request that a proxy forwarded', async () => {
    const running = await startConsole();
    const headers = { 'x-forwarded-proto': 'https' };
    expect((await send(running, '/console', { headers })).status).toBe(403);
  });

  test('is denied to another machine without a token, on every page', async () => {
    const running = await startConsole({ isLocal: false });
    for (const path of ['', '/issuers', '/explain', '/login', '/assets/live.js', '/nothing'])
      expect((await send(running, `/console${path}`)).status).toBe(403);
  });

  test('is granted to a client with the token in the header', async () => {
    const running = await startConsole({ isLocal: false, token: () => 'secret' });
    const headers = { authorization: 'Bearer secret' };
    expect((await send(running, '/console', { headers })).status).toBe(200);
    expect((await send(running, '/console', { headers: { authorization: 'Bearer wrong' } })).status).toBe(
      303,
    );
  });

  test('is granted by a session that a sign-in begins, until the operator signs out', async () => {
    const running = await startConsole({ isLocal: false, token: () => 'secret' });
    expect((await send(running, '/console')).headers.location).toBe('/console/login');
    const answer = await sendForm(running, '/console/login', { token: 'secret' }, {}, '/console/login');
    expect([answer.status, answer.headers.location]).toEqual([303, '/console']);
    const [cookie = ''] = (answer.headers['set-cookie']?.[0] ?? '').split(';');
    expect(cookie).toMatch(/^oidc-authz-console=[\w-]{43}$/);
    const page = await send(running, '/console', { headers: { cookie } });
    expect(page.status).toBe(200);
    expect(page.body).toContain('Sign out');
    expect((await sendForm(running, '/console/logout', {}, { cookie })).status).toBe(303);
    expect((await send(running, '/console', { headers: { cookie } })).status).toBe(303);
    expect(running.records.map(({ msg }) => msg)).toEqual(['an operator signed in to the console']);
  });

  test('is not granted by a wrong token, which the log and the page do not show', async () => {
    const running = await startConsole({ isLocal: false, token: () => 'secret' });
    const answer = await sendForm(running, '/console/login', { token: 'guess-4711' }, {}, '/console/login');
    expect(answer.status).toBe(403);
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(answer.body + JSON.stringify(running.records)).not.toContain('guess-4711');
    expect(running.records).toMatchObject([{ level: 'warn', msg: 'a sign-in to the console failed' }]);
  });

  test('is not tried after 5 failed sign-ins, not even with the right token', async () => {
    const clock = createTestClock();
    const running = await startConsole({ isLocal: false, token: () => 'secret', clock });
    const signIn = async (token: string) =>
      (await sendForm(running, '/console/login', { token }, {}, '/console/login')).status;
    for (let index = 0; index < 5; index++) expect(await signIn('wrong')).toBe(403);
    expect(await signIn('secret')).toBe(429);
    clock.pass(10_000);
    expect(await signIn('secret')).toBe(303);
  });
});

describe('a form', () => {
  const fetchKeys = (running: TestConsole, headers: Readonly<Record<string, string>>, fields = {}) =>
    sendForm(running, '/console/issuers/fetch', { issuer: 'main', ...fields }, headers);

  test('of this console fetches the keys of an issuer', async () => {
    const running = await startConsole();
    const answer = await fetchKeys(running, {});
    expect([answer.status, answer.body.includes('fetches the keys of main now')]).toEqual([200, true]);
    expect(running.records).toMatchObject([{ issuer: 'main' }]);
  });

  test('is rejected for an unknown issuer, and for one that was fetched a moment ago', async () => {
    const running = await startConsole();
    expect((await fetchKeys(running, {}, { issuer: 'partner' })).status).toBe(429);
    expect((await fetchKeys(running, {}, { issuer: 'nobody' })).status).toBe(404);
  });

  test.each([
    ['of another page', { origin: 'https://evil.example' }],
    ['of a page without an origin', { origin: 'null' }],
    ['of another port', { origin: 'http://127.0.0.1:1' }],
  ])('%s is rejected (cross-site request forgery)', async (_, headers) => {
    const fetched: string[] = [];
    const running = await startConsole({
      content: {
        fetchNow: (name) => {
          fetched.push(name);
          return 'started';
        },
      },
    });
    expect((await fetchKeys(running, headers)).status).toBe(403);
    expect(fetched).toEqual([]);
  });

  test('without the form token is rejected (cross-site request forgery)', async () => {
    const running = await startConsole();
    expect((await fetchKeys(running, {}, { form_token: '' })).status).toBe(403);
    expect((await fetchKeys(running, {}, { form_token: 'A'.repeat(43) })).status).toBe(403);
  });

  test.each(['application/json', 'text/plain', 'multipart/form-data; boundary=x'])(
    'as %s is rejected',
    async (type) => {
      const running = await startConsole();
      expect((await fetchKeys(running, { 'content-type': type })).status).toBe(415);
    },
  );

  test('of more than 64 KiB is rejected', async () => {
    const running = await startConsole();
    const answer = await sendForm(running, '/console/explain', { headers: 'x'.repeat(70_000) });
    expect(answer.status).toBe(413);
    expect(answer.body).toContain('larger than 64 KiB');
  });
});

describe('the page Explain', () => {
  const secret = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiI0NzExIn0.c2lnbmF0dXJl';

  test('shows the steps, and never the token, a header or the query of the request', async () => {
    const running = await startConsole();
    const answer = await sendForm(running, '/console/explain', {
      method: 'POST',
      host: 'orders.example.com',
      path: '/orders/17?card=4111',
      headers: 'X-Api-Key: key-4711\n\nx-b: 2',
      token: `Bearer ${secret}`,
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toContain('expected audience orders-api, found account');
    expect(answer.body).toContain('value="/orders/17"');
    for (const hidden of [secret, 'key-4711', '4111']) expect(answer.body).not.toContain(hidden);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(JSON.stringify(running.records)).not.toContain(secret);
  });

  test('passes the request of the form to the service', async () => {
    const asked: unknown[] = [];
    const running = await startConsole({
      content: {
        explain: async (request) => {
          asked.push(request);
          return { problem: 'path: must be a path' };
        },
      },
    });
    const answer = await sendForm(running, '/console/explain', {
      method: 'POST',
      host: 'a.example',
      path: '/x?y=1',
      headers: 'X-A: 1\r\nx-b:2 ',
      token: ` Bearer ${secret}\n`,
    });
    expect(asked).toEqual([
      {
        method: 'POST',
        host: 'a.example',
        path: '/x?y=1',
        headers: [
          ['x-a', '1'],
          ['x-b', '2'],
        ],
        token: secret,
      },
    ]);
    expect([answer.status, answer.body.includes('path: must be a path')]).toEqual([400, true]);
  });

  test('says which line of the headers is wrong, without its text', async () => {
    const running = await startConsole();
    const answer = await sendForm(running, '/console/explain', { headers: 'x-a: 1\nhunter2' });
    expect(answer.status).toBe(400);
    expect(answer.body).toContain('line 2 is not a header');
    expect(answer.body).not.toContain('hunter2');
  });

  test('ignores a token in the query, and does not show it', async () => {
    const running = await startConsole();
    const { body } = await send(running, `/console/explain?token=${secret}&path=/a`);
    expect(body).not.toContain(secret);
  });
});

describe('the page Denials', () => {
  test('shows the denials that match the filter', async () => {
    const running = await startConsole();
    const { body } = await send(running, '/console/denials?reason=token_expired&host=&rule=');
    expect(body).toContain('bcdefghijklmn');
    expect(body).not.toContain('/console/denials/abcdefghijklm');
    expect(body).toContain('<option selected>token_expired</option>');
  });

  test('is 404 for an id that is not in memory, and says where to look', async () => {
    const { status, body } = await send(await startConsole(), '/console/denials/zzzzzzzzzzzzz');
    expect(status).toBe(404);
    expect(body).toContain('This service does not have this decision ID.');
  });

  test('leads to the denial of a decision ID', async () => {
    const { status, headers } = await send(await startConsole(), '/console/denials?id=+abcdefghijklm&host=');
    expect([status, headers.location]).toEqual([303, '/console/denials/abcdefghijklm']);
  });
});

test('a page that fails is status 500, without the cause, which the log has', async () => {
  const running = await startConsole({ content: { checks: () => Promise.reject(new Error('cause-4711')) } });
  const { status, body } = await send(running, '/console/checks');
  expect(status).toBe(500);
  expect(body).not.toContain('cause-4711');
  expect(running.records).toMatchObject([{ msg: 'a page of the console failed' }]);
});

test('more than 4 requests at the same time are rejected with 503', async () => {
  const { promise, resolve } = Promise.withResolvers<never[]>();
  let waiting = 0;
  const allWait = Promise.withResolvers<void>();
  const running = await startConsole({
    content: {
      denials: () => {
        if (++waiting === 4) allWait.resolve();
        return promise;
      },
    },
  });
  const slow = [1, 2, 3, 4].map(() => send(running, '/console/denials'));
  await allWait.promise;
  expect((await send(running, '/console')).status).toBe(503);
  resolve([]);
  expect((await Promise.all(slow)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect((await send(running, '/console')).status).toBe(200);
});

test('requests of clients without access do not use up those of operators', async () => {
  const running = await startConsole({
    clock: createTestClock(),
    isLocal: false,
    token: () => 'secret',
  });
  const asOperator = { headers: { authorization: 'Bearer secret' } };
  for (let index = 0; index < 45; index++) await send(running, '/console/login');
  expect((await send(running, '/console/login')).status).toBe(429);
  expect((await send(running, '/console', asOperator)).status).toBe(200);
});

test('a long request is shortened in the list of denials', async () => {
  const denial = denialWith({ path: `/${'p'.repeat(500)}` });
  const running = await startConsole({ content: { denials: async () => [denial] } });
  const { body } = await send(running, '/console/denials');
  expect(body).toContain('ppp…');
  expect(body).not.toContain('p'.repeat(200));
});

test('more than 40 requests at once are rejected with 429', async () => {
  const running = await startConsole({ clock: createTestClock() });
  const statuses: number[] = [];
  for (let index = 0; index < 45; index++) statuses.push((await send(running, '/console/login')).status);
  expect(statuses.filter((status) => status === 429)).toHaveLength(5);
});
