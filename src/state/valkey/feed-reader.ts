/** The place of a process in a feed, and what it does with the entries. */
import type { Clock } from '../../runtime/time/clock.ts';
import type { FeedOptions } from '../state-store.ts';

/** The reader of one feed. */
export interface FeedReader {
  readonly key: string;
  /** The ID after which to read. */
  readonly position: () => string;
  /**
   * Goes back, for a new connection: the server can be a replica that did not have the last entries.
   *
   * @param newest the answer of `XREVRANGE` with the newest entry
   */
  readonly rewind: (newest: unknown) => void;
  /**
   * Compares the stream with what was read from it on this connection. A stream that was removed begins again, perhaps with lower IDs.
   *
   * @param newest the answer of `XREVRANGE` with the newest entry
   * @returns whether the reader has gone back to the beginning
   */
  readonly checkPlace: (newest: unknown) => boolean;
  /** Takes the answer of an `XREAD`. @returns whether there are no more entries */
  readonly take: (answer: unknown, read: Read) => boolean;
  readonly completeAt: () => number;
}

/** A read. */
export interface Read {
  /** When it began, in milliseconds of the monotonic clock. */
  readonly startedAt: number;
  /** The clock of the server minus the monotonic clock, in milliseconds, when the connection began. The clock can step later. */
  readonly serverTime: number;
  /** The maximum number of entries. With fewer, there are no more. */
  readonly count: number;
}

/** The dependencies. */
export interface FeedReaderDependencies {
  readonly clock: Clock;
  /** Called if a receiver throws, which it must not. */
  readonly onDefect: (error: unknown) => void;
}

/** How far a reader goes back, in milliseconds. Replicas are rarely behind by more. */
const rewindTime = 60_000;

const beginning = '0-0';

/** Creates a reader at the beginning of its feed. */
export function createFeedReader(
  key: string,
  options: FeedOptions,
  { clock, onDefect }: FeedReaderDependencies,
): FeedReader {
  let position = beginning;
  let completeAt = Number.NEGATIVE_INFINITY;
  /** At `completeAt`, the stream had no entry after this ID. */
  let completeUntil = beginning;

  const deliver = ([id, fields]: Entry, serverTime: number) => {
    position = id;
    const [entry, life] = [fieldOf(fields, 'e'), Number(fieldOf(fields, 'l'))];
    if (entry === undefined || !(life > 0)) return;
    const longest = Math.min(life, options.longestLife);
    const now = clock.monotonic();
    // An entry that came later is not older than that, also if the clock of the server has moved.
    const sinceComplete = isAfter(id, completeUntil) ? now - completeAt : Number.POSITIVE_INFINITY;
    const left = longest - Math.min(now + serverTime - timeOf(id), sinceComplete);
    if (left <= 0) return;
    try {
      options.receive(entry, Math.min(left, longest));
    } catch (error) {
      onDefect(error);
    }
  };

  return {
    key,
    position: () => position,
    rewind: (newest) => {
      const last = entriesIn(newest).at(0);
      if (last === undefined) position = completeUntil = beginning;
      if (position === beginning || last === undefined) return;
      const from = Math.min(timeOf(position), timeOf(last[0])) - rewindTime;
      position = from > 0 ? `${from}-0` : beginning;
    },
    checkPlace: (newest) => {
      const last = entriesIn(newest).at(0);
      if (position === beginning || (last !== undefined && !isAfter(position, last[0]))) return false;
      // Every entry that is there now was added after the last check.
      position = completeUntil = beginning;
      return true;
    },
    take: (answer, { startedAt, serverTime, count }) => {
      const entries = entriesOf(answer, key);
      for (const entry of entries) deliver(entry, serverTime);
      const isComplete = entries.length < count;
      if (isComplete) {
        completeAt = startedAt;
        completeUntil = position;
      }
      return isComplete;
    },
    completeAt: () => completeAt,
  };
}

/** An entry of a stream: its ID, and names and values in turn. */
type Entry = readonly [id: string, fields: readonly string[]];

/** The entries of a stream in the answer of `XREAD`, which is null without any. */
function entriesOf(answer: unknown, key: string): readonly Entry[] {
  if (!Array.isArray(answer)) return [];
  const stream = answer.find((one) => Array.isArray(one) && one[0] === key);
  return entriesIn(stream?.[1]);
}

function entriesIn(list: unknown): readonly Entry[] {
  if (!Array.isArray(list)) return [];
  return list.filter(
    (entry): entry is Entry =>
      Array.isArray(entry) && /^\d+-\d+$/.test(String(entry[0])) && Array.isArray(entry[1]),
  );
}

function fieldOf(fields: readonly string[], name: string): string | undefined {
  const index = fields.findIndex((field, at) => at % 2 === 0 && field === name);
  return index < 0 ? undefined : fields[index + 1];
}

/** The time in an ID, in milliseconds since the epoch. */
function timeOf(id: string): number {
  return Number(id.slice(0, id.indexOf('-')));
}

/** Whether an ID comes after another one. */
function isAfter(id: string, other: string): boolean {
  const [time, otherTime] = [timeOf(id), timeOf(other)];
  return time > otherTime || (time === otherTime && countOf(id) > countOf(other));
}

/** The number of an ID among those of the same millisecond. */
function countOf(id: string): number {
  return Number(id.slice(id.indexOf('-') + 1));
}
