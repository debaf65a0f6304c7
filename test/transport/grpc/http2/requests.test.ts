/** The fields of requests (RFC 9113 sections 8.1 to 8.5), and what ends a stream alone. */
import { describe, expect, test } from 'vitest';
import type { RequestHead } from '../../../../src/transport/grpc/http2/stream.ts';
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
    ['with a NUL in a value (8.2.1)', [...post, ['a', 'b\0']]],
    ['with a line feed in a value (8.2.1)', [...post, ['a', 'b\nc']]],
    ['with a carriage return in a value (8.2.1)', [...post, ['a', 'b\rc']]],
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

describe('a header list above a limit ends its stream alone (RFC 9113 section 10.5.1)', () => {
  // An entry of the dynamic table of 4 KiB, then one byte for each time it is used: a small block with a large list.
  const value = Buffer.alloc(3_900, 'v');
  const entry = Buffer.concat([Buffer.of(0x40, 1, 0x62, 0x7f, 0xbd, 0x1d), value]);
  const bomb = (times: number) => Buffer.concat([literals(post), entry, Buffer.alloc(times, 0x80 | 62)]);
  const many = (fields: number) =>
    literals([...post, ...Array.from({ length: fields }, () => ['a', ''] as const)]);

  test.each<[name: string, block: Buffer, isAccepted: boolean]>([
    ['64 KiB', bomb(15), true],
    ['more than 64 KiB', bomb(16), false],
    ['much more, in few bytes', bomb(12_000), false],
    ['256 fields', many(252), true],
    ['257 fields', many(253), false],
  ])('%s', async (_, block, isAccepted) => {
    const { exchange, events } = await serveHttp2();
    const answers = await exchange(head(1, { block }), head(3));
    expect(answers.map(describeFrame)).toEqual(isAccepted ? [] : ['1 RST_STREAM enhanceYourCalm']);
    expect(events).toEqual(isAccepted ? ['1 opened', '3 opened'] : ['3 opened']);
  });

  test('also in trailers', async () => {
    const { exchange, events } = await serveHttp2();
    const block = Buffer.concat([entry, Buffer.alloc(20, 0x80 | 62)]);
    const answers = await exchange(head(1), head(1, { end: true, block }));
    expect(answers.map(describeFrame)).toEqual(['1 RST_STREAM protocolError']);
    expect(events).toEqual(['1 opened', '1 closed']);
  });
});

describe('the compression state stays in step (RFC 9113 section 4.3)', () => {
  /** Adds `content-type: KEPT` to the dynamic table (RFC 7541 section 6.2.1). */
  const added = Buffer.concat([Buffer.of(0x40 | 31, 4), Buffer.from('KEPT')]);
  const used = Buffer.concat([literals(post), Buffer.of(0x80 | 62)]);
  const withAdded = (fields: Fields) => Buffer.concat([literals(fields), added]);

  test.each<[name: string, ...frames: Buffer[]]>([
    ['a malformed request', head(1, { block: withAdded([['A', 'b']]) })],
    [
      'a request that is too large',
      head(1, { block: withAdded(Array.from({ length: 257 }, () => ['a', ''] as const)) }),
    ],
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
