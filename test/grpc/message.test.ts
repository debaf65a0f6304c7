import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMessageReader, frameMessage } from '../../src/grpc/message.ts';
import { grpcStatus } from '../../src/grpc/status.ts';

function read(bytes: Buffer, cuts: readonly number[] = [], encoding?: string, max = 1_000) {
  const reader = createMessageReader(encoding, { kept: max, skipped: max });
  const places = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  for (let index = 1; index < places.length; index++) {
    const failure = reader.add(bytes.subarray(places[index - 1], places[index]));
    if (failure !== undefined) return failure;
  }
  return reader.finish();
}

const framed = (message: Uint8Array) => frameMessage(message).frame;

test('a message is read however it is cut', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(fc.nat(205), { maxLength: 10 }),
      (message, cuts) => {
        const frame = framed(message);
        expect(
          read(
            frame,
            cuts.filter((cut) => cut <= frame.length),
          ),
        ).toEqual(Buffer.from(message));
      },
    ),
  );
});

test.each([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
] as const)('a message in %s is read', (encoding, compress) => {
  const frame = framed(compress('hello'));
  frame[0] = 1;
  expect(read(frame, [], encoding)).toEqual(Buffer.from('hello'));
});

describe('what is refused', () => {
  const compressed = (body: Buffer) => {
    const frame = framed(body);
    frame[0] = 1;
    return frame;
  };
  const cases: [string, Buffer, string | undefined, number][] = [
    ['nothing', Buffer.alloc(0), undefined, grpcStatus.internal],
    ['half a prefix', Buffer.alloc(3), undefined, grpcStatus.internal],
    ['half a message', framed(Buffer.alloc(10)).subarray(0, 9), undefined, grpcStatus.internal],
    [
      'two messages',
      Buffer.concat([framed(Buffer.alloc(1)), framed(Buffer.alloc(1))]),
      undefined,
      grpcStatus.internal,
    ],
    ['a message that is too large', framed(Buffer.alloc(1_001)), undefined, grpcStatus.resourceExhausted],
    [
      'a length of four gigabytes',
      Buffer.from([0, 255, 255, 255, 255]),
      undefined,
      grpcStatus.resourceExhausted,
    ],
    ['a flag of 2', Buffer.from([2, 0, 0, 0, 0]), undefined, grpcStatus.internal],
    ['compression without its name', compressed(gzipSync('x')), undefined, grpcStatus.internal],
    ['compression by another name', compressed(gzipSync('x')), 'identity', grpcStatus.internal],
    ['what is not compressed', compressed(Buffer.from('xxxx')), 'gzip', grpcStatus.internal],
    ['a bomb', compressed(gzipSync(Buffer.alloc(1_000_000))), 'gzip', grpcStatus.resourceExhausted],
  ];
  test.each(cases)('%s', (_, bytes, encoding, status) => {
    expect(read(bytes, [], encoding)).toMatchObject({ status });
  });
});

test('memory for small parts is counted with what it costs', () => {
  const reader = createMessageReader(undefined, { kept: 1_000, skipped: 0 });
  reader.add(Buffer.from([0, 0, 0, 1]));
  for (let index = 0; index < 99; index++) reader.add(Buffer.from([0]));
  expect(reader.heldBytes()).toBeGreaterThan(100 * 100);
});
