/** Several policies in one service: the proxy selects the policy, never the client. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConfigError } from '../../../src/config/validate/problems.ts';
import { configOf, type RunningApp, runApp } from '../../support/app.ts';
import { audience, type FakeIssuer, startFakeIssuer } from '../../support/fake-issuer.ts';
import { connectGrpc, type GrpcClient } from '../../support/grpc-client.ts';
import { exchange, request } from '../../support/http1.ts';

let issuer: FakeIssuer;
let service: RunningApp;
let grpc: GrpcClient;
let token: string;

const base = () => `
issuers: [{issuer: "${issuer.url}", audiences: [${audience}], name: main}]
http: {host: 127.0.0.1, port: 0}
grpc: {host: 127.0.0.1, port: 0}
admin: {host: 127.0.0.1, port: 0}
shutdown: {delay: 0s, timeout: 5s}
`;
const policies = `
policies:
  - name: shop
    pathPrefix: /shop
    rules:
      - {name: health, match: {paths: [/healthz]}, allow: anonymous}
      - {name: all, require: {}}
  - name: pay
    pathPrefix: /team/pay
    noRuleMatches: deny
    rules: [{name: read, match: {paths: ["/accounts/{**}"], methods: [GET]}, require: {scopes: [pay.read]}}]
`;

beforeAll(async () => {
  issuer = await startFakeIssuer();
  service = await runApp({ issuer, file: base() + policies });
  grpc = connectGrpc(service.grpcPort);
  token = await issuer.mint();
});

afterAll(async () => {
  grpc.close();
  await service.stop();
  await issuer.close();
});

const ask = async (path: string, bearer?: string) =>
  (
    await exchange(
      service.httpPort,
      request('GET', path, bearer === undefined ? [] : [`authorization: Bearer ${bearer}`]),
    )
  )?.status;

describe('over HTTP, by the prefix of the path', () => {
  test.each([
    ['/shop/healthz', 200],
    ['/shop/healthz?x=1', 200],
    ['/shop/orders', 401],
    ['/shop', 401],
    ['/shop?x=1', 401],
    ['/shopping/healthz', 403],
    ['/healthz', 403],
    ['/Shop/healthz', 403],
    ['/%73hop/healthz', 403],
    ['//shop/healthz', 403],
    ['/x/../shop/healthz', 403],
    ['/team/pay/accounts/1', 401],
    ['/team/pay/healthz', 401],
    ['/team/healthz', 403],
    ['', 400],
  ])('%s without a token: %i', async (path, status) => {
    expect(await ask(path === '' ? ' ' : path)).toBe(status);
  });

  test('the rules match the path without the prefix', async () => {
    const reader = await issuer.mint({ claims: { scope: 'pay.read' } });
    expect(await ask('/team/pay/accounts/1', reader)).toBe(200);
    expect(await ask('/team/pay/accounts/1', token)).toBe(403);
    expect(await ask('/team/pay/else', reader)).toBe(403);
    expect(await ask('/shop/orders', token)).toBe(200);
    expect(await ask('/shop/../team/pay/accounts/1', token)).toBe(400);
  });
});

describe('over gRPC, by the context extension of the route', () => {
  const check = async (path: string, policy?: string, at = grpc) => {
    const http = { method: 'GET', path, headers: { authorization: `Bearer ${token}` } };
    const attributes = { request: { http }, ...(policy !== undefined && { contextExtensions: { policy } }) };
    const { status, dynamicMetadata } = await at.checkRaw({ attributes });
    const field = (name: string) => dynamicMetadata?.fields?.[name]?.stringValue;
    return [status?.code, field('reason'), field('policy'), field('rule')];
  };

  test('never by the path', async () => {
    expect(await check('/orders', 'shop')).toEqual([0, 'allowed', 'shop', 'shop/all']);
    expect(await check('/healthz', 'shop')).toEqual([0, 'allowed', 'shop', 'shop/health']);
    expect(await check('/accounts/1', 'pay')).toEqual([7, 'scope_insufficient', 'pay', 'pay/read']);
    expect(await check('/shop/healthz')).toEqual([7, 'rule_denied', undefined, undefined]);
    expect(await check('/orders', 'none')).toEqual([7, 'rule_denied', undefined, undefined]);
    expect(await check('/orders', '')).toEqual([7, 'rule_denied', undefined, undefined]);
  });

  test('by grpcPolicy if the route has none', async () => {
    await service.app.reload(await configOf(`${base()}${policies}grpcPolicy: shop\n`));
    expect(await check('/orders')).toEqual([0, 'allowed', 'shop', 'shop/all']);
    expect(await check('/orders', 'none')).toEqual([7, 'rule_denied', undefined, undefined]);
    await service.app.reload(await configOf(base() + policies));
    expect(await check('/orders')).toEqual([7, 'rule_denied', undefined, undefined]);
  });
});

test('each policy has its own counter', async () => {
  await ask('/shop/healthz');
  const metrics = await (await fetch(`http://127.0.0.1:${service.adminPort}/metrics`)).text();
  expect(metrics).toMatch(
    /oidc_authz_policy_checks_total\{policy="shop",outcome="allow",reason="allowed"\} [1-9]/,
  );
  expect(metrics).toMatch(
    /oidc_authz_rule_checks_total\{rule="shop\/health",outcome="allow",reason="allowed"\} [1-9]/,
  );
});

describe('invalid policies', () => {
  const one = (name: string, pathPrefix: string) =>
    `{name: ${name}, pathPrefix: "${pathPrefix}", rules: [{name: r, require: {}}]}`;
  test.each([
    ['policies: []', 'policies'],
    [`policies: [${one('a', '')}]`, 'policies[0].pathPrefix'],
    [`policies: [${one('a', '/')}]`, 'policies[0].pathPrefix'],
    [`policies: [${one('a', '/a/')}]`, 'policies[0].pathPrefix'],
    [`policies: [${one('a', '/a%2f')}]`, 'policies[0].pathPrefix'],
    [`policies: [${one('a', '/a')}, ${one('b', '/a')}]`, 'policies[1].pathPrefix'],
    [`policies: [${one('a', '/a')}, ${one('b', '/a/b')}]`, 'policies[1].pathPrefix'],
    [`policies: [${one('a', '/a/b')}, ${one('b', '/a')}]`, 'policies[1].pathPrefix'],
    [`policies: [${one('a', '/a')}, ${one('a', '/b')}]`, 'policies[1].name'],
    [`policies: [${one('a', '/a')}]\nrules: [{name: r, require: {}}]`, 'rules'],
    [`policies: [${one('a', '/a')}]\ngrpcPolicy: b`, 'grpcPolicy'],
    [
      'policies: [{name: a, pathPrefix: /a, rules: [{name: r, require: {issuers: [nobody]}}]}]',
      'policies[0].rules[0].require.issuers[0]',
    ],
  ])('%s', async (text, path) => {
    const error = await configOf(`${base()}${text}\n`).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).problems.map((problem) => problem.path)).toContain(path);
  });

  test('two prefixes that only start with the same letters are valid', async () => {
    await expect(
      configOf(`${base()}policies: [${one('a', '/a')}, ${one('b', '/ab')}]\n`),
    ).resolves.toBeDefined();
  });
});
