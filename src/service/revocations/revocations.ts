/** The deny list in the store that replicas share (`denyList.store`). Loaded only if it is configured. */
import type { DenyListEntry } from '../../config/load/deny-list.ts';
import type { SessionKey } from '../../config/session/session-keys.ts';
import { createDecisionIds } from '../../observe/decision-ids.ts';
import type { RevocationCount } from '../../observe/fleet-metrics.ts';
import type { Logger } from '../../observe/logger.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { sleep } from '../../runtime/time/deadline.ts';
import { createSeal } from '../../session/seal-values.ts';
import { StateError, type StateStore } from '../../state/state-store.ts';
import { createChanges } from './changes.ts';
import { longestLife } from './life.ts';
import { createFeedReader, longestSealed } from './read-feed.ts';
import { createRevocationList, maxRevocations } from './revocation-list.ts';
import { type Revocation, type StoredValue, writeStoredValue } from './stored-value.ts';

/** Why an entry was not added or lifted. */
export type NotDone =
  | { readonly kind: 'full' }
  | { readonly kind: 'too_long' }
  /** The store did not get the entry. */
  | { readonly kind: 'away'; readonly problem: string }
  /** The store may have it. */
  | { readonly kind: 'unknown'; readonly problem: string };

/** The deny list in the store. */
export interface Revocations {
  readonly entries: () => readonly DenyListEntry[];
  readonly all: () => readonly Revocation[];
  readonly unreadable: () => number;
  /** How long ago this process last knew that it had every entry, in milliseconds; undefined if it never did. */
  readonly age: () => number | undefined;
  /** Adds an entry. Resolves when the store has it and later checks of this process use it. */
  readonly add: (
    entry: DenyListEntry,
    note: string | undefined,
    life: number,
  ) => Promise<Revocation | NotDone>;
  /** Lifts an entry. @returns the entry; undefined if there is none */
  readonly lift: (id: string) => Promise<Revocation | NotDone | undefined>;
  /** Waits until every entry was read, at most for a time in milliseconds. */
  readonly ready: (longest: number) => Promise<void>;
  readonly keysChanged: () => void;
  readonly stop: () => void;
}

/** The dependencies. */
export interface RevocationsDependencies {
  readonly store: StateStore;
  /** The keys that seal the entries; the same list until they change. */
  readonly keys: () => readonly SessionKey[];
  readonly clock: Clock;
  readonly randomBytes: (size: number) => Uint8Array;
  readonly logger: Pick<Logger, 'info'>;
  /** Creates the receiver of the numbers of entries. `age` returns the age of the list, in milliseconds; undefined if it was never read. */
  readonly createCount: (age: () => number | undefined) => RevocationCount;
  /** Called with the problem of the list, or with undefined if there is none. */
  readonly onProblem: (problem: string | undefined) => void;
  /** Called when the entries have changed. */
  readonly onChange: () => void;
}

/** How often the state of the list is looked at, in milliseconds. */
const lookInterval = 5_000;

/** The time between a value that cannot be read and the report, in milliseconds. */
const soon = 250;

/** The time between two looks while a start waits for the list, in milliseconds. */
const startInterval = 20;

/** The largest difference between the clocks of two replicas, in milliseconds. */
const clockDifference = 5 * 60_000;

/** Opens the feed. This process follows it until it exits. */
export function createRevocations(dependencies: RevocationsDependencies): Revocations {
  const { store, keys, clock, randomBytes, logger, createCount, onProblem, onChange } = dependencies;
  const seal = createSeal(keys);
  const newId = createDecisionIds(randomBytes);
  const changes = createChanges(clock, () => {
    report();
    onChange();
    logger.info({ entries: list.all().length }, 'the deny list of the store has changed');
  });
  const list = createRevocationList(clock, changes.changed);
  const take = (value: StoredValue, life: number) => {
    if (value.kind === 'lift') return list.lift(value.id, life);
    // A copy of an old value has a new life in the store.
    if (value.revocation.endsAt > clock.now() - clockDifference) list.add(value.revocation, life);
  };
  const reader = createFeedReader({ seal, clock, onValue: take, onUnreadable: () => reportSoon() });
  const feed = store.feed('revoked', { longestLife, receive: reader.receive });

  const age = () => {
    const completeAt = feed.completeAt();
    return completeAt === Number.NEGATIVE_INFINITY ? undefined : clock.monotonic() - completeAt;
  };
  const count = createCount(age);
  const report = () => {
    const unreadable = reader.unreadable();
    count({ entries: list.all().length, unreadable: unreadable.count });
    onProblem(problemOf({ ...unreadable, leftOut: list.leftOut(), isRead: age() !== undefined, store }));
  };
  let cancel = () => {};
  let isSoon = false;
  const look = () => {
    isSoon = false;
    report();
    cancel = clock.after(lookInterval, look);
  };
  /** A report looks at every unreadable value, and each value can be one. */
  const reportSoon = () => {
    if (isSoon) return;
    isSoon = true;
    cancel();
    cancel = clock.after(soon, look);
  };
  look();

  const send = async (value: StoredValue, life: number): Promise<NotDone | undefined> => {
    const { state, problem } = store.status();
    if (state !== 'ready') return { kind: 'away', problem: problem ?? 'there is no connection yet' };
    const text = await seal.seal('oidc-authz-revocation', writeStoredValue(value));
    if (text.length > longestSealed) return { kind: 'too_long' };
    try {
      await feed.add(text, life);
      return undefined;
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      const isRejected = error.failure === 'full' || error.failure === 'rejected';
      return { kind: isRejected ? 'away' : 'unknown', problem: error.message };
    }
  };
  return {
    entries: () => list.all().map(({ entry }) => entry),
    all: list.all,
    unreadable: () => reader.unreadable().count,
    age,
    add: async (entry, note, life) => {
      if (list.size() >= maxRevocations) return { kind: 'full' };
      const addedAt = clock.now();
      const revocation = { entry: { ...entry, id: newId() }, note, addedAt, endsAt: addedAt + life };
      const notDone = await send({ kind: 'entry', revocation }, life);
      if (notDone !== undefined) return notDone;
      list.add(revocation, life);
      await changes.applied();
      return revocation;
    },
    lift: async (id) => {
      const revocation = list.find(id);
      if (revocation === undefined) return undefined;
      const life = Math.min(longestLife, Math.max(0, revocation.endsAt - clock.now()) + clockDifference);
      const notDone = await send({ kind: 'lift', id }, life);
      if (notDone !== undefined) return notDone;
      list.lift(id, life);
      await changes.applied();
      return revocation;
    },
    ready: async (longest) => {
      const end = clock.monotonic() + longest;
      while (age() === undefined && clock.monotonic() < end) await sleep(startInterval, clock);
      await reader.idle();
      report();
    },
    keysChanged: reader.keysChanged,
    stop: () => {
      cancel();
      list.stop();
      changes.stop();
    },
  };
}

function problemOf({
  count,
  keyIds,
  leftOut,
  isRead,
  store,
}: {
  readonly count: number;
  readonly keyIds: readonly string[];
  readonly leftOut: number;
  readonly isRead: boolean;
  readonly store: Pick<StateStore, 'status'>;
}): string | undefined {
  const { state, problem } = store.status();
  const why = problem ?? (state === 'ready' ? 'the store does not give it' : 'there is no connection yet');
  if (!isRead) return `the list was never read (${why}); tokens that only it revokes are allowed`;
  if (count > 0)
    return `${count} of its entries cannot be read${keyIds.length > 0 ? `: they are sealed with keys that this process does not have (${keyIds.join(', ')}); use the same keys in all replicas, and keep an old key until its entries have ended` : '; another version or another program wrote them'}`;
  return leftOut > 0 ? `${leftOut} entries are left out: there are too many; lift some of them` : undefined;
}
