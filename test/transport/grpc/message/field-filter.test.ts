/** Reads a CheckRequest whole and in chunks, written byte by byte in the protobuf encoding. */
import { describe, expect, test } from 'vitest';
import type { CheckRequest } from '../../../../src/model/check-request.ts';
import { checkRequestFields, readCheckRequest } from '../../../../src/transport/grpc/check/check-request.ts';
import { createFieldFilter } from '../../../../src/transport/grpc/message/field-filter.ts';
import { MalformedMessage } from '../../../../src/transport/grpc/message/protobuf.ts';
import { loadCheckCodec } from '../../../support/proto-codec.ts';

const varint = (value: number): number[] =>
  value < 0x80 ? [value] : [(value % 0x80) + 0x80, ...varint(Math.floor(value / 0x80))];
/** A field of bytes. Its length is `more` bytes too large. */
const field = (number: number, content: Uint8Array | string, more = 0): Buffer => {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(bytes.length + more)]), bytes]);
};
const begin = (number: number) => Buffer.from(varint(number * 8 + 3));
const end = (number: number) => Buffer.from(varint(number * 8 + 4));
const all = (...parts: readonly Uint8Array[]) => Buffer.concat(parts);

const header = field(3, all(field(1, 'authorization'), field(2, 'Bearer x')));
const path = field(4, '/a');
const inRequest = (...http: readonly Buffer[]) => field(2, all(...http));
const inAttributes = (...request: readonly Buffer[]) => field(4, all(...request));
const inCheck = (...attributes: readonly Buffer[]) => field(1, all(...attributes));
const inHttp = (...fields: readonly Buffer[]) => inCheck(inAttributes(inRequest(...fields)));

const good = inHttp(header, path);

function sieved(message: Buffer, cut: number): Buffer {
  const filter = createFieldFilter(checkRequestFields, message.length);
  for (const part of [message.subarray(0, cut), message.subarray(cut)]) filter.add(part);
  return filter.finish();
}

/** Reads a message, whole and split at every offset; undefined if it is rejected. All ways must agree. */
function read(message: Buffer): Pick<CheckRequest, 'method' | 'path' | 'authorization'> | undefined {
  const attempts = [() => readCheckRequest(message)];
  for (let cut = 0; cut <= message.length; cut++) attempts.push(() => readCheckRequest(sieved(message, cut)));
  const readings = attempts.map((attempt) => {
    try {
      const { method, path: target, authorization } = attempt();
      return { method, path: target, authorization };
    } catch (error) {
      expect(error).toBeInstanceOf(MalformedMessage);
      return undefined;
    }
  });
  for (const reading of readings) expect(reading).toEqual(readings[0]);
  return readings[0];
}

const whole = { method: '', path: '/a', authorization: ['Bearer x'] };
const nested = (depth: number) =>
  all(
    ...Array.from({ length: depth }, (_, index) => begin(100 + index)),
    ...Array.from({ length: depth }, (_, index) => end(99 + depth - index)),
  );

describe('is read', () => {
  test.each<[string, Buffer, object]>([
    ['unchanged', good, whole],
    ['with an unknown group', inHttp(header, begin(100), field(7, 'x'), end(100), path), whole],
    ['with 100 nested groups', inHttp(nested(100), header, path), whole],
    ['with the last of two paths', inHttp(header, field(4, '/b'), path), whole],
    ['with `http` in two parts', inCheck(inAttributes(inRequest(header), inRequest(path))), whole],
    [
      'with `request` in two parts',
      inCheck(inAttributes(inRequest(path)), inAttributes(inRequest(header))),
      whole,
    ],
    ['with the whole message in two parts', all(inHttp(header), inHttp(path)), whole],
    [
      'without a header that is in a group',
      inHttp(begin(100), header, end(100), path),
      { ...whole, authorization: [] },
    ],
    ['without a method that is a number', inHttp(Buffer.from([0x10, 0x41]), header, path), whole],
    [
      'without a path that is an 8-byte number',
      inHttp(path, header, Buffer.from([0x21, 2, 65, 66, 67, 68, 69, 70, 71])),
      whole,
    ],
    [
      'with a 64-bit number',
      inHttp(header, path, Buffer.from([0x48, ...Array<number>(9).fill(0xff), 1])),
      whole,
    ],
  ])('%s', (_, message, expected) => {
    expect(read(message)).toEqual(expected);
  });
});

describe('is rejected', () => {
  const long = (last: number) => Buffer.from([...Array<number>(9).fill(0xff), last]);
  test.each<[string, Buffer]>([
    [
      'a value longer than its header',
      inHttp(field(3, all(field(1, 'authorization'), field(2, 'Bearer x', 1))), path),
    ],
    [
      'a header longer than `http`',
      inHttp(path, field(3, all(field(1, 'authorization'), field(2, 'Bearer x')), 1)),
    ],
    [
      '`http` longer than `request`',
      inCheck(inAttributes(field(2, all(header, path), 2)), Buffer.from([0x10, 0])),
    ],
    [
      '`request` longer than `attributes`',
      all(inCheck(field(4, inRequest(header, path), 2)), Buffer.from([0x10, 0])),
    ],
    ['`attributes` longer than the message', field(1, inAttributes(inRequest(header, path)), 1)],
    [
      'an 8-byte number longer than its message',
      all(inHttp(path, Buffer.from([0x49, 1, 2, 3])), Buffer.alloc(8, 8)),
    ],
    ['a 4-byte number longer than the message', all(good, Buffer.from([0x4d, 1, 2, 3]))],
    ['half a tag', all(good, Buffer.from([0x80]))],
    ['a tag alone', all(good, Buffer.from([0x10]))],
    ['a tag and half a length', all(good, Buffer.from([0x12, 0x80]))],
    ['half a number', all(good, Buffer.from([0x10, 0x80]))],
    ['a number of more than 64 bits', inHttp(header, path, Buffer.from([0x48]), long(2))],
    ['an incomplete number', inHttp(header, path, Buffer.from([0x48]), long(0x80), Buffer.from([1]))],
    ['a number in field 0', inHttp(header, path, Buffer.from([0x00, 0x00]))],
    ['a text in field 0', inHttp(header, path, Buffer.from([0x02, 0x00]))],
    ['a field number of 30 bits', inHttp(header, path, Buffer.from([...varint(2 ** 32), 0]))],
    ['an invalid wire type', inHttp(header, path, Buffer.from([0x4e, 0]))],
    ['101 nested groups', inHttp(header, path, nested(101))],
    ['a group without an end', inHttp(header, path, begin(100))],
    ['a group without an end at the end of the message', all(good, begin(100))],
    ['a group without a start', inHttp(header, path, end(100))],
    ['a group with the end tag of another one', inHttp(header, path, begin(100), end(101))],
    [
      'a group that ends outside of its message',
      inCheck(inAttributes(inRequest(header, path, begin(100)), end(100))),
    ],
    [
      'a field in a group longer than its message',
      inHttp(header, path, begin(100), field(7, 'x', 9), end(100)),
    ],
  ])('%s', (_, message) => {
    expect(read(message)).toBeUndefined();
  });

  test('a message that is shorter than its length', () => {
    for (const missing of [1, 100]) {
      const filter = createFieldFilter(checkRequestFields, good.length + missing);
      filter.add(good);
      expect(() => filter.finish()).toThrow(MalformedMessage);
    }
  });
});

test('the fields so far are a message at any time, without the incomplete field', () => {
  const { readRequest } = loadCheckCodec();
  const seen = new Set<string>();
  for (let cut = 0; cut <= good.length; cut++) {
    const filter = createFieldFilter(checkRequestFields, good.length);
    filter.add(good.subarray(0, cut));
    const { attributes } = readRequest(filter.soFar());
    const { headers, path: target } = attributes?.request?.http ?? {};
    seen.add(`${headers?.authorization ?? 'none'} ${target ?? 'none'}`);
  }
  expect([...seen]).toEqual(['none none', 'Bearer x none', 'Bearer x /a']);
});
