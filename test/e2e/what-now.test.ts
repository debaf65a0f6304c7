/** The pages for troubleshooting: a client gets each response that they quote from a real Envoy, and each silent fault that they name happens. */

import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { findEnvoy, type RunningEnvoy, startEnvoy } from '../../tools/envoy.ts';
import { istioSidecar, type MeshOptions } from '../../tools/istio.ts';
import { type Received, startWorkload, type Workload } from '../../tools/workload.ts';
import { type RunningApp, runApp, startApp, until } from '../support/app.ts';
import { closedPort } from '../support/closed-port.ts';
import { withExampleId } from '../support/decision-ids.ts';
import { type FakeIssuer, startFakeIssuer } from '../support/fake-issuer.ts';
import { exchange, type RawResponse, request } from '../support/http1.ts';
import { temporaryFile } from '../support/login-issuer.ts';
import { blocksOf, readPage, rowsOf } from '../support/pages.ts';
import { describeWith } from '../support/real-servers.ts';

const page = ['what-now.md', 'login-troubleshoot.md', 'proxy-errors.md', 'wrong-allow.md']
  .map(readPage)
  .join('\n');
const quoted = new Map(
  blocksOf(page)
    .filter(({ language }) => language === 'http')
    .map(({ section, text }) => [section, text.trimEnd()]),
);

/** Response headers that do not depend on the cause. */
const incidental = ['date', 'server', 'content-length', 'connection', 'x-envoy-upstream-service-time'];

/** A response in the form of the page. */
function writtenOf(answer: RawResponse | undefined, phrase: string): string {
  const { status, headers = {}, body } = answer ?? {};
  const lines = Object.entries(headers).filter(([name]) => !incidental.includes(name));
  const head = [`HTTP/1.1 ${status} ${phrase}`, ...lines.map(([name, value]) => `${name}: ${value}`)];
  return withExampleId(body === '' ? head.join('\n') : [...head, '', body].join('\n'));
}

/** An HTTP filter of a configuration. */
interface Tree {
  readonly name: string;
  readonly typed_config: object;
}

/** Changes the HTTP filters of a sidecar. */
function withFilters(config: object, change: (filters: Tree[]) => Tree[]): object {
  const copy = structuredClone(config) as unknown as {
    static_resources: {
      listeners: { filter_chains: { filters: { typed_config: { http_filters: Tree[] } }[] }[] }[];
    };
  };
  const manager = copy.static_resources.listeners[0]?.filter_chains[0]?.filters[0]?.typed_config;
  if (manager === undefined) throw new TypeError('the sidecar has no connection manager');
  manager.http_filters = change(manager.http_filters);
  return copy;
}

const isNamed =
  (name: string) =>
  ({ name: own }: Tree) =>
    own === name;
const authorization = isNamed('envoy.filters.http.ext_authz');

/** The filter that istiod creates for an unknown provider: it denies everything. */
function denyAll(filters: Tree[]): Tree[] {
  const rules = {
    action: 'DENY',
    policies: { 'deny-all': { permissions: [{ any: true }], principals: [{ any: true }] } },
  };
  const rbac = {
    name: 'envoy.filters.http.rbac',
    typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC', rules },
  };
  return [
    rbac as unknown as Tree,
    ...filters.filter((filter) => !authorization(filter) && !isNamed(rbac.name)(filter)),
  ];
}

/** The effect of `statusOnError` of an extension provider. */
function withStatusOnError(filters: Tree[]): Tree[] {
  return filters.map((filter) =>
    authorization(filter)
      ? {
          ...filter,
          typed_config: { ...filter.typed_config, status_on_error: { code: 'ServiceUnavailable' } },
        }
      : filter,
  );
}

/** Envoy's default limit. */
function withEnvoysHeaderLimit(config: object): object {
  return JSON.parse(
    JSON.stringify(config, (key, value) => (key === 'max_request_headers_kb' ? undefined : value)),
  );
}

describeWith('a real Envoy', await findEnvoy(), (path) => {
  let issuer: FakeIssuer;
  let service: RunningApp;
  /** The same with `whenUnavailable: error`. */
  let leaving: RunningApp;
  /** The same with a login. */
  let signingIn: RunningApp;
  let workload: Workload;
  const awayIssuer = 'http://127.0.0.1:9/realms/away';

  beforeAll(async () => {
    issuer = await startFakeIssuer();
    workload = await startWorkload();
    const fileOf = (more = '') => `
issuers:
  - {issuer: "${issuer.url}", audiences: [orders-api], name: main, requiredScopes: [orders.read]}
  - {issuer: "${awayIssuer}", audiences: [orders-api], name: away}
rules:
  - {name: orders, match: {paths: ['/orders/{**}']}, require: {}}
  - {name: public, match: {paths: [/healthz]}, allow: anonymous}
  - {name: tried, match: {paths: [/tried]}, require: {scopes: [orders.write]}, mode: shadow}
limits: {maxGrpcMessageSize: 4Ki, maxGrpcBodySize: 64Ki}
http: {host: 127.0.0.1, port: 0}
grpc: {host: 127.0.0.1, port: 0}
admin: {host: 127.0.0.1, port: 0}
shutdown: {delay: 0s, timeout: 5s}
${more}
`;
    service = await runApp({ issuer, file: fileOf() });
    leaving = await runApp({ issuer, file: fileOf('whenUnavailable: error') });
    const key = temporaryFile('keys', `${randomBytes(32).toString('base64')}\n`);
    signingIn = await runApp({
      issuer,
      file: `
issuers:
  - {issuer: "${issuer.url}", audiences: [orders-api], name: main, login: {clientId: shop, clientSecretFile: ${temporaryFile('secret', 'a')}}}
login: {hosts: [orders.example.com]}
sessions: {keysFile: ${key}, refresh: false}
http: {host: 127.0.0.1, port: 0}
grpc: {host: 127.0.0.1, port: 0}
admin: {host: 127.0.0.1, port: 0}
shutdown: {delay: 0s, timeout: 5s}
`,
    });
  });
  afterAll(async () => {
    await signingIn.stop();
    await leaving.stop();
    await service.stop();
    await workload.close();
    await issuer.close();
  });

  const portOf = ({ httpPort, grpcPort }: RunningApp, transport: MeshOptions['transport']) =>
    transport === 'http' ? httpPort : grpcPort;
  const records = (from = 0) => service.records.slice(from).filter(({ msg }) => msg === 'check');
  const bearer = async (claims: Record<string, unknown> = {}) =>
    `authorization: Bearer ${await issuer.mint({ claims: { scope: 'orders.read', ...claims } })}`;

  async function gateway(
    options: Partial<MeshOptions> = {},
    change: (config: object) => object = (config) => config,
  ): Promise<RunningEnvoy> {
    const transport = options.transport ?? 'http';
    const authorizers = [portOf(service, transport)];
    const envoy = await startEnvoy(path, (ports) =>
      change(istioSidecar({ transport, authorizers, workload: workload.port, ...options }, ports)),
    );
    onTestFinished(() => envoy.stop());
    return envoy;
  }

  const get = (envoy: RunningEnvoy, lines: readonly string[] = [], target = '/orders/1') =>
    exchange(envoy.port, request('GET', target, lines));
  const receivedBy = (answer: RawResponse | undefined) =>
    Object.fromEntries((JSON.parse(answer?.body ?? '{}') as Received).headers);

  interface Symptom {
    readonly phrase: string;
    /** The authorizer; the one without a login by default. */
    readonly authorizer?: () => RunningApp;
    readonly transports?: readonly MeshOptions['transport'][];
    /** The header lines of the request. */
    readonly lines?: () => Promise<readonly string[]>;
    readonly target?: string;
    /** The log record; absent if there is none. */
    readonly reason?: string;
    readonly mesh?: () => Partial<MeshOptions>;
    readonly change?: (config: object) => object;
    readonly raw?: () => string;
  }

  const both = ['http', 'grpc'] as const;
  const away = async () => [await bearer({ iss: awayIssuer })];
  const symptoms: Readonly<Record<string, Symptom>> = {
    '401 without an error': { phrase: 'Unauthorized', transports: both, reason: 'token_missing' },
    '401 invalid_token': {
      phrase: 'Unauthorized',
      transports: both,
      lines: async () => [await bearer({ aud: 'account' })],
      reason: 'audience_mismatch',
    },
    '401 invalid_request': {
      phrase: 'Unauthorized',
      transports: both,
      lines: async () => [await bearer(), await bearer()],
      reason: 'token_duplicated',
    },
    '403 insufficient_scope': {
      phrase: 'Forbidden',
      transports: both,
      lines: async () => [await bearer({ scope: 'email' })],
      reason: 'scope_insufficient',
    },
    '403 temporarily_unavailable': { phrase: 'Forbidden', lines: away, reason: 'keys_unavailable' },
    '503 temporarily_unavailable': {
      phrase: 'Service Unavailable',
      transports: ['grpc'],
      lines: away,
      reason: 'keys_unavailable',
    },
    '400 invalid_request': {
      phrase: 'Bad Request',
      transports: both,
      target: '/orders//1',
      reason: 'path_ambiguous',
    },
    '413 invalid_request': {
      phrase: 'Payload Too Large',
      transports: ['grpc'],
      lines: async () => [`x-large: ${'a'.repeat(8192)}`],
      reason: 'request_too_large',
    },
    '401 with a login': {
      phrase: 'Unauthorized',
      authorizer: () => signingIn,
      transports: both,
      target: '/shop',
      reason: 'login_required',
    },
    '403 of another origin': {
      phrase: 'Forbidden',
      authorizer: () => signingIn,
      transports: both,
      mesh: () => ({ includeRequestHeadersInCheck: ['authorization', 'cookie', 'origin', 'sec-fetch-site'] }),
      raw: () =>
        'POST /.oidc-authz/sign-out HTTP/1.1\r\nhost: orders.example.com\r\norigin: https://evil.example\r\ncontent-length: 0\r\n\r\n',
      reason: 'origin_not_allowed',
    },
    '403 without a body': {
      phrase: 'Forbidden',
      transports: both,
      mesh: () => ({ authorizers: [closedPort] }),
    },
    '503 without a body': {
      phrase: 'Service Unavailable',
      transports: both,
      mesh: () => ({ authorizers: [closedPort] }),
      change: (config) => withFilters(config, withStatusOnError),
    },
    '403 RBAC: access denied': {
      phrase: 'Forbidden',
      lines: async () => [await bearer()],
      change: (config) => withFilters(config, denyAll),
    },
    '503 upstream connect error': {
      phrase: 'Service Unavailable',
      transports: both,
      lines: async () => [await bearer()],
      mesh: () => ({ workload: closedPort }),
    },
    '413 of Envoy': {
      phrase: 'Payload Too Large',
      transports: both,
      mesh: () => ({ requestBody: { maxBytes: 16, allowPartial: false, asBytes: false } }),
      raw: () =>
        `POST /orders/1 HTTP/1.1\r\nhost: orders.example.com\r\ncontent-length: 4096\r\n\r\n${'a'.repeat(4096)}`,
    },
  };

  test('every response that the page quotes has a test', () => {
    expect([...quoted.keys()]).toEqual(Object.keys(symptoms));
  });

  describe.each(Object.entries(symptoms))('%s', (section, symptom) => {
    test.each(symptom.transports ?? (['http'] as const))('over %s', async (transport) => {
      const { phrase, lines, target, reason, mesh, change, raw } = symptom;
      const asked = symptom.authorizer?.() ?? service;
      const authorizers = [portOf(asked, transport)];
      const envoy = await gateway({ transport, authorizers, ...mesh?.() }, change);
      const from = asked.records.length;
      const answer =
        raw === undefined ? await get(envoy, await lines?.(), target) : await exchange(envoy.port, raw());
      // The order of headers does not matter. A body may end with the address of the workload.
      const expected = quoted.get(section) ?? '';
      const shown = writtenOf(answer, phrase);
      const sorted = (text: string) => {
        const [head = '', ...body] = text.split('\n\n');
        return [head.split('\n').toSorted().join('\n'), ...body].join('\n\n');
      };
      const [start = '', ...more] = sorted(expected).split('…');
      if (more.length === 0) expect(sorted(shown)).toBe(start);
      else expect(sorted(shown).slice(0, start.length)).toBe(start);
      const last = asked.records.slice(from).findLast(({ msg }) => msg === 'check');
      expect(last?.outcome === 'allow' ? undefined : last?.reason).toBe(reason);
      if (reason === undefined) return;
      const [own = ''] = (page.split(`\n### ${section}\n`)[1] ?? '').split(/^## /m);
      expect(own).toContain(`(reasons.md#${reason})`);
    });
  });

  describe('without a body, `whenUnavailable: error` has a record', () => {
    const named = page
      .split('\n## ')
      .find((section) => section.startsWith('No response from the authorizer'));
    // A forged token. Without keys, the service cannot detect that.
    const forgedToken = async () => {
      const [header, payload] = (await bearer({ iss: awayIssuer, sub: 'mallory' })).split('.');
      return `${header}.${payload}.${Buffer.alloc(256, 1).toString('base64url')}`;
    };
    const answerFrom = async (
      transport: MeshOptions['transport'],
      line: string,
      how: Partial<MeshOptions> = {},
    ) => {
      const change = (config: object) => withFilters(config, withStatusOnError);
      const authorizers = [portOf(leaving, transport)];
      const envoy = await gateway({ transport, authorizers, ...how }, how.failOpen ? undefined : change);
      const from = leaving.records.length;
      const answer = await get(envoy, [line]);
      const { outcome, reason } = leaving.records.slice(from).find(({ msg }) => msg === 'check') ?? {};
      return { envoy, answer, outcome, reason };
    };

    test('the page says so, in its diagram too', () => {
      expect(named).toContain('With `whenUnavailable: error` there is a record: look for `keys_unavailable`');
      expect(named).toMatch(/^\| with `whenUnavailable: error`: .*\(reasons\.md#keys_unavailable\)/m);
      const [diagram = ''] = /```mermaid[\s\S]*?```/.exec(page) ?? [];
      expect(diagram).toMatch(/"no body" --> .*whenUnavailable: error<br>look for keys_unavailable first/);
    });

    test.each(both)('over %s', async (transport) => {
      for (const line of [...(await away()), await forgedToken()]) {
        const { answer, outcome, reason } = await answerFrom(transport, line);
        expect(writtenOf(answer, 'Service Unavailable')).toBe(quoted.get('503 without a body'));
        expect([outcome, reason]).toEqual(['error', 'keys_unavailable']);
      }
    });

    test.each(both)('and with failOpen a forged token is allowed over %s', async (transport) => {
      const { envoy, answer, outcome, reason } = await answerFrom(transport, await forgedToken(), {
        failOpen: true,
      });
      expect([answer?.status, outcome, reason]).toEqual([200, 'error', 'keys_unavailable']);
      const stats = await (await fetch(`http://127.0.0.1:${envoy.adminPort}/stats`)).text();
      expect(stats).toMatch(/ext_authz\.failure_mode_allowed: 1$/m);
      const forged = await forgedToken();
      // No rule matches this path, so it is denied, after the token is verified.
      expect((await get(envoy, [forged], '/nowhere'))?.status).toBe(200);
      const unsigned = forged.replace(/Bearer .*/, (token) => {
        const none = Buffer.from('{"alg":"none"}').toString('base64url');
        return `Bearer ${none}.${token.split('.')[1]}.`;
      });
      expect((await get(envoy, [unsigned]))?.status).toBe(401);
    });
  });

  test('413 invalid_request: the record often has neither the path nor the request ID', async () => {
    const requestBody = { maxBytes: 1_000_000, allowPartial: true, asBytes: true };
    const envoy = await gateway({ transport: 'grpc', requestBody });
    const from = service.records.length;
    const body = 'a'.repeat(200_000);
    const head = `POST /orders/1 HTTP/1.1\r\nhost: orders.example.com\r\ncontent-length: ${body.length}`;
    const answer = await exchange(envoy.port, `${head}\r\n\r\n${body}`);
    expect(writtenOf(answer, 'Payload Too Large').split('\n\n')[1]).toContain('"error":"invalid_request"');
    const read = records(from).map(({ reason, path: own, requestId }) => [reason, own, requestId]);
    expect(read).toEqual([['request_too_large', '', '']]);
    expect(page).toContain('Its record often has neither the path nor the request ID');
  });

  describe('Other responses: 431', () => {
    const [, own = ''] = page.split('\n### Other responses\n');
    const large = (kib: number) => [`x-large: ${'a'.repeat(kib * 1024)}`];

    test('of Envoy, in its own words', async () => {
      const envoy = await gateway({}, withEnvoysHeaderLimit);
      const from = service.records.length;
      const answer = await get(envoy, large(61));
      expect([answer?.status, records(from)]).toEqual([431, []]);
      expect(own).toContain(`| 431 with the text \`${answer?.body}\` | Envoy itself`);
    });

    test('of the workload, without a body', async () => {
      const node = createServer((_, response) => void response.end());
      await new Promise<void>((resolve) => node.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => void node.close());
      const envoy = await gateway({ workload: (node.address() as AddressInfo).port });
      const answer = await get(envoy, [await bearer(), ...large(17)]);
      expect([answer?.status, answer?.body]).toEqual([431, '']);
      expect(own).toContain('| 431 without a body | the workload');
    });
  });

  test('Nothing, for a long time: Envoy waits for the timeout of the entry', async () => {
    const sockets: Socket[] = [];
    const hanging = net.createServer((socket) => void sockets.push(socket));
    await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      hanging.close();
    });
    const { port } = hanging.address() as AddressInfo;
    const envoy = await gateway({ authorizers: [port], timeout: 600 });
    let answered = '';
    const client = net.connect(envoy.port, '127.0.0.1', () => client.write(request('GET', '/orders/1')));
    client.on('data', (chunk) => {
      answered += chunk;
    });
    client.on('error', () => {});
    onTestFinished(() => void client.destroy());
    await until(() => sockets.length > 0);
    // Envoy answers another request, and this one still has no response.
    expect((await fetch(`http://127.0.0.1:${envoy.adminPort}/ready`)).status).toBe(200);
    expect(answered).toBe('');
    for (const socket of sockets) socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n');
    await until(() => answered.startsWith('HTTP/1.1 401'));
  });

  describe('The workload does not know the user', () => {
    const forged = 'x-auth-request-user: mallory';
    const causes: Readonly<Record<string, () => Promise<void>>> = {
      'Over HTTP, the entry does not list the header': async () => {
        const envoy = await gateway({ headersToUpstreamOnAllow: [] });
        const answer = await get(envoy, [await bearer(), forged]);
        expect([answer?.status, receivedBy(answer)['x-auth-request-user']]).toEqual([200, 'mallory']);
      },
      '`identityHeaders: remove` is set': async () => {
        const other = await startApp({ issuer, flags: ['--identity-headers=remove'] });
        const envoy = await gateway({ authorizers: [other.httpPort] });
        const answer = await get(envoy, [await bearer(), forged]);
        expect([answer?.status, receivedBy(answer)['x-auth-request-user']]).toEqual([200, undefined]);
      },
      'The token does not have the claim, or its value cannot be a header': async () => {
        const envoy = await gateway();
        const received = receivedBy(await get(envoy, [await bearer({ email: 'ä@shop.example' })]));
        expect([received['x-auth-request-email'], received['x-auth-request-groups']]).toEqual([
          undefined,
          undefined,
        ]);
        const metrics = await (await fetch(`http://127.0.0.1:${service.adminPort}/metrics`)).text();
        expect(metrics).toMatch(/^oidc_authz_forwarded_headers_withheld_total\{.*\} [1-9]/m);
      },
      'The rule says `allow: anonymous`': async () => {
        const answer = await get(await gateway(), [await bearer(), forged], '/healthz');
        expect([answer?.status, receivedBy(answer)['x-auth-request-user']]).toEqual([200, undefined]);
      },
      '`mode: shadow` allowed the request': async () => {
        const from = service.records.length;
        const answer = await get(await gateway(), [await bearer(), forged], '/tried');
        expect([answer?.status, receivedBy(answer)['x-auth-request-user']]).toEqual([200, undefined]);
        expect(service.records.slice(from).some(({ shadow }) => shadow === 'scope_insufficient')).toBe(true);
      },
    };
    const rows = Object.keys(causes);
    test('every cause is tried', () => {
      const named = rowsOf(page, 'The workload does not know the user').map(([cause = '']) => cause);
      expect(named.map((cause) => rows.find((row) => cause.startsWith(row)))).toEqual(rows);
    });
    test.each(Object.entries(causes))('%s', (_, run) => run());
  });

  describe('A request is allowed that should be denied', () => {
    test('no policy covers it: no record and no count', async () => {
      const envoy = await gateway({}, (config) =>
        withFilters(config, (filters) => filters.filter((filter) => !authorization(filter))),
      );
      const from = service.records.length;
      expect((await get(envoy))?.status).toBe(200);
      expect(records(from)).toEqual([]);
    });

    test.each(both)(
      'failOpen, and Envoy has no answer over %s: the forged identity of the client reaches the workload',
      async (transport) => {
        const envoy = await gateway({ transport, authorizers: [closedPort], failOpen: true });
        const answer = await get(envoy, ['x-auth-request-user: mallory']);
        expect([answer?.status, receivedBy(answer)['x-auth-request-user']]).toEqual([200, 'mallory']);
        const stats = await (await fetch(`http://127.0.0.1:${envoy.adminPort}/stats`)).text();
        expect(stats).toMatch(/ext_authz\.failure_mode_allowed: 1$/m);
      },
    );

    test('a rule in shadow mode: the record has shadow', async () => {
      const from = service.records.length;
      expect((await get(await gateway(), [], '/tried'))?.status).toBe(200);
      expect(service.records.slice(from).some(({ shadow }) => shadow === 'token_missing')).toBe(true);
    });

    test('the audience that every token of a realm has', async () => {
      const file = `issuers: [{issuer: "${issuer.url}", audiences: [account]}]
http: {host: 127.0.0.1, port: 0}
grpc: {enabled: false}
admin: {host: 127.0.0.1, port: 0}
shutdown: {delay: 0s, timeout: 5s}`;
      const other = await startApp({ issuer, file });
      const envoy = await gateway({ authorizers: [other.httpPort] });
      expect((await get(envoy, [await bearer({ aud: 'account' })]))?.status).toBe(200);
    });
  });
});
