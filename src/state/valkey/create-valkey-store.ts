/** The store in Valkey or Redis. Loaded only if `state` is configured. */
import type { Clock } from '../../runtime/time/clock.ts';
import type { StateEvents } from '../state-events.ts';
import type { StateStore } from '../state-store.ts';
import { createClusterNodes } from './cluster/cluster-nodes.ts';
import { createConnect } from './connect.ts';
import { watchEviction } from './eviction.ts';
import { createFeeds } from './feeds.ts';
import type { Nodes } from './nodes.ts';
import { createOneNode } from './one-node.ts';
import { createProve } from './prove.ts';
import { createRun } from './run.ts';
import { addMember, removeIf } from './scripts.ts';
import { createSentinelNodes } from './sentinel/sentinel-nodes.ts';
import { addressesOf, type ValkeyConfig } from './valkey-config.ts';

/** The dependencies of the store. */
export interface ValkeyStoreDependencies {
  readonly options: ValkeyConfig;
  /** Reads a file with a secret. */
  readonly readFile: (path: string) => string;
  readonly clock: Clock;
  /** Returns a number from 0 to 1, for jitter. */
  readonly random: () => number;
  readonly events: StateEvents;
}

/** Creates the store. It connects in the background, and again whenever the connection is lost. */
export function createValkeyStore(dependencies: ValkeyStoreDependencies): StateStore {
  const { options, clock, random, events } = dependencies;
  const nodes = createNodes(dependencies);
  const run = createRun({ nodes, timeout: options.timeout, clock, events });
  const keyOf = (name: string) => `${options.prefix}:${name}`;
  watchEviction(nodes, keyOf('probe'), events.evicts);
  const feeds = createFeeds({ options, nodes, run, clock, random, events });

  return {
    get: async (name, life) => {
      const key = keyOf(name);
      return textOf(
        await run('get', key, life === undefined ? ['GET', key] : ['GETEX', key, 'PX', lifeOf(life)]),
      );
    },
    set: async (name, value, life, when) => {
      const key = keyOf(name);
      const condition = when === undefined ? [] : [when === 'absent' ? 'NX' : 'XX'];
      return (await run('set', key, ['SET', key, value, 'PX', lifeOf(life), ...condition])) !== null;
    },
    extend: async (name, life) =>
      (await run('extend', keyOf(name), ['PEXPIRE', keyOf(name), lifeOf(life)])) === 1,
    remove: async (name) => (await run('remove', keyOf(name), ['DEL', keyOf(name)])) === 1,
    removeIf: async (name, value) =>
      (await run('remove_if', keyOf(name), ['EVAL', removeIf, 1, keyOf(name), value])) === 1,
    addMember: async (name, member, life) => {
      await run('add_member', keyOf(name), ['EVAL', addMember, 1, keyOf(name), member, lifeOf(life)]);
    },
    removeMember: async (name, member) => {
      await run('remove_member', keyOf(name), ['ZREM', keyOf(name), member]);
    },
    members: async (name) => {
      const members = await run('members', keyOf(name), ['ZRANGE', keyOf(name), 0, -1]);
      return Array.isArray(members) ? members.map(String) : [];
    },
    feed: feeds.open,
    status: nodes.status,
    ready: createReady(nodes, clock),
    stop: () => {
      feeds.stop();
      nodes.stop();
    },
  };
}

function createNodes({ options, readFile, clock, random, events }: ValkeyStoreDependencies): Nodes {
  const connectTo = createConnect(options, 'server', readFile);
  const addresses = addressesOf(options);
  const { timeout, prefix, mode } = options;
  const prove = createProve(prefix, mode);
  const common = {
    timeout,
    prove,
    clock,
    random,
    onStatus: events.statusChanged,
    onAttempt: events.connected,
  };
  switch (mode) {
    case 'single':
      return createOneNode({ ...common, connect: connectTo(addresses[0]) });
    case 'sentinel':
      return createSentinelNodes({
        ...{ ...common, connectTo, sentinels: addresses, masterName: options.masterName ?? '' },
        connectToSentinel: createConnect(options, 'sentinel', readFile),
      });
    case 'cluster':
      return createClusterNodes({ ...common, connectTo, seeds: addresses });
  }
}

/** Creates the function that waits for the connections. */
function createReady(nodes: Nodes, clock: Clock): StateStore['ready'] {
  const waiting = new Set<() => void>();
  nodes.onReady(() => {
    for (const resolve of waiting) resolve();
  });
  return (longest) => {
    if (nodes.status().state === 'ready') return Promise.resolve(true);
    return new Promise((resolve) => {
      const settle = (isReady: boolean) => {
        waiting.delete(onReady);
        cancel();
        resolve(isReady);
      };
      const onReady = () => settle(true);
      const cancel = clock.after(longest, () => settle(false));
      waiting.add(onReady);
    });
  };
}

function textOf(answer: unknown): string | undefined {
  return typeof answer === 'string' ? answer : undefined;
}

/** The server takes whole milliseconds, and more than 0. */
function lifeOf(life: number): number {
  return Math.max(1, Math.round(life));
}
