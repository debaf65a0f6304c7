/** Stores the last denials in memory, so that an operator can find one by its decision ID. */
import type { RecordedDenial } from '../model/recorded-denial.ts';

/** The number of stored denials of a process. */
export const maxRecentDenials = 1_000;

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
  /** Stores a denial in place of the oldest one. */
  readonly add: (denial: RecordedDenial) => void;
  /** The selected denials, newest first. */
  readonly find: (filter: DenialFilter) => readonly RecordedDenial[];
}

/** Creates an empty store. */
export function createRecentDenials(): RecentDenials {
  const denials: RecordedDenial[] = [];
  let next = 0;
  return {
    add: (denial) => {
      denials[next] = denial;
      next = (next + 1) % maxRecentDenials;
    },
    find: (filter) => {
      const { limit } = filter;
      const newestFirst = [...denials.slice(0, next).reverse(), ...denials.slice(next).reverse()];
      return newestFirst.filter((denial) => isSelected(denial, filter)).slice(0, limit);
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
