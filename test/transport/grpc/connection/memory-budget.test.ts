/** Which request ends at the memory limit, compared with a model that knows every request of every connection. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMemoryBudget } from '../../../../src/transport/grpc/connection/memory-budget.ts';

const bounds = { ofConnection: 64, ofAll: 96 };

interface Ended {
  readonly connection: number;
  readonly bytes: number;
  /** The memory of each connection at that time, and whether it had an incomplete request. */
  readonly held: readonly number[];
  readonly couldGiveWay: readonly boolean[];
}

/** Connections whose requests are numbers. Complete ones cannot end. */
function createConnections(count: number) {
  const budget = createMemoryBudget(bounds);
  const ended: Ended[] = [];
  const connections = Array.from({ length: count }, () => ({ half: [] as number[], whole: 0 }));
  const heldBy = () => connections.map(({ half, whole }) => half.reduce((sum, one) => sum + one, whole));
  const shares = connections.map(({ half }, connection) =>
    budget.open(() => {
      if (half.length === 0) return false;
      const bytes = Math.max(...half);
      const couldGiveWay = connections.map((one) => one.half.length > 0);
      ended.push({ connection, bytes, held: heldBy(), couldGiveWay });
      half.splice(half.indexOf(bytes), 1);
      shares[connection]?.add(-bytes);
      return true;
    }),
  );
  return {
    ended,
    heldBy,
    all: () => heldBy().reduce((sum, held) => sum + held, 0),
    begin: (connection: number, bytes: number) => {
      connections[connection]?.half.push(bytes);
      shares[connection]?.add(bytes);
    },
    /** Completes the oldest request, which then waits. */
    complete: (connection: number) => {
      const state = connections[connection];
      if (state !== undefined) state.whole += state.half.shift() ?? 0;
    },
    /** Responds to the waiting requests. */
    answer: (connection: number) => {
      const state = connections[connection];
      if (state === undefined) return;
      const bytes = state.whole;
      state.whole = 0;
      if (bytes > 0) shares[connection]?.add(-bytes);
    },
    close: (connection: number) => {
      shares[connection]?.close();
      const state = connections[connection];
      if (state !== undefined) Object.assign(state, { whole: 0 }).half.length = 0;
    },
  };
}

test('beyond the total limit, the largest request of the connection with the most memory ends', () => {
  const connections = createConnections(3);
  for (let index = 0; index < 12; index++) connections.begin(index % 2, index < 6 ? 7 : 8);
  connections.begin(2, 5);
  expect(connections.ended).toEqual([]);
  connections.begin(2, 5);
  expect(connections.ended).toMatchObject([{ connection: 0, bytes: 8, held: [45, 45, 10] }]);
  connections.begin(2, 5);
  expect(connections.ended.slice(1)).toMatchObject([{ connection: 1, bytes: 8, held: [37, 45, 15] }]);
});

test('beyond the limit of a connection, one of its own requests ends', () => {
  const connections = createConnections(2);
  connections.begin(1, 20);
  for (let index = 0; index < 7; index++) connections.begin(0, 10);
  expect(connections.ended).toMatchObject([{ connection: 0, bytes: 10, held: [70, 20] }]);
});

test('a connection with an equal share is not affected if the connections with the most memory wait for decisions', () => {
  const connections = createConnections(3);
  for (const connection of [0, 1])
    for (let index = 0; index < 6; index++) {
      connections.begin(connection, 8);
      connections.complete(connection);
    }
  for (let index = 0; index < 8; index++) connections.begin(2, 4);
  expect(connections.ended).toEqual([]);
  connections.begin(2, 4);
  expect(connections.ended).toMatchObject([{ connection: 2 }]);
});

test('memory that is freed after its connection closed is not counted twice', () => {
  const budget = createMemoryBudget(bounds);
  let asked = 0;
  const giveWay = () => {
    asked++;
    return false;
  };
  const gone = budget.open(giveWay);
  gone.add(60);
  gone.close();
  gone.add(-60);
  const other = budget.open(giveWay);
  const third = budget.open(giveWay);
  other.add(60);
  third.add(36);
  expect(asked).toBe(0);
  third.add(20);
  expect(asked).toBeGreaterThan(0);
});

test('no connection loses a request while another one has more memory, and the total stays limited', () => {
  const step = fc.record({
    does: fc.constantFrom('begin', 'begin', 'begin', 'complete', 'answer', 'close'),
    connection: fc.nat(4),
    bytes: fc.integer({ min: 1, max: 24 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const connections = createConnections(5);
      const closed = new Set<number>();
      for (const { does, connection, bytes } of steps) {
        if (closed.has(connection)) continue;
        const before = connections.ended.length;
        if (does === 'close') closed.add(connection);
        if (does === 'begin') connections.begin(connection, bytes);
        else connections[does as 'complete' | 'answer' | 'close'](connection);
        for (const end of connections.ended.slice(before)) {
          const own = end.held[end.connection] ?? 0;
          const all = end.held.reduce((sum, held) => sum + held, 0);
          const isOwnFault = end.connection === connection && own > bounds.ofConnection;
          const holders = end.held.filter((held) => held > 0).length;
          const most = Math.max(...end.held.filter((_, index) => end.couldGiveWay[index]));
          const isOfMost = all > bounds.ofAll && own === most && own > bounds.ofAll / holders;
          expect(isOwnFault || isOfMost).toBe(true);
        }
        for (const held of connections.heldBy()) expect(held).toBeLessThanOrEqual(bounds.ofConnection);
        expect(connections.all()).toBeLessThanOrEqual(2 * bounds.ofAll);
      }
    }),
  );
});
