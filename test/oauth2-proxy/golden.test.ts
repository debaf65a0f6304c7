/** The table of cases against a real oauth2-proxy, against oidc-authz, and through a real Envoy. */

import http from 'node:http';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { decisionHeader } from '../../src/model/decision.ts';
import { findEnvoy, type RunningEnvoy, startEnvoy } from '../../tools/envoy.ts';
import { istioSidecar } from '../../tools/istio.ts';
import { findOauth2Proxy, type RunningOauth2Proxy, startOauth2Proxy } from '../../tools/oauth2-proxy.ts';
import { type Received, startWorkload, type Workload } from '../../tools/workload.ts';
import { type RunningApp, runApp, until } from '../support/app.ts';
import { audience, type FakeIssuer, startFakeIssuer } from '../support/fake-issuer.ts';
import { exchange, request } from '../support/http1.ts';
import { createSigningKey } from '../support/keys.ts';
import { describeWith } from '../support/real-servers.ts';
import {
  type Answer,
  dropped,
  type GoldenCase,
  type GoldenContext,
  goldenCases,
  type InstallationName,
  installations,
  publishWhole,
  theToken,
} from './golden.ts';
import { migratedConfiguration, seedFlags } from './seed.ts';

const names = Object.keys(installations) as InstallationName[];
const modes = ['fallback', 'strict'] as const;
type Mode = (typeof modes)[number];

let context: GoldenContext;
const ours = new Map<string, RunningApp>();

/** The flags of an installation, converted as those of the seed. */
function flagsOf(name: InstallationName, mode: Mode): string[] {
  const issuer = name === 'keyless' ? context.keyless : context.issuer;
  const isRestricted = installations[name].some((flag) => flag.startsWith('--email-domain'));
  return [
    ...seedFlags(issuer.url, audience),
    ...(isRestricted ? [] : ['--email-domain=*']),
    ...installations[name],
    `--bearer-token-login-fallback=${mode === 'fallback'}`,
  ];
}

beforeAll(async () => {
  const [issuer, keyless] = [await startFakeIssuer(), await startFakeIssuer()].map(publishWhole) as [
    FakeIssuer,
    FakeIssuer,
  ];
  keyless.jwks = (_, response) => void response.writeHead(500).end();
  context = { issuer, keyless, foreign: await createSigningKey('k1') };
  for (const name of names)
    for (const mode of modes)
      ours.set(
        `${name} ${mode}`,
        await runApp({
          issuer: name === 'keyless' ? keyless : issuer,
          untilReady: name !== 'keyless',
          file: `${migratedConfiguration(flagsOf(name, mode))}
http: {host: 127.0.0.1, port: 0}
grpc: {enabled: false}
admin: {host: 127.0.0.1, port: 0}
shutdown: {delay: 0s, timeout: 5s}
`,
        }),
      );
  await until(() => keyless.hits.jwks > 0);
});

afterAll(async () => {
  await Promise.all([...ours.values()].map((app) => app.stop()));
  await context.issuer.close();
  await context.keyless.close();
});

const serviceOf = ({ installation = 'seed' }: GoldenCase, mode: Mode): RunningApp => {
  const app = ours.get(`${installation} ${mode}`);
  if (app === undefined) throw new TypeError('no such installation');
  return app;
};

/** Headers that depend on the connection or the time. */
const ofConnection = ['connection', 'keep-alive', 'date'];

async function ask(port: number, { method = 'GET', target = '/', headers }: GoldenCase) {
  const lines = await headers(context);
  const response = await exchange(port, Buffer.from(request(method, target, lines), 'latin1'));
  return { response, token: tokenIn(lines) };
}

/** Replaces the token of the request in a text. */
function tokenIn(lines: readonly string[]): string {
  const [, scheme = '', credential = ''] = /^authorization: (\S+) +(.*)$/.exec(lines[0] ?? '') ?? [];
  if (scheme !== 'Basic') return credential;
  const [user = '', password = ''] = Buffer.from(credential, 'base64').toString().split(':');
  return user.includes('.') ? user : password;
}

function expectAnswer(
  { status, headers, body }: { status: number; headers: Readonly<Record<string, string>>; body: string },
  expected: Answer,
  token: string,
): void {
  const found = Object.fromEntries(
    Object.entries(headers).filter(([name]) => !ofConnection.includes(name) && name !== decisionHeader),
  );

  const wanted = Object.fromEntries(
    Object.entries(expected.headers).map(([name, value]) => [
      name,
      value === '<any>' ? expect.any(String) : value.replace(theToken, token),
    ]),
  );
  expect({ status, headers: found, body }).toEqual({
    status: expected.status,
    headers: wanted,
    body: expected.body === '<any>' ? expect.any(String) : expected.body,
  });
}

const theirAnswer = ({ theirs, theirsStrict }: GoldenCase, mode: Mode) =>
  mode === 'strict' ? (theirsStrict ?? theirs) : theirs;

/** The response of oidc-authz: that of oauth2-proxy, unless the table says otherwise. */
function ourAnswer(one: GoldenCase, mode: Mode): Answer {
  if (one.ours !== undefined)
    return mode === 'strict' ? (one.ours.strict ?? one.ours.answer) : one.ours.answer;
  const theirs = theirAnswer(one, mode);
  if (theirs === dropped) throw new TypeError('a case without an answer');
  return theirs;
}

const rowName = ({ row, name }: GoldenCase) => `row ${row}: ${name}`;
const cases = goldenCases.map((one) => [rowName(one), one] as const);

test('every row of the table has a case, and a different case has another response', () => {
  expect([...new Set(goldenCases.map(({ row }) => row))]).toEqual(
    Array.from({ length: 30 }, (_, index) => index + 1),
  );
  const idle = goldenCases.filter(
    (one) =>
      one.ours !== undefined &&
      modes.every((mode) => JSON.stringify(ourAnswer(one, mode)) === JSON.stringify(theirAnswer(one, mode))),
  );
  expect(idle.map(rowName)).toEqual([]);
});

describeWith('a real oauth2-proxy', await findOauth2Proxy(), (path) => {
  const theirs = new Map<string, RunningOauth2Proxy>();

  beforeAll(async () => {
    if (path === '') return;
    for (const name of names)
      for (const mode of modes)
        theirs.set(`${name} ${mode}`, await startOauth2Proxy(path, flagsOf(name, mode)));
  });
  afterAll(async () => {
    for (const proxy of theirs.values()) await proxy.stop();
  });

  describe.each(modes)('%s', (mode) => {
    test.each(cases)('%s: has the expected response', async (_, one) => {
      const proxy = theirs.get(`${one.installation ?? 'seed'} ${mode}`);
      const { response, token } = await ask(proxy?.port ?? 0, one);
      const expected = theirAnswer(one, mode);
      if (expected === dropped) expect(response).toBeUndefined();
      else if (response === undefined) expect.unreachable('the connection ended');
      else expectAnswer(response, expected, token);
    });
  });
});

describe.each(modes)('in its place, over HTTP, %s', (mode) => {
  test.each(cases)('%s', async (_, one) => {
    const { response, token } = await ask(serviceOf(one, mode).httpPort, one);
    const expected = ourAnswer(one, mode);
    const { 'x-envoy-auth-headers-to-remove': removed, ...headers } = response?.headers ?? {};
    // The only header of a denial that oauth2-proxy does not have.
    expect(decisionHeader in headers).toBe(expected.status !== 200);
    expect(headers.date).toBe(new Date(headers.date ?? '').toUTCString());
    expectAnswer({ status: response?.status ?? 0, headers, body: response?.body ?? '' }, expected, token);
    // Never left out, so that a client cannot set an identity.
    const identity = ['user', 'email', 'groups', 'preferred-username', 'access-token'].map(
      (name) => `x-auth-request-${name}`,
    );
    if (expected.status === 200)
      for (const name of [...identity, 'gap-auth'])
        expect([name, name in expected.headers || removed?.split(',').includes(name)]).toEqual([name, true]);
    else expect(removed).toBeUndefined();
  });
});

describeWith('a real Envoy', await findEnvoy(), (path) => {
  const envoys = new Map<string, RunningEnvoy>();
  let workload: Workload;

  beforeAll(async () => {
    if (path === '') return;
    workload = await startWorkload();
    for (const [name, app] of ours)
      envoys.set(
        name,
        await startEnvoy(path, (ports) =>
          istioSidecar(
            {
              transport: 'http',
              authorizers: [app.httpPort],
              workload: workload.port,
              headersToUpstreamOnAllow: ['authorization', 'gap-auth', 'x-auth-request-*'],
              includeRequestHeadersInCheck: ['x-forwarded-for', 'cookie', 'authorization'],
            },
            ports,
          ),
        ),
      );
  });
  afterAll(async () => {
    for (const envoy of envoys.values()) await envoy.stop();
    await workload?.close();
  });

  describe.each(modes)('in its place, behind Envoy, %s', (mode) => {
    test.each(cases)('%s', async (_, one) => {
      const envoy = envoys.get(`${one.installation ?? 'seed'} ${mode}`);
      const forged = ['x-auth-request-user: forged', 'x_auth_request_user: forged', 'gap-auth: forged'];
      const sent = { ...one, headers: async () => [...(await one.headers(context)), ...forged] };
      const { response, token } = await ask(envoy?.port ?? 0, sent);
      const expected = ourAnswer(one, mode);
      expect(response?.status).toBe(expected.status);
      if (expected.status !== 200) {
        expect(response?.body).toBe(expected.body);
        expect(response?.headers['content-type']).toBe(expected.headers['content-type']);
        expect(response?.headers['www-authenticate']).toBeUndefined();
        return;
      }
      const { headers } = JSON.parse(response?.body ?? '') as Received;
      const identity = headers.filter(([name]) => /^(gap.auth|x.auth.request.*)$/.test(name));
      const wanted = Object.entries(expected.headers)
        .filter(([name]) => /^(gap-auth|x-auth-request-)/.test(name))
        .map(([name, value]) => [name, value.replace(theToken, token)]);
      expect(identity.toSorted()).toEqual(wanted.toSorted());
    });
  });
});

test('`compat` alone gives the same responses as all settings, with a valid token and without one', async () => {
  const app = await runApp({
    issuer: context.issuer,
    file: `
issuers: [{issuer: ISSUER, audiences: [${audience}]}]
compat: oauth2-proxy
http: {host: 127.0.0.1, port: 0}
grpc: {enabled: false}
admin: {host: 127.0.0.1, port: 0}
shutdown: {delay: 0s, timeout: 5s}
`,
  });
  onTestFinished(app.stop);
  for (const one of goldenCases.filter(
    ({ row, installation = 'seed' }) => installation === 'seed' && row !== 20,
  )) {
    const { response, token } = await ask(app.httpPort, one);
    const { 'x-envoy-auth-headers-to-remove': _, ...headers } = response?.headers ?? {};
    const { status = 0, body = '' } = response ?? {};
    expectAnswer({ status, headers, body }, ourAnswer(one, 'fallback'), token);
  }
});

test('all methods that a client can send have a response', async () => {
  const { httpPort } = serviceOf({ row: 1, name: '', headers: () => [], theirs: dropped }, 'fallback');
  for (const method of http.METHODS.filter((one) => one !== 'HEAD')) {
    const response = await exchange(httpPort, request(method, '/'));
    expect([method, response?.status, response?.body]).toEqual([method, 401, '{}']);
  }
});
