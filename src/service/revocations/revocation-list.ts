/** The entries of the deny list in the store that this process knows. Each ends with its life, or when it is lifted. */
import type { Clock } from '../../runtime/time/clock.ts';
import type { Revocation } from './stored-value.ts';

/** The most entries, with those that are lifted and whose life has not ended. One more is not added. */
export const maxRevocations = 10_000;

/** The most entries that are kept. Replicas that add at the same time can exceed {@link maxRevocations}. */
const mostKept = 2 * maxRevocations;

/** The list. */
export interface RevocationList {
  /** Adds an entry, unless it is known or lifted. @param life what is left of its life, in milliseconds */
  readonly add: (revocation: Revocation, life: number) => void;
  /** Ends an entry, even if it arrives later. @param life how long the entry could still arrive, in milliseconds */
  readonly lift: (id: string, life: number) => void;
  readonly find: (id: string) => Revocation | undefined;
  /** The entries that have not ended, in the order in which they arrived. */
  readonly all: () => readonly Revocation[];
  /** The number of entries, with those that are lifted. */
  readonly size: () => number;
  /** The number of entries that were left out because there were too many. */
  readonly leftOut: () => number;
  readonly stop: () => void;
}

interface Kept {
  /** Undefined if it is lifted. */
  readonly revocation: Revocation | undefined;
  /** In milliseconds of the monotonic clock, so that a changed wall clock ends no entry. */
  readonly endsAt: number;
}

/** The longest time of a timer, in milliseconds. */
const longestWait = 60 * 60_000;

/** Creates an empty list. @param onChange called when an entry is added or has ended */
export function createRevocationList(clock: Clock, onChange: () => void): RevocationList {
  const kept = new Map<string, Kept>();
  let leftOut = 0;
  let cancel = () => {};
  let wakesAt = Number.POSITIVE_INFINITY;

  const wakeAt = (time: number) => {
    if (time >= wakesAt) return;
    cancel();
    wakesAt = time;
    cancel = clock.after(Math.min(longestWait, Math.max(0, time - clock.monotonic())), removeEnded);
  };
  const removeEnded = () => {
    wakesAt = Number.POSITIVE_INFINITY;
    const now = clock.monotonic();
    let hasChanged = false;
    let next = Number.POSITIVE_INFINITY;
    for (const [id, { revocation, endsAt }] of kept) {
      if (endsAt > now) {
        next = Math.min(next, endsAt);
        continue;
      }
      kept.delete(id);
      hasChanged ||= revocation !== undefined;
    }
    // Entries that end within the same second end together.
    if (next !== Number.POSITIVE_INFINITY) wakeAt(Math.max(next, now + 1_000));
    if (hasChanged) onChange();
  };
  const keep = (id: string, revocation: Revocation | undefined, life: number) => {
    if (!kept.has(id) && kept.size >= mostKept) {
      leftOut++;
      return false;
    }
    const endsAt = clock.monotonic() + life;
    kept.set(id, { revocation, endsAt });
    wakeAt(endsAt);
    return true;
  };

  return {
    add: (revocation, life) => {
      const { id } = revocation.entry;
      if (!kept.has(id) && keep(id, revocation, life)) onChange();
    },
    lift: (id, life) => {
      const before = kept.get(id);
      const wasThere = before?.revocation !== undefined;
      const left = before === undefined ? life : Math.max(life, before.endsAt - clock.monotonic());
      keep(id, undefined, left);
      if (wasThere) onChange();
    },
    find: (id) => kept.get(id)?.revocation,
    all: () => [...kept.values()].flatMap(({ revocation }) => (revocation === undefined ? [] : [revocation])),
    size: () => kept.size,
    leftOut: () => leftOut,
    stop: () => cancel(),
  };
}
