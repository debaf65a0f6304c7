/** Compares our reader of CheckRequest with Go's, whole and in chunks. */
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import type { CheckRequest } from '../../../../src/model/check-request.ts';
import { checkRequestFields, readCheckRequest } from '../../../../src/transport/grpc/check/check-request.ts';
import { createFieldFilter } from '../../../../src/transport/grpc/message/field-filter.ts';
import { MalformedMessage } from '../../../../src/transport/grpc/message/protobuf.ts';
import {
  findProtobufOracle,
  type OracleReading,
  startProtobufOracle,
} from '../../../../tools/protobuf-oracle.ts';
import { describeWith } from '../../../support/real-servers.ts';

type Bytes = fc.Arbitrary<Buffer>;

const joined = (parts: fc.Arbitrary<Buffer[]>): Bytes => parts.map((all) => Buffer.concat(all));

/** A varint with more bytes than necessary. */
function varint(value: number | bigint, padding = 0): Buffer {
  const bytes: number[] = [];
  for (let rest = BigInt(value); ; rest >>= 7n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    if (rest < 0x80n) break;
  }
  for (let index = 0; index < padding && bytes.length < 10; index++) bytes.push(0x80);
  bytes.push((bytes.pop() ?? 0) & 0x7f);
  return Buffer.from(bytes);
}

/** Usually the shortest form. */
const padding = fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 9 }));
const tag = (field: number, wireType: number): Bytes =>
  padding.map((more) => varint(field * 8 + wireType, more));
const delimited = (field: number, content: Bytes): Bytes =>
  fc
    .tuple(tag(field, 2), content, padding)
    .map(([start, bytes, more]) => Buffer.concat([start, varint(bytes.length, more), bytes]));

const text = fc
  .constantFrom('', 'a', 'b', 'GET', '/x?y', 'ключ', '𝄞', 'x'.repeat(300))
  .map((value) => Buffer.from(value));
const name = fc
  .constantFrom(
    '',
    'authorization',
    'Authorization',
    'AUTHORIZATION',
    'dpop',
    'x-request-id',
    'X-Forwarded-Client-Cert',
    'x-a',
    'X-A',
    'ключ',
  )
  .map((value) => Buffer.from(value));
const policy = fc.constantFrom('policy', 'Policy', 'other', '').map((value) => Buffer.from(value));
const some = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes));

/** A tag and a value of any wire type. */
const scalar = (field: Bytes | number): Bytes => {
  const at = (wireType: number) =>
    typeof field === 'number'
      ? tag(field, wireType)
      : field.map((number) => varint(number.readUInt32BE() * 8 + wireType));
  return fc.oneof(
    joined(
      fc.tuple(
        at(0),
        fc
          .tuple(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), padding)
          .map(([value, more]) => varint(value, more)),
      ),
    ),
    joined(
      fc.tuple(
        at(1),
        fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
      ),
    ),
    joined(
      fc.tuple(
        at(5),
        fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
      ),
    ),
  );
};
const unknownNumber = fc.constantFrom(100, 101, 1_000, 2 ** 29 - 1);
const uint32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
/** An unknown field, including nested groups. */
const unknown: Bytes = fc.letrec<{ field: Buffer; group: Buffer }>((tie) => ({
  field: fc.oneof(
    { maxDepth: 4 },
    scalar(unknownNumber.map(uint32)),
    unknownNumber.chain((number) => delimited(number, some)),
    tie('group'),
  ),
  group: unknownNumber.chain((number) =>
    joined(fc.tuple(tag(number, 3), joined(fc.array(tie('field'), { maxLength: 3 })), tag(number, 4))),
  ),
})).field;
/** A field with a known number and another wire type, which readers treat as unknown. */
const ofAnotherType = (field: number): Bytes =>
  fc.oneof(scalar(field), joined(fc.tuple(tag(field, 3), unknown, tag(field, 4))));

const anyOrder = (fields: readonly Bytes[], others: readonly number[], maxLength = 6): Bytes =>
  joined(
    fc.array(
      fc.oneof(
        ...fields.map((arbitrary) => ({ weight: 4, arbitrary })),
        { weight: 1, arbitrary: unknown },
        ...others.map((number) => ({ weight: 1, arbitrary: ofAnotherType(number) })),
      ),
      { maxLength },
    ),
  );

/** A message with a placeholder for malformed bytes in any part. */
function checkRequest(hole: readonly Bytes[]): Bytes {
  const entry = (key: Bytes) => anyOrder([delimited(1, key), delimited(2, text), ...hole], [1, 2], 4);
  const headerValue = anyOrder([delimited(1, name), delimited(2, text), delimited(3, some), ...hole], [3], 4);
  const headerMap = anyOrder([delimited(1, headerValue), ...hole], [1], 4);
  const unreadOfHttp = [
    delimited(1, text),
    delimited(6, text),
    delimited(11, text),
    delimited(12, some),
    joined(fc.tuple(tag(9, 0), fc.constant(varint(2n ** 64n - 1n)))),
  ];
  const http = anyOrder(
    [
      delimited(2, text),
      delimited(3, entry(name)),
      delimited(3, entry(name)),
      delimited(4, text),
      delimited(5, text),
      delimited(13, headerMap),
      fc.oneof(...unreadOfHttp),
      ...hole,
    ],
    [2, 3, 4, 11, 13],
    10,
  );
  const time = delimited(1, joined(fc.tuple(tag(1, 0), fc.constant(varint(1_700_000_000)))));
  const request = anyOrder([delimited(2, http), delimited(2, http), time, ...hole], [2], 4);
  const port = joined(fc.tuple(tag(3, 0), fc.constant(varint(443))));
  const socket = anyOrder([delimited(2, text), port, ...hole], [2], 3);
  const pipe = delimited(2, delimited(1, fc.constant(Buffer.from('/run/x'))));
  const internal = delimited(3, delimited(1, text));
  const address = anyOrder([delimited(1, socket), delimited(1, socket), pipe, internal, ...hole], [1], 3);
  const peer = anyOrder(
    [delimited(1, address), delimited(2, text), delimited(4, text), delimited(5, text), ...hole],
    [4],
    5,
  );
  const destination = delimited(2, delimited(4, text));
  const attributes = anyOrder(
    [
      delimited(4, request),
      delimited(4, request),
      delimited(1, peer),
      delimited(10, entry(policy)),
      destination,
      ...hole,
    ],
    [1, 4, 10],
    6,
  );
  return anyOrder([delimited(1, attributes), delimited(1, attributes), ...hole], [1], 3);
}

/** Bytes that are not a field anywhere. */
const broken: Bytes = fc.constantFrom(
  Buffer.from([0x00]),
  Buffer.from([0x02, 0x00]),
  Buffer.from([0x0e]),
  Buffer.from([0x0f, 0x00]),
  // A group without a start, one without an end, and one with the end of another group.
  Buffer.from([0x0c]),
  Buffer.from([0xa3, 0x06, 0x08, 0x01]),
  Buffer.from([0xa3, 0x06, 0xac, 0x06]),
  // Varints of more than 64 bits: a tag, a length and a value.
  Buffer.from([...Array<number>(10).fill(0xff), 0x01]),
  Buffer.from([0xa2, 0x06, ...Array<number>(9).fill(0xff), 0x02]),
  Buffer.from([0xa0, 0x06, ...Array<number>(9).fill(0xff), 0x7f]),
  // A field number beyond 2^29 - 1.
  Buffer.concat([varint(2 ** 32), Buffer.from([0x00])]),
  // Lengths beyond every message, and beyond only this one.
  Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x01]),
  Buffer.from([0xa2, 0x06, 0xff, 0xff, 0x03]),
);

/** Our result in the form of the oracle; undefined if the message is rejected. */
function ours(read: () => CheckRequest): CheckRequest | undefined {
  try {
    return read();
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedMessage);
    return undefined;
  }
}

const whole = (message: Buffer) => ours(() => readCheckRequest(message));
function inPieces(message: Buffer, cuts: readonly number[]): CheckRequest | undefined {
  return ours(() => {
    const filter = createFieldFilter(checkRequestFields, message.length);
    const places = [...new Set([0, ...cuts.map((cut) => cut % (message.length + 1)), message.length])].sort(
      (a, b) => a - b,
    );
    for (const [index, place] of places.entries()) {
      filter.add(message.subarray(places[index - 1] ?? 0, place));
      // The fields so far are a message at any time.
      readSoFar(filter.soFar());
    }
    return readCheckRequest(filter.finish());
  });
}

/** The stored bytes may end within a malformed entry, and nowhere else. */
function readSoFar(message: Buffer): void {
  ours(() => readCheckRequest(message));
}

const lower = (key: string) => key.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** The expected result for a result of the oracle. */
function expected({ headers, headerMap, contextExtensions, ...read }: OracleReading) {
  const lines = new Map<string, { joined: string[]; raw: string[] }>();
  const of = (key: string) =>
    lines.getOrInsertComputed(Buffer.from(lower(key)).toString('latin1'), () => ({ joined: [], raw: [] }));
  for (const [key, value] of Object.entries(headers ?? {})) of(key).joined.push(value);
  for (const { key, value, rawValue } of headerMap) {
    const raw = Buffer.from(rawValue ?? '', 'base64').toString('latin1');
    of(key).raw.push(raw === '' ? value : raw);
  }
  const valuesOf = (key: string) => {
    const found = lines.get(key) ?? { joined: [], raw: [] };
    const isSame = found.joined.length === 1 && found.raw.length === 1 && found.joined[0] === found.raw[0];
    return isSame ? found.joined : [...found.joined, ...found.raw].sort();
  };
  return {
    method: read.method,
    host: read.host,
    path: read.path,
    source: { address: read.address, principal: read.principal },
    peerCertificate: read.certificate,
    policy: contextExtensions?.policy ?? '',
    authorization: valuesOf('authorization'),
    dpop: valuesOf('dpop'),
    headers: [...lines.keys()].sort().map((key) => [key, valuesOf(key)]),
  };
}

function fieldsOf(request: CheckRequest, names: readonly string[]) {
  const {
    method,
    host,
    path,
    source,
    peerCertificate,
    policy: chosen,
    authorization,
    dpop,
    header,
  } = request;
  return {
    ...{ method, host, path, source, peerCertificate, policy: chosen },
    authorization: [...authorization].sort(),
    dpop: [...dpop].sort(),
    headers: names.map((key) => [key, [...header(key)].sort()]),
  };
}

describeWith("Go's protocol buffers", await findProtobufOracle(), (path) => {
  const oracle = path === '' ? undefined : startProtobufOracle(path);
  afterAll(() => oracle?.stop());
  const read = async (message: Buffer): Promise<OracleReading> => {
    if (oracle === undefined) throw new TypeError('there is no oracle');
    return oracle.read(message);
  };
  const cuts = fc.array(fc.nat(2_000), { maxLength: 12 });

  const agree = (request: CheckRequest | undefined, reading: OracleReading) => {
    const must = expected(reading);
    expect(
      request &&
        fieldsOf(
          request,
          must.headers.map(([key]) => String(key)),
        ),
    ).toEqual(must);
  };

  test('accept unusual forms of a message, and we read each the same way, whole and in chunks', async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(checkRequest([]), cuts, async (message, places) => {
        const reading = await read(message);
        expect(reading.error).toBeUndefined();
        accepted++;
        agree(whole(message), reading);
        agree(inPieces(message, places), reading);
      }),
      { numRuns: 2_000 },
    );
    expect(accepted).toBeGreaterThanOrEqual(2_000);
  });

  test('reject malformed messages, and so do we', async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(checkRequest([broken]), cuts, async (message, places) => {
        const reading = await read(message);
        if (reading.error === undefined) {
          agree(whole(message), reading);
          agree(inPieces(message, places), reading);
          return;
        }
        refused++;
        expect(whole(message)).toBeUndefined();
        expect(inPieces(message, places)).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
    expect(refused).toBeGreaterThan(500);
  });

  test('accept some messages that were truncated or changed at random, and we read these the same way', async () => {
    const change = fc.array(fc.tuple(fc.nat(2_000), fc.nat(255)), { minLength: 1, maxLength: 3 });
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(checkRequest([]), change, fc.nat(2_000), cuts, async (good, changes, end, places) => {
        const message = Buffer.from(good.subarray(0, end % 3 === 0 ? end % (good.length + 1) : good.length));
        for (const [place, byte] of changes) if (message.length > 0) message[place % message.length] = byte;
        const reading = await read(message);
        const [first, second] = [whole(message), inPieces(message, places)];
        // Our two readers agree, even if Go rejects invalid UTF-8 that we read.
        expect(second === undefined).toBe(first === undefined);
        if (reading.error !== undefined) return;
        accepted++;
        agree(first, reading);
        agree(second, reading);
      }),
      { numRuns: 3_000 },
    );
    expect(accepted).toBeGreaterThan(300);
  });

  test('reject a length beyond its message at each level, and so do we', async () => {
    const field = (number: number, content: Buffer, more = 0) =>
      Buffer.concat([varint(number * 8 + 2), varint(content.length + more), content]);
    const value = Buffer.from('Bearer x');
    const key = field(1, Buffer.from('authorization'));
    /** A message with a length that is too large by one at one level. */
    const lying = (level: number) => {
      const wrap = (number: number, content: Buffer, at: number) =>
        Buffer.concat([
          field(number, content, at === level ? 1 : 0),
          at === level - 1 ? Buffer.alloc(0) : field(99, Buffer.from('y')),
        ]);
      const header = Buffer.concat([key, field(2, value, level === 0 ? 1 : 0)]);
      return wrap(1, wrap(4, wrap(2, wrap(3, header, 1), 2), 3), 4);
    };
    expect((await read(lying(-1))).headers).toEqual({ authorization: 'Bearer x' });
    expect(whole(lying(-1))?.authorization).toEqual(['Bearer x']);
    for (const level of [0, 1, 2, 3]) {
      const message = lying(level);
      expect([level, (await read(message)).error !== undefined]).toEqual([level, true]);
      expect([level, whole(message)]).toEqual([level, undefined]);
      for (let cut = 0; cut <= message.length; cut++)
        expect([level, cut, inPieces(message, [cut])]).toEqual([level, cut, undefined]);
    }
  });
});
