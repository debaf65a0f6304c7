/** A denial from the response of its client to the log and the admin listener, over HTTP and gRPC. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { fileFor, type RunningApp, startApp } from '../support/app.ts';
import { decisionId, decisionIdOf } from '../support/decision-ids.ts';
import { connectGrpc } from '../support/grpc-client.ts';
import { exchange, request } from '../support/http1.ts';

async function admin({ adminPort }: RunningApp, path: string) {
  const response = await fetch(`http://127.0.0.1:${adminPort}${path}`);
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  return { status: response.status, text, json: isJson ? JSON.parse(text) : undefined };
}

const logged = ({ records }: RunningApp, id: string) => records.filter(({ decision }) => decision === id);

describe('the id in the response', () => {
  test('over HTTP finds the record in the log and on the admin listener', async () => {
    const service = await startApp();
    const response = await exchange(
      service.httpPort,
      request('GET', '/orders?token=secret', ['x-request-id: r-1']),
    );
    const id = decisionIdOf(response);
    expect(logged(service, id)).toMatchObject([{ msg: 'check', reason: 'token_missing', requestId: 'r-1' }]);
    const { status, json } = await admin(service, `/decisions/${id}`);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      id,
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      transport: 'http',
      outcome: 'deny',
      reason: 'token_missing',
      enforced: true,
      method: 'GET',
      host: 'orders.example.com',
      path: '/orders',
      requestId: 'r-1',
    });
    expect(JSON.stringify(json)).not.toContain('secret');
  });

  test('over gRPC is in the header, the body and the metadata', async () => {
    const service = await startApp();
    const client = connectGrpc(service.grpcPort);
    onTestFinished(client.close);
    const { deniedResponse, dynamicMetadata } = await client.check({ path: '/orders' });
    const id = String(JSON.parse(deniedResponse?.body ?? '{}').decision);
    expect(id).toMatch(decisionId);
    expect(deniedResponse?.headers?.map(({ header }) => [header?.key, header?.value])).toContainEqual([
      'x-oidc-authz-decision',
      id,
    ]);
    expect(dynamicMetadata?.fields?.decision?.stringValue).toBe(id);
    expect(logged(service, id)).toHaveLength(1);
    expect((await admin(service, `/decisions/${id}`)).json).toMatchObject({ id, transport: 'grpc' });
  });

  test('is absent from an allow, and from its metadata', async () => {
    const service = await startApp({ flags: ['--log-checks=all'] });
    const bearer = `Bearer ${await service.issuer.mint()}`;
    const response = await exchange(service.httpPort, request('GET', '/', [`authorization: ${bearer}`]));
    expect(response?.status).toBe(200);
    expect(JSON.stringify(response)).not.toContain('decision');
    const client = connectGrpc(service.grpcPort);
    onTestFinished(client.close);
    const answer = await client.check({ headers: { authorization: bearer } });
    expect([answer.status?.code, JSON.stringify(answer).includes('decision')]).toEqual([0, false]);
    expect(service.records.some((record) => 'decision' in record)).toBe(false);
    expect((await admin(service, '/decisions')).json).toEqual({ decisions: [] });
  });

  test('is in the trailers, or in the header of the 503, if Envoy decides', async () => {
    const service = await startApp({
      file: `${fileFor('http://127.0.0.1:9/away')}whenUnavailable: error`,
      untilReady: false,
    });
    const token = await service.issuer.mint({ claims: { iss: 'http://127.0.0.1:9/away' } });
    const response = await exchange(
      service.httpPort,
      request('GET', '/', [`authorization: Bearer ${token}`]),
    );
    expect([response?.status, response?.body]).toEqual([503, '']);
    expect(logged(service, response?.headers['x-oidc-authz-decision'] ?? '')).toHaveLength(1);
    const client = connectGrpc(service.grpcPort);
    onTestFinished(client.close);
    const failure = await client.check({ headers: { authorization: `Bearer ${token}` } }).then(
      () => expect.unreachable('the call must fail'),
      (error: { metadata: { get: (name: string) => unknown[] } }) => error,
    );
    expect(logged(service, String(failure.metadata.get('x-oidc-authz-decision')[0]))).toHaveLength(1);
  });
});

test('a request that is not read has a detail with its size and the limit', async () => {
  const service = await startApp({ flags: ['--limits-max-grpc-message-size=4Ki'] });
  const client = connectGrpc(service.grpcPort);
  onTestFinished(client.close);
  const answer = await client.check({ headers: { 'x-long': 'x'.repeat(10_000) } });
  const id = String(answer.dynamicMetadata?.fields?.decision?.stringValue);
  const [record] = logged(service, id);
  expect(record).toMatchObject({ reason: 'request_too_large', option: 'limits.maxGrpcMessageSize' });
  expect(record?.detail).toMatch(
    /^the message has \d{5} bytes, .*limits\.maxGrpcMessageSize, which is 4096$/,
  );
  const { detail, option } = (await admin(service, `/decisions/${id}`)).json;
  expect([detail, option]).toEqual([record?.detail, 'limits.maxGrpcMessageSize']);
});

describe('the list on the admin listener', () => {
  test('has the newest denials first, by reason, host and limit', async () => {
    const service = await startApp();
    const denied = async (...lines: string[]) =>
      decisionIdOf(await exchange(service.httpPort, request('GET', '/', lines)));
    const ids = [await denied(), await denied('authorization: Bearer x'), await denied()];
    const listed = async (query: string) => {
      const { json } = await admin(service, `/decisions${query}`);
      return (json.decisions as { id: string }[]).map(({ id }) => id);
    };
    expect(await listed('')).toEqual(ids.toReversed());
    expect(await listed('?limit=1')).toEqual([ids[2]]);
    expect(await listed('?reason=token_malformed')).toEqual([ids[1]]);
    expect(await listed('?reason=&host=orders.example.com&limit=2')).toEqual([ids[2], ids[1]]);
    expect(await listed('?host=other.example.com')).toEqual([]);
    expect(await listed('?rule=none')).toEqual([]);
  });

  test.each(['?limit=0', '?limit=1001', '?limit=x', '?limit=1&limit=2', '?id=x'])(
    'the query %s is answered with 400 and a sentence',
    async (query) => {
      const { status, text } = await admin(await startApp(), `/decisions${query}`);
      expect(status).toBe(400);
      expect(text).toMatch(/^(limit: |unknown parameter).*\n$/);
    },
  );

  test('more than 10 lists at once are rejected with 429, and a single denial is not', async () => {
    const service = await startApp();
    const lists = Array.from({ length: 14 }, () => admin(service, '/decisions?limit=1000'));
    const rejected = (await Promise.all(lists)).filter(({ status }) => status === 429);
    expect(rejected.length).toBeGreaterThanOrEqual(3);
    expect(rejected[0]?.text).toContain('wait a second, and try again');
    expect((await admin(service, '/decisions/mzxw6ytboi2dk')).status).toBe(404);
  });

  test('an unknown id is answered with 404', async () => {
    const service = await startApp();
    for (const id of ['mzxw6ytboi2dk', '', 'a/b', '%00'])
      expect((await admin(service, `/decisions/${id}`)).status).toBe(404);
  });

  test('is denied to a request for another name', async () => {
    const { adminPort } = await startApp();
    for (const path of ['/decisions', '/decisions/x'])
      expect(
        await exchange(adminPort, `GET ${path} HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n`),
      ).toMatchObject({ status: 403 });
  });
});
