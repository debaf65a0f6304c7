/** Owns the keys of an issuer: fetches and refreshes them, and keeps the last ones while the issuer is unavailable. */

import type { Algorithm } from '../config/declare/issuer-options.ts';
import type { Config, IssuerConfig } from '../config/declare/options.ts';
import type { Clock } from '../runtime/time/clock.ts';
import type { IssuerState, IssuerStatus } from './issuer-status.ts';
import { createKeyAges, type IssuerDetails } from './keys/key-ages.ts';
import type { KeySet, VerificationKey } from './keys/key-set.ts';
import { difference, type KeysChange } from './keys/keys-change.ts';
import { describeKeys, type KeysDescription } from './keys/keys-description.ts';
import { keySetRules, readKeySet, UnusableKeySetError } from './keys/read-key-set.ts';
import { createRemovedKeys } from './keys/removed-keys.ts';
import type { UnusedKey } from './keys/unused-keys.ts';
import { createProblemReporter } from './problem-reporter.ts';
import { refreshDelay, retryDelay } from './refresh-schedule.ts';
import type { KeySource } from './source/key-source.ts';
import type { LoginMetadataState } from './source/login-endpoints.ts';

/** The keys of an issuer, for the verification of tokens. */
export interface IssuerKeys {
  readonly hasKeys: () => boolean;
  /** The keys that may have signed a token ({@link KeySet.find}). */
  readonly findKeys: (id: string | undefined, algorithm: Algorithm) => readonly VerificationKey[];
  /** Whether there is a key with that `kid`, for any algorithm. */
  readonly knowsKeyId: (id: string) => boolean;
  /** Whether a key is still one of the issuer's. */
  readonly holds: (key: VerificationKey) => boolean;
  /** The key set in use, as the issuer published it; undefined if the issuer has no usable keys. */
  readonly published: () => string | undefined;
  /**
   * Fetches the key set because a token names an unknown key, at most once per `keys.minRefreshInterval`; failed fetches
   * count. Nothing else in a request causes a fetch, because any client can forge a signature.
   *
   * @param id the token's `kid`
   * @returns resolves when the fetch has ended, never rejects; undefined if no fetch is due
   */
  readonly fetchForUnknownKey: (id: string) => Promise<void> | undefined;
  /** Describes the keys and their problem, for the operator. */
  readonly describeKeys: () => KeysDescription;
}

/** An issuer as its logins need it. */
export interface LoginSource extends IssuerKeys {
  /** The metadata for logins; undefined if the issuer does not sign people in. */
  readonly loginMetadata: () => LoginMetadataState | undefined;
}

/** The keys for another process. */
export interface KeySnapshot {
  /** The published key set; undefined if there never was one. */
  readonly text: string | undefined;
  /** Milliseconds since it was loaded. */
  readonly age: number | undefined;
  /** Whether the last fetch failed. The keys can be used only until they are older than `keys.maxStale`. */
  readonly isFailing: boolean;
  /** See {@link KeysDescription}. */
  readonly problem?: string | undefined;
  readonly problemSince?: number | undefined;
  readonly login?: LoginMetadataState | undefined;
}

/** The owner of an issuer's keys. */
export interface Issuer extends LoginSource {
  /** Starts to fetch, until stopped. */
  readonly start: () => void;
  readonly stop: () => void;
  /** Resolves when the first keys are loaded. */
  readonly firstKeys: Promise<void>;
  /** Repeats discovery and fetches the key set now. Resolves when that has ended; never rejects. */
  readonly refresh: () => Promise<void>;
  /** Fetches as `refresh` does, at most once per `keys.minRefreshInterval`. @returns whether a fetch started */
  readonly fetchNow: () => boolean;
  readonly status: () => IssuerStatus;
  readonly details: () => IssuerDetails;
  readonly snapshot: () => KeySnapshot;
}

/** The events of an issuer. */
export interface IssuerEvents {
  readonly onStateChange: (status: IssuerStatus) => void;
  /** Its problem began, changed or ended, or continues after 5 minutes. Not called if the state changes too. */
  readonly onProblem: (status: IssuerStatus) => void;
  /** The unused keys, or their causes, changed. */
  readonly onUnusedKeys: (unused: readonly UnusedKey[]) => void;
  /** The published key set changed, even if only the order of its keys did. */
  readonly onKeysChange: (change: KeysChange) => void;
  /** The metadata for logins changed. */
  readonly onLoginChange?: () => void;
}

/** The dependencies of an issuer. */
export interface IssuerDependencies extends IssuerEvents {
  readonly source: KeySource;
  readonly timing: Config['keys'];
  readonly maxKeys: number;
  readonly clock: Clock;
  /** A number from 0 to 1, for jitter. */
  readonly random: () => number;
}

/** Creates the owner of an issuer's keys. */
export function createIssuer(config: IssuerConfig, dependencies: IssuerDependencies): Issuer {
  const { source, timing, maxKeys, clock, random } = dependencies;
  const { onStateChange, onProblem, onUnusedKeys, onKeysChange, onLoginChange } = dependencies;
  const rules = keySetRules(config, maxKeys);

  let keySet: KeySet | undefined;
  let text: string | undefined;
  let loadedAt: number | undefined;
  let failures = 0;
  let problem: string | undefined;
  /** The failure of a fetch that a token caused. It changes neither the state nor the schedule. */
  let forcedProblem: string | undefined;
  let flight: Promise<void> | undefined;
  let forcedAt = Number.NEGATIVE_INFINITY;
  let unused: readonly UnusedKey[] = [];
  let reported: IssuerState = 'waiting';
  let cancelNext: (() => void) | undefined;
  let nextAt = 0;
  let isStopped = false;
  let login: string | undefined;
  const ages = createKeyAges();
  const removed = createRemovedKeys();
  const first = Promise.withResolvers<void>();

  const age = () => (loadedAt === undefined ? undefined : clock.monotonic() - loadedAt);
  // Called for every check: read the clock only after a failed fetch.
  const keys = () => (failures === 0 || isRecent() ? keySet : undefined);
  const isRecent = () => (age() ?? Number.POSITIVE_INFINITY) <= timing.maxStale;
  const state = (): IssuerState => {
    if (keySet === undefined) return 'waiting';
    if (keys() === undefined) return 'unavailable';
    return failures === 0 ? 'ready' : 'stale';
  };
  const allProblems = (): string | undefined => {
    const warning = source.warning();
    if (failures === 0 || problem === undefined) return warning?.message;
    return warning?.isMove === true ? `${problem}; ${warning.message}` : problem;
  };
  const problemForDetails = () => allProblems() ?? forcedProblem;
  // A problem of logins is shown, but changes nothing about the keys.
  const shownProblem = () => allProblems() ?? (keySet === undefined ? undefined : source.login()?.problem);
  const problemReporter = createProblemReporter(clock, () => onProblem(status()));
  const status = (): IssuerStatus => {
    const milliseconds = age();
    return {
      name: config.name,
      issuer: config.issuer,
      state: state(),
      keys: keys()?.size ?? 0,
      unused,
      keysAge: milliseconds === undefined ? undefined : milliseconds / 1000,
      problem: shownProblem(),
      problemSince: problemReporter.since(),
      hasMoved: source.warning()?.isMove ?? false,
    };
  };
  const report = () => {
    // The first failure does not change the state, but the operator must see it.
    const current = shownProblem();
    const isFirst = keySet === undefined && current !== undefined && problemReporter.since() === undefined;
    const isChange = state() !== reported || isFirst;
    reported = state();
    const isDue = problemReporter.update(current, isChange);
    if (isChange) onStateChange(status());
    else if (isDue) onProblem(status());
  };

  const reportUnused = (now: readonly UnusedKey[]) => {
    if (JSON.stringify(now) === JSON.stringify(unused)) return;
    unused = now;
    onUnusedKeys(now);
  };
  const replaceKeySet = (published: string) => {
    if (published !== text) {
      const read = readPublished(published);
      const change = difference(keySet, read.keySet);
      reportUnused(read.unused);
      removed.replaced(keySet, read.keySet, clock.now());
      [keySet, text] = [read.keySet, published];
      ages.loaded(keySet, clock.now());
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
      const maxAge = await source.load(isForced, replaceKeySet);
      [failures, problem, forcedProblem] = [0, undefined, undefined];
      scheduleNext(refreshDelay(maxAge, timing, random()));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (isForced && cancelNext !== undefined) forcedProblem = message;
      else failed(message);
    }
    flight = undefined;
    if (isStopped) return;
    report();
    reportLogin(JSON.stringify(source.login()));
  };
  const reportLogin = (now: string | undefined) => {
    if (now !== login) onLoginChange?.();
    login = now;
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
    nextAt = clock.monotonic() + delay;
    cancelNext = clock.after(delay, () => {
      cancelNext = undefined;
      void fetchOnce(false);
    });
  };

  const refresh = (): Promise<void> => {
    source.rediscover();
    // The current fetch may have started before the change that the operator wants to load.
    return flight === undefined ? fetchOnce(false) : flight.then(() => fetchOnce(false));
  };

  return {
    firstKeys: first.promise,
    start: () => void fetchOnce(false),
    stop: () => {
      isStopped = true;
      cancelNext?.();
      problemReporter.stop();
    },
    hasKeys: () => keys() !== undefined,
    findKeys: (id, algorithm) => keys()?.find(id, algorithm) ?? [],
    knowsKeyId,
    holds: (key) => keys()?.holds(key) ?? false,
    published: () => (keys() === undefined ? undefined : text),
    fetchForUnknownKey: (id) => {
      // The current fetch may have started before the key was published.
      return flight === undefined ? force() : flight.then(() => (knowsKeyId(id) ? undefined : force()));
    },
    refresh,
    fetchNow: () => {
      if (isStopped || clock.monotonic() - forcedAt < timing.minRefreshInterval) return false;
      forcedAt = clock.monotonic();
      void refresh();
      return true;
    },
    status,
    details: () => {
      const used = keys();
      return {
        keys: used === undefined ? [] : ages.describe(used),
        nextFetch:
          cancelNext === undefined || flight !== undefined
            ? undefined
            : Math.max(0, nextAt - clock.monotonic()),
      };
    },
    describeKeys: () =>
      describeKeys(keySet, age(), problemForDetails(), problemReporter.since(), removed.list()),
    snapshot: () => ({
      text,
      age: age(),
      isFailing: failures > 0,
      problem: problemForDetails(),
      problemSince: problemReporter.since(),
      login: source.login(),
    }),
    loginMetadata: source.login,
  };
}
