import type { ServerHttp2Stream } from 'node:http2';
import { describe, expect, test } from 'vitest';
import {
  createResponseStream,
  createStreamBudget,
  type ResponseStream,
} from '../../../../src/transport/grpc/call/response-stream.ts';
import { frameMessage } from '../../../../src/transport/grpc/message/framing.ts';

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

  test('end if their responses are not read', () => {
    const closed: number[] = [];
    let written = 0;
    const stream = {
      writableLength: 0,
      headersSent: true,
      close: (code: number) => closed.push(code),
      write: ({ length }: Buffer) => {
        written += length;
        stream.writableLength += length;
      },
    };
    const { send } = createResponseStream(stream as unknown as ServerHttp2Stream);
    for (let index = 0; index < 100 && closed.length === 0; index++) send(frameMessage(Buffer.alloc(1_000)));
    // CANCEL (RFC 9113 section 7).
    expect(closed).toEqual([8]);
    expect(written).toBeLessThan(20_000);
  });
});
