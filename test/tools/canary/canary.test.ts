/** The canary against meshes with one mistake each. The meshes share no code with the service. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/runtime/time/clock.ts';
import { runCanary } from '../../../src/tools/canary/canary.ts';
import { createEchoWorkload } from '../../../src/tools/canary/echo-workload.ts';
import { forgedHeaders } from '../../../src/tools/canary/forged-headers.ts';
import { canaryJson, canaryText } from '../../../src/tools/canary/report.ts';

const token = `${['{"alg":"RS256"}', '{"sub":"alice"}'].map((part) => Buffer.from(part).toString('base64url')).join('.')}.c2lnbmF0dXJlLW9mLXRlc3Q`;
const identityHeaders = ['x-auth-request-user', 'x-auth-request-email'];

/** A mesh: how it decides, and which headers it sends to the workload. */
interface Mesh {
  readonly allows: (authorization: string | undefined, path: string) => boolean;
  readonly toWorkload: (lines: [string, string][], isAuthenticated: boolean) => [string, string][];
  readonly denial: Record<string, string>;
  readonly status: number;
}

const withoutIdentity = (lines: [string, string][]) =>
  lines.filter(([name]) => !/^(x[-_]auth[-_]request[-_])/i.test(name));
const good: Mesh = {
  allows: (authorization, path) => authorization === `Bearer ${token}` || path === '/healthz',
  toWorkload: (lines, isAuthenticated) => [
    ...withoutIdentity(lines),
    ...(isAuthenticated
      ? ([
          ['x-auth-request-user', 'alice'],
          ['x-auth-request-email', 'alice@example.com'],
        ] as [string, string][])
      : []),
  ],
  denial: {
    'www-authenticate': 'Bearer',
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-oidc-authz-decision': 'abcdefghijklm',
  },
  status: 401,
};

async function portOf(server: ReturnType<typeof createServer>): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function canaryOf(mesh: Partial<Mesh>, more: { anonymousPath?: string; setHeaders?: string[] } = {}) {
  const { allows, toWorkload, denial, status } = { ...good, ...mesh };
  const workload = createEchoWorkload();
  const answer = (message: IncomingMessage, response: ServerResponse) => {
    const path = message.url ?? '';
    if (!allows(message.headers.authorization, path)) {
      response.writeHead(status, denial).end('{"error":"unauthorized"}');
      return;
    }
    const lines = message.rawHeaders.flatMap((name, index, all): [string, string][] =>
      index % 2 === 0 ? [[name, all[index + 1] ?? '']] : [],
    );
    message.rawHeaders = toWorkload(lines, path !== '/healthz').flat();
    workload.emit('request', message, response);
  };
  const port = await portOf(createServer(answer));
  const results = await runCanary({
    url: `http://127.0.0.1:${port}/orders?x=1`,
    ca: undefined,
    anonymousPath: undefined,
    token,
    nonce: '0123456789abcdef',
    timeout: 5_000,
    clock: systemClock,
    protectedHeaders: identityHeaders,
    setHeaders: identityHeaders,
    ...more,
  });
  return Object.fromEntries(results.map(({ probe, ...rest }) => [probe, rest]));
}

test('passes a good mesh', async () => {
  const results = await canaryOf({}, { anonymousPath: '/healthz' });
  expect(Object.values(results).map(({ result }) => result)).toEqual(
    Array.from({ length: 9 }, () => 'passed'),
  );
});

const passesName = (pattern: RegExp) => ({
  toWorkload: (lines: [string, string][], isAuthenticated: boolean): [string, string][] => [
    ...lines.filter(([name]) => pattern.test(name)),
    ...good.toWorkload(lines, isAuthenticated),
  ],
});

test.each([
  [
    'the mesh does not list the header: the client’s own passes',
    passesName(/^x-auth-request-user$/),
    'x-auth-request-user',
  ],
  ['one spelling with underscores passes', passesName(/^x_auth-request_email$/), 'x_auth-request_email'],
  ['upper case passes', passesName(/^X-AUTH-REQUEST-USER$/), 'x-auth-request-user'],
])('fails if %s', async (_, mesh, name) => {
  const results = await canaryOf(mesh);
  expect(results['a valid token, forged identity headers']).toMatchObject({
    result: 'failed',
    found: `the workload saw the forged ${name}`,
  });
  expect(results['a request without a token']?.result).toBe('passed');
});

test('fails if the forged header passes on the anonymous path only', async () => {
  const results = await canaryOf(
    { toWorkload: (lines, isAuthenticated) => (isAuthenticated ? good.toWorkload(lines, true) : lines) },
    { anonymousPath: '/healthz' },
  );
  expect(results['a valid token, forged identity headers']?.result).toBe('passed');
  expect(results['no token on the anonymous path, forged identity headers']?.result).toBe('failed');
});

test('fails if the mesh does not ask the authorizer', async () => {
  const results = await canaryOf({ allows: () => true });
  for (const probe of [
    'a request without a token',
    'a token with another signature',
    'a token with alg none',
  ])
    expect(results[probe]).toMatchObject({
      result: 'failed',
      found: 'status 200: the request reached the workload',
    });
});

test('fails if only unsigned tokens pass', async () => {
  const allows = (authorization = '') => good.allows(authorization, '/') || authorization.endsWith('.');
  const results = await canaryOf({ allows });
  expect(results['a token with alg none']?.result).toBe('failed');
  expect(results['a token with another signature']?.result).toBe('passed');
});

test('fails if no identity header arrives, and warns if one does not', async () => {
  const results = await canaryOf({ toWorkload: withoutIdentity });
  expect(results['the identity headers of a valid token']).toMatchObject({
    result: 'failed',
    found: 'the workload did not see x-auth-request-user, x-auth-request-email',
  });
  const some = await canaryOf({}, { setHeaders: [...identityHeaders, 'x-auth-request-groups'] });
  expect(some['the identity headers of a valid token']).toMatchObject({
    result: 'warning',
    found: 'the workload did not see x-auth-request-groups',
  });
});

test('warns if the mesh drops headers of a denial', async () => {
  const results = await canaryOf({ denial: { 'www-authenticate': 'Bearer' } });
  expect(results['the headers of a denial']).toMatchObject({
    result: 'warning',
    found: 'the client did not receive content-type, cache-control, x-oidc-authz-decision',
  });
});

test('tests nothing with a token that is denied, and names the decision', async () => {
  const results = await canaryOf({ allows: () => false });
  expect(results['a valid token']).toMatchObject({
    result: 'unknown',
    found: 'status 401, decision abcdefghijklm',
    fix: 'the authorizer denies the token; run oidc-authz explain abcdefghijklm --admin URL',
  });
  expect(results['a valid token, forged identity headers']).toBeUndefined();
});

test('fails if another component answers requests without a token', async () => {
  const results = await canaryOf({ status: 503, denial: {} });
  expect(results['a request without a token']).toMatchObject({
    result: 'failed',
    found: 'status 503; expected 401',
  });
});

test('tests nothing if the URL does not respond, or its workload does not return headers', async () => {
  const server = createServer((_, response) => response.end('hello'));
  const port = await portOf(server);
  const options = {
    ca: undefined,
    anonymousPath: undefined,
    token,
    nonce: 'abc',
    clock: systemClock,
    protectedHeaders: identityHeaders,
    setHeaders: identityHeaders,
  };
  const silent = createServer(() => {});
  const results = await runCanary({ ...options, url: `http://127.0.0.1:${port}/`, timeout: 5_000 });
  expect(results[0]).toMatchObject({
    result: 'unknown',
    found: 'status 200, and the body does not show the headers of the request',
  });
  const late = await runCanary({ ...options, url: `http://127.0.0.1:${await portOf(silent)}/`, timeout: 50 });
  expect(late).toMatchObject([{ result: 'unknown', found: expect.stringContaining('none within 0.05 s') }]);
});

test('the workload shows no credentials', async () => {
  const port = await portOf(createEchoWorkload());
  const response = await fetch(`http://127.0.0.1:${port}/any/path`, {
    headers: {
      authorization: 'Basic c2VjcmV0',
      cookie: 'session=1',
      'x-access-token': token,
      'x-user': 'alice',
    },
  });
  const text = await response.text();
  for (const secret of ['c2VjcmV0', 'session=1', token]) expect(text).not.toContain(secret);
  expect(text).toContain('["x-user","alice"]');
  expect(text).toContain('["x-access-token","(a token)"]');
});

test('the workload answers a request with a long header at once', async () => {
  const port = await portOf(createEchoWorkload());
  const started = performance.now();
  const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { 'x-user': 'a'.repeat(90_000) } });
  expect(response.status).toBe(200);
  await response.text();
  // A quadratic expression takes 20 s.
  expect(performance.now() - started).toBeLessThan(5_000);
});

test('forges every spelling with hyphens and underscores, each with its own value', () => {
  const forged = forgedHeaders(['x-auth-user'], 'n');
  const names = forged.map(({ name }) => name);
  for (const name of [
    'x-auth-user',
    'x_auth-user',
    'x-auth_user',
    'x_auth_user',
    'X-AUTH-USER',
    'X-Auth-User',
  ])
    expect(names).toContain(name);
  expect(names.filter((name) => name === 'x-auth-user')).toHaveLength(2);
  expect(new Set(forged.map(({ value }) => value)).size).toBe(forged.length);
});

test('reports each probe with its fix, as text and as JSON', () => {
  const results = [
    { probe: 'a', result: 'passed', found: 'good' },
    { probe: 'b', result: 'failed', found: 'bad', fix: 'fix it' },
  ] as const;
  expect(canaryText('http://x/', results)).toBe(
    'canary of http://x/\n\nok    a: good\nFAIL  b: bad\n      fix: fix it\n\n1 passed, 1 failed, 0 warnings, 0 not tested\n',
  );
  expect(JSON.parse(canaryJson('http://x/', results))).toEqual({ url: 'http://x/', results });
});
