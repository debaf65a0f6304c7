/** The whole service signs a person in at a certified OpenID provider, through both transports. */
import https from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ServiceExplanation } from '../../src/model/explanation.ts';
import { type RunningApp, runApp } from '../support/app.ts';
import { startFakeIssuer } from '../support/fake-issuer.ts';
import type { FakeMesh } from '../support/fake-mesh.ts';
import { signIn } from '../support/login-provider.ts';
import { shop as host, type LoginServiceParts, startLoginParts } from '../support/login-service.ts';

let parts: LoginServiceParts;
let service: RunningApp;
const meshes: Partial<Record<'http' | 'grpc', FakeMesh>> = {};

beforeAll(async () => {
  parts = await startLoginParts();
  service = await runApp({
    issuer: await startFakeIssuer(),
    file: `${parts.file}
rules:
  - {name: api, match: {hosts: [${host}], paths: ["/api/{**}"]}, require: {}}
  - {name: shop, match: {hosts: [${host}]}, require: {login: [main], claims: {groups: [staff]}}}
http: {host: 127.0.0.1, port: 0}
grpc: {host: 127.0.0.1, port: 0}
admin: {host: 127.0.0.1, port: 0}
log: {checks: all}
shutdown: {delay: 0s, timeout: 5s}
`,
  });
  meshes.http = await parts.mesh('http', service.httpPort);
  meshes.grpc = await parts.mesh('grpc', service.grpcPort);
});

afterAll(async () => {
  for (const mesh of Object.values(meshes)) await mesh.close();
  await service.stop();
  await service.issuer.close();
  await parts.provider.close();
});

describe.each(['http', 'grpc'] as const)('over %s', (transport) => {
  const mesh = () => meshes[transport] as FakeMesh;
  const newBrowser = () => parts.browser(mesh());

  test('a person signs in by opening a page, and the workload gets no cookie of this service', async () => {
    const browser = newBrowser();
    const page = await signIn(browser, `https://${host}/cart?from=${transport}`, 'alice');
    expect(page.url.href).toBe(`https://${host}/cart?from=${transport}`);
    expect(page.status).toBe(200);
    const { headers } = JSON.parse(page.body);
    expect(headers).toMatchObject({ 'x-user': 'alice', 'x-groups': 'staff' });
    expect(headers.cookie ?? '').not.toMatch(/oidc-authz/);
    // The mark of a second login of the account within a minute can be there.
    expect(
      [...browser.cookies(host).keys()].toSorted().filter((name) => !name.endsWith('-login-finished')),
    ).toEqual(['__Host-oidc-authz', 'app']);
    const next = await browser.open(`https://${host}/orders`);
    expect(JSON.parse(next.body).headers).toMatchObject({ 'x-user': 'alice', cookie: 'app=1' });
  });

  test('a request that opens no page is not sent to log in', async () => {
    const browser = newBrowser();
    const headers = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', accept: '*/*' };
    const page = await browser.request(`https://${host}/data`, { headers });
    expect(page.status).toBe(401);
    expect(page.headers['www-authenticate']).toBe('Bearer');
    expect(page.headers['x-oidc-authz-login']).toMatch(/^\/\.oidc-authz\/start\?/);
    expect(browser.cookies(host).size).toBe(0);
  });

  test('a session does not count where the rule asks for a token', async () => {
    const browser = newBrowser();
    await signIn(browser, `https://${host}/`, 'alice');
    expect((await browser.open(`https://${host}/api/orders`)).status).toBe(401);
    const bad = await browser.request(`https://${host}/cart`, { headers: { authorization: 'Bearer x' } });
    expect(bad.status).toBe(401);
    expect(bad.headers.location).toBeUndefined();
  });

  test('signs out', async () => {
    const browser = newBrowser();
    await signIn(browser, `https://${host}/bye-${transport}`, 'alice');
    await browser.open(`https://${host}/.oidc-authz/sign-out`, (url) => url.host !== host);
    expect([...browser.cookies(host).keys()]).toEqual(['app']);
  });

  test('the answers about the signed-in person and to unknown paths never reach the workload', async () => {
    const browser = newBrowser();
    await signIn(browser, `https://${host}/`, 'alice');
    const before = mesh().seen.length;
    const user = await browser.open(`https://${host}/.oidc-authz/user`);
    expect(user.status).toBe(transport === 'http' ? 403 : 200);
    expect(JSON.parse(user.body)).toMatchObject({ user: 'alice', email: 'alice@example.com' });
    for (const name of ['callback', 'nothing', 'signed-out', 'start', 'choose', ''])
      for (const method of ['GET', 'POST'] as const)
        await browser.request(`https://${host}/.oidc-authz/${name}`, { method });
    expect(mesh().seen.length).toBe(before);
  });
});

/** Spellings of a path that some server reads as this path. */
function spellings(path: string): string[] {
  const encoded = (at: number) =>
    `${path.slice(0, at)}%${path.charCodeAt(at).toString(16)}${path.slice(at + 1)}`;
  return [
    path,
    `${path}/`,
    `${path}?code=x&state=y`,
    `${path}?`,
    `/${path}`,
    `/.${path}`,
    `/x/..${path}`,
    `/x/%2e%2e${path}`,
    `${path};a=b`,
    `${path}%3fa`,
    `${path}%00`,
    `${path}%20`,
    `${path}%2f`,
    path.replaceAll('/', '\\'),
    path.replaceAll('/', '%5c'),
    path.replace('/.oidc-authz/', '/.oidc-authz//'),
    path.replace('/.oidc-authz/', '/.oidc-authz/./'),
    path.replace('/.oidc-authz/', '/.oidc-authz%2f'),
    ...Array.from({ length: path.length - 1 }, (_, index) => encoded(index + 1)),
    encoded(3).replace('%', '%25'),
  ];
}

describe.each(['http', 'grpc'] as const)('a path of the login over %s', (transport) => {
  test('never reaches the workload, with any spelling, method and credential', async () => {
    const mesh = meshes[transport] as FakeMesh;
    const browser = parts.browser(mesh);
    await signIn(browser, `https://${host}/`, 'alice');
    const cookie = [...browser.cookies(host)].map(([name, value]) => `${name}=${value}`).join('; ');
    const before = mesh.seen.length;
    const statuses = new Set<number>();
    for (const name of [
      'callback',
      'start',
      'choose',
      'signed-out',
      'user',
      'callback/main',
      'x',
      'sign-out',
    ])
      for (const path of spellings(`/.oidc-authz/${name}`))
        for (const method of name === 'callback'
          ? ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'X']
          : ['GET', 'POST']) {
          for (const headers of [{ cookie }, { cookie: '__Host-oidc-authz=x' }])
            statuses.add(await statusOf(mesh.port, method, path, { ...headers, origin: `https://${host}` }));
        }
    expect(mesh.seen.slice(before).map(({ path }) => path)).toEqual([]);
    expect([...statuses].filter((status) => status >= 500)).toEqual([]);
  });
});

function statusOf(port: number, method: string, path: string, headers: Readonly<Record<string, string>>) {
  return new Promise<number>((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port,
      method,
      path,
      headers: { host, ...headers },
      rejectUnauthorized: false,
    };
    https
      .request(options, (response) => resolve(response.resume().statusCode ?? 0))
      .on('error', reject)
      .end();
  });
}

describe('explain', () => {
  const explain = async (path: string, headers: Readonly<Record<string, string>> = {}) => {
    const response = await fetch(`http://127.0.0.1:${service.adminPort}/explain`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ host, path, headers }),
    });
    const { explanation } = (await response.json()) as ServiceExplanation;
    return explanation;
  };

  test('says that a session counts, what the workload gets, and renews nothing', async () => {
    const browser = parts.browser(meshes.http as FakeMesh);
    await signIn(browser, `https://${host}/`, 'alice');
    const cookie = [...browser.cookies(host)].map(([name, value]) => `${name}=${value}`).join('; ');
    const explanation = await explain('/cart', { cookie });
    expect(explanation).toMatchObject({ outcome: 'allow', rule: 'shop', issuer: 'main' });
    expect(explanation.steps).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ step: 'login', option: 'rules[1].require.login' }),
        expect.objectContaining({ step: 'session', result: 'passed' }),
        expect.objectContaining({
          step: 'headers',
          found: expect.stringContaining('the cookies of this service are removed'),
        }),
      ]),
    );
    expect(explanation.upstream?.set).toEqual(['x-user', 'x-groups']);
    const texts = JSON.stringify(explanation);
    expect(texts).not.toContain(cookie.slice(-40));
    expect(texts).not.toContain('alice');
  });

  test('says where a browser would be sent, without beginning a login', async () => {
    const started = () => parts.provider.requests.length;
    const before = started();
    const headers = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    const explanation = await explain('/cart', headers);
    expect(explanation).toMatchObject({ outcome: 'deny', reason: 'login_required', rule: 'shop' });
    expect(JSON.stringify(explanation)).not.toMatch(/state=|__Host-oidc-authz-login-/);
    expect(await explain('/.oidc-authz/callback?code=x&state=y', headers)).toMatchObject({ outcome: 'deny' });
    expect(started()).toBe(before);
  });
});

test('the log has no code, state, cookie or token', () => {
  expect(service.logText()).not.toMatch(/code=|state=|eyJ/);
});
