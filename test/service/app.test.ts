import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { configOf, fileFor, type RunningApp, runApp, startApp, until } from '../support/app.ts';
import { createTestClock } from '../support/clock.ts';
import { audience, type FakeIssuer, sendJson, startFakeIssuer } from '../support/fake-issuer.ts';
import { connectGrpc } from '../support/grpc-client.ts';
import { exchange, request } from '../support/http1.ts';
import { createSigningKey } from '../support/keys.ts';

async function ask(service: RunningApp, token: string): Promise<number | undefined> {
  return (await exchange(service.httpPort, request('GET', '/', [`authorization: Bearer ${token}`])))?.status;
}

async function admin(
  service: RunningApp,
  path: string,
  init: RequestInit = {},
): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${service.adminPort}${path}`, init);
  return { status: response.status, text: await response.text() };
}

/** Sends half a request. @returns a function that sends the rest, and returns the status and the connection header */
async function sendHalf(port: number, header: string): Promise<() => Promise<string>> {
  const socket = net.connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  await once(socket, 'connect');
  socket.write(`GET / HTTP/1.1\r\nhost: a\r\n${header}\r\n`);
  // A second request follows. When it is answered, the server has read the first.
  await exchange(port, request('GET', '/'));
  return async () => {
    const closed = once(socket, 'close');
    socket.write('\r\n');
    await closed;
    return `${/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]} ${/^connection: (\w+)/im.exec(text)?.[1]}`;
  };
}

/** Waits until a port rejects connections. */
async function refuses(port: number): Promise<void> {
  await until(async () => {
    const socket = net.connect(port, '127.0.0.1');
    const isRefused = await once(socket, 'connect').then(
      () => false,
      () => true,
    );
    socket.destroy();
    return isRefused;
  });
}

async function issuerForTest(): Promise<FakeIssuer> {
  const issuer = await startFakeIssuer();
  onTestFinished(() => issuer.close());
  return issuer;
}

const headerOf = async (service: RunningApp, token: string, name: string) =>
  (await exchange(service.httpPort, request('GET', '/', [`authorization: Bearer ${token}`])))?.headers[name];

describe('the admin listener', () => {
  test('has these paths, and answers another method with 405', async () => {
    const service = await startApp();
    expect(await admin(service, '/livez')).toEqual({ status: 200, text: 'ok\n' });
    expect((await admin(service, '/readyz')).status).toBe(200);
    expect((await admin(service, '/metrics')).text).toContain('oidc_authz_build_info{version="');
    for (const path of [
      '/',
      '/healthz',
      '/metrics/',
      '/livez/x',
      '/debug/pprof',
      '/env',
      '/config',
      '/%ZZ',
      '//livez',
    ]) {
      expect([path, (await admin(service, path)).status]).toEqual([path, 404]);
    }
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH']) {
      for (const path of ['/livez', '/readyz', '/metrics'])
        expect([method, path, (await admin(service, path, { method })).status]).toEqual([method, path, 405]);
      expect([method, (await admin(service, '/-/reload', { method })).status]).toEqual([method, 404]);
    }
    expect(
      (
        await admin(service, '/livez', {
          method: 'POST',
          body: '{',
          headers: { 'content-type': 'application/json' },
        })
      ).status,
    ).toBe(405);
  });

  test('reports the problem of each issuer', async () => {
    const [good, bad] = [await issuerForTest(), await issuerForTest()];
    bad.jwks = (_, response) => response.writeHead(500).end();
    const file = `
issuers:
  - {issuer: "${good.url}", audiences: [a], name: good}
  - {issuer: "${bad.url}", audiences: [a], name: bad}
http: {host: 127.0.0.1, port: 0}
grpc: {enabled: false}
admin: {host: 127.0.0.1, port: 0}
shutdown: {delay: 0s, timeout: 5s}
`;
    const service = await startApp({ issuer: good, file });
    await until(() =>
      service.records.some(({ issuer, problem }) => issuer === 'bad' && problem !== undefined),
    );
    const { status, text } = await admin(service, '/readyz');
    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual({
      ready: true,
      draining: false,
      issuers: [
        {
          name: 'good',
          issuer: good.url,
          state: 'ready',
          keys: 1,
          keysAgeSeconds: 0,
          problem: null,
          problemSince: null,
        },
        {
          name: 'bad',
          issuer: bad.url,
          state: 'waiting',
          keys: 0,
          keysAgeSeconds: null,
          problem: expect.stringContaining('status 500'),
          problemSince: expect.stringMatching(/^\d{4}-.*Z$/),
        },
      ],
      shadow: { tried: false, authorizer: null },
    });
    const { text: metrics } = await admin(service, '/metrics');
    for (const line of [
      'oidc_authz_issuer_ready{issuer="good"} 1',
      'oidc_authz_issuer_ready{issuer="bad"} 0',
      'oidc_authz_issuer_keys{issuer="bad"} 0',
      'oidc_authz_issuer_refreshes_total{issuer="bad",kind="discovery",result="success"} 1',
      'oidc_authz_issuer_refreshes_total{issuer="good",kind="jwks",result="success"} 1',
    ]) {
      expect(metrics).toContain(line);
    }
    expect(metrics).not.toContain('oidc_authz_issuer_keys_age_seconds{issuer="bad"}');
  });
});

describe('without its issuer', () => {
  test('the service runs, is not ready, reports why, answers immediately, and is ready when the issuer returns', async () => {
    const issuer = await issuerForTest();
    const good = issuer.discovery;
    issuer.discovery = (_, response) => response.writeHead(503).end();
    const service = await startApp({ issuer, untilReady: false });
    const token = await issuer.mint();
    await until(() => service.records.some(({ state }) => state === 'waiting'));
    expect(await admin(service, '/livez')).toMatchObject({ status: 200 });
    expect(await admin(service, '/readyz')).toMatchObject({
      status: 503,
      text: expect.stringContaining('discovery failed'),
    });
    const denied = await exchange(service.httpPort, request('GET', '/', [`authorization: Bearer ${token}`]));
    expect(denied).toMatchObject({
      status: 403,
      headers: { 'retry-after': '5', 'cache-control': 'no-store', 'content-type': 'application/json' },
      body: expect.stringContaining('"error":"temporarily_unavailable"'),
    });
    expect(denied?.headers['www-authenticate']).toBeUndefined();
    issuer.discovery = good;
    await until(async () => (await admin(service, '/readyz')).status === 200);
    expect(await ask(service, token)).toBe(200);
  });

  test('`whenUnavailable: error` leaves the decision to Envoy, as 503 and as UNAVAILABLE', async () => {
    const issuer = await issuerForTest();
    issuer.discovery = (_, response) => response.writeHead(503).end();
    const service = await startApp({ issuer, untilReady: false, flags: ['--when-unavailable=error'] });
    const token = await issuer.mint();
    expect(await ask(service, token)).toBe(503);
    const client = connectGrpc(service.grpcPort);
    onTestFinished(client.close);
    await expect(client.check({ headers: { authorization: `Bearer ${token}` } })).rejects.toMatchObject({
      code: 14,
    });
    // A denial that a client causes stays a denial.
    expect(await ask(service, 'garbage')).toBe(401);
  });

  test('an unknown kid is denied while the issuer is down, also with `whenUnavailable: error`', async () => {
    const service = await startApp({ flags: ['--when-unavailable=error'] });
    service.issuer.jwks = (_, response) => response.writeHead(500).end();
    expect(await ask(service, await service.issuer.mint({ header: { kid: 'new' } }))).toBe(401);
  });

  test('over gRPC the default is a denial of 503 with Retry-After', async () => {
    const issuer = await issuerForTest();
    issuer.discovery = (_, response) => response.writeHead(503).end();
    const service = await startApp({ issuer, untilReady: false });
    const client = connectGrpc(service.grpcPort);
    onTestFinished(client.close);
    const answer = await client.check({ headers: { authorization: `Bearer ${await issuer.mint()}` } });
    expect([answer.status?.code, answer.deniedResponse?.status?.code]).toEqual([14, 'ServiceUnavailable']);
    expect(answer.deniedResponse?.headers?.map(({ header }) => [header?.key, header?.value])).toContainEqual([
      'retry-after',
      '5',
    ]);
  });
});

describe('a reload', () => {
  test('applies to all later checks, and is counted', async () => {
    const service = await startApp();
    const token = await service.issuer.mint({ claims: { aud: 'other' } });
    expect(await ask(service, token)).toBe(401);
    await service.app.reload(await configOf(fileFor(service.issuer.url).replace(audience, 'other')));
    expect(await ask(service, token)).toBe(200);
    const { text } = await admin(service, '/metrics');
    expect(text).toContain('oidc_authz_config_reloads_total{result="success"} 1');
    expect(text).toContain('oidc_authz_config_last_reload_successful 1');
    expect(text.match(/oidc_authz_config_hash_info\{hash="\w{16}"\} 1/g)).toHaveLength(1);
  });

  test('of requirements keeps the keys and cached tokens, and checks these again', async () => {
    const service = await startApp();
    const token = await service.issuer.mint();
    await ask(service, token);
    await service.app.reload(
      await configOf(fileFor(service.issuer.url).replace('name: main', 'name: main, requiredScopes: [x]')),
    );
    expect(await ask(service, token)).toBe(403);
    await service.app.reload(await configOf(fileFor(service.issuer.url)));
    expect(await ask(service, token)).toBe(200);
    const lookups = (await admin(service, '/metrics')).text;
    expect(lookups).toContain('oidc_authz_token_cache_lookups_total{result="hit"} 2');
    expect(lookups).toContain('oidc_authz_token_cache_lookups_total{result="miss"} 1');
  });

  test('of other options of an issuer removes its tokens, and applies after its keys are fetched', async () => {
    const service = await startApp();
    const token = await service.issuer.mint();
    await ask(service, token);
    const next = fileFor(service.issuer.url).replace('name: main', 'name: main, clockTolerance: 5s');
    await service.app.reload(await configOf(next));
    expect(await ask(service, token)).toBe(200);
    expect((await admin(service, '/metrics')).text).toContain(
      'oidc_authz_token_cache_lookups_total{result="miss"} 2',
    );
    expect(service.issuer.hits.jwks).toBe(2);
  });

  test('that removes an issuer denies its tokens immediately, also cached ones', async () => {
    const other = await issuerForTest();
    const service = await startApp();
    const token = await service.issuer.mint();
    await ask(service, token);
    await service.app.reload(await configOf(fileFor(other.url)));
    expect(await ask(service, token)).toBe(401);
    expect(service.records.findLast(({ msg }) => msg === 'check')).toMatchObject({
      reason: 'issuer_unknown',
      issuer: 'none',
    });
    expect(await ask(service, await other.mint())).toBe(200);
    expect((await admin(service, '/metrics')).text).toContain('oidc_authz_token_cache_entries 1');
  });

  test('to an issuer that hangs applies after five seconds; until then the previous one is used', async () => {
    const slow = await issuerForTest();
    slow.discovery = () => {};
    const service = await startApp();
    const token = await service.issuer.mint();
    const file = `
issuers:
  - {issuer: "${service.issuer.url}", audiences: [${audience}], name: main}
  - {issuer: "${slow.url}", audiences: [${audience}], name: slow}
`;
    const started = performance.now();
    const reloaded = service.app.reload(await configOf(file));
    expect(await ask(service, token)).toBe(200);
    await reloaded;
    expect(performance.now() - started).toBeGreaterThan(4_000);
    expect(await ask(service, token)).toBe(200);
    expect(JSON.parse((await admin(service, '/readyz')).text).issuers).toHaveLength(2);
  });

  test('removes withdrawn keys immediately', async () => {
    const service = await startApp();
    const token = await service.issuer.mint();
    expect(await ask(service, token)).toBe(200);
    service.issuer.keys = [await createSigningKey('k2')];
    await service.app.reload(service.config);
    await until(async () => (await ask(service, token)) === 401);
  });

  test('of headers and of the realm also changes responses for cached tokens', async () => {
    const service = await startApp();
    const token = await service.issuer.mint();
    expect(await headerOf(service, token, 'x-auth-request-user')).toBe('alice');
    await service.app.reload(
      await configOf(
        `${fileFor(service.issuer.url)}outputClaimToHeaders: [{header: x-user, claim: sub}]\nrealm: orders\n`,
      ),
    );
    expect(await headerOf(service, token, 'x-user')).toBe('alice');
    expect(await headerOf(service, token, 'x-auth-request-user')).toBeUndefined();
    expect(await headerOf(service, 'bad', 'www-authenticate')).toContain('realm="orders"');
  });

  test('of a listener is logged to need a restart', async () => {
    const service = await startApp();
    await service.app.reload(
      await configOf(
        fileFor(service.issuer.url).replace(
          'http: {host: 127.0.0.1, port: 0}',
          'http: {host: 127.0.0.1, port: 4711}',
        ),
      ),
    );
    expect(service.records.find(({ options }) => options !== undefined)).toMatchObject({
      level: 'warn',
      options: ['http'],
    });
    expect(await ask(service, 'x')).toBe(401);
  });

  test('with an invalid configuration is logged and counted, and the previous one stays in use', async () => {
    const service = await startApp();
    service.app.reloadFailed(new Error('the configuration has 1 problem'));
    expect((await admin(service, '/metrics')).text).toContain('oidc_authz_config_last_reload_successful 0');
    expect((await admin(service, '/metrics')).text).toContain(
      'oidc_authz_config_reloads_total{result="failure"} 1',
    );
    expect(await ask(service, await service.issuer.mint())).toBe(200);
  });

  test('under load never mixes two configurations in a check', async () => {
    const service = await startApp();
    const token = await service.issuer.mint();
    const first = fileFor(service.issuer.url);
    const second = `${first}outputClaimToHeaders: [{header: x-user, claim: sub}]\n`;
    let isOver = false;
    const seen = new Set<string>();
    const load = async () => {
      while (!isOver) {
        const response = await exchange(
          service.httpPort,
          request('GET', '/', [`authorization: Bearer ${token}`]),
        );
        const set = ['x-user', 'x-auth-request-user'].filter((name) => response?.headers[name] === 'alice');
        const removesOld =
          response?.headers['x-envoy-auth-headers-to-remove']?.includes('x_auth_request_user') === true;
        seen.add(`${response?.status} ${set.join('+')} ${removesOld}`);
      }
    };
    const loads = [load(), load(), load(), load()];
    const kinds = ['200 x-auth-request-user true', '200 x-user false'];
    for (let round = 0; round < 20; round++) {
      await service.app.reload(await configOf(round % 2 === 0 ? second : first));
      seen.delete(kinds[(round + 1) % 2] ?? '');
      await until(() => seen.has(kinds[(round + 1) % 2] ?? ''));
    }
    isOver = true;
    await Promise.all(loads);
    expect([...seen].toSorted()).toEqual(kinds);
  });
});

describe('shutdown', () => {
  test('drops no check that was sent before the listeners closed, over HTTP and gRPC', async () => {
    const clock = createTestClock();
    const service = await runApp({ clock, flags: ['--shutdown-delay=2s', '--shutdown-timeout=20s'] });
    const { issuer, httpPort, grpcPort } = service;
    const authorization = `authorization: Bearer ${await issuer.mint()}`;
    const unknown = await issuer.mint({ header: { kid: 'unheard-of' } });
    const grpc = connectGrpc(grpcPort);
    onTestFinished(() => grpc.close());
    const overGrpc = async (token: string) =>
      (await grpc.check({ headers: { authorization: `Bearer ${token}` } })).status?.code;
    const askOften = async () => {
      const answers = await Promise.all(
        Array.from({ length: 50 }, async () => {
          const response = await exchange(httpPort, request('GET', '/', [authorization]));
          return `${response?.status} ${response?.headers.connection} ${await overGrpc(authorization.slice(22))}`;
        }),
      );
      return [...new Set(answers)];
    };
    expect(await askOften()).toEqual(['200 keep-alive 0']);

    // The clock is stopped, so the delay lasts until the checks have arrived.
    const stopped = service.stop();
    expect(await askOften()).toEqual(['200 close 0']);
    await clock.advance(1_999);
    expect(await askOften()).toEqual(['200 close 0']);

    // Running when the listeners close: half-sent requests, and checks that wait for a key.
    const halves = await Promise.all(Array.from({ length: 10 }, () => sendHalf(httpPort, authorization)));
    let release = () => {};
    issuer.jwks = (_, response) => {
      release = () => sendJson(response, { keys: issuer.keys.map(({ publicJwk }) => publicJwk) });
    };
    const { jwks } = issuer.hits;
    const waiting = [ask(service, unknown), overGrpc(unknown)];
    await until(() => issuer.hits.jwks > jwks);
    await clock.advance(100);
    await Promise.all([refuses(httpPort), refuses(grpcPort)]);
    expect(await Promise.all(halves.map((finish) => finish()))).toEqual(Array(10).fill('200 close'));
    release();
    expect(await Promise.all(waiting)).toEqual([401, 16]);
    let hasStopped = false;
    void stopped.then(() => {
      hasStopped = true;
    });
    await until(async () => {
      await clock.advance(100);
      return hasStopped;
    });
  });

  test('waits for a running check', async () => {
    const clock = createTestClock();
    const service = await runApp({ clock });
    const { issuer } = service;
    let release = () => {};
    issuer.jwks = (_, response) => {
      release = () => sendJson(response, { keys: issuer.keys.map(({ publicJwk }) => publicJwk) });
    };
    const waiting = ask(service, await issuer.mint({ header: { kid: 'new' } }));
    await until(() => issuer.hits.jwks === 2);
    let hasStopped = false;
    void service.stop().then(() => {
      hasStopped = true;
    });
    await clock.advance(1);
    await refuses(service.httpPort);
    expect(hasStopped).toBe(false);
    release();
    expect(await waiting).toBe(401);
    await until(async () => {
      await clock.advance(100);
      return hasStopped;
    });
  });

  test('reports not ready and stays alive while it drains', async () => {
    const service = await runApp({ flags: ['--shutdown-delay=500ms'] });
    const stopped = service.stop();
    expect((await admin(service, '/readyz')).status).toBe(503);
    expect(JSON.parse((await admin(service, '/readyz')).text)).toMatchObject({
      ready: false,
      draining: true,
    });
    expect((await admin(service, '/livez')).status).toBe(200);
    await stopped;
  });
});

test('a port that is in use is reported', async () => {
  const first = await startApp();
  const issuer = await issuerForTest();
  const second = startApp({
    issuer,
    untilReady: false,
    file: fileFor(issuer.url).replace(
      'http: {host: 127.0.0.1, port: 0}',
      `http: {host: 127.0.0.1, port: ${first.httpPort}}`,
    ),
  });
  await expect(second).rejects.toThrow(/EADDRINUSE/);
});
