/**
 * Writes new tokens into the store later: those that the store did not take, and those that it lost. A server that fails over to a replica
 * can go back to the old refresh token, which the issuer accepts no second time.
 */
import { forgetOldest } from '../runtime/forget-oldest.ts';
import type { Clock } from '../runtime/time/clock.ts';
import type { Session } from '../session/session.ts';
import type { HeldLock } from '../session/session-lock.ts';
import type { SharedSessions } from '../session/session-store.ts';
import { StateError } from '../state/state-store.ts';
import type { Result } from './refresh-results.ts';
import { isOther } from './refresh-tokens.ts';

/** New tokens. */
export interface NewTokens {
  /** The session whose refresh token was used. */
  readonly before: Session;
  readonly next: Session;
  /** Called if the session was ended before the tokens could be written. */
  readonly onEnded: () => void;
}

/** The writes of a process. */
export interface LateWrites {
  /**
   * Tries a write again until the store takes it.
   *
   * @param lock of the session. It is kept until then, so that no other process uses the old token before
   */
  readonly add: (tokens: NewTokens, lock: HeldLock) => void;
  /** Watches tokens that were written. */
  readonly written: (tokens: NewTokens) => void;
  /** The tokens that this process has and the store may not have, for a session whose refresh token was used. */
  readonly latest: (session: Session) => Result | undefined;
  /** Tries the writes that wait once more. */
  readonly flush: () => Promise<void>;
  /** The number of writes that wait. */
  readonly waiting: () => number;
}

/** The dependencies. */
export interface LateWritesDependencies {
  readonly shared: () => SharedSessions;
  readonly clock: Clock;
  /** Returns a number from 0 to 1. */
  readonly random: () => number;
  /** How long a write is tried, in milliseconds. The session is idle and has left the store by then. */
  readonly life: number;
}

/** How long tokens are watched after they were written, in milliseconds. A replica is seldom further behind. */
const watchTime = 60_000;

/** The time between two tries, at least, and its random part, in milliseconds. */
const interval = { least: 100, random: 200 } as const;

/** The time after which a lock that is kept is extended, in milliseconds. The shortest life of a lock is 2 s. */
const extendAfter = 1_000;

/** Maximum numbers of writes that wait, of those that are watched, and of those that are tried at the same time. */
const most = { waiting: 10_000, watched: 10_000, atOnce: 32 } as const;

interface Write extends NewTokens {
  readonly until: number;
  /** Undefined if it is released. */
  readonly lock: HeldLock | undefined;
  /** When the lock was last extended, in milliseconds of the monotonic clock. */
  extendedAt: number;
  /** The connection over which it was written. */
  connection: number | undefined;
}

/** Creates the writes. */
export function createLateWrites({ shared, clock, random, life }: LateWritesDependencies): LateWrites {
  const waiting = new Map<string, Write>();
  const watched = new Map<string, Write>();
  let isScheduled = false;
  let sweptOver: number | undefined;

  /**
   * Writes the tokens if the store still has the old ones. It needs no lock, which a fail-over can bring back: the old token was used, so an
   * issuer that accepts it once does not accept it from another process.
   */
  const settle = async ({ before, next, onEnded, lock }: Write): Promise<void> => {
    const stored = await shared().reread(next);
    const isThere = stored !== undefined && (isOther(stored, before) || (await shared().rewrite(next)));
    if (!isThere) onEnded();
    await lock?.release();
  };

  const sweep = async (): Promise<void> => {
    const now = clock.monotonic();
    for (const [id, { until }] of watched) if (now >= until) watched.delete(id);
    for (const [id, { until }] of waiting) if (now >= until) waiting.delete(id);
    const connection = shared().connectedAt();
    if (connection === undefined || (waiting.size === 0 && connection === sweptOver)) return;
    const lost = watched.values().filter((one) => one.connection !== connection);
    const due = [...waiting.values(), ...lost].values();
    let problem: unknown;
    await forEach(due, async (write) => {
      try {
        await settle(write);
        keep(write, connection);
      } catch (error) {
        problem = error;
      }
      return problem === undefined;
    });
    if (problem === undefined) sweptOver = connection;
    // A store that is full, or slow for writes, still extends a lock. Otherwise it ends before there is room for the tokens.
    else if (!(problem instanceof StateError) || problem.failure !== 'away') await extendLocks();
  };
  const extendLocks = () => {
    const now = clock.monotonic();
    const due = waiting.values().filter(({ extendedAt }) => now - extendedAt >= extendAfter);
    return forEach(due, async (write) => {
      write.extendedAt = now;
      return write.lock?.extend() ?? true;
    });
  };
  const keep = (write: Write, connection: number) => {
    const { id } = write.next;
    // A later renewal may have taken its place.
    if (waiting.get(id) === write) {
      waiting.delete(id);
      watch(write, connection);
    } else if (watched.get(id) === write) write.connection = connection;
  };
  const schedule = () => {
    if (isScheduled || waiting.size + watched.size === 0) return;
    isScheduled = true;
    clock.after(interval.least + random() * interval.random, () => {
      void sweep().finally(() => {
        isScheduled = false;
        schedule();
      });
    });
  };
  const put = (writes: Map<string, Write>, write: Write, limit: number) => {
    const { id } = write.next;
    waiting.delete(id);
    watched.delete(id);
    writes.set(id, write);
    forgetOldest(writes, limit);
    schedule();
  };
  const watch = (tokens: NewTokens, connection: number | undefined) =>
    put(
      watched,
      // A session that is watched can end in the usual ways.
      {
        ...tokens,
        onEnded: () => {},
        lock: undefined,
        extendedAt: Number.NEGATIVE_INFINITY,
        until: clock.monotonic() + watchTime,
        connection,
      },
      most.watched,
    );

  return {
    add: (tokens, lock) => {
      const extendedAt = clock.monotonic();
      const write = { ...tokens, until: extendedAt + life, lock, extendedAt, connection: undefined };
      put(waiting, write, most.waiting);
    },
    written: (tokens) => watch(tokens, shared().connectedAt()),
    latest: (session) => {
      const write = waiting.get(session.id) ?? watched.get(session.id);
      if (write === undefined || isOther(session, write.before)) return undefined;
      return { kind: 'renewed', session: write.next };
    },
    flush: sweep,
    waiting: () => waiting.size,
  };
}

/** Runs a function for each write, some at the same time. It stops when one returns false. */
async function forEach(
  writes: IterableIterator<Write>,
  run: (write: Write) => Promise<boolean>,
): Promise<void> {
  let isStopped = false;
  const work = async () => {
    for (const write of writes) {
      if (isStopped) return;
      if (!(await run(write))) isStopped = true;
    }
  };
  await Promise.all(Array.from({ length: most.atOnce }, work));
}
