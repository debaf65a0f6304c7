/** Compares our messages with Envoy's official protos, in both directions, for every used field. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CheckRequest } from '../../../../src/model/check-request.ts';
import { readCheckRequest as readWithLookup } from '../../../../src/transport/grpc/check/check-request.ts';
import {
  type Metadata,
  writeDenied,
  writeOk,
  writeRemovals,
} from '../../../../src/transport/grpc/check/check-response.ts';
import { createHealthMethods } from '../../../../src/transport/grpc/health.ts';
import type { Frame } from '../../../../src/transport/grpc/message/framing.ts';
import { MalformedMessage } from '../../../../src/transport/grpc/message/protobuf.ts';
import { officialCheck } from '../../../support/official-protos.ts';
import {
  type CheckRequestMessage,
  type CheckResponseMessage,
  loadCheckCodec,
  loadCodec,
} from '../../../support/proto-codec.ts';

/** The fields that are read immediately. The lookup of other headers has its own tests. */
function readCheckRequest(bytes: Buffer): Omit<CheckRequest, 'header' | 'original'> {
  const { header: _, original: __, ...rest } = readWithLookup(bytes);
  return rest;
}

const codec = loadCheckCodec();
const text = fc.string({ unit: 'grapheme' });
const headers = fc.dictionary(text, text);

test('the path of the method equals the official one', () => {
  expect(officialCheck.path).toBe('/envoy.service.auth.v3.Authorization/Check');
});

describe('a CheckRequest', () => {
  const raw = fc.array(
    fc.record({
      key: fc.oneof(text, fc.constantFrom('authorization', 'AUTHORIZATION', 'x-request-id')),
      value: text,
      rawValue: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    }),
    { maxLength: 5 },
  );
  const named = fc.record(
    { authorization: text, Authorization: text, 'x-request-id': text },
    { requiredKeys: [] },
  );

  test('written with the official protos is read, with every used field', () => {
    fc.assert(
      fc.property(text, text, text, headers, named, raw, (method, path, host, others, known, list) => {
        const http = { method, path, host, headers: { ...others, ...known }, headerMap: { headers: list } };
        const bytes = officialCheck.requestSerialize({ attributes: { request: { http } } });
        expect(readCheckRequest(bytes)).toEqual(readByCodec(bytes));
        expect(readCheckRequest(bytes)).toMatchObject({ method, path, host });
      }),
    );
  });

  test('that is truncated or changed is read as the official codec does, or rejected', () => {
    const whole = officialCheck.requestSerialize({
      attributes: {
        request: {
          http: {
            method: 'GET',
            headers: { authorization: 'Bearer x', cookie: 'y'.repeat(200) },
            headerMap: { headers: [{ key: 'authorization', rawValue: Buffer.from('Bearer x') }] },
          },
        },
      },
    });
    const changed = fc
      .tuple(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length))
      .map(([at, byte, length]) => {
        const bytes = Buffer.from(whole);
        bytes[at] = byte;
        return bytes.subarray(0, length);
      });
    const anything = fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(changed, anything), (bytes) => {
        let read: Omit<CheckRequest, 'header' | 'original'>;
        try {
          read = readCheckRequest(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessage);
          return;
        }
        // The codec reads invalid UTF-8 differently, and keeps one of two equal names. Neither affects the token.
        // It also ignores wire types: it reads a message from a field that is not one.
        if (isReadable(bytes) && hasWireTypes(bytes))
          expect(read.authorization.length).toBeGreaterThanOrEqual(readByCodec(bytes).authorization.length);
      }),
      { numRuns: 3_000 },
    );
  });

  test('as Envoy writes it, with its unused fields, is read', () => {
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
              headers: {
                ':method': 'POST',
                authorization: 'Bearer x',
                DPoP: 'proof',
                'x-forwarded-client-cert': 'Hash=00',
                'x-request-id': 'r',
              },
            },
          },
        },
        contextExtensions: { a: 'b', policy: 'orders' },
        metadataContext: { filterMetadata: { x: { fields: { y: { stringValue: 'z' } } } } },
        tlsSession: { sni: 'sni' },
      },
    };
    expect(readCheckRequest(officialCheck.requestSerialize(message))).toEqual({
      method: 'POST',
      path: '/a?b',
      host: 'h',
      authorization: ['Bearer x'],
      dpop: ['proof'],
      forwardedClientCert: 'Hash=00',
      peerCertificate: 'c',
      source: { address: '10.0.0.1', principal: 'spiffe://x' },
      policy: 'orders',
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
      expect(readCheckRequest(officialCheck.requestSerialize(message)).authorization).toEqual([]);
    }
  });

  test('with headers of unusual names is read as usual', () => {
    const odd = Object.fromEntries([
      ['__proto__', 'x'],
      ['constructor', 'y'],
      ['', 'z'],
    ]);
    const bytes = officialCheck.requestSerialize({
      attributes: { request: { http: { headers: { ...odd, authorization: 'Bearer x' } } } },
    });
    expect(readCheckRequest(bytes).authorization).toEqual(['Bearer x']);
  });
});

describe('the authorization headers of a CheckRequest', () => {
  const bearer = (value: string) => ({ key: 'authorization', rawValue: Buffer.from(value) });
  test.each([
    ['none', {}, []],
    ['one in headers', { headers: { authorization: 'a' } }, ['a']],
    ['one in headers, with an upper-case letter', { headers: { Authorization: 'a' } }, ['a']],
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
    expect(readCheckRequest(bytes).authorization).toEqual(expected);
  });
});

describe('`headers` and `header_map` of a CheckRequest', () => {
  const read = (http: object) =>
    readWithLookup(officialCheck.requestSerialize({ attributes: { request: { http } } }));
  const inMap = (...lines: readonly (readonly [string, string])[]) => ({
    headerMap: { headers: lines.map(([key, value]) => ({ key, rawValue: Buffer.from(value) })) },
  });

  test.each<[string, object]>([
    ['alone', {}],
    ['with the same host in `headers`', { headers: { ':authority': 'a', host: 'a' } }],
    ['with the same host in `header_map`', inMap([':authority', 'a'], ['host', 'a'])],
  ])('the host is valid %s', (_, http) => {
    expect(read({ host: 'a', ...http }).host).toBe('a');
  });

  test.each<[string, object]>([
    ['another host in `headers`', { headers: { host: 'b' } }],
    ['another `:authority` in `headers`', { headers: { ':authority': 'b' } }],
    ['another host in `header_map`', inMap(['host', 'b'])],
    ['another `:authority` in `header_map`', inMap([':authority', 'b'])],
    ['the same host twice in `header_map`', inMap(['host', 'a'], ['Host', 'a'])],
    ['the same host under two spellings of the header', { headers: { host: 'a', Host: 'a' } }],
    ['an empty host in `header_map`', inMap(['host', ''])],
  ])('the host is invalid with %s', (_, http) => {
    expect(read({ host: 'a', ...http }).host).toContain(',');
  });

  test('a client certificate is ignored if they disagree', () => {
    const name = 'x-forwarded-client-cert';
    const certificateOf = (headers: object, ...lines: readonly (readonly [string, string])[]) =>
      read({ headers, ...inMap(...lines) }).forwardedClientCert;
    expect(certificateOf({ [name]: 'Hash=a' })).toBe('Hash=a');
    expect(certificateOf({}, [name, 'Hash=a'])).toBe('Hash=a');
    expect(certificateOf({ [name]: 'Hash=a' }, [name, 'Hash=a'])).toBe('Hash=a');
    expect(certificateOf({ [name]: 'Hash=a' }, [name, 'Hash=b'])).toBe('');
    expect(certificateOf({ [name]: 'Hash=a' }, [name, 'Hash=a'], [name, 'Hash=a'])).toBe('');
  });

  test('a header is found in any case, in both fields', () => {
    const request = read({
      headers: { 'X-A': '1', 'x-a': '2', 'X-B': '3' },
      ...inMap(['X-a', '4'], ['x-b', '3']),
    });
    expect([...request.header('x-a')].sort()).toEqual(['1', '2', '4']);
    expect(request.header('x-b')).toEqual(['3']);
    expect(request.header('x-c')).toEqual([]);
  });
});

test('the headers of sessions are the same, whether the check looks for a session or not', () => {
  const name = fc.constantFrom(
    'cookie',
    'Cookie',
    'upgrade',
    'origin',
    'Sec-Fetch-Site',
    'accept',
    'authorization',
  );
  const value = fc.string({ unit: 'grapheme', maxLength: 8 });
  fc.assert(
    fc.property(fc.dictionary(name, value), fc.array(fc.record({ key: name, value })), (headers, lines) => {
      const bytes = officialCheck.requestSerialize({
        attributes: { request: { http: { headers, headerMap: { headers: lines } } } },
      });
      const [plain, forSessions] = [readWithLookup(bytes), readWithLookup(bytes, true)];
      for (const wanted of ['cookie', 'upgrade', 'origin', 'sec-fetch-site', 'accept', 'authorization'])
        expect(forSessions.header(wanted).toSorted()).toEqual(plain.header(wanted).toSorted());
      expect(forSessions.authorization).toEqual(plain.authorization);
      expect(forSessions.original().headers).toEqual(plain.original().headers);
    }),
  );
});

test('only the context extension `policy` is the policy, in any order', () => {
  for (const extensions of [
    { policy: 'p', a: 'b' },
    { a: 'b', policy: 'p' },
    { Policy: 'b', policy: 'p', policy2: 'c' },
  ])
    expect(
      readCheckRequest(officialCheck.requestSerialize({ attributes: { contextExtensions: extensions } }))
        .policy,
    ).toBe('p');
});

test('the last of two addresses of a peer counts, and one that is not a socket is ignored', () => {
  const socket = { socketAddress: { address: '10.0.0.1', portValue: 1 } };
  const addressOf = (...addresses: readonly object[]) =>
    readCheckRequest(
      Buffer.concat(
        addresses.map((address) => officialCheck.requestSerialize({ attributes: { source: { address } } })),
      ),
    ).source.address;
  expect(addressOf(socket)).toBe('10.0.0.1');
  for (const other of [{ pipe: { path: '/x' } }, { envoyInternalAddress: { serverListenerName: 'x' } }]) {
    expect(addressOf(socket, other)).toBe('');
    expect(addressOf(other, socket)).toBe('10.0.0.1');
  }
});

describe('a CheckResponse', () => {
  const header = fc.tuple(text, text);
  const metadata: fc.Arbitrary<Metadata> = fc.dictionary(
    text,
    fc.oneof(text, fc.double({ noNaN: true }), fc.array(text)),
  );
  const optionOf = ([key, value]: readonly [string, string]) => ({
    header: { key, value },
    append: { value: false },
    appendAction: 'OVERWRITE_IF_EXISTS_OR_ADD',
  });
  const structOf = (values: Metadata) => ({
    ...(Object.keys(values).length > 0 && {
      fields: Object.fromEntries(
        Object.entries(values).map(([name, value]) => {
          if (typeof value === 'string') return [name, { stringValue: value }];
          if (typeof value === 'number') return [name, { numberValue: value }];
          if (typeof value === 'boolean') return [name, { boolValue: value }];
          const members = value.map((stringValue) => ({ stringValue }));
          return [name, { listValue: members.length === 0 ? {} : { values: members } }];
        }),
      ),
    }),
  });
  const official = (bytes: Buffer) => officialCheck.responseDeserialize(bytes) as CheckResponseMessage;

  test('that we write is read the same way by the official protos: an allow', () => {
    fc.assert(
      fc.property(
        fc.array(header, { maxLength: 4 }),
        fc.array(text, { maxLength: 4 }),
        metadata,
        (set, headersToRemove, values) => {
          const bytes = writeOk({
            code: 0,
            headers: set,
            removals: writeRemovals(headersToRemove),
            metadata: values,
          });
          const read = official(bytes);
          expect(read.status).toEqual({ code: 0 });
          expect(read.okResponse?.headers ?? []).toEqual(set.map(optionOf));
          expect(read.okResponse?.headersToRemove ?? []).toEqual(headersToRemove);
          expect(read.deniedResponse).toBeUndefined();
          expect(read.dynamicMetadata).toEqual(structOf(values));
          expect(codec.readResponse(bytes)).toEqual(
            codec.readResponse(officialCheck.responseSerialize(read)),
          );
        },
      ),
    );
  });

  test('that we write is read the same way by the official protos: a denial', () => {
    const codes = fc.constantFrom(
      [401, 'Unauthorized'] as const,
      [403, 'Forbidden'] as const,
      [503, 'ServiceUnavailable'] as const,
    );
    fc.assert(
      fc.property(
        fc.constantFrom(7, 14, 16),
        codes,
        fc.array(header, { maxLength: 4 }),
        text,
        metadata,
        (code, [httpStatus, name], set, body, values) => {
          const read = official(writeDenied({ code, httpStatus, headers: set, body, metadata: values }));
          expect(read.status).toEqual({ code });
          expect(read.deniedResponse?.status).toEqual({ code: name });
          expect(read.deniedResponse?.headers ?? []).toEqual(set.map(optionOf));
          expect(read.deniedResponse?.body ?? '').toBe(body);
          expect(read.okResponse).toBeUndefined();
          expect(read.dynamicMetadata).toEqual(structOf(values));
        },
      ),
    );
  });
});

test('the health messages match their proto', async () => {
  const health = loadCodec<{ service?: string }, { status: string }>(
    'health.proto',
    'grpc.health.v1.Health',
    'Check',
  );
  for (const isServing of [true, false]) {
    const methods = new Map(createHealthMethods({ isServing: () => isServing, onChange: () => () => {} }));
    const check = methods.get('/grpc.health.v1.Health/Check');
    if (check?.kind !== 'unary') throw new TypeError('a unary method was expected');
    for (const service of ['', 'grpc.health.v1.Health']) {
      const answer = (await check.respond(health.writeRequest({ service }), () => undefined)) as Frame;
      const { status } = health.readResponse(answer.frame.subarray(5));
      expect(status).toBe(isServing ? 'SERVING' : 'NOT_SERVING');
    }
    expect(await check.respond(health.writeRequest({ service: 'x' }), () => undefined)).toMatchObject({
      status: 5,
    });
  }
});

function isReadable(bytes: Buffer): boolean {
  try {
    codec.readRequest(bytes);
    return true;
  } catch {
    return false;
  }
}

/** The numbers of the fields around the authorization header, with the messages in them. */
type Fields = { readonly [field: number]: Fields | 'string' };
const headerField: Fields = { 1: 'string', 2: 'string', 3: 'string' };
const fieldsOfCheck: Fields = { 1: { 4: { 2: { 3: headerField, 13: { 1: headerField } } } } };

/** Whether these fields have the wire type of messages and strings, in a valid message. */
function hasWireTypes(bytes: Buffer, fields = fieldsOfCheck): boolean {
  let offset = 0;
  const readVarint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes.readUInt8(offset++);
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (offset < bytes.length) {
    const tag = readVarint();
    const nested = fields[Math.floor(tag / 8)];
    if (nested !== undefined && tag % 8 !== 2) return false;
    if (tag % 8 === 0) readVarint();
    else if (tag % 8 === 1) offset += 8;
    else if (tag % 8 === 5) offset += 4;
    else if (tag % 8 !== 2) return true;
    else {
      const length = readVarint();
      const value = bytes.subarray(offset, offset + length);
      offset += length;
      if (typeof nested === 'object' && !hasWireTypes(value, nested)) return false;
    }
  }
  return true;
}

/** The expected result of {@link readCheckRequest}, from the message that the codec reads. */
function readByCodec(bytes: Buffer): Omit<CheckRequest, 'header' | 'original'> {
  const { attributes } = codec.readRequest(bytes) as CheckRequestMessage;
  const http = attributes?.request?.http ?? {};
  const valuesOf = (name: string) => {
    const isNamed = (key: string) => key.length === name.length && key.toLowerCase() === name;
    const joined = Object.entries(http.headers ?? {})
      .filter(([key]) => isNamed(key))
      .map(([, value]) => value);
    const raw = (http.headerMap?.headers ?? [])
      .filter(({ key = '' }) => isNamed(key))
      .map(({ value = '', rawValue }) =>
        rawValue === undefined || rawValue.length === 0 ? value : Buffer.from(rawValue).toString('latin1'),
      );
    return [joined, raw] as const;
  };
  const linesOf = (name: string) => {
    const [joined, raw] = valuesOf(name);
    const isTheSame = joined.length === 1 && raw.length === 1 && joined[0] === raw[0];
    return isTheSame ? joined : [...joined, ...raw];
  };
  const [joinedCerts, rawCerts] = valuesOf('x-forwarded-client-cert');
  const certs = linesOf('x-forwarded-client-cert');
  const areTwoAccounts = joinedCerts.length > 0 && rawCerts.length > 0 && certs.length > 1;
  return {
    method: http.method ?? '',
    path: http.path ?? '',
    host: http.host ?? '',
    authorization: linesOf('authorization'),
    dpop: linesOf('dpop'),
    forwardedClientCert: areTwoAccounts ? '' : certs.join('\n'),
    peerCertificate: attributes?.source?.certificate ?? '',
    source: {
      address: attributes?.source?.address?.socketAddress?.address ?? '',
      principal: attributes?.source?.principal ?? '',
    },
    policy: attributes?.contextExtensions?.policy ?? '',
    requestId:
      valuesOf('x-request-id')
        .flat()
        .find((value) => value !== '') ?? '',
  };
}

test('other headers are read once per request, with any number of lookups', () => {
  const count = 2_000;
  const many = Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, `v${index}`]));
  const bytes = officialCheck.requestSerialize({ attributes: { request: { http: { headers: many } } } });
  const request = readWithLookup(bytes);
  let decoded = 0;
  const toText = bytes.toString.bind(bytes);
  bytes.toString = (...parameters) => {
    decoded++;
    return toText(...parameters);
  };
  for (let index = 0; index < 50; index++) {
    expect(request.header(`x-${index * 7}`)).toEqual([`v${index * 7}`]);
    expect(request.header(`y-${index}`)).toEqual([]);
  }
  // The strings of one read and of the lookups. Reading the message again for each name would create fifty times as many.
  expect(decoded).toBeLessThan(3 * count);
});
