/** A real Keycloak as the issuer: its tokens, its clients and scopes, its rotations, its restart. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../tools/free-port.ts';
import { findKeycloak, type RunningKeycloak, startKeycloak } from '../../tools/keycloak.ts';
import { type RunningApp, startApp, until } from '../support/app.ts';
import type { FakeIssuer } from '../support/fake-issuer.ts';
import { connectGrpc } from '../support/grpc-client.ts';
import { exchange, request } from '../support/http1.ts';
import { describeWith } from '../support/real-servers.ts';

const secret = 'client-secret';

describeWith('a real Keycloak', await findKeycloak(), (path) => {
  let keycloak: RunningKeycloak;

  beforeAll(async () => {
    keycloak = await startKeycloak(path, await freePort());
    await keycloak.admin('POST', '', { realm: 'shop', enabled: true, accessTokenLifespan: 600 });
    const audience = {
      name: 'audience',
      protocol: 'openid-connect',
      protocolMapper: 'oidc-audience-mapper',
      config: { 'included.custom.audience': 'orders-api', 'access.token.claim': 'true' },
    };
    const scope = (name: string, protocolMappers: object[] = []) => ({
      name,
      protocol: 'openid-connect',
      attributes: { 'include.in.token.scope': 'true' },
      protocolMappers,
    });
    await keycloak.admin('POST', '/shop/client-scopes', scope('orders.audience', [audience]));
    await keycloak.admin('POST', '/shop/client-scopes', scope('orders.read'));
    const client = (clientId: string, scopes: string[], attributes: Record<string, string> = {}) =>
      keycloak.admin('POST', '/shop/clients', {
        clientId,
        secret,
        attributes,
        serviceAccountsEnabled: true,
        standardFlowEnabled: false,
        defaultClientScopes: ['basic', 'profile', 'roles', ...scopes],
      });
    await client('reader', ['orders.audience', 'orders.read']);
    await client('stranger', ['orders.audience']);
    await client('elsewhere', ['orders.read']);
    for (const algorithm of ['PS256', 'ES256', 'EdDSA', 'RS512', 'ES384', 'HS256']) {
      await client(`by-${algorithm}`, ['orders.audience', 'orders.read'], {
        'access.token.signed.response.alg': algorithm,
      });
    }
  }, 300_000);

  afterAll(async () => {
    await keycloak?.stop();
  });

  async function guard(more = '', flags: readonly string[] = []): Promise<RunningApp> {
    const file = `
issuers:
  - {issuer: "${keycloak.url}/realms/shop", audiences: [orders-api], name: keycloak, requiredScopes: [orders.read]${more}}
http: {host: 127.0.0.1, port: 0}
grpc: {host: 127.0.0.1, port: 0}
admin: {host: 127.0.0.1, port: 0}
log: {checks: all}
shutdown: {delay: 0s, timeout: 5s}
`;
    return startApp({ file, flags, issuer: { url: '', close: async () => {} } as unknown as FakeIssuer });
  }

  const ask = async (service: RunningApp, token: string) =>
    exchange(service.httpPort, request('GET', '/', [`authorization: Bearer ${token}`]));
  const reasonOf = (service: RunningApp) => service.records.findLast(({ msg }) => msg === 'check')?.reason;

  test('a client with the audience and the scope is allowed, over HTTP and gRPC, with its subject', async () => {
    const service = await guard();
    const token = await keycloak.token('shop', 'reader', secret);
    const { sub } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const answer = await ask(service, token);
    expect([answer?.status, answer?.headers['x-auth-request-user']]).toEqual([200, sub]);
    expect(answer?.headers['x-auth-request-preferred-username']).toBe('service-account-reader');
    const client = connectGrpc(service.grpcPort);
    onTestFinished(client.close);
    const checked = await client.check({ headers: { authorization: `Bearer ${token}` } });
    expect([checked.status?.code, checked.dynamicMetadata?.fields?.subject?.stringValue]).toEqual([0, sub]);
  });

  test.each([
    ['without the scope', 'stranger', 403, 'scope_insufficient'],
    ['without the audience', 'elsewhere', 401, 'audience_mismatch'],
  ])('a client %s is denied', async (_, client, status, reason) => {
    const service = await guard();
    expect((await ask(service, await keycloak.token('shop', client, secret)))?.status).toBe(status);
    expect(reasonOf(service)).toBe(reason);
  });

  test('a token of another realm is denied', async () => {
    const service = await guard();
    const form = new URLSearchParams({
      grant_type: 'password',
      client_id: 'admin-cli',
      username: 'admin',
      password: 'admin',
    });
    const response = await fetch(`${keycloak.url}/realms/master/protocol/openid-connect/token`, {
      method: 'POST',
      body: form,
    });
    const { access_token: token } = (await response.json()) as { access_token: string };
    expect((await ask(service, token))?.status).toBe(401);
    expect(reasonOf(service)).toBe('issuer_unknown');
  });

  describe('algorithms', () => {
    test.each(['PS256', 'ES256', 'EdDSA'])('%s is accepted', async (algorithm) => {
      expect(
        (await ask(await guard(), await keycloak.token('shop', `by-${algorithm}`, secret)))?.status,
      ).toBe(200);
    });

    test.each(['RS512', 'ES384'])('%s is accepted if it is configured', async (algorithm) => {
      const token = await keycloak.token('shop', `by-${algorithm}`, secret);
      expect((await ask(await guard(), token))?.status).toBe(401);
      expect((await ask(await guard(`, algorithms: [${algorithm}]`), token))?.status).toBe(200);
    });

    test('HS256 is never accepted', async () => {
      const service = await guard();
      expect((await ask(service, await keycloak.token('shop', 'by-HS256', secret)))?.status).toBe(401);
      expect(reasonOf(service)).toBe('algorithm_not_allowed');
    });
  });

  test('a rotation through the admin API fails no request, and the withdrawn key is unused after a refresh', async () => {
    const service = await guard('', [
      '--keys-refresh-interval=2s',
      '--keys-min-refresh-interval=500ms',
      '--log-checks=denied',
    ]);
    const realm = (await keycloak.admin('GET', '/shop')) as { id: string };
    const old = await keycloak.token('shop', 'reader', secret);
    const failures: unknown[] = [];
    let [answered, isOver] = [0, false];
    const load = async () => {
      while (!isOver) {
        const answer = await ask(service, await keycloak.token('shop', 'reader', secret));
        if (answer?.status === 200) answered++;
        else failures.push([answer?.status, reasonOf(service)]);
      }
    };
    const loads = [load(), load()];
    await until(() => answered > 10, 60);
    await keycloak.admin('POST', '/shop/components', {
      name: 'rotated',
      parentId: realm.id,
      providerId: 'rsa-generated',
      providerType: 'org.keycloak.keys.KeyProvider',
      config: { priority: ['1000'], enabled: ['true'], active: ['true'], keySize: ['2048'] },
    });
    const kidOf = (token: string) =>
      JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid;
    await until(async () => kidOf(await keycloak.token('shop', 'reader', secret)) !== kidOf(old), 60);
    const before = answered;
    await until(() => answered > before + 20, 60);
    isOver = true;
    await Promise.all(loads);
    expect(failures).toEqual([]);

    expect((await ask(service, old))?.status).toBe(200);
    const components = (await keycloak.admin(
      'GET',
      '/shop/components?type=org.keycloak.keys.KeyProvider',
    )) as { id: string; name: string }[];
    const withdrawn = components.find(({ name }) => name === 'rsa-generated');
    await keycloak.admin('DELETE', `/shop/components/${withdrawn?.id}`);
    await until(async () => (await ask(service, old))?.status === 401, 30);
    expect((await ask(service, await keycloak.token('shop', 'reader', secret)))?.status).toBe(200);
  }, 180_000);

  test('a restart of Keycloak under load fails no request, and new tokens work when it is back', async () => {
    const service = await guard('', [
      '--keys-refresh-interval=1s',
      '--keys-timeout=1s',
      '--log-checks=denied',
    ]);
    const tokens = await Promise.all(
      Array.from({ length: 5 }, () => keycloak.token('shop', 'reader', secret)),
    );
    const failures: unknown[] = [];
    let [answered, isOver] = [0, false];
    const load = async () => {
      for (let index = 0; !isOver; index++) {
        const answer = await ask(service, tokens[index % tokens.length] ?? '');
        if (answer?.status === 200) answered++;
        else failures.push(answer?.status);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    const loads = [load(), load()];
    await keycloak.restart();
    expect(service.records.some(({ state }) => state === 'stale')).toBe(true);
    await until(
      async () => (await ask(service, await keycloak.token('shop', 'reader', secret)))?.status === 200,
      60,
    );
    await until(() => service.records.findLast(({ state }) => state !== undefined)?.state === 'ready', 60);
    // At least one cached token must be allowed during the restart, even on a fast machine.
    const before = answered;
    await until(() => failures.length > 0 || answered > before + 100, 60);
    isOver = true;
    await Promise.all(loads);
    expect(failures).toEqual([]);
  }, 300_000);
});
