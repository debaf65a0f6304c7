/** Tells the other processes which sessions have ended: the feed `ended` of the store. */
import type { Clock } from '../runtime/time/clock.ts';
import { withDeadline } from '../runtime/time/deadline.ts';
import type { StateStore } from '../state/state-store.ts';

/** The feed. */
export interface EndedFeed {
  /**
   * Adds an entry. If the store does not take it, it is tried again in the background. Never rejects.
   *
   * @param life milliseconds, from when the store has it
   * @param longest milliseconds from now, after which it is of no use
   * @returns whether the store has it; false after {@link longestWait}
   */
  readonly publish: (entry: string, life: number, longest: number) => Promise<boolean>;
  /** See `Feed.completeAt`. */
  readonly completeAt: () => number;
  /** The entries that the store does not have yet. */
  readonly waiting: () => number;
}

/** The dependencies. */
export interface EndedFeedDependencies {
  readonly state: Pick<StateStore, 'feed'>;
  /** The longest life of an entry, in milliseconds. */
  readonly longestLife: () => number;
  readonly receive: (entry: string, life: number) => void;
  /** An entry was given up: too many wait for the store. */
  readonly onLost: () => void;
  readonly clock: Clock;
}

/** An entry that the store does not have yet. */
interface Waiting {
  readonly entry: string;
  readonly life: number;
  readonly endsAt: number;
  readonly done: (isSent: boolean) => void;
}

/** How long the caller waits for the store, in milliseconds. Issuers wait 2.5 s or longer for the answer to a back-channel logout. */
const longestWait = 2_000;

/** The most entries that wait for the store. Each needs some 500 bytes. */
export const maxWaiting = 10_000;

/** Entries that are sent at the same time. */
const batch = 100;

/** The first and the longest time between two attempts, in milliseconds. */
const pauses = { first: 200, longest: 1_000 };

/** Opens the feed. */
export function createEndedFeed(dependencies: EndedFeedDependencies): EndedFeed {
  const { state, longestLife, receive, onLost, clock } = dependencies;
  const feed = state.feed('ended', {
    // It follows `sessions.maxAge`, which a reload can change.
    get longestLife() {
      return longestLife();
    },
    receive,
  });
  let waiting: Waiting[] = [];
  let isRetrying = false;

  const send = async (entry: string, life: number): Promise<boolean> => {
    try {
      await feed.add(entry, life);
      return true;
    } catch {
      return false;
    }
  };

  /** Sends what waits. @returns whether the store took it */
  const sendWaiting = async (): Promise<boolean> => {
    const now = clock.monotonic();
    waiting = waiting.filter(({ endsAt }) => endsAt > now);
    // The first one tells whether the store is back.
    for (let size = 1; waiting.length > 0; size = batch) {
      const sending = waiting.slice(0, size);
      const sent = await Promise.all(
        sending.map(({ entry, life, endsAt }) => send(entry, Math.min(life, endsAt - clock.monotonic()))),
      );
      const taken = new Set(sending.filter((_, index) => sent[index]));
      for (const { done } of taken) done(true);
      waiting = waiting.filter((one) => !taken.has(one));
      if (sent.includes(false)) return false;
    }
    return true;
  };
  const retryAfter = (pause: number) =>
    clock.after(pause, () => {
      void sendWaiting().then((isDone) => {
        isRetrying = !isDone;
        if (!isDone) retryAfter(Math.min(2 * pause, pauses.longest));
      });
    });

  return {
    publish: async (entry, life, longest) => {
      const begun = clock.monotonic();
      if (await send(entry, life)) return true;
      if (waiting.length >= maxWaiting) {
        onLost();
        return false;
      }
      const { promise, resolve } = Promise.withResolvers<boolean>();
      waiting.push({ entry, life, endsAt: begun + longest, done: resolve });
      if (!isRetrying) {
        isRetrying = true;
        retryAfter(pauses.first);
      }
      const left = Math.max(0, begun + longestWait - clock.monotonic());
      return withDeadline(promise, left, clock, () => false);
    },
    completeAt: feed.completeAt,
    waiting: () => waiting.length,
  };
}
