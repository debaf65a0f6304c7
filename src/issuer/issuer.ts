/** The one owner of an issuer's keys: fetches them, keeps them fresh, and serves on when the issuer is away. */

import type { Algorithm } from '../config/declare/issuer-options.ts';
import type { Config, IssuerConfig } from '../config/declare/options.ts';
import type { Clock } from '../runtime/time/clock.ts';
import { countOf, type KeySet, type VerificationKey } from './keys/key-set.ts';
import { keySetRules, readKeySet, UnusableKeySetError } from './keys/read-key-set.ts';
import type { UnusedKey } from './keys/unused-keys.ts';
import { createProblemWatch } from './problem-reporter.ts';
import { refreshDelay, retryDelay } from './refresh-schedule.ts';
import type { KeySource } from './source/key-source.ts';

/**
 * How an issuer is doing: `waiting` for its first keys; `ready`; `stale`, serving keys that it could not refresh;
 * `unavailable`, its keys being older than `keys.maxStale`.
 */
export type IssuerState = 'waiting' | 'ready' | 'stale' | 'unavailable';

/** What an operator wants to know of an issuer. */
export interface IssuerStatus {
  readonly name: string;
  readonly issuer: string;
  readonly state: IssuerState;
  /** Usable keys, each counted once. */
  readonly keys: number;
  /** The keys of the set that was published last which are not used. */
  readonly unused: readonly UnusedKey[];
  /** Seconds since the keys were last had; undefined if never. */
  readonly keysAge: number | undefined;
  /** What is wrong: why the last fetch failed, or what will make a later one fail; undefined if nothing is. */
  readonly problem: string | undefined;
  /** When the issuer began to have problems, in milliseconds since the epoch; undefined while it has none. */
  readonly problemSince: number | undefined;
  /** Whether its discovery document names the key set on another host than before, which is refused until a reload. */
  readonly hasMoved: boolean;
}

/** An issuer's keys, as whoever verifies tokens asks for them. */
export interface IssuerKeys {
  readonly hasKeys: () => boolean;
  /** The keys that may have signed a token ({@link KeySet.find}). */
  readonly findKeys: (id: string | undefined, algorithm: Algorithm) => readonly VerificationKey[];
  /** Whether there is a key of that `kid`, for whichever algorithm. */
  readonly knowsKeyId: (id: string) => boolean;
  /** Whether a key is still one of the issuer's. */
  readonly holds: (key: VerificationKey) => boolean;
  /**
   * Fetches because a token named an unknown key, unless that was done a short while ago; failed fetches count. Nothing else that a
   * client sends causes a fetch: anybody can make up a signature.
   *
   * @param id the token's `kid`
   * @returns settles when the fetch has ended, never rejects; undefined if none is due
   */
  readonly fetchForUnknownKey: (id: string) => Promise<void> | undefined;
}

/** What another process needs to have the same keys. */
export interface KeySnapshot {
  /** The key set as it was published; undefined if there never was one. */
  readonly text: string | undefined;
  /** Milliseconds since it was had. */
  readonly age: number | undefined;
  /** Whether the last fetch failed, so that its age counts. */
  readonly isFailing: boolean;
}

/** The owner of an issuer's keys. */
export interface Issuer extends IssuerKeys {
  /** Begins to fetch, and goes on until stopped. */
  readonly start: () => void;
  readonly stop: () => void;
  /** Resolves when there are keys for the first time. */
  readonly firstKeys: Promise<void>;
  /** Fetches because an operator wants it, discovery included. Settles when that has ended; never rejects. */
  readonly refresh: () => Promise<void>;
  readonly status: () => IssuerStatus;
  readonly snapshot: () => KeySnapshot;
}

/** What an issuer tells the rest of the service. */
export interface IssuerEvents {
  readonly onStateChange: (status: IssuerStatus) => void;
  /** Its problem began, changed, ended, or lasts: told again every few minutes. Not told where the state changes too. */
  readonly onProblem: (status: IssuerStatus) => void;
  /** Other keys than before are not used, or by other causes. */
  readonly onUnusedKeys: (unused: readonly UnusedKey[]) => void;
  /** The key set was replaced by one with other keys, or with the same in another order. */
  readonly onKeysChange: (change: KeysChange) => void;
}

/** How two key sets differ, in keys, each counted once. A key that may verify another algorithm now is one added and one removed. */
export interface KeysChange {
  readonly added: number;
  readonly removed: number;
  readonly keys: number;
}

/** What an issuer needs of its surroundings. */
export interface IssuerDependencies extends IssuerEvents {
  readonly source: KeySource;
  readonly timing: Config['keys'];
  readonly maxKeys: number;
  readonly clock: Clock;
  /** A number from 0 to 1, for jitter. */
  readonly random: () => number;
}

/** Makes the owner of one issuer's keys. */
export function createIssuer(config: IssuerConfig, dependencies: IssuerDependencies): Issuer {
  const { source, timing, maxKeys, clock, random } = dependencies;
  const { onStateChange, onProblem, onUnusedKeys, onKeysChange } = dependencies;
  const rules = keySetRules(config, maxKeys);

  let keySet: KeySet | undefined;
  let text: string | undefined;
  let loadedAt: number | undefined;
  let failures = 0;
  let problem: string | undefined;
  let flight: Promise<void> | undefined;
  let forcedAt = Number.NEGATIVE_INFINITY;
  let unused: readonly UnusedKey[] = [];
  let reported: IssuerState = 'waiting';
  let cancelNext: (() => void) | undefined;
  let isStopped = false;
  const first = Promise.withResolvers<void>();

  const age = () => (loadedAt === undefined ? undefined : clock.monotonic() - loadedAt);
  // Asked on every check: no clock is read as long as all is well.
  const keys = () => (failures === 0 || isRecent() ? keySet : undefined);
  const isRecent = () => (age() ?? Number.POSITIVE_INFINITY) <= timing.maxStale;
  const state = (): IssuerState => {
    if (keySet === undefined) return 'waiting';
    if (keys() === undefined) return 'unavailable';
    return failures === 0 ? 'ready' : 'stale';
  };
  const allProblems = (): string | undefined => {
    const concern = source.concern();
    if (failures === 0 || problem === undefined) return concern?.message;
    return concern?.isMove === true ? `${problem}; ${concern.message}` : problem;
  };
  const watch = createProblemWatch(clock, () => onProblem(status()));
  const status = (): IssuerStatus => {
    const milliseconds = age();
    return {
      name: config.name,
      issuer: config.issuer,
      state: state(),
      keys: keys()?.size ?? 0,
      unused,
      keysAge: milliseconds === undefined ? undefined : milliseconds / 1000,
      problem: allProblems(),
      problemSince: watch.since(),
      hasMoved: source.concern()?.isMove ?? false,
    };
  };
  const report = () => {
    // The first failure of all is no change of state, and yet what an operator waits to hear.
    const trouble = allProblems();
    const isFirst = keySet === undefined && trouble !== undefined && watch.since() === undefined;
    const isChange = state() !== reported || isFirst;
    reported = state();
    const isNews = watch.see(trouble, isChange);
    if (isChange) onStateChange(status());
    else if (isNews) onProblem(status());
  };

  const reportUnused = (now: readonly UnusedKey[]) => {
    if (JSON.stringify(now) === JSON.stringify(unused)) return;
    unused = now;
    onUnusedKeys(now);
  };
  const takeOver = (published: string) => {
    if (published !== text) {
      const read = readPublished(published);
      const change = difference(keySet, read.keySet);
      reportUnused(read.unused);
      [keySet, text] = [read.keySet, published];
      onKeysChange(change);
    }
    loadedAt = clock.monotonic();
    first.resolve();
  };
  const readPublished = (published: string) => {
    try {
      return readKeySet(published, rules, keySet);
    } catch (error) {
      if (error instanceof UnusableKeySetError) reportUnused(error.unused);
      throw error;
    }
  };

  const load = async (isForced: boolean) => {
    try {
      const maxAge = await source.load(isForced, takeOver);
      [failures, problem] = [0, undefined];
      scheduleNext(refreshDelay(maxAge, timing, random()));
    } catch (error) {
      // What a token asked for in vain changes nothing: the next fetch comes when it would have come anyhow.
      if (!isForced || cancelNext === undefined)
        failed(error instanceof Error ? error.message : String(error));
    }
    flight = undefined;
    if (!isStopped) report();
  };
  const failed = (message: string) => {
    failures++;
    problem = message;
    scheduleNext(retryDelay(failures, keys() !== undefined, random()));
  };

  const fetchOnce = (isForced: boolean): Promise<void> => {
    if (isStopped) return Promise.resolve();
    flight ??= load(isForced);
    return flight;
  };
  const force = (): Promise<void> | undefined => {
    if (clock.monotonic() - forcedAt < timing.minRefreshInterval) return undefined;
    forcedAt = clock.monotonic();
    return fetchOnce(true);
  };
  const knowsKeyId = (id: string) => keys()?.knows(id) ?? false;
  const scheduleNext = (delay: number) => {
    cancelNext?.();
    if (isStopped) return;
    cancelNext = clock.after(delay, () => {
      cancelNext = undefined;
      void fetchOnce(false);
    });
  };

  return {
    firstKeys: first.promise,
    start: () => void fetchOnce(false),
    stop: () => {
      isStopped = true;
      cancelNext?.();
      watch.stop();
    },
    hasKeys: () => keys() !== undefined,
    findKeys: (id, algorithm) => keys()?.find(id, algorithm) ?? [],
    knowsKeyId,
    holds: (key) => keys()?.holds(key) ?? false,
    fetchForUnknownKey: (id) => {
      // A fetch that is under way may have begun before the key was published.
      return flight === undefined ? force() : flight.then(() => (knowsKeyId(id) ? undefined : force()));
    },
    refresh: () => {
      source.rediscover();
      // A fetch that is under way may have begun before whatever the operator knows of.
      return flight === undefined ? fetchOnce(false) : flight.then(() => fetchOnce(false));
    },
    status,
    snapshot: () => ({ text, age: age(), isFailing: failures > 0 }),
  };
}

function difference(before: KeySet | undefined, after: KeySet): KeysChange {
  const added = after.keys.filter((key) => before?.holds(key) !== true);
  const removed = before?.keys.filter((key) => !after.holds(key)) ?? [];
  return { added: countOf(added), removed: countOf(removed), keys: after.size };
}
