/** Calls over a connection that only keeps what they send. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Call } from '../../../../src/transport/grpc/call/call.ts';
import { createCallHandler } from '../../../../src/transport/grpc/call/call-handler.ts';
import type {
  Method,
  ResponseStream,
  UnaryMethod,
  UnaryResult,
} from '../../../../src/transport/grpc/call/method.ts';
import { createStreamBudget } from '../../../../src/transport/grpc/call/response-stream.ts';
import { frameMessage } from '../../../../src/transport/grpc/message/framing.ts';
import type { CompressedMessage, OnInflated } from '../../../../src/transport/grpc/message/inflater.ts';
import { createTestClock, settled } from '../../../support/clock.ts';
import { createFakeConnection } from '../../../support/fake-http2-connection.ts';
import { compressedMessage } from '../../../support/grpc-calls.ts';
import { grpcMessage } from '../../../support/http2.ts';

const head = { ':status': '200', 'content-type': 'application/grpc+proto' };
const ok = { 'grpc-status': '0' };
const answer = frameMessage(Buffer.from('answer'));

interface Served {
  readonly request: string;
  readonly timeLeft: () => number | undefined;
}

function calls(
  result: UnaryResult | Promise<UnaryResult> = answer,
  { window, reject }: { window?: number; reject?: UnaryMethod['reject'] } = {},
) {
  const clock = createTestClock();
  const served: Served[] = [];
  const progress: number[] = [];
  const inflating: { message: CompressedMessage; onInflated: OnInflated }[] = [];
  let isWatched = 0;
  let responses: ResponseStream | undefined;
  const unary: Method = {
    kind: 'unary',
    respond: (request, timeLeft) => {
      served.push({ request: request.toString(), timeLeft });
      return result;
    },
    ...(reject !== undefined && { reject }),
  };
  const watch: Method = {
    kind: 'streaming',
    open: (_, to) => {
      isWatched++;
      responses = to;
      return () => isWatched--;
    },
  };
  const handler = createCallHandler({
    connection: () => fake.connection,
    methods: new Map<string, Method>([
      ['/test', unary],
      ['/watch', watch],
    ]),
    limits: { stored: 100, skipped: 100 },
    clock,
    streams: createStreamBudget(new Set()),
    inflations: {
      add: (message, onInflated) => {
        const job = { message, onInflated };
        inflating.push(job);
        return () => void (inflating.includes(job) && inflating.splice(inflating.indexOf(job), 1));
      },
    },
    onProgress: (call, bytes) => {
      progress.push(bytes);
      call.heldBytes = bytes;
    },
    onHeld: (call, bytes) => {
      call.heldBytes = bytes;
    },
  });
  const fake = createFakeConnection<Call>(
    () => handler,
    window === undefined ? { clock } : { clock, window },
  );
  return {
    ...fake,
    clock,
    served,
    progress,
    inflating,
    handler,
    isWatched: () => isWatched,
    responses: () => responses,
  };
}

test('answers a whole message at once, without a reader', () => {
  const { open, send, served } = calls();
  const stream = open();
  send(stream, grpcMessage(Buffer.from('hello')), true);
  expect(served.map(({ request }) => request)).toEqual(['hello']);
  expect([stream.blocks, stream.data, stream.isClosed]).toEqual([[head, ok], answer.frame, true]);
  expect([stream.call.state, stream.call.reader, stream.call.heldBytes]).toEqual(['answered', undefined, 0]);
});

test('answers a message in pieces after its last one, and frees its memory', () => {
  const { open, send, served, progress } = calls();
  const stream = open();
  const message = grpcMessage(Buffer.from('hello'));
  for (let at = 0; at < message.length; at++) send(stream, message.subarray(at, at + 1));
  expect([served, stream.call.heldBytes > 0]).toEqual([[], true]);
  send(stream, Buffer.alloc(0));
  // Empty pieces do not count as progress.
  expect(progress).toHaveLength(message.length);
  send(stream, Buffer.alloc(0), true);
  expect(served.map(({ request }) => request)).toEqual(['hello']);
  expect([stream.blocks, stream.call.heldBytes, stream.call.reader]).toEqual([[head, ok], 0, undefined]);
});

test('frees the memory of a call that its client cancels', () => {
  const { open, send, cancel } = calls();
  const stream = open();
  send(stream, grpcMessage(Buffer.from('hello')).subarray(0, 8));
  expect(stream.call.heldBytes).toBeGreaterThan(0);
  cancel(stream);
  expect([stream.call.heldBytes, stream.call.reader]).toEqual([0, undefined]);
});

test('keeps no piece of the buffer of the connection', () => {
  const { open, send, served } = calls();
  const stream = open();
  const piece = grpcMessage(Buffer.from('hello'));
  send(stream, piece);
  piece.fill(0xff);
  send(stream, Buffer.alloc(0), true);
  expect(served.map(({ request }) => request)).toEqual(['hello']);
});

describe('a request that no method serves is answered before its data', () => {
  test.each([
    ['another HTTP method', { method: 'GET' }, { ':status': '405' }],
    ['another content type', { contentType: 'text/plain' }, { ':status': '415' }],
    ['no content type', { contentType: undefined }, { ':status': '415' }],
    ['an unknown method', { path: '/nothing' }, { ...head, 'grpc-status': '12' }],
    ['an unknown encoding', { encoding: 'snappy' }, { ...head, 'grpc-status': '12' }],
    ['an encoding of two', { encoding: 'gzip,deflate' }, { ...head, 'grpc-status': '12' }],
  ])('%s', (_, request, expected) => {
    const { open, send, served } = calls();
    const stream = open(request);
    expect(stream.blocks).toEqual([expect.objectContaining(expected)]);
    expect(stream.isClosed).toBe(true);
    send(stream, grpcMessage(Buffer.alloc(1)), true);
    expect(served).toEqual([]);
  });
});

describe('a request without one complete message fails', () => {
  const one = grpcMessage(Buffer.from('x'));
  test.each([
    ['no message', [Buffer.alloc(0)]],
    ['half a message', [one.subarray(0, 5)]],
    ['two messages', [Buffer.concat([one, one])]],
    ['two messages, one in each piece', [one, one]],
    ['a compressed message without an encoding', [compressedMessage(gzipSync('x'))]],
  ])('%s', (_, pieces) => {
    const { open, send, served } = calls();
    const stream = open();
    for (const [index, piece] of pieces.entries()) send(stream, piece, index === pieces.length - 1);
    expect(stream.blocks).toMatchObject([{ ...head, 'grpc-status': '13' }]);
    expect([served, stream.isClosed]).toEqual([[], true]);
  });
});

describe('a request that is rejected', () => {
  const rejections = () => {
    const causes: string[] = [];
    const reject: UnaryMethod['reject'] = (cause, soFar) => {
      causes.push(`${cause} ${soFar.length}`);
      return frameMessage(Buffer.from('denied'));
    };
    return { causes, reject };
  };

  test('because it is too large gets the response of the method, once', () => {
    const { causes, reject } = rejections();
    const { open, send, served } = calls(answer, { reject });
    const stream = open();
    send(stream, grpcMessage(Buffer.alloc(101)));
    send(stream, Buffer.alloc(50), true);
    expect([causes, served]).toEqual([['too_large 0'], []]);
    expect([stream.blocks, stream.data.subarray(5).toString()]).toEqual([[head, ok], 'denied']);
  });

  test('because it is late gets the response of the method, once, also if that takes time', async () => {
    const { causes, reject } = rejections();
    const later: UnaryMethod['reject'] = async (...args) => reject?.(...args) ?? answer;
    const { open, send, served, handler } = calls(answer, { reject: later });
    const stream = open();
    send(stream, Buffer.from([0, 0]));
    for (let time = 0; time < 3; time++) handler.reject(stream);
    send(stream, grpcMessage(Buffer.from('x')), true);
    await settled();
    handler.reject(stream);
    expect([causes, served]).toEqual([['overloaded 0'], []]);
    expect([stream.blocks, stream.call.heldBytes]).toEqual([[head, ok], 0]);
  });

  test('fails if the method does not respond to that', () => {
    const { open, send } = calls();
    const stream = open();
    send(stream, grpcMessage(Buffer.alloc(101)));
    expect(stream.blocks).toMatchObject([
      { 'grpc-status': '8', 'grpc-message': 'the%20message%20is%20too%20large' },
    ]);
  });

  test('is not, if it is complete or has ended', () => {
    const { causes, reject } = rejections();
    const { open, send, cancel, handler } = calls(new Promise(() => {}), { reject });
    const [complete, gone] = [open(), open()];
    send(complete, grpcMessage(Buffer.from('x')), true);
    cancel(gone);
    for (const stream of [complete, gone]) handler.reject(stream);
    expect([causes, complete.blocks, gone.blocks]).toEqual([[], [], []]);
  });
});

describe('a compressed request', () => {
  const compressed = () => compressedMessage(gzipSync('hello'));

  test('waits for its turn, without a delay for others', () => {
    const { open, send, served, inflating } = calls();
    const stream = open({ encoding: 'gzip' });
    send(stream, compressed(), true);
    send(open(), grpcMessage(Buffer.from('other')), true);
    expect(served.map(({ request }) => request)).toEqual(['other']);
    expect([stream.call.state, stream.call.heldBytes]).toEqual(['inflating', gzipSync('hello').length]);
    inflating[0]?.onInflated(Buffer.from('hello'));
    expect(served.map(({ request }) => request)).toEqual(['other', 'hello']);
    expect([stream.blocks, stream.isClosed, stream.call.heldBytes]).toEqual([[head, ok], true, 0]);
  });

  test('holds its decompressed bytes while it is decided', () => {
    const { open, send, inflating } = calls(new Promise(() => {}));
    const stream = open({ encoding: 'gzip' });
    send(stream, compressed(), true);
    inflating[0]?.onInflated(Buffer.alloc(90));
    expect([stream.call.state, stream.call.reader, stream.call.heldBytes]).toEqual([
      'serving',
      undefined,
      90,
    ]);
  });

  test('that is canceled does not wait any more, and a late result changes nothing', () => {
    const { open, send, cancel, served, inflating } = calls();
    const [first, second] = [open({ encoding: 'gzip' }), open({ encoding: 'gzip' })];
    for (const stream of [first, second]) send(stream, compressed(), true);
    const [running] = inflating;
    cancel(first);
    cancel(second);
    expect([inflating, first.call.heldBytes, second.call.heldBytes]).toEqual([[], 0, 0]);
    running?.onInflated(Buffer.from('hello'));
    expect([served, first.blocks]).toEqual([[], []]);
  });

  test('that takes too long gets the response of the method, once, also if its client does not take it', () => {
    const reject: UnaryMethod['reject'] = (cause) => frameMessage(Buffer.from(cause));
    const { open, send, handler, served, inflating } = calls(answer, { reject, window: 4 });
    const stream = open({ encoding: 'gzip' });
    send(stream, compressed(), true);
    const [running] = inflating;
    handler.reject(stream);
    expect([inflating, stream.blocks, stream.isClosed]).toEqual([[], [head, ok], false]);
    expect(stream.data.subarray(5).toString()).toBe('overloaded');
    running?.onInflated(Buffer.from('hello'));
    running?.onInflated({ status: 13, message: 'late' });
    expect([served, stream.blocks]).toEqual([[], [head, ok]]);
  });

  test('that is too large decompressed gets the response of the method, and one that is malformed fails', () => {
    const reject: UnaryMethod['reject'] = (cause) => frameMessage(Buffer.from(cause));
    const { open, send, inflating } = calls(answer, { reject });
    const [large, malformed] = [open({ encoding: 'gzip' }), open({ encoding: 'gzip' })];
    for (const stream of [large, malformed]) send(stream, compressed(), true);
    const [first, second] = inflating;
    first?.onInflated({ status: 8, message: 'too large' });
    second?.onInflated({ status: 13, message: 'malformed' });
    expect([large.blocks, large.data.subarray(5).toString()]).toEqual([[head, ok], 'too_large']);
    expect(malformed.blocks).toMatchObject([{ 'grpc-status': '13' }]);
  });

  test('of a streaming method opens it after it is decompressed', () => {
    const { open, send, cancel, isWatched, inflating } = calls();
    const stream = open({ path: '/watch', encoding: 'gzip' });
    send(stream, compressed(), true);
    expect(isWatched()).toBe(0);
    inflating[0]?.onInflated(Buffer.alloc(0));
    expect(isWatched()).toBe(1);
    cancel(stream);
    expect(isWatched()).toBe(0);
  });
});

test('sends nothing for a call that was canceled while it was decided', async () => {
  let decide = (_: UnaryResult) => {};
  const { open, send, cancel } = calls(
    new Promise<UnaryResult>((resolve) => {
      decide = resolve;
    }),
  );
  const stream = open();
  send(stream, grpcMessage(Buffer.from('x')), true);
  cancel(stream);
  decide(answer);
  await settled();
  expect(stream.blocks).toEqual([]);
});

test('a failure of a method has its status, its message and the id of its decision', async () => {
  const { open, send } = calls(Promise.resolve({ status: 14, message: 'ä%', decision: 'abc' }));
  const stream = open();
  send(stream, grpcMessage(Buffer.from('x')), true);
  await settled();
  expect(stream.blocks).toEqual([
    { ...head, 'grpc-status': '14', 'grpc-message': '%C3%A4%25', 'x-oidc-authz-decision': 'abc' },
  ]);
});

test('a response that its client does not take counts as the memory of the call', () => {
  const { open, send } = calls(frameMessage(Buffer.alloc(1_000)), { window: 100 });
  const stream = open();
  send(stream, grpcMessage(Buffer.from('x')), true);
  expect([stream.isClosed, stream.call.heldBytes, stream.call.state]).toEqual([false, 905, 'answered']);
});

describe('the time left for a call', () => {
  test.each([
    ['none', undefined, undefined],
    ['one second, less 10 %', '1S', 800],
    ['100 ms, less 25 ms', '100m', -25],
    ['4 ms, less half', '4m', -98],
    ['a word', 'soon', undefined],
    ['nine digits', '123456789m', undefined],
    ['eight digits of hours, as many as a timer holds', '99999999H', 0.9 * (2 ** 31 - 1) - 100],
  ])('%s', async (_, timeout, expected) => {
    const { open, send, served, clock } = calls();
    const stream = open({ timeout });
    await clock.advance(100);
    send(stream, grpcMessage(Buffer.from('x')), true);
    const left = served[0]?.timeLeft();
    if (expected === undefined) expect(left).toBeUndefined();
    else expect(left).toBeCloseTo(expected, 3);
  });
});

test('a streaming call that ends stops once, and makes room for another one', () => {
  const { open, send, cancel, isWatched, responses } = calls();
  const watch = () => {
    const stream = open({ path: '/watch' });
    send(stream, grpcMessage(Buffer.alloc(0)), true);
    return stream;
  };
  const all = Array.from({ length: 16 }, watch);
  expect(watch().blocks).toMatchObject([{ 'grpc-status': '8' }]);
  expect(isWatched()).toBe(16);
  const [first, second] = all;
  if (first !== undefined) cancel(first);
  expect(isWatched()).toBe(15);
  expect(second?.blocks).toEqual([]);
  const last = watch();
  responses()?.end(14);
  expect([last.blocks, isWatched()]).toEqual([[head, { 'grpc-status': '14' }], 15]);
});
