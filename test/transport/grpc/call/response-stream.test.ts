import { describe, expect, test } from 'vitest';
import { beginCall, type Call } from '../../../../src/transport/grpc/call/call.ts';
import type { ResponseStream } from '../../../../src/transport/grpc/call/method.ts';
import {
  createResponseStream,
  createStreamBudget,
} from '../../../../src/transport/grpc/call/response-stream.ts';
import { frameMessage } from '../../../../src/transport/grpc/message/framing.ts';
import { createTestClock } from '../../../support/clock.ts';
import { createFakeConnection } from '../../../support/fake-http2-connection.ts';

describe('watches', () => {
  const responses = (): ResponseStream => ({ send: () => {}, end: () => {} });

  test('are limited to 16 per connection and 1,000 in total; one that ends makes room for another', () => {
    const all = new Set<ResponseStream>();
    const budgets = Array.from({ length: 63 }, () => createStreamBudget(all));
    const taken = budgets.map((budget) => Array.from({ length: 17 }, () => budget.take(responses)));
    const counts = taken.map((of) => of.filter((place) => place !== undefined).length);
    expect(counts).toEqual([...Array<number>(62).fill(16), 8]);
    const [first] = taken[0] ?? [];
    if (first === undefined) throw new TypeError('the first one has a place');
    for (let time = 0; time < 2; time++) budgets[0]?.give(first);
    expect(all.size).toBe(999);
    expect(budgets[0]?.take(responses)).toBeDefined();
    expect(budgets[0]?.take(responses)).toBeUndefined();
    expect(all.size).toBe(1_000);
  });

  test('of a connection that closes end, and it gets no more; those of others stay', () => {
    const all = new Set<ResponseStream>();
    const ended: string[] = [];
    const named = (name: string) => () => ({
      send: () => {},
      end: (status: number) => ended.push(`${name} ${status}`),
    });
    const [closing, other] = [createStreamBudget(all), createStreamBudget(all)];
    closing.take(named('a'));
    const gone = closing.take(named('b'));
    other.take(named('c'));
    if (gone !== undefined) closing.give(gone);
    closing.close();
    // UNAVAILABLE.
    expect(ended).toEqual(['a 14']);
    expect([closing.take(named('d')), other.take(named('e'))]).toEqual([undefined, expect.anything()]);
  });

  test('end if their responses are not read', () => {
    const clock = createTestClock();
    const { connection, open } = createFakeConnection<Call>(
      () => ({ opened: () => beginCall(undefined, clock.monotonic()) }),
      { clock, window: 1_000 },
    );
    const stream = open();
    const { send } = createResponseStream(connection, stream);
    for (let index = 0; index < 100 && !stream.isClosed; index++) send(frameMessage(Buffer.alloc(1_000)));
    // CANCEL (RFC 9113 section 7).
    expect(stream.reset).toBe(8);
    expect(stream.data.length).toBeLessThan(20_000);
  });

  test('send their header once, then messages, then a status; after that, nothing', () => {
    const clock = createTestClock();
    const { connection, open } = createFakeConnection<Call>(
      () => ({ opened: () => beginCall(undefined, clock.monotonic()) }),
      { clock },
    );
    const stream = open();
    const { send, end } = createResponseStream(connection, stream);
    for (let index = 0; index < 3; index++) send(frameMessage(Buffer.alloc(1)));
    end(14);
    send(frameMessage(Buffer.alloc(1)));
    end(0);
    expect(stream.blocks).toEqual([
      { ':status': '200', 'content-type': 'application/grpc+proto' },
      { 'grpc-status': '14' },
    ]);
    expect([stream.data.length, stream.isClosed, stream.call.state]).toEqual([18, true, 'answered']);
  });
});
