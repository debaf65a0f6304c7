/** The contract of a check where people sign in: each case has the same result in the core, over HTTP and over gRPC. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSessionKeys } from '../../src/config/session/session-keys.ts';
import type { Check } from '../../src/model/decision.ts';
import { type Reason, reasons } from '../../src/model/reasons.ts';
import { type RunningApp, runApp } from '../support/app.ts';
import { startCore, type TestCore } from '../support/core.ts';
import { startFakeIssuer } from '../support/fake-issuer.ts';
import { connectGrpc, type GrpcClient } from '../support/grpc-client.ts';
import { exchange } from '../support/http1.ts';
import { signIn } from '../support/login-provider.ts';
import { type LoginServiceParts, shop, startLoginParts } from '../support/login-service.ts';
import { checkRequest } from '../support/requests.ts';

/** A request, and what it ends with. */
interface Case {
  readonly name: string;
  readonly reason: Reason;
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  /** `SESSION` stands for the cookie of a signed-in person. */
  readonly cookie?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The status that the browser gets over gRPC and over HTTP. Default: that of the reason. */
  readonly status?: number | { readonly grpc: number; readonly http: number };
}

const page = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: 'text/html' };
const script = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', accept: '*/*' };
const signedIn = '__Host-oidc-authz=SESSION; theme=dark';

const cases: readonly Case[] = [
  { name: 'a page without a session', headers: page, reason: 'login_required', status: 302 },
  { name: 'a script without a session', headers: script, reason: 'login_required', status: 401 },
  { name: 'a program without a session', reason: 'login_required', status: 401 },
  { name: 'a form without a session', method: 'POST', headers: page, reason: 'login_required', status: 401 },
  {
    name: 'a prefetch without a session',
    headers: { ...page, 'sec-purpose': 'prefetch' },
    reason: 'login_required',
    status: 401,
  },
  {
    name: 'a frame without a session',
    headers: { ...page, 'sec-fetch-dest': 'iframe' },
    reason: 'login_required',
    status: 401,
  },
  { name: 'a page with a session', cookie: signedIn, headers: page, reason: 'allowed' },
  { name: 'a script with a session', cookie: signedIn, headers: script, reason: 'allowed' },
  {
    name: 'a form of the same origin with a session',
    method: 'POST',
    cookie: signedIn,
    headers: { origin: `https://${shop}` },
    reason: 'allowed',
  },
  {
    name: 'a form of another origin with a session',
    method: 'POST',
    cookie: signedIn,
    headers: { origin: 'https://evil.example' },
    reason: 'origin_not_allowed',
  },
  {
    name: 'a changed session',
    cookie: signedIn.replace('SESSION', 'SESSIONx'),
    headers: page,
    reason: 'session_invalid',
    status: 302,
  },
  {
    name: 'a changed session of a script',
    cookie: signedIn.replace('SESSION', 'SESSIONx'),
    headers: script,
    reason: 'session_invalid',
    status: 401,
  },
  {
    name: 'two different sessions',
    cookie: `${signedIn}; __Host-oidc-authz=x`,
    reason: 'session_invalid',
    status: 401,
  },
  {
    name: 'a session after a comma, as proxies join lines',
    cookie: `theme=dark,${signedIn}`,
    reason: 'login_required',
    status: 401,
  },
  {
    name: 'a session and a bad token',
    cookie: signedIn,
    headers: { authorization: 'Bearer x' },
    reason: 'token_malformed',
  },
  {
    name: 'a session and another scheme',
    cookie: signedIn,
    headers: { authorization: 'Basic YTpi' },
    reason: 'token_missing',
  },
  {
    name: 'a session where only tokens count',
    path: '/api/orders',
    cookie: signedIn,
    reason: 'token_missing',
  },
  {
    name: 'a session without the rights of the rule',
    path: '/admin/users',
    cookie: signedIn,
    headers: page,
    reason: 'claim_not_allowed',
  },
  {
    name: 'a session without the rights of the rule, in a script',
    path: '/admin/users',
    cookie: signedIn,
    headers: script,
    reason: 'claim_not_allowed',
  },
  {
    name: 'a session at a rule that sends no browser to log in',
    path: '/shared/x',
    cookie: signedIn,
    reason: 'allowed',
  },
  {
    name: 'a page at a rule that sends no browser to log in',
    path: '/shared/x',
    headers: page,
    reason: 'login_required',
    status: 401,
  },
  { name: 'an anonymous rule', path: '/open/x', cookie: signedIn, reason: 'allowed' },
  {
    name: 'another host',
    host: 'other.example.com',
    cookie: signedIn,
    headers: page,
    reason: 'token_missing',
  },
  { name: 'a host in two values', host: `${shop},evil.example`, cookie: signedIn, reason: 'host_ambiguous' },
  {
    name: 'an unknown path of the login',
    path: '/.oidc-authz/nothing',
    cookie: signedIn,
    reason: 'login_path',
  },
  {
    name: 'the page about the person',
    path: '/.oidc-authz/user',
    cookie: signedIn,
    reason: 'login_path',
    status: { grpc: 200, http: 403 },
  },
  {
    name: 'another spelling of a path of the login',
    path: '/.oidc-authz/%63allback',
    cookie: signedIn,
    reason: 'path_ambiguous',
  },
  {
    name: 'a path that servers read differently',
    path: '/a/../b',
    cookie: signedIn,
    reason: 'path_ambiguous',
  },
  {
    name: 'a callback without a login',
    path: `/.oidc-authz/callback?state=${'A'.repeat(43)}&code=y`,
    headers: script,
    reason: 'login_required',
    status: 401,
  },
];

let parts: LoginServiceParts;
let service: RunningApp;
let grpc: GrpcClient;
let core: TestCore & { readonly check: Check };
let session = '';

beforeAll(async () => {
  parts = await startLoginParts();
  service = await runApp({
    issuer: await startFakeIssuer(),
    file: `${parts.file}
rules:
  - {name: open, match: {hosts: [${shop}], paths: ["/open/{**}"]}, allow: anonymous}
  - {name: api, match: {hosts: [${shop}], paths: ["/api/{**}"]}, require: {}}
  - {name: shared, match: {hosts: [${shop}], paths: ["/shared/{**}"]}, require: {login: session}}
  - {name: admin, match: {hosts: [${shop}], paths: ["/admin/{**}"]}, require: {login: [main], claims: {groups: [admins]}}}
  - {name: shop, match: {}, require: {login: [main]}, requireSameOrigin: true}
http: {host: 127.0.0.1, port: 0}
grpc: {host: 127.0.0.1, port: 0}
admin: {host: 127.0.0.1, port: 0}
shutdown: {delay: 0s, timeout: 5s}
`,
  });
  grpc = connectGrpc(service.grpcPort);
  const mesh = await parts.mesh('http', service.httpPort);
  const browser = parts.browser(mesh);
  await signIn(browser, `https://${shop}/`, 'alice');
  session = browser.cookies(shop).get('__Host-oidc-authz') ?? '';
  await mesh.close();
  const keys = readSessionKeys(readFileSync(parts.keysFile, 'utf8'));
  core = await startCore(service.config, undefined, undefined, undefined, keys);
});

afterAll(async () => {
  grpc.close();
  core.stop();
  await service.stop();
  await service.issuer.close();
  await parts.provider.close();
});

const headersOf = ({ cookie, headers = {} }: Case): Record<string, string> => ({
  ...headers,
  ...(cookie !== undefined && { cookie: cookie.replace('SESSION', session) }),
});

const statusOver = (transport: 'grpc' | 'http', { reason, status }: Case): number => {
  const { httpStatus, grpcHttpStatus } = reasons[reason];
  if (status === undefined) return transport === 'http' ? httpStatus : grpcHttpStatus;
  return typeof status === 'number' ? status : status[transport];
};

describe('the core', () => {
  test.each(cases)('$name: $reason', async (one) => {
    const headers = headersOf(one);
    const { authorization } = headers;
    const decision = await core.check(
      checkRequest({
        method: one.method ?? 'GET',
        path: one.path ?? '/cart',
        host: one.host ?? shop,
        authorization: authorization === undefined ? [] : [authorization],
        header: (name) => (headers[name] === undefined ? [] : [headers[name]]),
      }),
    );
    expect(decision.reason).toBe(one.reason);
    expect(decision.outcome).toBe(reasons[one.reason].outcome);
    if (decision.outcome === 'allow') expect(decision.cookies).toEqual({ set: [], forwarded: 'theme=dark' });
  });
});

describe('over HTTP', () => {
  test.each(cases)('$name: $reason', async (one) => {
    const lines = Object.entries({ host: one.host ?? shop, ...headersOf(one) }).map(
      ([name, value]) => `${name}: ${value}`,
    );
    const text = [`${one.method ?? 'GET'} ${one.path ?? '/cart'} HTTP/1.1`, ...lines].join('\r\n');
    const response = await exchange(service.httpPort, `${text}\r\n\r\n`);
    expect(response?.status).toBe(statusOver('http', one));
    expect(response?.headers.cookie).toBe(one.reason === 'allowed' ? 'theme=dark' : undefined);
    expectAnswer(one, response?.status ?? 0, response?.headers ?? {});
  });
});

describe('over gRPC', () => {
  test.each(cases)('$name: $reason', async (one) => {
    const host = one.host ?? shop;
    const response = await grpc.check({
      method: one.method ?? 'GET',
      path: one.path ?? '/cart',
      host,
      headers: { ':authority': host, ...headersOf(one) },
    });
    const { okResponse, deniedResponse, dynamicMetadata } = response;
    expect(dynamicMetadata?.fields?.reason).toEqual({ stringValue: one.reason });
    expect(response.status?.code ?? 0).toBe(reasons[one.reason].grpcCode);
    if (one.reason === 'allowed') {
      expect(okResponse?.headers?.find(({ header }) => header?.key === 'cookie')?.header?.value).toBe(
        'theme=dark',
      );
      return;
    }
    const names: Readonly<Record<string, number>> = {
      OK: 200,
      Found: 302,
      BadRequest: 400,
      Unauthorized: 401,
      Forbidden: 403,
      NotFound: 404,
    };
    const status = names[String(deniedResponse?.status?.code)];
    expect(status).toBe(statusOver('grpc', one));
    const headers = Object.fromEntries(
      (deniedResponse?.headers ?? []).map(({ header }) => [header?.key ?? '', header?.value ?? '']),
    );
    expectAnswer(one, status ?? 0, headers);
    expect(dynamicMetadata?.fields?.login).toEqual(status === 302 ? { boolValue: true } : undefined);
  });
});

/** Checks the headers of every answer to a browser. */
function expectAnswer({ reason }: Case, status: number, headers: Readonly<Record<string, string>>): void {
  if (reason === 'allowed') return;
  expect(headers['cache-control']).toBe('no-store');
  expect(headers['www-authenticate'] !== undefined).toBe(
    status !== 302 && (status === 401 || reasons[reason].error !== null),
  );
  expect(headers.location?.startsWith(parts.provider.url)).toBe(status === 302 ? true : undefined);
}
