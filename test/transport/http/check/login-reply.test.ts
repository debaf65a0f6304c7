/** The HTTP replies with answers for browsers and changes of cookies. */
import { describe, expect, test } from 'vitest';
import type { Decision } from '../../../../src/model/decision.ts';
import { systemClock } from '../../../../src/runtime/time/clock.ts';
import { createToReply } from '../../../../src/transport/http/check/reply.ts';
import { configOf } from '../../../support/app.ts';
import { allowed, choicePage, loginRedirect, unsendable } from '../../../support/browser-decisions.ts';
import { checkRequest } from '../../../support/requests.ts';

const compat = ['none', 'oauth2-proxy'] as const;

async function replyTo(decision: Decision, mode: (typeof compat)[number] = 'none') {
  const config = await configOf(
    `issuers: [{issuer: "https://a.example.com", audiences: [a], name: main}]\ncompat: ${mode}\n`,
  );
  const { status, head, sharedHead, body } = createToReply(config, systemClock)(decision, checkRequest());
  const [statusLine, ...lines] = (head + sharedHead).split('\r\n').filter((line) => line !== '');
  const headers = lines.map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]);
  return {
    status,
    statusLine,
    lines,
    all: (name: string) => headers.filter(([other]) => other === name).map(([, value]) => value),
    body: Buffer.from(body, 'latin1').toString('utf8'),
    bytes: body.length,
  };
}

describe.each(compat)('with compat: %s', (mode) => {
  test('a redirect has its location, each cookie in a line of its own, and no body', async () => {
    const reply = await replyTo(loginRedirect, mode);
    expect(reply).toMatchObject({ status: 302, statusLine: 'HTTP/1.1 302 Found', body: '' });
    expect(reply.all('location')).toEqual(['https://issuer.example/authorize?state=%C3%BC']);
    expect(reply.all('set-cookie')).toHaveLength(3);
    expect(reply.all('cache-control')).toEqual(['no-store']);
    expect(reply.all('content-length')).toEqual(['0']);
    expect(reply.all('www-authenticate')).toEqual([]);
    expect(reply.all('x-oidc-authz-decision')).toEqual(['aaaaaaaaaaaaa']);
  });

  test('a page with status 200 becomes 401, because 200 allows; its length is that of its UTF-8', async () => {
    const reply = await replyTo(choicePage, mode);
    expect(reply).toMatchObject({ status: 401, body: '<p>Anmelden für 日本 bbbbbbbbbbbbb</p>' });
    expect(reply.all('content-length')).toEqual([String(Buffer.byteLength(reply.body))]);
    expect(reply.bytes).toBe(Buffer.byteLength(reply.body));
    expect(reply.all('content-type')).toEqual(['text/html; charset=utf-8']);
    expect(reply.all('content-security-policy')).toEqual(["default-src 'none'"]);
    expect(reply.all('www-authenticate')).toEqual(['Bearer']);
  });

  test('cookies of an allow are lines of their own, and the cookie header of the workload is replaced', async () => {
    const reply = await replyTo(
      allowed({ set: ['a=1; Path=/', 'b=2; Path=/'], forwarded: 'theme=dark' }),
      mode,
    );
    expect(reply.status).toBe(200);
    expect(reply.all('set-cookie')).toEqual(['a=1; Path=/', 'b=2; Path=/']);
    expect(reply.all('cookie')).toEqual(['theme=dark']);
    expect(reply.all('cache-control')).toEqual(['private']);
    expect(reply.all('x-envoy-auth-headers-to-remove').join()).not.toMatch(/cookie/);
  });

  test('a cookie header with nothing else in it is removed, with the other removals in one line', async () => {
    const reply = await replyTo(allowed({ set: [], forwarded: '' }), mode);
    expect(reply.all('x-envoy-auth-headers-to-remove')).toEqual(['cookie,x-email,x_user']);
    expect(reply.all('cookie')).toEqual([]);
    expect(reply.all('cache-control')).toEqual([]);
  });
});

test('a header that nothing else removes is removed in a line of its own', async () => {
  const decision = allowed({ set: [], forwarded: '' });
  const reply = await replyTo({ ...decision, forwarding: { ...decision.forwarding, remove: [] } });
  expect(reply.all('x-envoy-auth-headers-to-remove')).toEqual(['cookie']);
});

test('the answer about the signed-in person has status 403, because a 401 would ask for a login', async () => {
  const browser = { status: 200, cookies: [], page: { type: 'application/json', body: () => '{}' } } as const;
  expect(await replyTo({ outcome: 'deny', reason: 'login_path', browser })).toMatchObject({
    status: 403,
    body: '{}',
  });
});

test('an answer without a page has the JSON of its reason', async () => {
  const reply = await replyTo({
    outcome: 'deny',
    reason: 'session_expired',
    browser: {
      status: 401,
      cookies: ['a=; Max-Age=0'],
      headers: [['x-oidc-authz-login', '/.oidc-authz/start?rd=%2F']],
    },
  });
  expect(reply.body).toBe(
    '{"error":"unauthorized","error_description":"A login or a bearer token is required."}',
  );
  expect(reply.all('x-oidc-authz-login')).toEqual(['/.oidc-authz/start?rd=%2F']);
  expect(reply.all('set-cookie')).toEqual(['a=; Max-Age=0']);
});

test('a failure can be tried again, at the time that its answer says', async () => {
  const failure = { outcome: 'error', reason: 'login_unavailable' } as const;
  const page = { type: 'text/html', body: () => '<p>later</p>' };
  const reply = await replyTo({ ...failure, browser: { status: 403, cookies: [], page } });
  expect(reply.all('retry-after')).toEqual(['5']);
  const later = await replyTo({
    ...failure,
    browser: {
      status: 403,
      cookies: [],
      page,
      headers: [
        ['retry-after', '30'],
        ['cache-control', 'public'],
      ],
    },
  });
  expect(later.all('retry-after')).toEqual(['30']);
  expect(later.all('cache-control')).toEqual(['no-store']);
});

test.each(unsendable)('instead of an answer with %s, the reply of the reason is sent', async (_, browser) => {
  const reply = await replyTo({
    ...loginRedirect,
    browser: { status: 302, cookies: [], ...browser },
  } as Decision);
  expect(reply.status).toBe(401);
  expect(reply.lines.toSorted()).toEqual(
    (await replyTo({ outcome: 'deny', reason: 'login_required', id: 'aaaaaaaaaaaaa' })).lines.toSorted(),
  );
});

test('a cookie of an allow that is not a header value is left out, and never splits the reply', async () => {
  const reply = await replyTo(
    allowed({ set: ['a=1\r\nx-user: mallory', 'b=2'], forwarded: 'c=\r\nx-user: eve' }),
  );
  expect(reply.all('set-cookie')).toEqual(['b=2']);
  expect(reply.all('cookie')).toEqual([]);
  expect(reply.all('x-user')).toEqual(['alice']);
  expect(reply.all('x-envoy-auth-headers-to-remove')).toEqual(['cookie,x-email,x_user']);
});

test('the prepared reply of an allow stays unchanged', async () => {
  const config = await configOf('issuers: [{issuer: "https://a.example.com", audiences: [a], name: main}]');
  const toReply = createToReply(config, systemClock);
  const plain = allowed(undefined);
  const before = toReply(plain, checkRequest());
  toReply({ ...plain, cookies: { set: ['a=1'], forwarded: '' } }, checkRequest());
  expect(toReply(plain, checkRequest())).toBe(before);
  expect(before.head + before.sharedHead).not.toMatch(/cookie/);
});
