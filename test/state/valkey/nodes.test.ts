/** Sentinels and clusters, played by the test: which server has a key, and what happens when that changes. */
import { describe, expect, test } from 'vitest';
import type { StateStatus } from '../../../src/state/state-store.ts';
import { createClusterNodes } from '../../../src/state/valkey/cluster/cluster-nodes.ts';
import { readRedirect, readSlots, slotOf } from '../../../src/state/valkey/cluster/slots.ts';
import { createSentinelNodes } from '../../../src/state/valkey/sentinel/sentinel-nodes.ts';
import { type Address, addressesOf } from '../../../src/state/valkey/valkey-config.ts';
import { createTestClock, settled } from '../../support/clock.ts';
import { createFakeServer, type FakeServer, replyError } from '../../support/state/fake-connections.ts';

/** Servers by their ports. */
function createServers() {
  const servers = new Map<number, FakeServer>();
  const at = (port: number) => servers.getOrInsertComputed(port, () => createFakeServer());
  return {
    at,
    connectTo: ({ port }: Address) => at(port).connect,
    ports: () => [...servers.keys()].toSorted(),
  };
}

const address = (port: number): Address => ({ host: '10.0.0.1', port, database: 0 });

describe('sentinels', () => {
  const start = () => {
    const clock = createTestClock();
    const [sentinels, servers] = [createServers(), createServers()];
    const statuses: StateStatus[] = [];
    const nodes = createSentinelNodes({
      sentinels: [address(1), address(2)],
      masterName: 'main',
      connectToSentinel: sentinels.connectTo,
      connectTo: servers.connectTo,
      timeout: 500,
      clock,
      random: () => 0.5,
      onStatus: (status) => statuses.push(status),
      onAttempt: () => {},
    });
    return { clock, sentinels, servers, statuses, nodes };
  };
  /** Connects to a sentinel, which names a master. */
  const name = async (server: FakeServer, answer: unknown) => {
    if (server.last().waiting().length === 0) {
      server.last().open();
      await settled();
      expect(server.last().waiting()).toEqual(['PING']);
      server.last().answer('PONG');
      await settled();
    }
    expect(server.last().waiting()).toEqual(['SENTINEL GET-MASTER-ADDR-BY-NAME main']);
    server.last().answer(answer);
    await settled();
  };

  test('each process begins with another sentinel, and tries the next one', async () => {
    const { clock, sentinels } = start();
    expect(sentinels.ports()).toEqual([2]);
    sentinels.at(2).last().refuse(new Error('down'));
    await settled();
    await clock.advance(50);
    expect(sentinels.ports()).toEqual([1, 2]);
  });

  test('the master that they name is connected', async () => {
    const { clock, sentinels, servers, nodes } = start();
    await clock.advance(40);
    expect(nodes.status()).toMatchObject({ state: 'connecting', problem: 'no sentinel has answered yet' });
    await name(sentinels.at(2), ['10.0.0.1', '6379']);
    await clock.advance(1_000);
    servers.at(6379).last().accept();
    await settled();
    expect(nodes.status().state).toBe('ready');
    expect(nodes.linkOf('any')?.current()).toBeDefined();
    expect(nodes.redirect(replyError('MOVED 1 10.0.0.1:7'))).toBeUndefined();
  });

  test('another master replaces it at once', async () => {
    const { clock, sentinels, servers, statuses, nodes } = start();
    await name(sentinels.at(2), ['10.0.0.1', '6379']);
    await clock.advance(100);
    servers.at(6379).last().accept();
    await clock.advance(1_000);
    await name(sentinels.at(2), ['10.0.0.1', '6379']);
    expect(nodes.status().state).toBe('ready');
    await clock.advance(1_000);
    await name(sentinels.at(2), ['10.0.0.1', '6380']);
    expect(servers.at(6379).last().isClosed()).toBe(true);
    expect(statuses.at(-1)).toMatchObject({
      state: 'away',
      problem: 'store:6379: the sentinels name another master',
    });
    await clock.advance(200);
    servers.at(6380).last().accept();
    await settled();
    expect(nodes.status().state).toBe('ready');
  });

  test('without a sentinel, the master stays', async () => {
    const { clock, sentinels, servers, nodes } = start();
    await name(sentinels.at(2), ['10.0.0.1', '6379']);
    await clock.advance(100);
    servers.at(6379).last().accept();
    await clock.advance(1_000);
    // The sentinel is silent, and the next one refuses.
    await clock.advance(1_000);
    expect(sentinels.at(2).last().isClosed()).toBe(true);
    await clock.advance(50);
    sentinels.at(1).last().refuse(new Error('down'));
    await settled();
    expect(nodes.status().state).toBe('ready');
  });

  test.each([
    ['an unknown name', null],
    ['an answer of another form', ['10.0.0.1']],
    ['a port that is not one', ['10.0.0.1', 'x']],
  ])('%s is a problem', async (_, answer) => {
    const { clock, sentinels, servers, nodes } = start();
    await name(sentinels.at(2), answer);
    await clock.advance(1_000);
    expect(nodes.status()).toMatchObject({
      state: 'connecting',
      problem: 'the sentinels do not know the master',
    });
    expect(servers.ports()).toEqual([]);
  });

  test('stopped ones have no connections', async () => {
    const { clock, sentinels, servers, nodes } = start();
    await name(sentinels.at(2), ['10.0.0.1', '6379']);
    await clock.advance(100);
    servers.at(6379).last().accept();
    await settled();
    nodes.stop();
    expect([sentinels.at(2).last().isClosed(), servers.at(6379).last().isClosed()]).toEqual([true, true]);
    await clock.advance(60_000);
    expect([sentinels.ports(), servers.ports()]).toEqual([[2], [6379]]);
  });
});

describe('a cluster', () => {
  const range = (from: number, to: number, port: number, host: string | null = '10.0.0.1') => [
    from,
    to,
    [host, port, 'id'],
    ['10.0.0.9', 9_999, 'a replica'],
  ];
  const halves = [range(0, 8_191, 7_001), range(8_192, 16_383, 7_002)];
  /** Keys of the two halves. */
  const [low, high] = ['key 3', 'key 0'];

  const start = () => {
    const clock = createTestClock();
    const servers = createServers();
    const statuses: StateStatus[] = [];
    const nodes = createClusterNodes({
      seeds: [address(7_001)],
      connectTo: servers.connectTo,
      timeout: 500,
      clock,
      random: () => 0.5,
      onStatus: (status) => statuses.push(status),
      onAttempt: () => {},
    });
    return { clock, servers, statuses, nodes };
  };
  const accept = async ({ at }: ReturnType<typeof createServers>, port: number, slots?: unknown) => {
    at(port).last().accept();
    await settled();
    if (slots === undefined) return;
    expect(at(port).last().waiting()).toEqual(['CLUSTER SLOTS']);
    at(port).last().answer(slots);
    await settled();
  };
  const started = async () => {
    const all = start();
    await accept(all.servers, 7_001, halves);
    await accept(all.servers, 7_002);
    // Whichever master is asked answers the same.
    for (const port of [7_001, 7_002])
      if (all.servers.at(port).last().waiting().length > 0) all.servers.at(port).last().answer(halves);
    await settled();
    return all;
  };

  test('the keys of this test are in both halves', () => {
    expect(slotOf(low)).toBeLessThan(8_192);
    expect(slotOf(high)).toBeGreaterThanOrEqual(8_192);
  });

  test('is ready when every master is connected', async () => {
    const { servers, nodes, statuses } = start();
    expect(nodes.linkOf(low)).toBeUndefined();
    expect(() => nodes.connectFor(low)()).toThrow('the servers of the cluster are not known');
    let readies = 0;
    nodes.onReady(() => readies++);
    await accept(servers, 7_001, halves);
    expect(servers.ports()).toEqual([7_001, 7_002]);
    expect(statuses.at(-1)).toMatchObject({
      state: 'connecting',
      problem: '1 of 2 masters are not connected',
    });
    await accept(servers, 7_002);
    expect([nodes.status().state, readies]).toEqual(['ready', 1]);
    expect(nodes.linkOf(low)).not.toBe(nodes.linkOf(high));
    nodes.connectFor(high)();
    expect(servers.at(7_002).connections).toHaveLength(2);
  });

  test('a key whose master is not known yet goes to a connected one, which redirects it', async () => {
    const { servers, nodes } = start();
    expect(nodes.linkOf(high)).toBeUndefined();
    await accept(servers, 7_001, halves.slice(0, 1));
    expect(nodes.linkOf(high)).toBe(nodes.linkOf(low));
    nodes.redirect(Object.assign(new Error(`MOVED ${slotOf(high)} 10.0.0.1:7002`), { name: 'ReplyError' }));
    await settled();
    servers.at(7_001).last().answer(halves);
    await settled();
    expect(nodes.linkOf(high)).not.toBe(nodes.linkOf(low));
  });

  test('a seed under another name is left when the masters are known', async () => {
    const { servers, nodes } = start();
    await accept(servers, 7_001, [range(0, 16_383, 7_005)]);
    expect(servers.at(7_001).last().isClosed()).toBe(false);
    await accept(servers, 7_005);
    expect(servers.at(7_001).last().isClosed()).toBe(true);
    expect(nodes.status().state).toBe('ready');
  });

  test('a server that does not know its own name is the one that was asked', async () => {
    const { servers, nodes } = start();
    for (const host of ['', null, '?']) {
      expect(readSlots([range(0, 16_383, 7_001, host)], address(7_001))).toEqual([
        { from: 0, to: 16_383, master: address(7_001) },
      ]);
    }
    await accept(servers, 7_001, [range(0, 16_383, 7_001, '')]);
    expect(nodes.status().state).toBe('ready');
  });

  test('a replica that takes the place of a master is found within 1 s', async () => {
    const { clock, servers, nodes } = await started();
    servers.at(7_002).last().end();
    await settled();
    expect(nodes.status()).toMatchObject({ state: 'away' });
    expect(nodes.linkOf(low)?.current()).toBeDefined();
    await clock.advance(500);
    expect(servers.at(7_001).last().waiting()).toEqual(['CLUSTER SLOTS']);
    servers
      .at(7_001)
      .last()
      .answer([halves[0], range(8_192, 16_383, 7_003)]);
    await settled();
    await accept(servers, 7_003);
    expect(nodes.status().state).toBe('ready');
    expect(nodes.linkOf(high)?.current()).toBeDefined();
  });

  test('without any server, the seeds are tried again', async () => {
    const all = start();
    await accept(all.servers, 7_001, [range(0, 16_383, 7_005)]);
    await accept(all.servers, 7_005);
    if (all.servers.at(7_005).last().waiting().length > 0)
      all.servers
        .at(7_005)
        .last()
        .answer([range(0, 16_383, 7_005)]);
    await settled();
    const before = all.servers.at(7_001).connections.length;
    all.servers.at(7_005).last().end();
    await settled();
    await all.clock.advance(2_000);
    expect(all.servers.at(7_001).connections.length).toBeGreaterThan(before);
  });

  test.each([
    ['an error', replyError('NOPERM')],
    ['text', 'x'],
    ['an empty list', []],
    ['ranges of another form', [['a', 'b', []], null, [1, 2, ['h', 'x']]]],
  ])('%s in place of the slots leaves those that are known', async (_, answer) => {
    const { servers, nodes } = await started();
    nodes.redirect(replyError('MOVED 100 10.0.0.1:7002'));
    for (const port of [7_001, 7_002])
      for (let times = 0; times < 3; times++) {
        servers.at(port).last().answer(answer);
        await settled();
      }
    expect(nodes.linkOf(low)?.current()).toBeDefined();
    expect(nodes.linkOf(high)?.current()).toBeDefined();
  });

  test('a redirect names a server, and is a reason to read the slots', async () => {
    const { servers, nodes } = await started();
    const moved = nodes.redirect(replyError('MOVED 100 10.0.0.1:7002'));
    expect(moved).toEqual({ link: nodes.linkOf(high), isOnce: false });
    const waiting = [7_001, 7_002].flatMap((port) => servers.at(port).last().waiting());
    expect(waiting).toEqual(['CLUSTER SLOTS']);
    expect(nodes.redirect(replyError('ASK 100 10.0.0.1:7002'))?.isOnce).toBe(true);
    expect(nodes.redirect(replyError('MOVED 100 :7002'))).toBeUndefined();
    expect(nodes.redirect(replyError('TRYAGAIN'))).toBeUndefined();
    expect(nodes.redirect(new Error('MOVED 100 10.0.0.1:7002'))).toBeUndefined();
  });

  test('stopped, it has no connections', async () => {
    const { clock, servers, nodes } = await started();
    nodes.stop();
    for (const port of servers.ports()) expect(servers.at(port).last().isClosed()).toBe(true);
    const before = servers.ports().map((port) => servers.at(port).connections.length);
    await clock.advance(60_000);
    expect(servers.ports().map((port) => servers.at(port).connections.length)).toEqual(before);
  });
});

test('the slots of the examples of the specification', () => {
  expect(slotOf('123456789')).toBe(0x31c3);
  expect(slotOf('{user1000}.following')).toBe(slotOf('user1000'));
  expect(slotOf('{user1000}.followers')).toBe(slotOf('user1000'));
  expect(slotOf('foo{{bar}}zap')).toBe(slotOf('{bar'));
  expect(slotOf('foo{bar}{zap}')).toBe(slotOf('bar'));
  // Empty braces do not count: the whole key does.
  expect(slotOf('foo{}{bar}')).not.toBe(slotOf('bar'));
});

test.each([
  ['MOVED 3999 127.0.0.1:6381', { kind: 'MOVED', host: '127.0.0.1', port: 6_381 }],
  ['ASK 3999 node-1.example.com:6381', { kind: 'ASK', host: 'node-1.example.com', port: 6_381 }],
  ['MOVED 3999 fd00::1:6381', { kind: 'MOVED', host: 'fd00::1', port: 6_381 }],
  ['MOVED 3999 :6381', { kind: 'MOVED', host: '', port: 6_381 }],
  ['MOVED x', undefined],
  ['CLUSTERDOWN', undefined],
])('the redirect %s', (text, expected) => {
  expect(readRedirect(replyError(text))).toEqual(expected);
});

test.each([
  ['redis://valkey.example.com', 'single', { host: 'valkey.example.com', port: 6_379, database: 0 }],
  ['rediss://valkey.example.com:6380/7', 'single', { host: 'valkey.example.com', port: 6_380, database: 7 }],
  ['redis://[fd00::1]:6380', 'single', { host: 'fd00::1', port: 6_380, database: 0 }],
  ['redis://10.0.0.1', 'sentinel', { host: '10.0.0.1', port: 26_379, database: 0 }],
  ['redis://10.0.0.1', 'cluster', { host: '10.0.0.1', port: 6_379, database: 0 }],
] as const)('the address %s (%s)', (url, mode, expected) => {
  expect(addressesOf({ urls: [url], mode })).toEqual([expected]);
});
