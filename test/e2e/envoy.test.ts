/** A real Envoy with Istio's configuration: what the workload receives, and the response to the client. */

import { renameSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { otherSpellings } from '../../src/config/values/header-names.ts';
import { findEnvoy, type RunningEnvoy, startEnvoy } from '../../tools/envoy.ts';
import { endpointsFile, istioSidecar, type MeshOptions } from '../../tools/istio.ts';
import { type Received, startWorkload, type Workload } from '../../tools/workload.ts';
import { fileFor, type RunningApp, runApp, startApp, until } from '../support/app.ts';
import { createTestClock } from '../support/clock.ts';
import { decisionIdOf } from '../support/decision-ids.ts';
import { type FakeIssuer, startFakeIssuer } from '../support/fake-issuer.ts';
import { exchange, request } from '../support/http1.ts';
import { createSigningKey } from '../support/keys.ts';
import { describeWith } from '../support/real-servers.ts';

interface Mesh {
  readonly envoy: RunningEnvoy;
  readonly service: RunningApp;
  readonly workload: Workload;
  readonly ask: (path?: string, headers?: http.OutgoingHttpHeaders, method?: string) => Promise<Answer>;
  readonly bearer: (claims?: Record<string, unknown>) => Promise<{ authorization: string }>;
}

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  /** The request that the workload received; undefined if the request did not reach it. */
  readonly received: Received | undefined;
}

/** The values of a header that a workload received. */
const valuesOf = ({ received }: Answer, name: string) =>
  received?.headers.filter(([key]) => key === name).map(([, value]) => value);

function send(
  port: number,
  path: string,
  headers: http.OutgoingHttpHeaders,
  method: string,
  agent?: http.Agent,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', path, method, headers, ...(agent !== undefined && { agent }) };
    const outgoing = http.request(options, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += chunk));
      response.on('end', () => {
        const status = response.statusCode ?? 0;
        resolve({
          status,
          headers: response.headers,
          body,
          received: status === 200 && body !== '' ? JSON.parse(body) : undefined,
        });
      });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** Replaces a file by a move, which Envoy watches for. */
function publish(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

const transports = ['http', 'grpc'] as const;

describeWith('a real Envoy', await findEnvoy(), (path) => {
  async function mesh(
    transport: MeshOptions['transport'],
    options: Partial<MeshOptions> = {},
    service?: RunningApp,
  ): Promise<Mesh> {
    const running = service ?? (await startApp());
    const workload = await startWorkload();
    const authorizers = [transport === 'http' ? running.httpPort : running.grpcPort];
    const envoy = await startEnvoy(path, (ports) =>
      istioSidecar({ transport, authorizers, workload: workload.port, ...options }, ports),
    );
    onTestFinished(async () => {
      await envoy.stop();
      await workload.close();
    });
    return {
      envoy,
      service: running,
      workload,
      ask: (target = '/', headers = {}, method = 'GET') => send(envoy.port, target, headers, method),
      bearer: async (claims = {}) => ({ authorization: `Bearer ${await running.issuer.mint({ claims })}` }),
    };
  }

  describe.each(transports)('over %s', (transport) => {
    test('without a token: 401 with a challenge, and the request does not reach the workload', async () => {
      const { ask, workload } = await mesh(transport);
      const answer = await ask('/orders');
      expect(answer).toMatchObject({
        status: 401,
        headers: {
          'www-authenticate': 'Bearer',
          'content-type': 'application/json',
          'cache-control': 'no-store',
        },
        body: `{"error":"unauthorized","error_description":"A bearer token is required.","decision":"${decisionIdOf(answer)}"}`,
      });
      expect(workload.requests()).toBe(0);
      const known = [
        'www-authenticate',
        'content-type',
        'cache-control',
        'x-oidc-authz-decision',
        'content-length',
        'date',
        'server',
        'connection',
        'x-envoy-upstream-service-time',
      ];
      expect(Object.keys(answer.headers).filter((name) => !known.includes(name))).toEqual([]);
    });

    test('with a token: 200, and the workload gets the identity and the token', async () => {
      const { ask, bearer } = await mesh(transport);
      const headers = await bearer({ email: 'alice@example.com', groups: ['a', 'b'] });
      const answer = await ask('/orders/1?x=1&y=%2f', headers);
      expect(answer).toMatchObject({ status: 200, received: { method: 'GET', path: '/orders/1?x=1&y=%2f' } });
      expect(valuesOf(answer, 'x-auth-request-user')).toEqual(['alice']);
      expect(valuesOf(answer, 'x-auth-request-email')).toEqual(['alice@example.com']);
      expect(valuesOf(answer, 'x-auth-request-groups')).toEqual(['a,b']);
      expect(valuesOf(answer, 'authorization')).toEqual([headers.authorization]);
    });

    test('forged identity headers do not reach the workload, in any spelling', async () => {
      const { ask, bearer } = await mesh(transport);
      const names = ['user', 'email', 'groups', 'preferred-username'].map((name) => `x-auth-request-${name}`);
      const all = names.flatMap((name) => [name, name.toUpperCase(), ...otherSpellings(name)]);
      const forged = Object.fromEntries(all.map((name) => [name, 'forged']));
      const answer = await ask('/', { ...forged, ...(await bearer()) });
      expect(answer.status).toBe(200);
      expect(
        answer.received?.headers.filter(
          ([name, value]) => value.includes('forged') || (name.startsWith('x') && name.includes('auth')),
        ),
      ).toEqual([['x-auth-request-user', 'alice']]);
    });

    test.each([
      ['expired', { exp: 1 }, 401, 'invalid_token'],
      ['for another audience', { aud: 'other' }, 401, 'invalid_token'],
      ['of an unknown issuer', { iss: 'https://evil.example.com' }, 401, 'invalid_token'],
      ['bound to a key', { cnf: { jkt: 'x' } }, 401, 'invalid_token'],
    ])('a token that is %s is denied', async (_, claims, status, error) => {
      const { ask, bearer, workload } = await mesh(transport);
      const answer = await ask('/', await bearer(claims));
      expect([answer.status, JSON.parse(answer.body).error, workload.requests()]).toEqual([status, error, 0]);
      expect(answer.headers['www-authenticate']).toContain(`error="${error}"`);
    });

    test('a missing scope: 403, with the scope', async () => {
      const issuer = await startFakeIssuer();
      onTestFinished(() => issuer.close());
      const file = fileFor(issuer.url).replace('name: main', 'name: main, requiredScopes: [orders.read]');
      const { ask, bearer } = await mesh(transport, {}, await startApp({ issuer, file }));
      const answer = await ask('/', await bearer());
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([
        403,
        expect.stringContaining('scope="orders.read"'),
      ]);
      expect((await ask('/', await bearer({ scope: 'x orders.read' }))).status).toBe(200);
    });

    test('two authorization headers: 401', async () => {
      const { envoy, bearer, workload } = await mesh(transport);
      const { authorization } = await bearer();
      for (const [a, b] of [
        [authorization, authorization],
        ['Basic x', authorization],
        [authorization, 'x'],
      ]) {
        const answer = await exchange(
          envoy.port,
          request('GET', '/', [`authorization: ${a}`, `authorization: ${b}`]),
        );
        expect(answer?.status).toBe(401);
      }
      expect(workload.requests()).toBe(0);
    });

    test('every method and unusual paths are checked', async () => {
      const { ask, bearer, envoy } = await mesh(transport);
      const headers = await bearer();
      for (const method of [
        'GET',
        'HEAD',
        'POST',
        'PUT',
        'PATCH',
        'DELETE',
        'OPTIONS',
        'PROPFIND',
        'TRACE',
      ]) {
        expect([method, (await ask('/', {}, method)).status]).toEqual([method, 401]);
        expect([method, (await ask('/', headers, method)).status]).toEqual([method, 200]);
      }
      for (const target of [
        '/healthz',
        '/readyz',
        '/metrics',
        '/%ZZ',
        '//x',
        '/a/../b',
        '/a%2fb',
        '/*',
        '/?x=/healthz',
        `/${'a'.repeat(8_000)}`,
      ]) {
        const without = await exchange(envoy.port, request('GET', target));
        // Envoy itself rejects paths that it cannot normalize, with 400.
        expect([target, without?.status === 401 || without?.status === 400]).toEqual([target, true]);
        const allowed = await exchange(
          envoy.port,
          request('GET', target, [`authorization: ${headers.authorization}`]),
        );
        expect([target, allowed?.status]).toEqual([target, without?.status === 400 ? 400 : 200]);
      }
    });

    test('a method that Node does not know is denied', async () => {
      const { envoy, workload } = await mesh(transport, { failOpen: true });
      const answer = await exchange(envoy.port, request('FOO', '/'));
      expect([400, 401]).toContain(answer?.status);
      expect(workload.requests()).toBe(0);
    });

    test('a body, chunks, an upgrade and 80 KiB of cookies are allowed', async () => {
      const { envoy, bearer } = await mesh(transport);
      const authorization = `authorization: ${(await bearer()).authorization}`;
      const post = `${request('POST', '/', [authorization, 'content-type: application/json', 'content-length: 1'])}{`;
      expect((await exchange(envoy.port, post))?.status).toBe(200);
      const chunks = `${request('POST', '/', [authorization, 'transfer-encoding: chunked'])}1\r\nx\r\n0\r\n\r\n`;
      expect((await exchange(envoy.port, chunks))?.status).toBe(200);
      const upgrade = request('GET', '/', ['connection: upgrade', 'upgrade: websocket']);
      expect((await exchange(envoy.port, upgrade))?.status).toBe(401);
      const cookies = request('GET', '/', [authorization, `cookie: ${'c'.repeat(80 * 1024)}`]);
      // The workload may respond with 431; the test only needs that the request reached it.
      expect([200, 431]).toContain((await exchange(envoy.port, cookies))?.status);
    });

    test("claims that cannot be headers are withheld, and a client's own headers of these names are removed", async () => {
      const { ask, bearer } = await mesh(transport);
      for (const email of ['名前', 'a\r\nx-evil: 1', 'é', '\ud800', 'e'.repeat(5_000)]) {
        const answer = await ask('/', { ...(await bearer({ email })), 'x-auth-request-email': 'forged' });
        expect(answer.status).toBe(200);
        expect([valuesOf(answer, 'x-auth-request-email'), valuesOf(answer, 'x-evil')]).toEqual([[], []]);
        expect(valuesOf(answer, 'x-auth-request-user')).toEqual(['alice']);
      }
    });

    test('`forwardOriginalToken: false` and `outputTokenToHeader`', async () => {
      const service = await startApp({
        flags: ['--forward-original-token=false', '--output-token-to-header=x-auth-request-access-token'],
      });
      const { ask, bearer } = await mesh(transport, {}, service);
      const headers = await bearer();
      const answer = await ask('/', headers);
      expect(valuesOf(answer, 'authorization')).toEqual([]);
      expect(valuesOf(answer, 'x-auth-request-access-token')).toEqual([
        headers.authorization.slice('Bearer '.length),
      ]);
    });

    describe('while the issuer is unavailable', () => {
      async function without(
        flags: readonly string[],
        failOpen: boolean,
      ): Promise<{ mesh: Mesh; issuer: FakeIssuer; token: { authorization: string } }> {
        const issuer = await startFakeIssuer();
        onTestFinished(() => issuer.close());
        issuer.discovery = (_, response) => response.writeHead(503).end();
        const service = await startApp({ issuer, untilReady: false, flags });
        const made = await mesh(transport, { failOpen }, service);
        return { mesh: made, issuer, token: await made.bearer() };
      }
      const status = transport === 'http' ? 403 : 503;

      test.each([false, true])(
        '`whenUnavailable: deny` denies with Retry-After; failOpen %s',
        async (failOpen) => {
          const { mesh: made, token } = await without([], failOpen);
          const answer = await made.ask('/', token);
          expect([answer.status, answer.headers['retry-after'], JSON.parse(answer.body).error]).toEqual([
            status,
            '5',
            'temporarily_unavailable',
          ]);
          expect(made.workload.requests()).toBe(0);
        },
      );

      test('with `whenUnavailable: error` the mesh denies if it fails closed', async () => {
        const { mesh: made, token } = await without(['--when-unavailable=error'], false);
        const answer = await made.ask('/', token);
        expect([answer.status, answer.body, made.workload.requests()]).toEqual([403, '', 0]);
      });

      test('with `whenUnavailable: error` the mesh allows if it fails open, except for errors that a client can cause', async () => {
        const { mesh: made, token } = await without(['--when-unavailable=error'], true);
        expect((await made.ask('/', token)).status).toBe(200);
        expect((await made.ask('/', { authorization: 'Bearer garbage' })).status).toBe(401);
        expect((await made.ask('/')).status).toBe(401);
        expect(made.workload.requests()).toBe(1);
      });

      test('cached tokens are allowed, and new ones that known keys signed', async () => {
        const made = await mesh(transport);
        const known = await made.bearer();
        expect((await made.ask('/', known)).status).toBe(200);
        await made.service.issuer.close();
        for (const token of [known, await made.bearer({ sub: 'bob' })])
          expect((await made.ask('/', token)).status).toBe(200);
      });
    });

    test('a key rotation under load fails no request', async () => {
      const made = await mesh(
        transport,
        {},
        await startApp({ flags: ['--keys-min-refresh-interval=100ms', '--log-checks=none'] }),
      );
      const { issuer } = made.service;
      const failures: number[] = [];
      let answered = 0;
      let isOver = false;
      const load = async () => {
        while (!isOver) {
          const { status } = await made.ask('/', await made.bearer({ jti: String(answered) }));
          if (status === 200) answered++;
          else failures.push(status);
        }
      };
      const loads = [load(), load(), load(), load()];
      for (let round = 0; round < 10; round++) {
        const hits = issuer.hits.jwks;
        // Like real issuers: the new key is published and signs, and the old one stays for a while.
        issuer.keys = [await createSigningKey(`round-${round}`), ...issuer.keys.slice(0, 1)];
        await until(() => issuer.hits.jwks > hits);
        const before = answered;
        await until(() => answered > before + 20);
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
      isOver = true;
      await Promise.all(loads);
      expect(failures).toEqual([]);
    });

    test('400 canceled requests per second do not affect others', async () => {
      const made = await mesh(transport, {}, await startApp({ flags: ['--log-checks=none'] }));
      const token = await made.bearer();
      const failures: number[] = [];
      const pending: Promise<unknown>[] = [];
      for (let tick = 0; tick < 200; tick++) {
        for (let index = 0; index < 4; index++) {
          const options = { port: made.envoy.port, host: '127.0.0.1', headers: token, agent: false };
          const leaving = http.get(options);
          leaving.on('error', () => {});
          leaving.on('socket', (socket) =>
            socket.once('connect', () => setImmediate(() => leaving.destroy())),
          );
        }
        pending.push(made.ask('/', token).then(({ status }) => status !== 200 && failures.push(status)));
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      await Promise.all(pending);
      expect(failures).toEqual([]);
    });

    test('a replica loses no request while it drains', async () => {
      const issuer = await startFakeIssuer();
      const flags = ['--shutdown-delay=2s', '--shutdown-timeout=10s', '--log-checks=all'];
      const clock = createTestClock();
      const [first, second] = [await runApp({ issuer, flags, clock }), await runApp({ issuer, flags })];
      const ports = [first, second].map((service) =>
        transport === 'http' ? service.httpPort : service.grpcPort,
      );
      const workload = await startWorkload();
      let endpoints = '';
      const envoy = await startEnvoy(path, ({ folder, ...rest }) => {
        endpoints = join(folder, 'endpoints.json');
        publish(endpoints, endpointsFile(ports, 1));
        return istioSidecar(
          { transport, authorizers: [], workload: workload.port, endpointsFrom: endpoints },
          { ...rest },
        );
      });
      const agent = new http.Agent({ keepAlive: true, maxSockets: 32 });
      onTestFinished(async () => {
        agent.destroy();
        await envoy.stop();
        await workload.close();
        await Promise.all([first.stop(), second.stop()]);
        await issuer.close();
      });
      const headers = { authorization: `Bearer ${await issuer.mint()}` };
      const checksOf = ({ records }: RunningApp) => records.filter(({ msg }) => msg === 'check').length;
      const askOften = () =>
        Promise.all(
          Array.from({ length: 64 }, async () => (await send(envoy.port, '/', headers, 'GET', agent)).status),
        );
      const all200 = Array(64).fill(200);
      await until(async () => {
        expect(await askOften()).toEqual(all200);
        return checksOf(first) >= 50;
      });

      // The clock of the first replica is stopped, so its delay lasts until the mesh knows about its shutdown.
      const stopped = first.stop();
      for (let round = 0; round < 5; round++) expect(await askOften()).toEqual(all200);
      publish(endpoints, endpointsFile([ports[1] ?? 0], 2));
      await until(async () => {
        const before = checksOf(first);
        expect(await askOften()).toEqual(all200);
        return checksOf(first) === before;
      }, 30);
      let hasStopped = false;
      void stopped.then(() => {
        hasStopped = true;
      });
      await until(async () => {
        await clock.advance(100);
        expect(await askOften()).toEqual(all200);
        return hasStopped;
      }, 30);
      expect(await askOften()).toEqual(all200);
    });
  });

  describe('the entry of the mesh', () => {
    test('without headers drops the headers that are set, and forged ones reach the workload', async () => {
      const { ask, bearer } = await mesh('http', { headersToUpstreamOnAllow: [] });
      const answer = await ask('/', {
        ...(await bearer()),
        'x-auth-request-user': 'forged',
        x_auth_request_user: 'forged',
      });
      // Why `identityHeaders: set` needs the list.
      expect(valuesOf(answer, 'x-auth-request-user')).toEqual(['forged']);
      expect(valuesOf(answer, 'x_auth_request_user')).toEqual([]);
    });

    test('without headers is safe with `identityHeaders: remove`', async () => {
      const { ask, bearer } = await mesh(
        'http',
        { headersToUpstreamOnAllow: [] },
        await startApp({ flags: ['--identity-headers=remove'] }),
      );
      const answer = await ask('/', {
        ...(await bearer()),
        'x-auth-request-user': 'forged',
        x_auth_request_user: 'forged',
      });
      expect(answer.status).toBe(200);
      expect(answer.received?.headers.filter(([, value]) => value === 'forged')).toEqual([]);
    });

    test('that includes x-request-id puts it into the log', async () => {
      const { ask, service } = await mesh('http');
      await ask('/orders?x=1', { 'x-request-id': 'r-4711' });
      expect(service.records.find(({ requestId }) => requestId === 'r-4711')).toMatchObject({
        transport: 'http',
        method: 'GET',
        path: '/orders',
      });
    });
  });

  test('an authorizer that hangs delays a request by the timeout of the mesh', async () => {
    const service = await startApp();
    const made = await mesh('http', { timeout: 1 }, service);
    service.issuer.jwks = () => {};
    const answer = await made.ask('/', {
      authorization: `Bearer ${await service.issuer.mint({ header: { kid: 'new' } })}`,
    });
    expect(answer.status).toBe(403);
    expect((await made.ask('/', await made.bearer())).status).toBe(200);
  });
});
