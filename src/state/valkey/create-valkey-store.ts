/** The store in Valkey or Redis. Loaded only if `state` is configured. */
import type { Clock } from '../../runtime/time/clock.ts';
import type { StateEvents } from '../state-events.ts';
import type { StateStore } from '../state-store.ts';
import { createConnect } from './connect.ts';
import { createFeeds } from './feeds.ts';
import { createLink } from './link.ts';
import { createRun } from './run.ts';
import { addMember, removeIf } from './scripts.ts';
import type { ValkeyConfig } from './valkey-config.ts';

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
  const { options, readFile, clock, random, events } = dependencies;
  const connect = createConnect(options, readFile);
  const waiting = new Set<() => void>();
  const link = createLink({
    connect,
    clock,
    random,
    onStatus: events.statusChanged,
    onAttempt: events.connected,
  });
  link.onReady(() => {
    for (const resolve of waiting) resolve();
  });
  const run = createRun({ link, timeout: options.timeout, clock, events });
  const keyOf = (name: string) => `${options.prefix}:${name}`;
  const feeds = createFeeds({ options, link, connect, run, clock, random, events });

  return {
    get: async (name) => textOf(await run('get', 'GET', keyOf(name))),
    set: async (name, value, life, when) => {
      const condition = when === undefined ? [] : [when === 'absent' ? 'NX' : 'XX'];
      return (await run('set', 'SET', keyOf(name), value, 'PX', lifeOf(life), ...condition)) !== null;
    },
    extend: async (name, life) => (await run('extend', 'PEXPIRE', keyOf(name), lifeOf(life))) === 1,
    remove: async (name) => (await run('remove', 'DEL', keyOf(name))) === 1,
    removeIf: async (name, value) => (await run('remove_if', 'EVAL', removeIf, 1, keyOf(name), value)) === 1,
    addMember: async (name, member, life) => {
      await run('add_member', 'EVAL', addMember, 1, keyOf(name), member, lifeOf(life));
    },
    removeMember: async (name, member) => {
      await run('remove_member', 'SREM', keyOf(name), member);
    },
    members: async (name) => {
      const members = await run('members', 'SMEMBERS', keyOf(name));
      return Array.isArray(members) ? members.map(String) : [];
    },
    feed: feeds.open,
    status: link.status,
    ready: (longest) => {
      if (link.current() !== undefined) return Promise.resolve(true);
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
    },
    stop: () => {
      feeds.stop();
      link.stop();
    },
  };
}

function textOf(answer: unknown): string | undefined {
  return typeof answer === 'string' ? answer : undefined;
}

/** The server takes whole milliseconds, and more than 0. */
function lifeOf(life: number): number {
  return Math.max(1, Math.round(life));
}
