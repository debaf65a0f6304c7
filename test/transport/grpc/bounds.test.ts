/** Limits of the gRPC listener: connections, watches, and the time of a check. */
import type { ServerHttp2Stream } from 'node:http2';
import { describe, expect, test } from 'vitest';
import type { Decision } from '../../../src/model/decision.ts';
import {
  createResponseStream,
  createStreamBudget,
  type ResponseStream,
} from '../../../src/transport/grpc/call/response-stream.ts';
import { withCallDeadline } from '../../../src/transport/grpc/check/response-deadline.ts';
import { createConnectionLimit } from '../../../src/transport/grpc/connection/connection-limit.ts';
import { frameMessage } from '../../../src/transport/grpc/message/framing.ts';
import { createTestClock } from '../../support/clock.ts';
import { checkRequest } from '../../support/requests.ts';

describe('beyond the connection limit', () => {
  function limit(max: number) {
    const ended: string[] = [];
    return { ended, places: createConnectionLimit<string>(max, (connection) => ended.push(connection)) };
  }

  test('the longest idle connection ends, and none with a call', () => {
    const { ended, places } = limit(3);
    for (const name of ['a', 'b', 'c']) places.opened(name);
    places.busy('a');
    places.busy('b');
    places.idle('b');
    for (const name of ['d', 'e', 'f']) places.opened(name);
    expect(ended).toEqual(['c', 'b', 'd']);
    places.idle('a');
    places.busy('e');
    places.opened('g');
    places.opened('h');
    expect(ended).toEqual(['c', 'b', 'd', 'f', 'a']);
  });

  test('the new connection ends if all have a call', () => {
    const { ended, places } = limit(2);
    for (const name of ['a', 'b']) {
      places.opened(name);
      places.busy(name);
    }
    places.opened('c');
    expect(ended).toEqual(['c']);
    places.closed('a');
    places.opened('d');
    expect(ended).toEqual(['c']);
  });

  test('a connection that is ending does not end again after one more call', () => {
    const { ended, places } = limit(2);
    for (const name of ['a', 'b', 'c']) places.opened(name);
    places.busy('a');
    places.idle('a');
    places.busy('b');
    places.busy('c');
    places.opened('d');
    expect(ended).toEqual(['a', 'd']);
  });
});

describe('watches', () => {
  const answers = (): ResponseStream => ({ send: () => {}, end: () => {} });

  test('are limited to 16 per connection and 1,000 in total, and one that ends frees its place', () => {
    const all = new Set<ResponseStream>();
    const budgets = Array.from({ length: 63 }, () => createStreamBudget(all));
    const taken = budgets.map((budget) => Array.from({ length: 17 }, () => budget.take(answers)));
    const counts = taken.map((of) => of.filter((place) => place !== undefined).length);
    expect(counts).toEqual([...Array<number>(62).fill(16), 8]);
    const [first] = taken[0] ?? [];
    if (first === undefined) throw new TypeError('the first one has a place');
    for (let time = 0; time < 2; time++) budgets[0]?.give(first);
    expect(all.size).toBe(999);
    expect(budgets[0]?.take(answers)).toBeDefined();
    expect(budgets[0]?.take(answers)).toBeUndefined();
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

describe('a pending check', () => {
  const late: Decision = { outcome: 'error', reason: 'overloaded' };
  async function answeredAfter(longest: number, timeLeft: number | undefined): Promise<number> {
    const clock = createTestClock();
    const check = withCallDeadline({ check: () => new Promise(() => {}), late: () => late, longest, clock });
    let after = -1;
    const decided = Promise.resolve(check(checkRequest(), () => timeLeft)).then((decision) => {
      expect(decision).toEqual(late);
      after = clock.monotonic();
    });
    for (let passed = 0; passed < 3_000 && after < 0; passed += 100) await clock.advance(100);
    await decided;
    return after;
  }

  test.each([
    ['by the service', 1_600, undefined, 1_600],
    ['by the service, where its caller has more time', 1_600, 60_000, 1_600],
    ['by its caller, who has less', 1_600, 900, 900],
    ['at once, where its caller has none left', 1_600, -5, 0],
  ])('gets a response in the time that is left: %s', async (_, longest, timeLeft, expected) => {
    const after = await answeredAfter(longest, timeLeft);
    expect(after).toBeGreaterThanOrEqual(expected);
    expect(after).toBeLessThanOrEqual(expected + 100);
  });
});
