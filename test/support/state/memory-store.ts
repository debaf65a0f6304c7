/** A store in memory, for tests. Several processes can share it. It can be away, slow or full, like a real one. */
import type { Clock } from '../../../src/runtime/time/clock.ts';
import {
  type Feed,
  type FeedOptions,
  StateError,
  type StateFailure,
  type StateStore,
} from '../../../src/state/state-store.ts';

/** A server, and the stores of its clients. */
export interface MemoryServer {
  /** A client of its own. */
  readonly connect: () => MemoryClient;
  /** Every value, member and entry as text, as in a dump. */
  readonly dump: () => readonly string[];
  /** The operations of all clients, by name. */
  readonly operations: Map<string, number>;
}

/** A client. */
export interface MemoryClient extends StateStore {
  /** Makes every operation of this client fail; undefined to end it. */
  readonly fail: (failure: StateFailure | undefined) => void;
  /** Holds the entries of feeds back for this client, as a slow connection does; false to end it. */
  readonly hold: (isHeld: boolean) => void;
}

interface Value {
  /** A text, or a set: the ends of its members. */
  readonly value: string | Map<string, number>;
  endsAt: number;
}

/** Creates an empty server. */
export function createMemoryServer(clock: Clock): MemoryServer {
  const values = new Map<string, Value>();
  const feeds = new Map<string, { entry: string; endsAt: number }[]>();
  const followers = new Map<string, Set<() => void>>();
  const operations = new Map<string, number>();
  const find = (name: string): Value | undefined => {
    const found = values.get(name);
    if (found === undefined || found.endsAt > clock.monotonic()) return found;
    values.delete(name);
    return undefined;
  };
  const textOf = (name: string) => {
    const value = find(name)?.value;
    return typeof value === 'string' ? value : undefined;
  };
  const setOf = (name: string) => {
    const value = find(name)?.value;
    return value instanceof Map ? value : undefined;
  };

  const connect = (): MemoryClient => {
    let failing: StateFailure | undefined;
    let isHeld = false;
    /** When it began to fail. */
    let failedAt = 0;
    const resumed = new Set<() => void>();
    const run = async <T>(operation: string, act: () => T): Promise<T> => {
      operations.set(operation, (operations.get(operation) ?? 0) + 1);
      if (failing !== undefined) throw new StateError(failing, `the store is ${failing}`);
      return act();
    };
    const feed = (name: string, { receive }: FeedOptions): Feed => {
      const entries = feeds.getOrInsertComputed(name, () => []);
      let read = 0;
      let wasComplete = false;
      const pull = () => {
        if (failing !== undefined || isHeld) return;
        for (const { entry, endsAt } of entries.slice(read)) {
          const life = endsAt - clock.monotonic();
          if (life > 0) receive(entry, life);
        }
        read = entries.length;
        wasComplete = true;
      };
      followers.getOrInsertComputed(name, () => new Set()).add(pull);
      resumed.add(pull);
      pull();
      return {
        add: (entry, life) =>
          run('feed_add', () => {
            entries.push({ entry, endsAt: clock.monotonic() + life });
            for (const follower of followers.get(name) ?? []) follower();
          }),
        completeAt: () =>
          failing === undefined ? clock.monotonic() : wasComplete ? failedAt : Number.NEGATIVE_INFINITY,
      };
    };
    return {
      get: (name, life) =>
        run('get', () => {
          const found = find(name);
          if (found !== undefined && life !== undefined) found.endsAt = clock.monotonic() + life;
          return textOf(name);
        }),
      set: (name, value, life, when) =>
        run('set', () => {
          const isThere = find(name) !== undefined;
          if ((when === 'absent' && isThere) || (when === 'present' && !isThere)) return false;
          values.set(name, { value, endsAt: clock.monotonic() + life });
          return true;
        }),
      extend: (name, life) =>
        run('extend', () => {
          const found = find(name);
          if (found !== undefined) found.endsAt = clock.monotonic() + life;
          return found !== undefined;
        }),
      remove: (name) => run('remove', () => find(name) !== undefined && values.delete(name)),
      removeIf: (name, value) => run('remove_if', () => textOf(name) === value && values.delete(name)),
      addMember: (name, member, life) =>
        run('add_member', () => {
          const now = clock.monotonic();
          const living = [...(setOf(name) ?? [])].filter(([, endsAt]) => endsAt > now);
          const members = new Map(living);
          members.set(member, Math.max(members.get(member) ?? 0, now + life));
          values.set(name, { value: members, endsAt: Math.max(find(name)?.endsAt ?? 0, now + life) });
        }),
      removeMember: (name, member) => run('remove_member', () => void setOf(name)?.delete(member)),
      members: (name) => run('members', () => [...(setOf(name)?.keys() ?? [])]),
      feed,
      status: () => ({
        state: failing === undefined ? 'ready' : 'away',
        since: 0,
        problem: failing === undefined ? undefined : `the store is ${failing}`,
      }),
      ready: async () => failing === undefined,
      stop: () => {},
      hold: (next) => {
        isHeld = next;
        if (!next) for (const pull of resumed) pull();
      },
      fail: (failure) => {
        if (failing === undefined) failedAt = clock.monotonic();
        failing = failure;
        if (failure === undefined) for (const pull of resumed) pull();
      },
    };
  };
  return {
    connect,
    operations,
    dump: () => [
      ...values
        .entries()
        .flatMap(([name, { value }]) => [name, ...(typeof value === 'string' ? [value] : value.keys())]),
      ...feeds.entries().flatMap(([name, entries]) => [name, ...entries.map(({ entry }) => entry)]),
    ],
  };
}
