/**
 * A model of the store with time: operations take time, time out and still take effect, and connections break. A fail-over loses the newest
 * writes.
 */
import { StateError, type StateStore } from '../../../src/state/state-store.ts';
import type { VirtualTime } from './virtual-time.ts';

/** A client of the store. */
export interface ModelClient {
  readonly state: Pick<StateStore, 'get' | 'set' | 'remove' | 'removeIf'>;
  readonly connectedAt: () => number | undefined;
  /** Breaks the connection for a time, in milliseconds. */
  readonly cut: (milliseconds: number) => void;
  /** The process was killed: nothing of it happens any more. */
  readonly kill: () => void;
}

/** The server. */
export interface ModelServer {
  readonly connect: () => ModelClient;
  /** The value now, as an operator would see it. */
  readonly peek: (name: string) => string | undefined;
  /** Stops for a time, and comes back without the writes of the last milliseconds. */
  readonly fail: (milliseconds: number, lost?: number) => void;
  /** Operations wait for a time; those that timed out take effect afterwards. */
  readonly pause: (milliseconds: number) => void;
  /** Has no room for a time: values cannot be set, and everything else works. */
  readonly fill: (milliseconds: number) => void;
  readonly onFailOver: (call: () => void) => void;
  readonly operations: () => number;
}

/** The time after which a client gives up, in milliseconds. */
const timeout = 500;

/** Creates the server. */
export function createModelServer(time: VirtualTime, random: () => number): ModelServer {
  const values = new Map<string, { readonly value: string; readonly endsAt: number }>();
  let undo: { readonly at: number; readonly back: () => void }[] = [];
  let [downUntil, pausedUntil, fullUntil, operations] = [0, 0, 0, 0];
  const clients = new Set<{ disconnect: (milliseconds: number) => void }>();
  const failOvers: (() => void)[] = [];

  const find = (name: string) => {
    const found = values.get(name);
    return found === undefined || found.endsAt <= time.monotonic() ? undefined : found.value;
  };
  const change = (name: string, act: () => void) => {
    const before = values.get(name);
    undo = undo.filter(({ at }) => time.monotonic() - at < 1_000);
    undo.push({
      at: time.monotonic(),
      back: () => (before === undefined ? values.delete(name) : values.set(name, before)),
    });
    act();
  };

  const connect = (): ModelClient => {
    let connectedAt: number | undefined = time.now();
    let epoch = 0;
    let isDead = false;
    const disconnect = (milliseconds: number) => {
      connectedAt = undefined;
      const mine = ++epoch;
      time.after(milliseconds + random() * 1_000, () => {
        if (mine === epoch) connectedAt = time.now();
      });
    };
    clients.add({ disconnect });

    const run = <T>(act: () => T): Promise<T> =>
      new Promise((resolve, reject) => {
        operations++;
        const mine = epoch;
        const fail = (failure: 'away' | 'timeout') => {
          if (!isDead) reject(new StateError(failure, `the store is ${failure}`));
        };
        if (connectedAt === undefined) return void time.after(1, () => fail('away'));
        const cancel = time.after(timeout, () => fail('timeout'));
        const arrive = () => {
          if (time.monotonic() < pausedUntil)
            return void time.after(pausedUntil - time.monotonic() + random(), arrive);
          const isLost = mine !== epoch && random() < 0.5;
          if (isLost || time.monotonic() < downUntil) {
            cancel();
            return fail('away');
          }
          let result: T;
          try {
            result = act();
          } catch (error) {
            cancel();
            return void reject(error);
          }
          time.after(random() * 10, () => {
            cancel();
            if (mine !== epoch) fail('away');
            else if (!isDead) resolve(result);
          });
        };
        time.after(random() * 10, arrive);
      });
    return {
      state: {
        get: (name, life) =>
          run(() => {
            const value = find(name);
            if (value !== undefined && life !== undefined)
              change(name, () => values.set(name, { value, endsAt: time.monotonic() + life }));
            return value;
          }),
        set: (name, value, life, when) =>
          run(() => {
            if (time.monotonic() < fullUntil) throw new StateError('full', 'the store is full');
            const isThere = find(name) !== undefined;
            if ((when === 'absent' && isThere) || (when === 'present' && !isThere)) return false;
            change(name, () => values.set(name, { value, endsAt: time.monotonic() + life }));
            return true;
          }),
        remove: (name) =>
          run(() => {
            const isThere = find(name) !== undefined;
            if (isThere) change(name, () => values.delete(name));
            return isThere;
          }),
        removeIf: (name, value) =>
          run(() => {
            const isSame = find(name) === value;
            if (isSame) change(name, () => values.delete(name));
            return isSame;
          }),
      },
      connectedAt: () => connectedAt,
      cut: disconnect,
      kill: () => {
        isDead = true;
      },
    };
  };
  return {
    connect,
    peek: find,
    fail: (milliseconds, lost = 0) => {
      downUntil = Math.max(downUntil, time.monotonic() + milliseconds);
      for (const { disconnect } of clients) disconnect(milliseconds);
      const since = time.monotonic() - lost;
      for (const { at, back } of undo.toReversed()) if (at > since) back();
      undo = [];
      for (const call of failOvers) call();
    },
    pause: (milliseconds) => {
      pausedUntil = Math.max(pausedUntil, time.monotonic() + milliseconds);
    },
    fill: (milliseconds) => {
      fullUntil = Math.max(fullUntil, time.monotonic() + milliseconds);
    },
    onFailOver: (call) => void failOvers.push(call),
    operations: () => operations,
  };
}
