/** Stores the last denials in memory, so that an operator can find one by its decision ID. */
import type { RecordedDenial } from '../model/recorded-denial.ts';
import { createByteRing } from './byte-ring.ts';

/** The number of stored denials of a process. */
export const maxRecentDenials = 1_000;

/** The memory for the denials, in bytes. It grows from the first value to the second one. If it is full, fewer are stored. */
const memory = { initial: 256 * 1024, largest: 8 * 1024 * 1024 } as const;

/** Selects denials. An absent member selects every denial. */
export interface DenialFilter {
  readonly id?: string;
  readonly reason?: string;
  readonly host?: string;
  readonly rule?: string;
  /** The largest number of denials. */
  readonly limit: number;
}

/** The last denials. */
export interface RecentDenials {
  /** Stores a denial, in place of the oldest one if there are {@link maxRecentDenials}. */
  readonly add: (denial: RecordedDenial) => void;
  /** The selected denials, newest first. */
  readonly find: (filter: DenialFilter) => readonly RecordedDenial[];
}

/** Creates an empty store. Objects that live so long make each garbage collection expensive, so a denial is stored as bytes. */
export function createRecentDenials(): RecentDenials {
  const ring = createByteRing(maxRecentDenials, memory);
  return {
    add: (denial) => ring.add(JSON.stringify(denial)),
    find: (filter) => {
      const found: RecordedDenial[] = [];
      for (const text of ring.newestFirst()) {
        if (found.length >= filter.limit) break;
        // A denial that contains an ID of another one is rare, and is parsed too.
        if (filter.id !== undefined && !text.includes(filter.id)) continue;
        const denial = JSON.parse(text) as RecordedDenial;
        if (isSelected(denial, filter)) found.push(denial);
      }
      return found;
    },
  };
}

/** Merges the denials of several processes, newest first. */
export function mergeDenials(
  lists: readonly (readonly RecordedDenial[])[],
  limit: number,
): readonly RecordedDenial[] {
  return lists
    .flat()
    .toSorted((a, b) => b.time - a.time)
    .slice(0, limit);
}

function isSelected(denial: RecordedDenial, { id, reason, host, rule }: DenialFilter): boolean {
  return (
    (id === undefined || denial.id === id) &&
    (reason === undefined || denial.reason === reason) &&
    (host === undefined || denial.host === host) &&
    (rule === undefined || denial.rule === rule)
  );
}
