/** Feeds: the places they are read from, the lives of entries, and when a process knows them all. */
import { describe, expect, test } from 'vitest';
import { createFeeds } from '../../../src/state/valkey/feeds.ts';
import type { Link } from '../../../src/state/valkey/link.ts';
import type { Nodes } from '../../../src/state/valkey/nodes.ts';
import { createTestClock, settled } from '../../support/clock.ts';
import { createFakeServer, replyError } from '../../support/state/fake-connections.ts';

const key = 'p:{feed}:f';
/** The clock of the server when a test starts: 1,000.5 s since the epoch. */
const start = 1_000_500;

function open() {
  const clock = createTestClock();
  const server = createFakeServer();
  const written: string[] = [];
  const defects: unknown[] = [];
  const results: string[] = [];
  let reconnected = () => {};
  const nodes: Nodes = {
    linkOf: () => undefined as Link | undefined,
    redirect: () => undefined,
    connectFor: () => server.connect,
    status: () => ({ state: 'ready', since: 0, problem: undefined }),
    onReady: (listener) => {
      const before = reconnected;
      reconnected = () => {
        before();
        listener();
      };
    },
    stop: () => {},
  };
  const feeds = createFeeds({
    options: { prefix: 'p', timeout: 500 },
    nodes,
    run: async (_, to, [, , , , longest, entry, life]) => {
      written.push([to, longest, entry, life].join(' '));
      return 1;
    },
    clock,
    random: () => 1,
    events: {
      operation: (_, result) => void results.push(result),
      statusChanged: () => {},
      connected: () => {},
      evicts: () => {},
      defect: (error) => void defects.push(error),
    },
  });
  const received: [string, number][] = [];
  const feed = feeds.open('f', {
    longestLife: 100_000,
    receive: (entry, life) => void received.push([entry, life]),
  });
  return { clock, server, feeds, feed, written, defects, results, received, again: () => reconnected() };
}

/** Connects; the feed is empty or has a newest entry. */
async function connect({ server }: ReturnType<typeof open>, newest?: string): Promise<void> {
  server.last().accept();
  await settled();
  expect(server.last().waiting()).toEqual([`XREVRANGE ${key} + - COUNT 1`]);
  server.last().answer(newest === undefined ? [] : [[newest, ['e', 'x', 'l', '1']]]);
  await settled();
}

/** Answers a read without an entry, and then the question for the newest entry. */
async function quiet({ server }: ReturnType<typeof open>, newest?: string): Promise<void> {
  server.last().answer(null);
  await settled();
  expect(server.last().waiting()).toEqual([`XREVRANGE ${key} + - COUNT 1`]);
  server.last().answer(newest === undefined ? [] : [[newest, ['e', 'x', 'l', '1']]]);
  await settled();
}

const entries = (...list: readonly (readonly [id: string, entry: string, life: number | string])[]) => [
  [key, list.map(([id, entry, life]) => [id, ['e', entry, 'l', String(life)]])],
];
const readFrom = (position: string, block = '') => `XREAD COUNT 500${block} STREAMS ${key} ${position}`;
const blocking = ' BLOCK 2000';

test('a feed is read from its beginning, and then from the last entry', async () => {
  const opened = open();
  const { server, received } = opened;
  await connect(opened, '900000-0');
  expect(server.last().waiting()).toEqual([readFrom('0-0')]);
  server.last().answer(entries(['910000-0', 'a', 100_000], ['950000-3', 'b', 100_000]));
  await settled();
  expect(server.last().waiting()).toEqual([readFrom('950000-3', blocking)]);
  expect(received.map(([entry]) => entry)).toEqual(['a', 'b']);
  await quiet(opened, '950000-3');
  expect(server.last().waiting()).toEqual([readFrom('950000-3', blocking)]);
});

test.each([
  ['lower than the last entry', '100000-0'],
  ['lower, in the same millisecond', '950000-2'],
  ['of a stream that is gone', undefined],
])('a feed whose newest ID is %s has begun again, and is read from its beginning', async (_, newest) => {
  const opened = open();
  const { clock, server, received } = opened;
  await connect(opened);
  server.last().answer(entries(['950000-3', 'a', 100_000]));
  await settled();
  await clock.advance(2_000);
  await quiet(opened, newest);
  expect(server.last().waiting()).toEqual([readFrom('0-0')]);
  await clock.advance(100);
  // By the time in its ID, this entry has ended.
  server.last().answer(entries(['100000-0', 'b', 60_000]));
  await settled();
  expect(received).toEqual([
    ['a', 49_500],
    ['b', 57_900],
  ]);
  expect(server.last().waiting()).toEqual([readFrom('100000-0', blocking)]);
});

test('an entry that comes after all others is new, also if the clock of the server has stepped back', async () => {
  const opened = open();
  const { clock, server, received } = opened;
  await connect(opened);
  server.last().answer(entries(['100-0', 'x', 1]));
  await settled();
  await clock.advance(1_000);
  server.last().answer(entries([`${start - 900_000}-0`, 'a', 60_000]));
  await settled();
  expect(received).toEqual([['a', 59_000]]);
});

test('a life counts by the clock of the server, and is at most that of the feed', async () => {
  const opened = open();
  const { clock, server, received, defects } = opened;
  clock.jump(-86_400_000);
  await connect(opened);
  clock.jump(40 * 86_400_000);
  await clock.advance(100);
  const now = start + 100;
  server
    .last()
    .answer(
      entries(
        [`${now - 5_000}-0`, 'lives', 6_000],
        [`${now - 5_000}-1`, 'ended', 5_000],
        [`${now - 5_000}-2`, 'too long', 9_999_999],
        [`${now + 10_000}-0`, 'of a server ahead', 2_000],
        [`${now}-5`, 'not a life', 'soon'],
        [`${now}-6`, 'negative', -1],
      ),
    );
  await settled();
  expect(received).toEqual([
    ['lives', 1_000],
    ['too long', 95_000],
    ['of a server ahead', 2_000],
  ]);
  expect(defects).toEqual([]);
});

test.each([
  ['an answer that is not a list', 'text'],
  ['another stream', [['other', [['1-0', ['e', 'x', 'l', '1']]]]]],
  ['an entry without fields', [[key, [['1-0', null]]]]],
  ['an ID that is not one', [[key, [['x', ['e', 'x', 'l', '9999999']]]]]],
  ['a field without a value', [[key, [[`${start}-0`, ['l', '5000', 'e']]]]]],
])('%s is skipped', async (_, answer) => {
  const opened = open();
  await connect(opened);
  opened.server.last().answer(answer);
  await settled();
  expect(opened.received).toEqual([]);
  expect(opened.server.last().waiting()).toHaveLength(1);
});

describe('a process knows every entry', () => {
  test('not before the first answer, and then as of the question', async () => {
    const opened = open();
    const { clock, server, feed } = opened;
    expect(feed.completeAt()).toBe(Number.NEGATIVE_INFINITY);
    await connect(opened);
    await clock.advance(100);
    server.last().answer(null);
    await settled();
    expect(feed.completeAt()).toBe(0);
    await clock.advance(2_000);
    await quiet(opened);
    expect(feed.completeAt()).toBe(100);
    await clock.advance(2_000);
    await quiet(opened);
    expect(feed.completeAt()).toBe(2_100);
  });

  test('not while more entries wait than an answer has', async () => {
    const opened = open();
    const { server, feed } = opened;
    await connect(opened);
    const many = Array.from({ length: 500 }, (_, index) => [`${index + 1}-0`, 'x', 1] as const);
    server.last().answer(entries(...many));
    await settled();
    expect(feed.completeAt()).toBe(Number.NEGATIVE_INFINITY);
    server.last().answer(entries(['600-0', 'x', 1]));
    await settled();
    expect(feed.completeAt()).toBe(0);
  });

  test('no longer after the store is silent', async () => {
    const opened = open();
    const { clock, server, feed, results } = opened;
    await connect(opened);
    server.last().answer(null);
    await settled();
    await clock.advance(60_000);
    expect(feed.completeAt()).toBe(0);
    expect(results).toEqual(['success', 'timeout']);
    expect(server.connections[0]?.isClosed()).toBe(true);
  });
});

describe('after a reconnection', () => {
  const reconnect = async (opened: ReturnType<typeof open>, newest?: string) => {
    opened.server.last().end();
    await settled();
    await opened.clock.advance(1_000);
    await connect(opened, newest);
  };

  test.each([
    ['one minute before the last entry', '900000-7', '900000-7', '840000-0'],
    ['one minute before the newest of a replica that is behind', '900000-7', '700000-0', '640000-0'],
    ['one minute before the last entry, if there are newer ones', '900000-7', '980000-0', '840000-0'],
    ['the beginning of an early feed', '30000-0', '30000-0', '0-0'],
    ['the beginning of an empty feed', '900000-7', undefined, '0-0'],
  ])('a feed is read from %s', async (_, last, newest, from) => {
    const opened = open();
    await connect(opened, last);
    opened.server.last().answer(entries([last, 'x', 1]));
    await settled();
    await reconnect(opened, newest);
    expect(opened.server.last().waiting()).toEqual([readFrom(from)]);
  });

  test('of the other connection, this one is replaced too', async () => {
    const opened = open();
    await connect(opened);
    opened.again();
    expect(opened.server.connections[0]?.isClosed()).toBe(true);
    await opened.clock.advance(50);
    expect(opened.server.connections).toHaveLength(2);
  });

  test('the entries of this process of the last minute that still live are written again', async () => {
    const opened = open();
    const { clock, feed, written, again } = opened;
    await feed.add('long ago', 90_000);
    await clock.advance(50_000);
    await feed.add('short', 5_000);
    await feed.add('too long', 500_000);
    await clock.advance(10_001);
    expect(written.splice(0)).toEqual([
      `${key} 100000 long ago 90000`,
      `${key} 100000 short 5000`,
      `${key} 100000 too long 100000`,
    ]);
    again();
    await settled();
    expect(written).toEqual([`${key} 100000 too long 89999`]);
  });

  test('at most 1,000 entries are written again, the latest', async () => {
    const { feed, written, again } = open();
    for (let index = 0; index < 1_100; index++) await feed.add(`${index}`, 60_000);
    written.length = 0;
    again();
    await settled();
    expect(written).toHaveLength(1_000);
    expect(written.at(-1)).toBe(`${key} 100000 1099 60000`);
  });
});

test('a user without the permission to read is tried again every 2 s, on the same connection', async () => {
  const opened = open();
  const { clock, server, results, feed } = opened;
  await connect(opened);
  server.last().answer(replyError('NOPERM no permission'));
  await settled();
  expect(server.last().waiting()).toEqual([]);
  await clock.advance(2_000);
  expect(server.last().waiting()).toEqual([readFrom('0-0')]);
  expect(results).toEqual(['rejected']);
  expect(server.connections).toHaveLength(1);
  expect(feed.completeAt()).toBe(Number.NEGATIVE_INFINITY);
});

test('a feed that is opened later is read at once, together with the others', async () => {
  const opened = open();
  const { server, feeds } = opened;
  await connect(opened);
  server.last().answer(null);
  await settled();
  expect(server.last().waiting()).toEqual([readFrom('0-0', blocking)]);
  feeds.open('g', { longestLife: 1_000, receive: () => {} });
  await opened.clock.advance(50);
  expect(server.connections).toHaveLength(2);
  await connect(opened);
  expect(server.last().waiting()).toEqual(['XREVRANGE p:{feed}:g + - COUNT 1']);
  server.last().answer([]);
  await settled();
  expect(server.last().waiting()).toEqual([`XREAD COUNT 500 STREAMS ${key} p:{feed}:g 0-0 0-0`]);
});

test('stopped feeds have no connection', async () => {
  const opened = open();
  await connect(opened);
  opened.feeds.stop();
  expect(opened.server.last().isClosed()).toBe(true);
  opened.server.last().end();
  await opened.clock.advance(10_000);
  expect(opened.server.connections).toHaveLength(1);
});
