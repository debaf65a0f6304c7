/** Stores the last denials in memory, so that an operator can find one by its decision id. */
import type { RecordedDenial } from '../model/recorded-denial.ts';

/** The number of stored denials. */
export const maxRecentDenials = 1_000;

/** The longest stored text, in characters. With it, all denials take at most 6 MB; with usual requests, less than 1 MB. */
const maxText = { request: 512, detail: 1_024 } as const;

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
export function createRecentDenials(size = maxRecentDenials): RecentDenials {
  const denials: RecordedDenial[] = [];
  let next = 0;
  return {
    add: (denial) => {
      denials[next] = withOwnTexts(denial);
      next = (next + 1) % size;
    },
    find: (filter) => {
      const found: RecordedDenial[] = [];
      for (let age = 1; age <= denials.length && found.length < filter.limit; age++) {
        const denial = denials[(next - age + size) % size];
        if (denial !== undefined && isSelected(denial, filter)) found.push(denial);
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

function withOwnTexts(denial: RecordedDenial): RecordedDenial {
  const { method, host, path, requestId, detail } = denial;
  return {
    ...denial,
    method: ownText(method, maxText.request),
    host: ownText(host, maxText.request),
    path: ownText(path, maxText.request),
    requestId: ownText(requestId, maxText.request),
    ...(detail !== undefined && { detail: ownText(detail, maxText.detail) }),
  };
}

/** V8 represents a part of a longer string by a reference to it, so a short text could keep a whole request in memory. A copy does not. */
function ownText(text: string, longest: number): string {
  const cut = text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
  return Buffer.from(cut, 'utf8').toString('utf8');
}
