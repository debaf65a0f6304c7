/** The routes on which issuers end sessions, over real connections. */
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { LogoutAnswer, LogoutAnswers } from '../../../src/login/back-channel/logout-answers.ts';
import { systemClock } from '../../../src/runtime/time/clock.ts';
import { createLoginServer } from '../../../src/transport/login/server.ts';
import { listen } from '../../../src/transport/shared/listen.ts';

interface Options {
  readonly answer?: LogoutAnswer | Error;
  readonly isConfigured?: boolean;
}

/** Starts a listener that writes down what it was asked. */
async function startServer({ answer = { status: 200 }, isConfigured = true }: Options = {}) {
  const asked: unknown[] = [];
  const defects: unknown[] = [];
  const reply = async () => {
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const answers: LogoutAnswers = {
    backChannel: (...values) => {
      asked.push(values);
      return reply();
    },
    frontChannel: (issuer, query) => {
      asked.push([issuer, query.toString()]);
      return reply();
    },
  };
  const server = await createLoginServer({
    options: { enabled: true, host: '127.0.0.1', port: 0, tls: undefined },
    answer: () => undefined,
    logout: () => (isConfigured ? answers : undefined),
    challenge: () => ({ realm: 'shop', dpop: { origins: [] } as never }),
    clock: systemClock,
    listen,
    onTlsReload: () => {},
    onRejected: () => {},
    onDefect: (error) => defects.push(error),
  });
  const { port } = await server.start();
  onTestFinished(() => server.close(0));
  const ask = async (method: string, target: string, headers: readonly string[] = [], body = '') => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', () => {});
    const lines = [
      `${method} ${target} HTTP/1.1`,
      'host: 10.0.0.1',
      ...headers,
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
    const [head = '', ...rest] = (await text(socket)).split('\r\n\r\n');
    return { status: Number(head.split(' ')[1]), head, body: rest.join('\r\n\r\n') };
  };
  return { asked, defects, ask };
}

const form = 'content-type: application/x-www-form-urlencoded';
const back = '/back-channel-logout/main';
const front = '/front-channel-logout/main';

describe('a logout token', () => {
  test('is answered with an empty 200 that no cache stores', async () => {
    const { ask, asked } = await startServer();
    const { status, head, body } = await ask('POST', back, [form], 'logout_token=a.b.c');
    expect([status, body]).toEqual([200, '']);
    expect(head).toContain('cache-control: no-store');
    expect(head).toContain('content-length: 0');
    expect(head).not.toMatch(/^(?:set-cookie|content-type|location):/im);
    expect(asked).toEqual([['main', 'a.b.c']]);
  });

  test.each([
    ['with a charset', `${form}; charset=utf-8`, 'logout_token=a.b.c', 'a.b.c'],
    ['after another member', form, 'x=1&logout_token=a.b.c', 'a.b.c'],
    ['twice', form, 'logout_token=a.b.c&logout_token=a.b.c', undefined],
    ['under another name', form, 'token=a.b.c', undefined],
    ['in JSON', form, '{"logout_token":"a.b.c"}', undefined],
    ['in an empty form', form, '', undefined],
  ])('%s', async (_, header, body, token) => {
    const { ask, asked } = await startServer();
    await ask('POST', back, [header], body);
    expect(asked).toEqual([['main', token]]);
  });

  test('in the query does not count', async () => {
    const { ask, asked } = await startServer();
    await ask('POST', `${back}?logout_token=a.b.c`, [form], '');
    expect(asked).toEqual([['main', undefined]]);
  });

  test.each([
    [{ status: 400, error: 'invalid_request' }],
    [{ status: 400, error: 'temporarily_unavailable' }],
    [{ status: 404, error: 'unknown_issuer' }],
    [{ status: 429, error: 'temporarily_unavailable' }],
    [{ status: 501, error: 'not_configured' }],
  ] as const)('has the answer %o', async (answer) => {
    const { ask } = await startServer({ answer });
    const { status, head, body } = await ask('POST', back, [form], 'logout_token=a.b.c');
    expect([status, JSON.parse(body)]).toEqual([answer.status, { error: answer.error }]);
    expect(head).toContain('content-type: application/json');
    expect(head).toContain('cache-control: no-store');
  });

  test.each([
    'application/json',
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/jwt',
    'application/x-www-form-urlencodedx',
  ])('as %s is 415', async (type) => {
    const { ask, asked } = await startServer();
    const { status, body } = await ask('POST', back, [`content-type: ${type}`], 'logout_token=a.b.c');
    expect([status, JSON.parse(body), asked]).toEqual([415, { error: 'unsupported_media_type' }, []]);
  });

  test('without a type, with a body or not, is 415', async () => {
    const { ask, asked } = await startServer();
    for (const body of ['logout_token=a.b.c', ''])
      expect((await ask('POST', back, [], body)).status).toBe(415);
    expect(asked).toEqual([]);
  });

  test('of 40 KB is 413, and one of 30 KB is read', async () => {
    const { ask, asked, defects } = await startServer();
    const large = await ask('POST', back, [form], `logout_token=${'a'.repeat(40_000)}`);
    expect([large.status, JSON.parse(large.body), asked]).toEqual([413, { error: 'request_too_large' }, []]);
    const { status } = await ask('POST', back, [form], `logout_token=${'a'.repeat(30_000)}`);
    expect([status, asked.length, defects.length]).toEqual([200, 1, 0]);
  });

  test.each(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('by %s is 405', async (method) => {
    const { ask, asked } = await startServer();
    const { status, head, body } = await ask(method, back, [form], 'logout_token=a.b.c');
    expect([status, JSON.parse(body), asked]).toEqual([405, { error: 'method_not_allowed' }, []]);
    expect(head).toContain('allow: POST');
  });

  test('for an issuer with an encoded name', async () => {
    const { ask, asked } = await startServer();
    await ask('POST', '/back-channel-logout/a%2Fb', [form], 'logout_token=x');
    expect(asked).toEqual([['a/b', 'x']]);
  });

  test.each(['/back-channel-logout', '/back-channel-logout/main/x', '/x/back-channel-logout/main'])(
    'at %s is 404',
    async (path) => {
      const { ask, asked } = await startServer();
      expect((await ask('POST', path, [form], 'logout_token=a.b.c')).status).toBe(404);
      expect(asked).toEqual([]);
    },
  );

  test('without sessions is 501, and a defect is 500', async () => {
    const off = await startServer({ isConfigured: false });
    expect((await off.ask('POST', back, [form], 'logout_token=a')).status).toBe(501);
    const failing = await startServer({ answer: new Error('secret') });
    const { status, body } = await failing.ask('POST', back, [form], 'logout_token=a');
    expect([status, JSON.parse(body)]).toEqual([500, { error: 'internal_error' }]);
    expect(failing.defects).toHaveLength(1);
  });
});

describe('a frame of the issuer', () => {
  test('gets an empty page without scripts that no cache stores', async () => {
    const { ask, asked } = await startServer();
    const { status, head, body } = await ask('GET', `${front}?iss=https%3A%2F%2Fa&sid=s`);
    expect(status).toBe(200);
    expect(body).toMatch(/^<!doctype html>/);
    expect(body).not.toMatch(/<(?:script|a|img|link|form)/);
    expect(head).toContain('cache-control: no-store');
    expect(head).toContain("content-security-policy: default-src 'none'");
    expect(head).not.toMatch(/^(?:set-cookie|x-frame-options):/im);
    expect(asked).toEqual([['main', 'iss=https%3A%2F%2Fa&sid=s']]);
  });

  test('without a query has no parameters', async () => {
    const { ask, asked } = await startServer({ answer: { status: 400, error: 'invalid_request' } });
    const { status, body } = await ask('GET', front);
    expect([status, JSON.parse(body), asked]).toEqual([400, { error: 'invalid_request' }, [['main', '']]]);
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('by %s is 405', async (method) => {
    const { ask, asked } = await startServer();
    const { status, head } = await ask(method, `${front}?iss=a&sid=s`);
    expect([status, asked]).toEqual([405, []]);
    expect(head).toContain('allow: GET');
  });
});
