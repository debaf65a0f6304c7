/** Each recipe of docs/rules.md, through a real Envoy over HTTP and gRPC. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { findEnvoy, startEnvoy } from '../../tools/envoy.ts';
import { istioSidecar, type MeshOptions } from '../../tools/istio.ts';
import { startWorkload } from '../../tools/workload.ts';
import { startApp } from '../support/app.ts';
import { audience, type FakeIssuer, startFakeIssuer } from '../support/fake-issuer.ts';
import { exchange, request } from '../support/http1.ts';
import { describeWith } from '../support/real-servers.ts';

const text = readFileSync(fileURLToPath(new URL('../../docs/rules.md', import.meta.url)), 'utf8');
const [, cookbook = ''] = text.split('\n## Cookbook\n');
const recipes = new Map(
  [...cookbook.matchAll(/^### (.+)\n+```yaml\n([\s\S]*?)```/gm)].map(([, title = '', yaml = '']) => [
    title,
    yaml,
  ]),
);

interface Ask {
  readonly method?: string;
  readonly host?: string;
  readonly path: string;
  readonly headers?: readonly string[];
  /** The claims of the token; without a token if absent. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** The issuer that signs it. */
  readonly by?: 'main' | 'old';
  readonly status: number;
}

const asks: Readonly<Record<string, readonly Ask[]>> = {
  'A public health path': [
    { path: '/healthz', status: 200 },
    { path: '/healthz?x=1', status: 200 },
    { method: 'POST', path: '/healthz', status: 401 },
    { path: '/healthz/', status: 401 },
    { path: '/x', status: 401 },
    { path: '/x', claims: {}, status: 200 },
  ],
  'Scopes to read and to write': [
    { path: '/orders/1', claims: { scope: 'orders.read' }, status: 200 },
    { path: '/orders/1', claims: { scope: 'orders.write' }, status: 200 },
    { path: '/orders/1', claims: {}, status: 403 },
    { method: 'POST', path: '/orders/1', claims: { scope: 'orders.read' }, status: 403 },
    { method: 'PUT', path: '/orders/1', claims: { scope: 'orders.write' }, status: 200 },
    { path: '/else', claims: { scope: 'orders.write' }, status: 403 },
  ],
  'A tenant for each host': [
    { host: 'acme.example.com', path: '/', claims: { tenant: 'acme' }, status: 200 },
    { host: 'acme.example.com', path: '/', claims: { tenant: 'globex' }, status: 403 },
    { host: 'globex.example.com', path: '/', claims: { tenant: 'globex-test' }, status: 200 },
    { host: 'other.example.com', path: '/', claims: { tenant: 'acme' }, status: 403 },
  ],
  'The owner of a resource': [
    { path: '/users/alice/cart', claims: { sub: 'alice' }, status: 200 },
    { path: '/users/bob/cart', claims: { sub: 'alice' }, status: 403 },
    { path: '/users/bob/cart', claims: { sub: 'root', groups: ['admin'] }, status: 200 },
    { path: '/users/alice', status: 401 },
  ],
  'Two issuers during a migration': [
    { host: 'new.example.com', path: '/', claims: {}, status: 200 },
    { host: 'new.example.com', path: '/', claims: {}, by: 'old', status: 403 },
    { path: '/', claims: {}, by: 'old', status: 200 },
    { path: '/', claims: {}, status: 200 },
  ],
  'Machines and people': [
    { path: '/jobs/1', claims: { sub: 'cli', client_id: 'cli' }, status: 200 },
    { path: '/jobs/1', claims: { sub: 'alice', client_id: 'web' }, status: 403 },
    { path: '/', claims: { sub: 'alice', client_id: 'web' }, status: 200 },
    { path: '/', claims: { sub: 'cli', client_id: 'cli' }, status: 403 },
  ],
  CORS: [
    {
      method: 'OPTIONS',
      path: '/api/x',
      headers: ['origin: https://app', 'access-control-request-method: POST'],
      status: 200,
    },
    {
      method: 'OPTIONS',
      path: '/api/x',
      headers: ['origin: https://app', 'access-control-request-method: DELETE'],
      status: 401,
    },
    { method: 'OPTIONS', path: '/api/x', status: 401 },
    { method: 'POST', path: '/api/x', status: 401 },
    { method: 'POST', path: '/api/x', claims: {}, status: 200 },
  ],
};

test('every recipe has a test', () => {
  expect([...recipes.keys()]).toEqual([...Object.keys(asks), 'One policy per team']);
});

describeWith('a real Envoy', await findEnvoy(), (path) => {
  let main: FakeIssuer;
  let old: FakeIssuer;
  beforeAll(async () => {
    [main, old] = [await startFakeIssuer(), await startFakeIssuer()];
  });
  afterAll(async () => {
    await main.close();
    await old.close();
  });

  async function mesh(recipe: string, options: Pick<MeshOptions, 'transport' | 'pathPrefix'>) {
    const file = `
issuers:
  - {issuer: "${main.url}", audiences: [${audience}], name: main}
  - {issuer: "${old.url}", audiences: [${audience}], name: old}
http: {host: 127.0.0.1, port: 0}
grpc: {host: 127.0.0.1, port: 0}
admin: {host: 127.0.0.1, port: 0}
shutdown: {delay: 0s, timeout: 5s}
${recipe}`;
    const service = await startApp({ issuer: main, file });
    const workload = await startWorkload();
    const authorizers = [options.transport === 'http' ? service.httpPort : service.grpcPort];
    const includeRequestHeadersInCheck = ['authorization', 'origin', 'access-control-request-method'];
    const envoy = await startEnvoy(path, (ports) =>
      istioSidecar({ ...options, authorizers, workload: workload.port, includeRequestHeadersInCheck }, ports),
    );
    onTestFinished(async () => {
      await envoy.stop();
      await workload.close();
    });
    return async ({
      method = 'GET',
      host = 'orders.example.com',
      path: target,
      headers = [],
      claims,
      by = 'main',
    }: Omit<Ask, 'status'>) => {
      const token = claims === undefined ? undefined : await (by === 'main' ? main : old).mint({ claims });
      const lines = [...headers, ...(token === undefined ? [] : [`authorization: Bearer ${token}`])];
      return (await exchange(envoy.port, request(method, target, lines).replace('orders.example.com', host)))
        ?.status;
    };
  }

  describe.each(['http', 'grpc'] as const)('over %s', (transport) => {
    test.each(Object.keys(asks))('%s', async (title) => {
      const ask = await mesh(recipes.get(title) ?? '', { transport });
      for (const { status, ...asked } of asks[title] ?? [])
        expect([asked, await ask(asked)]).toEqual([asked, status]);
    });
  });

  test('One policy per team', async () => {
    const recipe = recipes.get('One policy per team') ?? '';
    const shop = await mesh(recipe, { transport: 'http', pathPrefix: '/shop' });
    expect([await shop({ path: '/orders' }), await shop({ path: '/orders', claims: {} })]).toEqual([
      401, 200,
    ]);
    const pay = await mesh(recipe, { transport: 'http', pathPrefix: '/pay' });
    expect([
      await pay({ path: '/orders', claims: {} }),
      await pay({ path: '/orders', claims: { scope: 'pay.read' } }),
    ]).toEqual([403, 200]);
    // The client's own path selects no rule.
    expect(await pay({ path: '/shop/orders', claims: {} })).toBe(403);
    const none = await mesh(recipe, { transport: 'http', pathPrefix: '/other' });
    expect(await none({ path: '/orders', claims: { scope: 'pay.read' } })).toBe(403);
    const overGrpc = await mesh(recipe, { transport: 'grpc' });
    expect(await overGrpc({ path: '/shop/orders', claims: {} })).toBe(403);
    const named = await mesh(`${recipe}grpcPolicy: shop\n`, { transport: 'grpc' });
    expect(await named({ path: '/orders', claims: {} })).toBe(200);
  });
});
