/** Reads several responses on one connection with an independent parser. */
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fileFor, type RunningApp, startApp } from '../../../support/app.ts';
import { withExampleId } from '../../../support/decision-ids.ts';
import { request } from '../../../support/http1.ts';
import { converse, readResponses, type Sent } from '../../../support/http1-reader.ts';

const send = (method: string, headers: readonly string[] = []): Sent => ({
  method,
  bytes: request(method, method === 'CONNECT' ? 'orders.example.com:443' : '/', headers),
});

/** Sends requests, and a last one that closes the connection. Both ways of sending must get the same responses. */
async function ask(port: number, requests: readonly Sent[]) {
  const all = [...requests, send('GET', ['connection: close'])];
  const methods = all.map(({ method }) => method);
  const one = readResponses(await converse(port, all, false), methods);
  const atOnce = readResponses(await converse(port, all, true), methods);
  expect(atOnce.map(({ status, body }) => [status, withExampleId(body)])).toEqual(
    one.map(({ status, body }) => [status, withExampleId(body)]),
  );
  expect(one.at(-1)?.headers.get('connection')).toBe('close');
  return one.slice(0, -1);
}

const modes: readonly [
  name: string,
  more: string,
  allowed: string,
  denied: string,
  invalid: [number, string],
][] = [
  [
    'our own responses',
    '',
    '',
    '{"error":"unauthorized","error_description":"A bearer token is required.","decision":"mzxw6ytboi2dk"}',
    [
      401,
      '{"error":"invalid_token","error_description":"The bearer token is not valid here.","decision":"mzxw6ytboi2dk"}',
    ],
  ],
  ['responses with compat: oauth2-proxy', 'compat: oauth2-proxy\n', 'Authenticated', '{}', [401, '{}']],
  [
    'responses with compat: oauth2-proxy and 403',
    'compat: oauth2-proxy\ncompatInvalidTokenStatus: 403\n',
    'Authenticated',
    '{}',
    [403, 'Forbidden\n'],
  ],
];

describe.each(modes)('%s', (_, more, allowedBody, deniedBody, [invalidStatus, invalidBody]) => {
  const start = async (): Promise<{ service: RunningApp; good: string; bad: string }> => {
    const service = await startApp({ file: `${fileFor('ISSUER')}${more}` });
    return {
      service,
      good: `authorization: Bearer ${await service.issuer.mint()}`,
      bad: 'authorization: Bearer x.y.z',
    };
  };

  test('to HEAD have the headers of GET and no body, and the next response follows', async () => {
    const { service, good, bad } = await start();
    for (const [headers, status, body] of [
      [[good], 200, allowedBody],
      [[], 401, deniedBody],
      [[bad], invalidStatus, invalidBody],
    ] as const) {
      const answers = await ask(service.httpPort, [
        ...[send('HEAD', headers), send('GET', headers), send('HEAD', headers), send('HEAD', headers)],
        ...[send('POST', headers), send('HEAD', headers), send('OPTIONS', headers)],
      ]);
      for (const [index, answer] of answers.entries()) {
        const isHead = [0, 2, 3, 5].includes(index);
        expect([index, answer.status, withExampleId(answer.body)]).toEqual([
          index,
          status,
          isHead ? '' : body,
        ]);
        expect(answer.headers.get('content-length')).toBe(String(body.length));
        const names = (of: typeof answer) => [...of.headers.keys()].filter((name) => name !== 'date').sort();
        expect(names(answer)).toEqual(answers[1] === undefined ? [] : names(answers[1]));
      }
    }
  });

  test('to several clients belong to their own requests', async () => {
    const { service, good } = await start();
    const answers = await ask(service.httpPort, [
      ...[
        send('HEAD', [good]),
        send('HEAD'),
        send('GET', [good]),
        send('HEAD'),
        send('GET'),
        send('HEAD', [good]),
      ],
    ]);
    expect(answers.map(({ status, body }) => [status, withExampleId(body)])).toEqual([
      [200, ''],
      [401, ''],
      [200, allowedBody],
      [401, ''],
      [401, deniedBody],
      [200, ''],
    ]);
  });

  test('close the connection if the request asks for it, and for HTTP/1.0', async () => {
    const { service, good } = await start();
    for (const headers of [[good], []])
      for (const method of ['HEAD', 'GET', 'POST']) {
        const head = headers.map((line) => `${line}\r\n`).join('');
        for (const bytes of [
          `${method} / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${head}\r\n`,
          `${method} / HTTP/1.0\r\n${head}\r\n`,
          `${method} / HTTP/1.0\r\nconnection: close\r\n${head}\r\n`,
        ]) {
          const [answer] = readResponses(await converse(service.httpPort, [{ method, bytes }], true), [
            method,
          ]);
          const body = headers.length > 0 ? allowedBody : deniedBody;
          expect([answer?.status, withExampleId(answer?.body ?? '')]).toEqual([
            headers.length > 0 ? 200 : 401,
            method === 'HEAD' ? '' : body,
          ]);
          expect(answer?.headers.get('connection')).toBe('close');
        }
      }
  });

  test('to HTTP/1.0 with keep-alive stay in order', async () => {
    const { service, good } = await start();
    const old = (method: string, connection: string): Sent => ({
      method,
      bytes: `${method} / HTTP/1.0\r\nconnection: ${connection}\r\n${good}\r\n\r\n`,
    });
    const all = [
      old('HEAD', 'keep-alive'),
      old('GET', 'keep-alive'),
      old('HEAD', 'keep-alive'),
      old('GET', 'close'),
    ];
    const answers = readResponses(
      await converse(service.httpPort, all, true),
      all.map(({ method }) => method),
    );
    expect(answers.map(({ body }) => body)).toEqual(['', allowedBody, '', allowedBody]);
  });

  test('to CONNECT close the connection', async () => {
    const { service, good } = await start();
    for (const headers of [[good], []]) {
      const [answer] = readResponses(
        await converse(service.httpPort, [send('CONNECT', headers), send('GET', headers)], true),
        ['CONNECT'],
      );
      expect(answer?.status).toBe(headers.length > 0 ? 200 : 401);
    }
  });
});

describe('responses of the incumbent', () => {
  async function startShadowed(): Promise<RunningApp> {
    const incumbent = createServer((message, response) => {
      const status = Number(message.headers['x-status'] ?? 200);
      response.sendDate = false;
      if (status === 304) response.writeHead(304, { etag: '"x"', 'content-length': '5' }).end();
      else if (message.headers['x-chunked'] === undefined) response.writeHead(status).end('hello');
      else {
        response.writeHead(status);
        response.write('hel');
        response.end('lo');
      }
    });
    incumbent.on('connect', (_: unknown, socket: Socket) =>
      socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\n{}'),
    );
    await new Promise<void>((resolve) => incumbent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      incumbent.closeAllConnections();
      incumbent.close();
    });
    const { port } = incumbent.address() as AddressInfo;
    return startApp({ file: `${fileFor('ISSUER')}shadow: {authorizer: "http://127.0.0.1:${port}"}\n` });
  }

  test.each([200, 201, 204, 205, 304, 400, 401, 403, 500, 503])(
    'with status %d stay in order, to HEAD and to others, whole or in chunks',
    async (status) => {
      const { httpPort } = await startShadowed();
      const headers = [`x-status: ${status}`];
      const chunked = [...headers, 'x-chunked: 1'];
      const answers = await ask(httpPort, [
        ...[send('HEAD', headers), send('GET', headers), send('HEAD', chunked), send('GET', chunked)],
        ...[send('HEAD', headers), send('POST', headers)],
      ]);
      const body = [204, 304].includes(status) ? '' : 'hello';
      expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 6 }, () => status));
      expect(answers.map((answer) => answer.body)).toEqual(['', body, '', body, '', body]);
    },
  );

  test('to CONNECT close the connection', async () => {
    const { httpPort } = await startShadowed();
    const all = [send('CONNECT', ['x-status: 200']), send('GET')];
    const [answer] = readResponses(await converse(httpPort, all, true), ['CONNECT']);
    expect(answer?.status).toBe(403);
  });
});
