/** The fields of requests (RFC 9113 sections 8.1 to 8.5), and what ends a stream alone. */
import { describe, expect, test } from 'vitest';
import type { RequestHead } from '../../../../src/transport/grpc/http2/stream.ts';
import { flag, frame, frameType } from '../../../support/http2.ts';
import { data, describeFrame, head, literals, serveHttp2 } from '../../../support/http2-connection.ts';

type Fields = (readonly [name: string, value: string])[];

const post: Fields = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/a.B/C'],
  [':authority', 'localhost'],
];

/** The fields of a request without one of them. */
function without(name: string): Fields {
  return post.filter(([other]) => other !== name);
}

/** The fields of a request with another value. */
function having(name: string, value: string): Fields {
  return post.map(([other, old]) => [other, other === name ? value : old] as const);
}

/** Sends requests on streams 1, 3, …, and returns the heads that the handler saw. */
async function headsOf(...requests: Fields[]): Promise<RequestHead[]> {
  const heads: RequestHead[] = [];
  const { exchange, endings } = await serveHttp2({ opened: (stream) => void heads.push(stream.head) });
  await exchange(...requests.map((fields, index) => head(2 * index + 1, { block: literals(fields) })));
  expect(endings).toEqual([]);
  return heads;
}

describe('the head of a request', () => {
  const plain = {
    method: 'POST',
    path: '/a.B/C',
    contentType: undefined,
    encoding: undefined,
    timeout: undefined,
  };

  test('has the fields that gRPC reads', async () => {
    const fields: Fields = [
      ...post,
      ['te', 'trailers'],
      ['content-type', 'application/grpc'],
      ['grpc-encoding', 'gzip'],
      ['grpc-timeout', '1S'],
      ['x-other', 'a\tb\xff'],
      ['x-empty', ''],
      ['x-space', ' a\t'],
      ['x-control', 'a\0b\r\nc'],
    ];
    expect(await headsOf(fields)).toEqual([
      { ...plain, contentType: 'application/grpc', encoding: 'gzip', timeout: '1S' },
    ]);
  });
  test('has the first of several values', async () => {
    const fields: Fields = [...post, ['grpc-timeout', '1S'], ['grpc-timeout', '2S']];
    expect(await headsOf(fields)).toEqual([{ ...plain, timeout: '1S' }]);
  });
  test('has nothing of the request before', async () => {
    const first: Fields = [
      ...post,
      ['grpc-timeout', '1S'],
      ['content-type', 'a'],
      ['grpc-encoding', 'b'],
      ['content-length', '4'],
    ];
    const get: Fields = having(':method', 'GET');
    const other: Fields = having(':path', '/d');
    expect(await headsOf(first, post, post, get, other)).toEqual([
      { ...plain, timeout: '1S', contentType: 'a', encoding: 'b' },
      plain,
      plain,
      { ...plain, method: 'GET' },
      { ...plain, path: '/d' },
    ]);
  });
  test('may be OPTIONS *, or CONNECT without scheme and path (8.5)', async () => {
    const connect: Fields = [
      [':method', 'CONNECT'],
      [':authority', 'a:1'],
    ];
    const options: Fields = [
      [':method', 'OPTIONS'],
      [':path', '*'],
      [':scheme', 'https'],
    ];
    const heads = await headsOf(connect, options, without(':authority'));
    expect(heads.map(({ method, path }) => [method, path])).toEqual([
      ['CONNECT', ''],
      ['OPTIONS', '*'],
      ['POST', '/a.B/C'],
    ]);
  });
});

describe('a malformed request ends alone', () => {
  test.each<[name: string, fields: Fields]>([
    ['without :method (8.3.1)', without(':method')],
    ['without :scheme (8.3.1)', without(':scheme')],
    ['without :path (8.3.1)', without(':path')],
    ['with an empty :path (8.3.1)', having(':path', '')],
    ['with a :path that is not absolute (8.3.1)', having(':path', 'a')],
    ['with * as :path of POST (8.3.1)', having(':path', '*')],
    ['with an empty :method (8.3.1)', having(':method', '')],
    ['with a space in :method', having(':method', 'PO ST')],
    ['with a NUL in :path (8.2.1)', having(':path', '/\0')],
    ['with a line feed in :authority (8.2.1)', having(':authority', 'a\nb')],
    ['with a carriage return in :scheme (8.2.1)', having(':scheme', 'http\r')],
    ['with a space after :path (8.2.1)', having(':path', '/a ')],
    ['with two :method (8.3)', [...post, [':method', 'POST']]],
    ['with two :scheme (8.3)', [...post, [':scheme', 'http']]],
    ['with two :path (8.3)', [...post, [':path', '/']]],
    ['with two :authority (8.3)', [...post, [':authority', 'b']]],
    ['with :status (8.3)', [...post, [':status', '200']]],
    ['with an unknown pseudo-header field (8.3)', [...post, [':protocol', 'websocket']]],
    ['with :authority after a field (8.3)', [...without(':authority'), ['a', 'b'], [':authority', 'c']]],
    ['with :path after a field (8.3)', [...without(':path'), ['content-type', 'b'], [':path', '/c']]],
    ['with :method after a field (8.3)', [...without(':method'), ['a', 'b'], [':method', 'POST']]],
    ['with :scheme after a field (8.3)', [...without(':scheme'), ['a', 'b'], [':scheme', 'http']]],
    ['CONNECT with a :path (8.5)', having(':method', 'CONNECT')],
    ['CONNECT without :authority (8.5)', [[':method', 'CONNECT']]],
    ['with an upper-case name (8.2.1)', [...post, ['X-a', 'b']]],
    ['with an empty name (8.2.1)', [...post, ['', 'b']]],
    ['with a space in a name (8.2.1)', [...post, ['a b', 'b']]],
    ['with 0xff in a name (8.2.1)', [...post, ['a\xff', 'b']]],
    ['with a colon in a name (8.2.1)', [...post, ['a:b', 'b']]],
    ['with connection (8.2.2)', [...post, ['connection', 'close']]],
    ['with keep-alive (8.2.2)', [...post, ['keep-alive', '1']]],
    ['with proxy-connection (8.2.2)', [...post, ['proxy-connection', 'close']]],
    ['with transfer-encoding (8.2.2)', [...post, ['transfer-encoding', 'chunked']]],
    ['with upgrade (8.2.2)', [...post, ['upgrade', 'h2c']]],
    ['with te other than trailers (8.2.2)', [...post, ['te', 'trailers, deflate']]],
    ['with an invalid content-length (8.1.1)', [...post, ['content-length', '+1']]],
    [
      'with two values of content-length (8.1.1)',
      [...post, ['content-length', '1'], ['content-length', '2']],
    ],
  ])('%s', async (_, fields) => {
    const { exchange, events } = await serveHttp2();
    const answers = await exchange(head(1, { block: literals(fields) }), data(1, 3, { end: true }), head(3));
    expect(answers.map(describeFrame)).toEqual(['1 RST_STREAM protocolError']);
    expect(events).toEqual(['3 opened']);
  });
});

describe('content-length (RFC 9113 section 8.1.1)', () => {
  const five = literals([...post, ['content-length', '5'], ['content-length', '5']]);
  const trailers = (stream: number) => head(stream, { end: true, block: literals([['a', 'b']]) });

  test.each<[name: string, ...frames: Buffer[]]>([
    ['more data', head(1, { block: five }), data(1, 3), data(1, 3)],
    ['less data', head(1, { block: five }), data(1, 3), data(1, 1, { end: true })],
    ['less data before trailers', head(1, { block: five }), data(1, 4), trailers(1)],
    ['no data', head(1, { block: five, end: true })],
  ])('with %s ends the stream', async (_, ...frames) => {
    const { exchange, events } = await serveHttp2();
    expect((await exchange(...frames)).map(describeFrame)).toEqual(['1 RST_STREAM protocolError']);
    expect(events.filter((event) => event.startsWith('1 end'))).toEqual([]);
    expect(events.at(-1)).toBe(events.length === 0 ? undefined : '1 closed');
  });
  test.each<[name: string, ...frames: Buffer[]]>([
    ['data', head(1, { block: five }), data(1, 3), data(1, 2, { end: true })],
    ['data, then an empty frame', head(1, { block: five }), data(1, 5), data(1, 0, { end: true })],
    ['data, then trailers', head(1, { block: five }), data(1, 5), trailers(1)],
    ['zero and no data', head(1, { block: literals([...post, ['content-length', '0']]), end: true })],
  ])('agrees with %s', async (_, ...frames) => {
    const { exchange, events } = await serveHttp2();
    expect(await exchange(...frames)).toEqual([]);
    expect(events.at(-1)).toMatch(/^1 end/);
  });
});

describe('trailers (RFC 9113 section 8.1)', () => {
  test('end the request', async () => {
    const { exchange, events } = await serveHttp2();
    await exchange(head(1), data(1, 5), head(1, { end: true, block: literals([['a', 'b']]) }));
    expect(events).toEqual(['1 opened', '1 data 5', '1 end 0']);
  });
  test.each<[name: string, fields: Fields]>([
    ['with a pseudo-header field', [[':path', '/']]],
    ['with an upper-case name', [['A', 'b']]],
    ['with connection', [['connection', 'close']]],
  ])('%s end the stream', async (_, fields) => {
    const { exchange, events } = await serveHttp2();
    const answers = await exchange(head(1), head(1, { end: true, block: literals(fields) }));
    expect(answers.map(describeFrame)).toEqual(['1 RST_STREAM protocolError']);
    expect(events).toEqual(['1 opened', '1 closed']);
  });
});

/** HEADERS and CONTINUATION of at most 16,384 bytes. */
function continued(stream: number, block: Buffer, first = 16_384): Buffer {
  const frames = [frame(frameType.headers, 0, stream, block.subarray(0, first))];
  for (let at = first; at < block.length; at += 16_384)
    frames.push(frame(frameType.continuation, 0, stream, block.subarray(at, at + 16_384)));
  return Buffer.concat([...frames, frame(frameType.continuation, flag.endHeaders, stream)]);
}

/** A literal field with a value of any length (RFC 7541 section 5.2). The first byte is the kind of the literal. */
function longField(kind: number, name: string, value: Buffer, huffman = 0): Buffer {
  const length = [0x7f | huffman];
  let left = value.length - 0x7f;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) length.push((left % 0x80) + 0x80);
  return Buffer.concat([Buffer.of(kind, name.length), Buffer.from(name), Buffer.of(...length, left), value]);
}

describe('a header block of any size is read', () => {
  // An entry of the dynamic table of 4 KiB, then one byte for each time it is used: a small block with a large list.
  const entry = longField(0x40, 'b', Buffer.alloc(3_900, 'v'));
  const type = literals([['content-type', 'last']]);
  const mebibyte = Buffer.alloc(1_048_576, 0xff);

  test.each<[name: string, fields: Buffer]>([
    ['with a list of 47 MiB in few bytes', Buffer.concat([entry, Buffer.alloc(12_000, 0x80 | 62)])],
    ['with 3,000 fields', literals(Array.from({ length: 3_000 }, () => ['a', 'b'] as const))],
    ['with a value of 60 KiB', longField(0, 'a', mebibyte.subarray(0, 61_440))],
    ['with a value of 1 MiB', longField(0, 'a', mebibyte)],
    ['with a value of 1 MiB, never indexed', longField(0x10, 'a', mebibyte)],
    ['with a value of 1 MiB, indexed', longField(0x40, 'a', mebibyte)],
    ['with a value of 1 MiB that says it is Huffman code', longField(0, 'a', mebibyte, 0x80)],
    ['with several of them', Buffer.concat([0, 1, 2].map(() => longField(0, 'a', mebibyte)))],
  ])('%s', async (_, fields) => {
    const types: (string | undefined)[] = [];
    const { exchange } = await serveHttp2({
      opened: ({ head: { contentType } }) => void types.push(contentType),
    });
    const block = Buffer.concat([literals(post), fields, type]);
    expect(await exchange(continued(1, block), head(3))).toEqual([]);
    expect(types).toEqual(['last', 'application/grpc']);
  });

  test('a field that is too long for the table leaves it empty (RFC 7541 section 4.4)', async () => {
    const { endedBy, events } = await serveHttp2();
    const first = Buffer.concat([literals(post), entry, longField(0x40, 'a', mebibyte)]);
    const second = Buffer.concat([literals(post), Buffer.of(0x80 | 62)]);
    expect(await endedBy(continued(1, first), head(3, { block: second }))).toBe('compressionError');
    expect(events).toEqual(['1 opened', '1 closed']);
  });

  test.each<[name: string, block: Buffer]>([
    ['a short field', longField(0, 'a', mebibyte.subarray(0, 1_000)).subarray(0, 600)],
    ['a long field', longField(0, 'a', mebibyte).subarray(0, 600_000)],
    ['the name of a long field', longField(0, 'a', mebibyte).subarray(2, 600_000)],
  ])('without the end of %s is an error (RFC 7541 section 5.2)', async (_, block) => {
    const { endedBy } = await serveHttp2();
    expect(await endedBy(continued(1, block))).toBe('compressionError');
  });

  test.each<[name: string, code: string | undefined, length: number]>([
    ['of 16 KiB is read', undefined, 16_384 - 3],
    ['above 16 KiB ends the connection', 'compressionError', 16_384],
  ])('a name %s', async (_, code, length) => {
    const { client, exchange, endedBy, events } = await serveHttp2();
    const field = longField(0, 'a', Buffer.alloc(length, 'v')).subarray(3);
    const block = Buffer.concat([literals(post), Buffer.of(0), field, Buffer.of(0)]);
    if (code !== undefined) return expect(await endedBy(continued(1, block))).toBe(code);
    await exchange(continued(1, block));
    expect([events, client.isClosed()]).toEqual([['1 opened'], false]);
  });

  test('a block is the same wherever it is cut', async () => {
    const heads: RequestHead[] = [];
    const { exchange } = await serveHttp2({ opened: (stream) => void heads.push(stream.head) });
    // Two changes of the table, an entry, a use of it, and literals of each kind.
    const block = Buffer.concat([
      Buffer.of(0x20, 0x3f, 0xe1, 0x1f),
      literals(post),
      Buffer.concat([Buffer.of(0x40 | 31, 4), Buffer.from('KEPT'), Buffer.of(0x80 | 62)]),
      longField(0x10, 'a', Buffer.alloc(400, 'v')),
    ]);
    const cuts = Array.from({ length: block.length + 1 }, (_, cut) => continued(2 * cut + 1, block, cut));
    await exchange(...cuts);
    expect(heads).toHaveLength(block.length + 1);
    expect(new Set(heads.map((one) => JSON.stringify(one))).size).toBe(1);
  });
});

describe('the compression state stays in step (RFC 9113 section 4.3)', () => {
  /** Adds `content-type: KEPT` to the dynamic table (RFC 7541 section 6.2.1). */
  const added = Buffer.concat([Buffer.of(0x40 | 31, 4), Buffer.from('KEPT')]);
  const used = Buffer.concat([literals(post), Buffer.of(0x80 | 62)]);
  const withAdded = (fields: Fields) => Buffer.concat([literals(fields), added]);

  test.each<[name: string, ...frames: Buffer[]]>([
    ['a malformed request', head(1, { block: withAdded([['A', 'b']]) })],
    ['trailers', head(1), head(1, { end: true, block: added })],
    ['trailers after the end', head(1, { end: true }), head(1, { end: true, block: added })],
    ['malformed trailers', head(1), head(1, { end: true, block: withAdded([[':path', '/']]) })],
    [
      'trailers of a stream that this side has reset',
      head(1, { block: literals([]) }),
      head(1, { end: true, block: added }),
    ],
  ])('after %s', async (_, ...frames) => {
    const types: (string | undefined)[] = [];
    const { exchange } = await serveHttp2({
      opened: ({ head: { contentType } }) => void types.push(contentType),
    });
    await exchange(...frames, head(7, { block: used }));
    expect(types.at(-1)).toBe('KEPT');
  });

  test('after a request that is refused', async () => {
    const { exchange, connection } = await serveHttp2();
    await exchange(head(1));
    connection.close();
    const answers = await exchange(head(3, { block: withAdded(post) }));
    expect(answers.map(describeFrame)).toContain('3 RST_STREAM refusedStream');
    const next = await exchange(head(5, { block: used }));
    expect(next.map(describeFrame)).toEqual(['5 RST_STREAM refusedStream']);
  });
});
