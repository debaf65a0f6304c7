import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkRequestFields } from '../../../../src/transport/grpc/check/check-request.ts';
import {
  createMessageReader,
  frameMessage,
  wholeMessage,
} from '../../../../src/transport/grpc/message/framing.ts';
import { createInflater } from '../../../../src/transport/grpc/message/inflater.ts';
import { type CallFailure, grpcStatus } from '../../../../src/transport/grpc/status.ts';
import { officialCheck } from '../../../support/official-protos.ts';

function read(bytes: Buffer, cuts: readonly number[] = [], encoding?: string, max = 1_000) {
  const reader = createMessageReader(encoding, { stored: max, skipped: max });
  const places = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  for (let index = 1; index < places.length; index++) {
    const failure = reader.add(bytes.subarray(places[index - 1], places[index]));
    if (failure !== undefined) return failure;
  }
  return reader.finish();
}

/** Reads a message, and inflates it if it is compressed. */
async function readWhole(...parameters: Parameters<typeof read>) {
  return inflated(read(...parameters));
}

async function inflated(end: ReturnType<typeof read>): Promise<Buffer | CallFailure> {
  if (!('encoding' in end)) return end;
  return new Promise((resolve) => createInflater().open().add(end, resolve));
}

const framed = (message: Uint8Array) => frameMessage(message).frame;

test('reads a message in chunks of any size', () => {
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

test('a chunk that is one whole message needs no reader, and is read as the reader reads it', () => {
  const chunk = fc.record({
    flag: fc.constantFrom(0, 0, 0, 1, 2),
    message: fc.uint8Array({ maxLength: 40 }),
    wrong: fc.constantFrom(0, 0, 0, -1, 1, 0x01_00_00_00),
    more: fc.constantFrom(0, 0, 0, 1, 5, 45),
    cut: fc.constantFrom(0, 0, 0, 1, 4, 5),
  });
  let whole = 0;
  fc.assert(
    fc.property(chunk, ({ flag, message, wrong, more, cut }) => {
      const frame = framed(message);
      frame[0] = flag;
      frame.writeUInt32BE(Math.max(0, message.length + wrong), 1);
      const bytes = Buffer.concat([frame, Buffer.alloc(more)]);
      const sent = bytes.subarray(0, Math.max(0, bytes.length - cut));
      const found = wholeMessage(sent, 30);
      if (found !== undefined) whole++;
      const byReader = read(sent, [], 'gzip', 30);
      if (found === undefined) expect(flag === 0 && 'length' in byReader).toBe(false);
      else expect(byReader).toEqual(found);
    }),
  );
  expect(whole).toBeGreaterThan(0);
  expect(wholeMessage(framed(Buffer.alloc(30)), 30)).toHaveLength(30);
  expect(wholeMessage(framed(Buffer.alloc(31)), 30)).toBeUndefined();
});

test.each([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
] as const)('a message in %s is read', async (encoding, compress) => {
  const frame = framed(compress('hello'));
  frame[0] = 1;
  expect(await readWhole(frame, [], encoding)).toEqual(Buffer.from('hello'));
});

describe('rejects invalid messages', () => {
  const compressed = (body: Buffer) => {
    const frame = framed(body);
    frame[0] = 1;
    return frame;
  };
  const cases: [string, Buffer, string | undefined, number][] = [
    ['an empty body', Buffer.alloc(0), undefined, grpcStatus.internal],
    ['a partial prefix', Buffer.alloc(3), undefined, grpcStatus.internal],
    ['a partial message', framed(Buffer.alloc(10)).subarray(0, 9), undefined, grpcStatus.internal],
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
    ['a compressed message without an encoding', compressed(gzipSync('x')), undefined, grpcStatus.internal],
    ['a deflated message without an encoding', compressed(deflateSync('x')), undefined, grpcStatus.internal],
    [
      'a compressed message with the encoding identity',
      compressed(gzipSync('x')),
      'identity',
      grpcStatus.internal,
    ],
    ['a compressed message of nothing', compressed(Buffer.alloc(0)), 'gzip', grpcStatus.internal],
    ['half a compressed message', compressed(gzipSync('hello').subarray(0, 20)), 'gzip', grpcStatus.internal],
    ['a message that is not compressed', compressed(Buffer.from('xxxx')), 'gzip', grpcStatus.internal],
    [
      'a decompression bomb',
      compressed(gzipSync(Buffer.alloc(1_000_000))),
      'gzip',
      grpcStatus.resourceExhausted,
    ],
    [
      'a small decompression bomb',
      compressed(gzipSync(Buffer.alloc(100_000))),
      'gzip',
      grpcStatus.resourceExhausted,
    ],
    [
      'a small bomb, deflated',
      compressed(deflateSync(Buffer.alloc(100_000))),
      'deflate',
      grpcStatus.resourceExhausted,
    ],
  ];
  test.each(cases)('%s', async (_, bytes, encoding, status) => {
    expect(await readWhole(bytes, [], encoding)).toMatchObject({ status });
  });
});

test('rejects a second message, in chunks of any size', () => {
  const frame = framed(Buffer.alloc(20));
  const two = Buffer.concat([frame, frame]);
  for (let cut = 0; cut <= two.length; cut++)
    expect([cut, read(two, [cut])]).toMatchObject([cut, { status: grpcStatus.internal }]);
});

describe('the fields of a check', () => {
  const check = (http: object) => officialCheck.requestSerialize({ attributes: { request: { http } } });
  const large = check({ headers: { cookie: 'c'.repeat(500) } });
  const withBody = check({ headers: { a: 'b' }, rawBody: Buffer.alloc(500) });
  const [tooLarge, taken] = ['resourceExhausted', 'taken'] as const;
  const cases: [string, Buffer, { stored: number; skipped: number }, typeof tooLarge | typeof taken][] = [
    ['accepts stored bytes at the limit', large, { stored: 600, skipped: 0 }, taken],
    ['rejects stored bytes above the limit', large, { stored: 400, skipped: 5_000 }, tooLarge],
    ['accepts a larger body', withBody, { stored: 100, skipped: 500 }, taken],
    ['rejects a body above its own limit', withBody, { stored: 100, skipped: 499 }, tooLarge],
    ['accepts any small message', withBody, { stored: 600, skipped: 0 }, taken],
  ];
  test.each(cases)('%s', async (_, message, limits, expected) => {
    const zipped = framed(gzipSync(message));
    zipped[0] = 1;
    for (const [frame, encoding] of [
      [framed(message), undefined],
      [zipped, 'gzip'],
    ] as const)
      for (const cut of [frame.length, 3, 5, frame.length - 1]) {
        const reader = createMessageReader(encoding, limits, checkRequestFields);
        const failure = reader.add(frame.subarray(0, cut)) ?? reader.add(frame.subarray(cut));
        const end = failure ?? (await inflated(reader.finish()));
        expect('status' in end ? end.status : taken).toBe(
          expected === taken ? taken : grpcStatus.resourceExhausted,
        );
      }
  });
});

test('a small check in chunks is read whole, and its complete fields can be read before its end', () => {
  const headers = { 'x-request-id': 'r'.repeat(20), cookie: 'c'.repeat(20) };
  const message = officialCheck.requestSerialize({
    attributes: { request: { http: { method: 'GET', headers } } },
  });
  const frame = framed(message);
  const seen = new Set<string>();
  for (let cut = 1; cut < frame.length; cut++) {
    const reader = createMessageReader(undefined, { stored: 1_000, skipped: 0 }, checkRequestFields);
    reader.add(frame.subarray(0, cut));
    const soFar = officialCheck.requestDeserialize(reader.soFar()) as CheckSoFar;
    const found = soFar.attributes?.request?.http ?? {};
    seen.add(JSON.stringify(found));
    for (const [name, value] of Object.entries(found.headers ?? {}))
      expect(value).toBe(headers[name as keyof typeof headers]);
    reader.add(frame.subarray(cut));
    expect(reader.finish()).toEqual(message);
  }
  // Nothing, the method, and the first header: the message ends with the second one.
  expect(seen.size).toBe(3);
});

interface CheckSoFar {
  readonly attributes?: {
    readonly request?: {
      readonly http?: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> };
    };
  };
}

test('counts the real memory of small chunks, and allocates only for bytes that have arrived', () => {
  const reader = createMessageReader(undefined, { stored: 1_000_000, skipped: 0 });
  reader.add(Buffer.from([0, 0, 15, 0, 0]));
  for (let index = 0; index < 10_000; index++) reader.add(Buffer.from([0]));
  expect(reader.heldBytes()).toBeGreaterThanOrEqual(10_000);
  expect(reader.heldBytes()).toBeLessThan(40_000);
});
