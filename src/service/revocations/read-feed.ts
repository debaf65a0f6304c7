/** Reads the feed of revocations: opens each sealed value, and keeps those that it cannot open, for the case that the keys change. */
import type { Clock } from '../../runtime/time/clock.ts';
import type { Seal } from '../../session/seal.ts';
import { readStoredValue, type StoredValue } from './stored-value.ts';

/** The reader. */
export interface FeedReader {
  /** Takes a value of the feed. @param life what is left of its life, in milliseconds */
  readonly receive: (text: string, life: number) => void;
  /** Resolves when every value that was received so far is read. */
  readonly idle: () => Promise<void>;
  /** Tries the values that could not be opened again. */
  readonly keysChanged: () => void;
  /** The values that cannot be opened and whose life has not ended. */
  readonly unreadable: () => Unreadable;
}

/** The values that cannot be opened. */
export interface Unreadable {
  readonly count: number;
  /** The IDs of the keys that sealed them and that this process does not have, as the values say. */
  readonly keyIds: readonly string[];
}

/** The longest sealed value that this service writes, in characters. */
export const longestSealed = 4_096;

/** The most values that are kept to try them again, and the most that are counted. */
const mostKept = 1_000;

/** The most values that wait to be opened: those of a full list, and as many that lift them. */
const mostWaiting = 40_000;

/** The number of values that are opened at the same time. */
const batchSize = 64;

interface Received {
  readonly text: string;
  /** In milliseconds of the monotonic clock. */
  readonly endsAt: number;
}

/** The dependencies. */
export interface FeedReaderDependencies {
  readonly seal: Pick<Seal, 'open' | 'otherKeyOf'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Called with each value that was opened. */
  readonly onValue: (value: StoredValue, life: number) => void;
  /** Called when the values that cannot be opened have changed. */
  readonly onUnreadable: () => void;
}

/** Creates a reader. The order of values has no meaning, so several are opened at the same time. */
export function createFeedReader(dependencies: FeedReaderDependencies): FeedReader {
  const { seal, clock, onValue, onUnreadable } = dependencies;
  const unreadable = new Map<string, number>();
  let waiting: Received[] = [];
  let reading: Promise<void> | undefined;

  const openOne = async ({ text, endsAt }: Received) => {
    const life = endsAt - clock.monotonic();
    if (life <= 0) return;
    const value = readStoredValue((await seal.open('oidc-authz-revocation', text))?.value);
    if (value === undefined) cannotRead({ text, endsAt });
    else onValue(value, life);
  };
  /** Without limits, a client of the store could fill the memory. */
  const cannotRead = ({ text, endsAt }: Received) => {
    if (unreadable.size < mostKept) unreadable.set(text.slice(0, longestSealed), endsAt);
    onUnreadable();
  };
  const readAll = async () => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, batchSize);
      waiting = waiting.slice(batchSize);
      await Promise.all(batch.map(openOne));
    }
  };
  const start = () => {
    if (reading !== undefined || waiting.length === 0) return;
    reading = readAll().finally(() => {
      reading = undefined;
      start();
    });
  };
  const read = (received: readonly Received[]) => {
    waiting.push(...received);
    start();
  };
  const forgetEnded = () => {
    for (const [text, endsAt] of unreadable) if (endsAt <= clock.monotonic()) unreadable.delete(text);
  };
  return {
    receive: (text, life) => {
      const received = { text, endsAt: clock.monotonic() + life };
      if (text.length > longestSealed || waiting.length >= mostWaiting) cannotRead(received);
      else read([received]);
    },
    idle: async () => {
      while (reading !== undefined) await reading;
    },
    keysChanged: () => {
      const again = [...unreadable].map(([text, endsAt]) => ({ text, endsAt }));
      unreadable.clear();
      read(again);
      onUnreadable();
    },
    unreadable: () => {
      forgetEnded();
      const ids = [...unreadable.keys()].map((text) => seal.otherKeyOf('oidc-authz-revocation', text));
      return { count: unreadable.size, keyIds: [...new Set(ids.filter((id) => id !== undefined))].sort() };
    },
  };
}
