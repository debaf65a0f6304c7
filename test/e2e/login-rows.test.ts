/**
 * Cookies, redirects and pages through a real Envoy, on both transports. The login depends on each of these rows. If this service never
 * sends an answer, another authorizer sends it, so that a change of Envoy shows.
 */
import { readFileSync } from 'node:fs';
import http, { type IncomingMessage } from 'node:http';
import http2 from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { BrowserAnswer, CookieChanges } from '../../src/model/browser-answer.ts';
import type { CheckRequest } from '../../src/model/check-request.ts';
import type { Decision } from '../../src/model/decision.ts';
import { findEnvoy, type RunningEnvoy, startEnvoy } from '../../tools/envoy.ts';
import { istioSidecar, type MeshOptions } from '../../tools/istio.ts';
import { until } from '../support/app.ts';
import { startDecidingService } from '../support/deciding-service.ts';
import { officialCheck } from '../support/official-protos.ts';
import { describeWith } from '../support/real-servers.ts';
import { startGrpcStandIn, startHttpStandIn } from '../support/stand-in-authorizers.ts';

/** The cookies of the workload, and those of the authorizer. */
const ofWorkload = ['app=1; Path=/', 'more=2; Path=/'];
const ours = [
  '__Host-a=1; Path=/; Secure',
  '__Host-b=2; Path=/; Secure',
  `__Host-c=${'x'.repeat(4_000)}; Path=/`,
];
const large = `__Host-large=${'x'.repeat(20_000)}; Path=/`;
const html = 'text/html; charset=utf-8';

const allow = (cookies?: CookieChanges): Decision => ({
  outcome: 'allow',
  reason: 'allowed',
  identity: undefined,
  forwarding: { set: [], remove: ['x-user'], withheld: [], answers: { http: undefined, grpc: undefined } },
  cached: false,
  ...(cookies !== undefined && { cookies }),
});
const browser = (answer: BrowserAnswer): Decision => ({
  outcome: 'deny',
  reason: 'login_required',
  browser: answer,
});
const redirect = (more: Partial<BrowserAnswer> = {}) =>
  browser({
    status: 302,
    location: 'https://issuer.example/authorize?state=x',
    cookies: ours,
    page: { type: html, body: () => '<p>You are sent to log in</p>' },
    ...more,
  });

/** A workload that sets cookies, returns the request headers that it got, and accepts WebSockets. */
async function startCookieWorkload() {
  let requests = 0;
  const server = http.createServer((request, response) => {
    requests++;
    response.writeHead(200, { 'set-cookie': ofWorkload, 'cache-control': 'max-age=60' });
    response.end(JSON.stringify(request.headers));
  });
  server.on('upgrade', (_, socket) => {
    requests++;
    socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, requests: () => requests };
}

interface Answer {
  readonly status: number;
  /** The values of a header, in the order of its lines. */
  readonly all: (name: string) => readonly string[];
  readonly body: string;
}

describeWith('a real Envoy', await findEnvoy(), (path) => {
  async function start(
    options: Pick<MeshOptions, 'transport'> & Partial<MeshOptions> & { readonly authorizer: number },
  ) {
    const { authorizer, ...mesh } = options;
    const workload = await startCookieWorkload();
    let folder = '';
    const envoy: RunningEnvoy = await startEnvoy(path, (ports) => {
      folder = ports.folder;
      const sidecar = istioSidecar({ authorizers: [authorizer], workload: workload.port, ...mesh }, ports);
      return withAccessLog(sidecar, join(ports.folder, 'access.log'));
    });
    onTestFinished(() => envoy.stop());
    return {
      envoy,
      reached: workload.requests,
      ask: (headers: http.OutgoingHttpHeaders = {}) => ask(envoy.port, headers),
      upgrade: () =>
        ask(envoy.port, {
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        }),
      logged: () => readFileSync(join(folder, 'access.log'), 'utf8'),
    };
  }
  /** The service with a decision, behind Envoy. */
  async function decided(
    decision: Decision | ((request: CheckRequest) => Decision),
    options: Pick<MeshOptions, 'transport'> & Partial<MeshOptions>,
  ) {
    const service = await startDecidingService(typeof decision === 'function' ? decision : () => decision);
    onTestFinished(() => service.stop());
    return start({
      ...options,
      authorizer: options.transport === 'http' ? service.httpPort : service.grpcPort,
    });
  }

  describe('over HTTP', () => {
    const http = { transport: 'http' } as const;

    test.each([
      [undefined, { cookies: ours, type: html, cache: ['no-store'] }],
      [['set-cookie'], { cookies: ours, type: 'text/plain', cache: [] }],
      [['set-cookie', 'content-type', 'cache-control'], { cookies: ours, type: html, cache: ['no-store'] }],
      [['www-authenticate'], { cookies: [], type: 'text/plain', cache: [] }],
    ])('a redirect with headersToDownstreamOnDeny %j', async (headersToDownstreamOnDeny, expected) => {
      const { ask, reached } = await decided(redirect(), {
        ...http,
        ...(headersToDownstreamOnDeny && { headersToDownstreamOnDeny }),
      });
      const answer = await ask();
      expect(answer).toMatchObject({ status: 302, body: '<p>You are sent to log in</p>' });
      expect(answer.all('location')).toEqual(['https://issuer.example/authorize?state=x']);
      expect(answer.all('set-cookie')).toEqual(expected.cookies);
      expect(answer.all('content-type')).toEqual([expected.type]);
      expect(answer.all('cache-control')).toEqual(expected.cache);
      expect(reached()).toBe(0);
    });

    test.each([
      [undefined, { cookies: ofWorkload, cache: ['max-age=60'] }],
      [['set-cookie'], { cookies: [...ofWorkload, ...ours], cache: ['max-age=60'] }],
      [['set-cookie', 'cache-control'], { cookies: [...ofWorkload, ...ours], cache: ['max-age=60,private'] }],
    ])(
      'cookies of an allow with headersToDownstreamOnAllow %j',
      async (headersToDownstreamOnAllow, expected) => {
        const { ask } = await decided(allow({ set: ours, forwarded: undefined }), {
          ...http,
          ...(headersToDownstreamOnAllow && { headersToDownstreamOnAllow }),
        });
        const answer = await ask();
        expect(answer.status).toBe(200);
        expect(answer.all('set-cookie').toSorted()).toEqual(expected.cookies.toSorted());
        expect(answer.all('cache-control')).toEqual(expected.cache);
      },
    );

    test('cookies of an allowed WebSocket reach the browser with its 101', async () => {
      const { upgrade } = await decided(allow({ set: ours, forwarded: undefined }), {
        ...http,
        headersToDownstreamOnAllow: ['set-cookie'],
      });
      const answer = await upgrade();
      expect(answer.status).toBe(101);
      expect(answer.all('set-cookie')).toEqual(ours);
    });

    test('a redirect of a WebSocket reaches the browser as one, so the service answers 401', async () => {
      const { port, stop } = await startHttpStandIn((response) =>
        response.writeHead(302, { location: '/login' }).end(),
      );
      onTestFinished(stop);
      expect((await (await start({ ...http, authorizer: port })).upgrade()).status).toBe(302);
      const own = await decided(browser({ status: 401, cookies: [] }), http);
      expect((await own.upgrade()).status).toBe(401);
    });

    test.each([
      [undefined, html],
      [['www-authenticate'], 'text/plain'],
    ])(
      'a page of 20 KB with headersToDownstreamOnDeny %j is shown whole',
      async (headersToDownstreamOnDeny, type) => {
        const page = `<p>${'x'.repeat(20_000)}</p>`;
        const { ask } = await decided(
          browser({ status: 200, cookies: [], page: { type: html, body: () => page } }),
          { ...http, ...(headersToDownstreamOnDeny && { headersToDownstreamOnDeny }) },
        );
        const answer = await ask();
        expect(answer).toMatchObject({ status: 401, body: page });
        expect(answer.all('content-type')).toEqual([type]);
        expect(answer.all('www-authenticate')).toEqual(['Bearer']);
      },
    );

    test('a page with status 200 would be an allow', async () => {
      const { port, stop } = await startHttpStandIn((response) =>
        response.writeHead(200, { 'content-type': html }).end('<p>Log in</p>'),
      );
      onTestFinished(stop);
      const { ask, reached } = await start({ ...http, authorizer: port });
      expect((await ask()).body).not.toContain('Log in');
      expect(reached()).toBe(1);
    });

    test.each([
      [['cookie'], 'theme=dark'],
      [['x-auth-request-*'], 'theme=dark; session=secret'],
    ])(
      'the cookie header of the workload with headersToUpstreamOnAllow %j',
      async (headersToUpstreamOnAllow, cookie) => {
        const { ask } = await decided(allow({ set: [], forwarded: 'theme=dark' }), {
          ...http,
          headersToUpstreamOnAllow,
        });
        expect(JSON.parse((await ask({ cookie: 'theme=dark; session=secret' })).body).cookie).toBe(cookie);
      },
    );

    test('a cookie header with nothing else in it is removed, without an entry in a list', async () => {
      const { ask } = await decided(allow({ set: [], forwarded: '' }), http);
      const headers = JSON.parse((await ask({ cookie: 'session=secret', 'x-user': 'mallory' })).body);
      expect(headers).not.toHaveProperty('cookie');
      expect(headers).not.toHaveProperty('x-user');
    });
  });

  describe('over gRPC', () => {
    const grpc = { transport: 'grpc' } as const;
    const option = (value: string, more: object) => ({ header: { key: 'set-cookie', value }, ...more });
    async function answered(response: object) {
      const { port, stop } = await startGrpcStandIn(() => response);
      onTestFinished(stop);
      return start({ ...grpc, authorizer: port });
    }

    test('a redirect has all cookies, its location and its page', async () => {
      const { ask, reached, logged } = await decided(redirect(), grpc);
      const answer = await ask();
      expect(answer).toMatchObject({ status: 302, body: '<p>You are sent to log in</p>' });
      expect(answer.all('location')).toEqual(['https://issuer.example/authorize?state=x']);
      expect(answer.all('set-cookie')).toEqual(ours);
      expect(answer.all('content-type')).toEqual([html]);
      expect(answer.all('cache-control')).toEqual(['no-store']);
      expect(reached()).toBe(0);
      await until(() => logged() !== '');
      expect(JSON.parse(logged())).toEqual({ reason: 'login_required', login: true, flags: 'UAEX' });
    });

    test.each([200, 303] as const)('an answer with status %i reaches the browser as one', async (status) => {
      const page = { type: html, body: () => '<p>Choose</p>' };
      const { ask, reached } = await decided(
        browser({ status, cookies: ours, page, ...(status === 303 && { location: '/' }) }),
        grpc,
      );
      const answer = await ask();
      expect(answer).toMatchObject({ status, body: '<p>Choose</p>' });
      expect(answer.all('set-cookie')).toEqual(ours);
      expect(reached()).toBe(0);
    });

    test.each([
      [
        'append: false, OVERWRITE',
        { append: { value: false }, appendAction: 'OVERWRITE_IF_EXISTS_OR_ADD' },
        ours,
      ],
      ['APPEND', { appendAction: 'APPEND_IF_EXISTS_OR_ADD' }, ours],
      ['append: false, APPEND', { append: { value: false }, appendAction: 'APPEND_IF_EXISTS_OR_ADD' }, ours],
      ['append: true', { append: { value: true } }, []],
      [
        'append: true, OVERWRITE',
        { append: { value: true }, appendAction: 'OVERWRITE_IF_EXISTS_OR_ADD' },
        [],
      ],
    ])('cookies of a denial with %s', async (_, how, expected) => {
      const { ask } = await answered({
        status: { code: 16 },
        deniedResponse: { status: { code: 'Found' }, headers: ours.map((cookie) => option(cookie, how)) },
      });
      expect((await ask()).all('set-cookie')).toEqual(expected);
    });

    test.each([
      [
        'append: false, OVERWRITE',
        { append: { value: false }, appendAction: 'OVERWRITE_IF_EXISTS_OR_ADD' },
        ours.slice(-1),
      ],
      ['APPEND', { appendAction: 'APPEND_IF_EXISTS_OR_ADD' }, [...ofWorkload, ...ours]],
      [
        'append: true, APPEND',
        { append: { value: true }, appendAction: 'APPEND_IF_EXISTS_OR_ADD' },
        [...ofWorkload, ...ours],
      ],
    ])('cookies of an allow with %s', async (_, how, expected) => {
      const { ask } = await answered({
        status: { code: 0 },
        okResponse: { responseHeadersToAdd: ours.map((cookie) => option(cookie, how)) },
      });
      expect((await ask()).all('set-cookie').toSorted()).toEqual([...expected].toSorted());
    });

    test('cookies of our allow reach the browser with those of the workload, also one of 20,000 bytes', async () => {
      const { ask, upgrade } = await decided(allow({ set: [...ours, large], forwarded: undefined }), grpc);
      const answer = await ask();
      expect(answer.status).toBe(200);
      expect(answer.all('set-cookie').toSorted()).toEqual([...ofWorkload, ...ours, large].toSorted());
      expect(answer.all('cache-control').join()).toMatch(/private/);
      expect(await upgrade()).toMatchObject({ status: 101 });
    });

    test('the cookie header of the workload is replaced, or removed', async () => {
      for (const [forwarded, expected] of [
        ['theme=dark', 'theme=dark'],
        ['', undefined],
      ] as const) {
        const { ask } = await decided(allow({ set: [], forwarded }), grpc);
        const headers = JSON.parse(
          (await ask({ cookie: 'theme=dark; session=secret', 'x-user': 'mallory' })).body,
        );
        expect(headers.cookie).toBe(expected);
        expect(headers).not.toHaveProperty('x-user');
      }
    });

    test('two allows in one response are merged; this service sends one, because other decoders differ', async () => {
      const part = (message: object) => Buffer.from(officialCheck.responseSerialize(message));
      const { ask } = await answered(
        Buffer.concat([
          part({ status: { code: 0 }, okResponse: { headersToRemove: ['x-user'] } }),
          part({ okResponse: { headersToRemove: ['cookie'] } }),
        ]),
      );
      const headers = JSON.parse((await ask({ cookie: 'session=secret', 'x-user': 'mallory' })).body);
      expect(headers).not.toHaveProperty('cookie');
      expect(headers).not.toHaveProperty('x-user');
    });
  });

  describe.each(['http', 'grpc'] as const)('the cookie header of a check over %s', (transport) => {
    const seen: (readonly string[])[] = [];
    const look = (request: CheckRequest) => {
      seen.push(request.header('cookie'));
      return allow();
    };
    const lists = { includeRequestHeadersInCheck: ['cookie'] };

    test('has two lines of an HTTP/1.1 client joined with a comma', async () => {
      const { envoy } = await decided(look, { transport, ...lists });
      await sendRaw(
        envoy.port,
        'GET / HTTP/1.1\r\nhost: a\r\ncookie: a=1\r\ncookie: b=2\r\nconnection: close\r\n\r\n',
      );
      expect(seen.at(-1)).toEqual(['a=1,b=2']);
    });

    test('has the crumbs of an HTTP/2 client joined with a semicolon', async () => {
      const { envoy } = await decided(look, { transport, ...lists });
      const session = http2.connect(`http://127.0.0.1:${envoy.port}`);
      onTestFinished(() => session.destroy());
      const stream = session.request({ ':path': '/', cookie: ['a=1', 'b=2'] });
      await new Promise((resolve, reject) => stream.on('end', resolve).on('error', reject).resume());
      expect(seen.at(-1)).toEqual(['a=1; b=2']);
    });
  });
});

/** Adds an access log with the metadata of the authorizer. */
function withAccessLog(sidecar: object, path: string): object {
  const config = structuredClone(sidecar) as {
    static_resources: {
      listeners: { filter_chains: { filters: { typed_config: Record<string, unknown> }[] }[] }[];
    };
  };
  const [manager] = config.static_resources.listeners[0]?.filter_chains[0]?.filters ?? [];
  if (manager === undefined) throw new TypeError('the configuration has no connection manager');
  manager.typed_config.access_log = [
    {
      name: 'envoy.access_loggers.file',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog',
        path,
        log_format: {
          json_format: {
            reason: '%DYNAMIC_METADATA(envoy.filters.http.ext_authz:reason)%',
            login: '%DYNAMIC_METADATA(envoy.filters.http.ext_authz:login)%',
            flags: '%RESPONSE_FLAGS%',
          },
        },
      },
    },
  ];
  return config;
}

function ask(port: number, headers: http.OutgoingHttpHeaders): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const maxHeaderSize = 64 * 1024;
    const request = http.request({
      port,
      host: '127.0.0.1',
      path: '/',
      headers,
      maxHeaderSize,
      agent: false,
    });
    const read = (response: IncomingMessage, body: string): Answer => {
      const { rawHeaders, statusCode: status = 0 } = response;
      return {
        status,
        body,
        all: (name) =>
          rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name),
      };
    };
    request.on('response', async (response) => {
      let body = '';
      for await (const chunk of response) body += chunk;
      resolve(read(response, body));
    });
    request.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve(read(response, ''));
    });
    request.on('error', reject);
    request.end();
  });
}

function sendRaw(port: number, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(text));
    socket
      .on('error', reject)
      .on('close', () => resolve())
      .resume();
  });
}
