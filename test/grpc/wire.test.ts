/** Our protos against Envoy's official ones, in both directions, for every field that is used. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CheckResponseMessage } from '../../src/grpc/messages.ts';
import { loadCodec } from '../../src/grpc/protos.ts';
import { toCheckRequest } from '../../src/grpc/request.ts';
import { loadCheckCodec } from '../../src/grpc/response.ts';
import { officialCheck } from '../support/official-protos.ts';

const codec = loadCheckCodec();
const text = fc.string({ unit: 'grapheme' });
const headers = fc.dictionary(text, text);

test('the path of the method is the official one', () => {
  expect(officialCheck.path).toBe('/envoy.service.auth.v3.Authorization/Check');
});

describe('a CheckRequest', () => {
  test('that the official protos write is read, every field that is used', () => {
    const raw = fc.array(
      fc.record({ key: text, value: text, rawValue: fc.uint8Array().map((bytes) => Buffer.from(bytes)) }),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(text, text, text, headers, raw, (method, path, host, map, list) => {
        const http = { method, path, host, headers: map, headerMap: { headers: list } };
        const bytes = officialCheck.requestSerialize({ attributes: { request: { http } } });
        const read = codec.readRequest(bytes).attributes?.request?.http;
        expect(read?.method ?? '').toBe(method);
        expect(read?.path ?? '').toBe(path);
        expect(read?.host ?? '').toBe(host);
        expect({ ...read?.headers }).toEqual({ ...map });
        expect(
          (read?.headerMap?.headers ?? []).map(({ key = '', value = '', rawValue = [] }) => [
            key,
            value,
            [...rawValue],
          ]),
        ).toEqual(list.map(({ key, value, rawValue }) => [key, value, [...rawValue]]));
      }),
    );
  });

  test('as Envoy fills it, with all that is not used, is read', () => {
    const peer = {
      address: { socketAddress: { address: '10.0.0.1', portValue: 1234 } },
      service: 's',
      principal: 'spiffe://x',
      certificate: 'c',
      labels: { a: 'b' },
    };
    const message = {
      attributes: {
        source: peer,
        destination: peer,
        request: {
          time: { seconds: 1_700_000_000, nanos: 5 },
          http: {
            ...{
              id: '1',
              method: 'POST',
              path: '/a?b',
              host: 'h',
              scheme: 'https',
              query: 'q',
              fragment: 'f',
              size: -1,
              protocol: 'HTTP/2',
            },
            ...{
              body: 'body',
              rawBody: Buffer.from('raw'),
              headers: { ':method': 'POST', authorization: 'Bearer x', 'x-request-id': 'r' },
            },
          },
        },
        contextExtensions: { a: 'b' },
        metadataContext: { filterMetadata: { x: { fields: { y: { stringValue: 'z' } } } } },
        tlsSession: { sni: 'sni' },
      },
    };
    expect(toCheckRequest(codec.readRequest(officialCheck.requestSerialize(message)))).toEqual({
      method: 'POST',
      path: '/a?b',
      host: 'h',
      authorization: ['Bearer x'],
      requestId: 'r',
    });
  });

  test('without HTTP attributes has no authorization header', () => {
    for (const message of [
      {},
      { attributes: {} },
      { attributes: { request: {} } },
      { attributes: { source: {} } },
    ]) {
      expect(
        toCheckRequest(codec.readRequest(officialCheck.requestSerialize(message))).authorization,
      ).toEqual([]);
    }
  });

  test('with headers of odd names is a request like any other', () => {
    const odd = Object.fromEntries([
      ['__proto__', 'x'],
      ['constructor', 'y'],
      ['', 'z'],
    ]);
    const bytes = officialCheck.requestSerialize({
      attributes: { request: { http: { headers: { ...odd, authorization: 'Bearer x' } } } },
    });
    expect(toCheckRequest(codec.readRequest(bytes)).authorization).toEqual(['Bearer x']);
  });
});

describe('the authorization headers of a CheckRequest', () => {
  const bearer = (value: string) => ({ key: 'authorization', rawValue: Buffer.from(value) });
  test.each([
    ['none', {}, []],
    ['one in headers', { headers: { authorization: 'a' } }, ['a']],
    ['one in headers, in capitals', { headers: { Authorization: 'a' } }, ['a']],
    ['two spellings in headers', { headers: { authorization: 'a', Authorization: 'b' } }, ['a', 'b']],
    ['one raw', { headerMap: { headers: [bearer('a')] } }, ['a']],
    [
      'one in value instead of raw_value',
      { headerMap: { headers: [{ key: 'Authorization', value: 'a' }] } },
      ['a'],
    ],
    ['two raw', { headerMap: { headers: [bearer('a'), bearer('a')] } }, ['a', 'a']],
    ['both, the same', { headers: { authorization: 'a' }, headerMap: { headers: [bearer('a')] } }, ['a']],
    [
      'both, different',
      { headers: { authorization: 'a' }, headerMap: { headers: [bearer('b')] } },
      ['a', 'b'],
    ],
    [
      'both, twice raw',
      { headers: { authorization: 'a' }, headerMap: { headers: [bearer('a'), bearer('a')] } },
      ['a', 'a', 'a'],
    ],
    [
      'raw bytes beyond ASCII',
      { headerMap: { headers: [{ key: 'authorization', rawValue: Buffer.from([0x42, 0xff]) }] } },
      ['B\xff'],
    ],
  ])('%s', (_, http, expected) => {
    const bytes = officialCheck.requestSerialize({ attributes: { request: { http } } });
    expect(toCheckRequest(codec.readRequest(bytes)).authorization).toEqual(expected);
  });
});

describe('a CheckResponse', () => {
  const option = fc.record({
    header: fc.record({ key: text, value: text }),
    append: fc.constant({ value: false as const }),
    appendAction: fc.constant('OVERWRITE_IF_EXISTS_OR_ADD' as const),
  });
  const metadata = fc.record({
    fields: fc.dictionary(
      text,
      fc.oneof(
        text.map((stringValue) => ({ stringValue })),
        fc.integer().map((numberValue) => ({ numberValue })),
        fc
          .array(text)
          .map((values) => ({ listValue: { values: values.map((stringValue) => ({ stringValue })) } })),
      ),
    ),
  });

  test('that we write is read alike by the official protos: an allow', () => {
    fc.assert(
      fc.property(
        fc.array(option, { maxLength: 4 }),
        fc.array(text, { maxLength: 4 }),
        metadata,
        (set, headersToRemove, dynamicMetadata) => {
          const message: CheckResponseMessage = {
            status: { code: 0 },
            okResponse: { headers: set, headersToRemove },
            dynamicMetadata,
          };
          const official = officialCheck.responseDeserialize(
            codec.writeResponse(message),
          ) as CheckResponseMessage;
          expect(official.status).toEqual({ code: 0 });
          expect(official.okResponse?.headers ?? []).toEqual(set);
          expect(official.okResponse?.headersToRemove ?? []).toEqual(headersToRemove);
          expect(official.deniedResponse).toBeUndefined();
          expect(codec.readResponse(officialCheck.responseSerialize(official))).toEqual(
            codec.readResponse(codec.writeResponse(message)),
          );
        },
      ),
    );
  });

  test('that we write is read alike by the official protos: a denial', () => {
    const codes = fc.constantFrom(
      [401, 'Unauthorized'] as const,
      [403, 'Forbidden'] as const,
      [503, 'ServiceUnavailable'] as const,
    );
    fc.assert(
      fc.property(
        fc.constantFrom(7, 14, 16),
        codes,
        fc.array(option, { maxLength: 4 }),
        text,
        metadata,
        (code, [status, name], set, body, dynamicMetadata) => {
          const message: CheckResponseMessage = {
            status: { code },
            deniedResponse: { status: { code: status }, headers: set, body },
            dynamicMetadata,
          };
          const official = officialCheck.responseDeserialize(
            codec.writeResponse(message),
          ) as CheckResponseMessage;
          expect(official.status).toEqual({ code });
          expect(official.deniedResponse?.status).toEqual({ code: name });
          expect(official.deniedResponse?.headers ?? []).toEqual(set);
          expect(official.deniedResponse?.body ?? '').toBe(body);
          expect(official.okResponse).toBeUndefined();
        },
      ),
    );
  });
});

test('the health messages have the numbers of their specification', () => {
  const health = loadCodec<{ service?: string }, { status: string }>(
    'health.proto',
    'grpc.health.v1.Health',
    'Check',
  );
  expect(health.readRequest(Buffer.from([0x0a, 1, 0x78])).service).toBe('x');
  const numbers = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'].map((status) => [
    ...health.writeResponse({ status }),
  ]);
  expect(numbers).toEqual([
    [0x08, 0],
    [0x08, 1],
    [0x08, 2],
    [0x08, 3],
  ]);
});
