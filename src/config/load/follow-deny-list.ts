/** The deny list as a file that changes while it is in use. */

import type { FollowedFiles } from '../../runtime/files/follow.ts';
import { type DenyListEntry, readDenyList } from './deny-list.ts';

/** What following a deny list takes. */
export interface DenyListSurroundings {
  readonly files: FollowedFiles;
  /** Is told each time the file has changed: what it says now, or why that cannot be used. */
  readonly onChange: (change: readonly DenyListEntry[] | Error) => void;
}

/** A deny list that is followed. */
export interface FollowedDenyList {
  /** What the file said when it was last good. */
  readonly entries: () => readonly DenyListEntry[];
  /** Follows it no more. */
  readonly stop: () => void;
}

/**
 * Reads a deny list and goes on looking at its file.
 *
 * @param file undefined where there is none
 * @throws Error or ConfigError where it cannot be used
 */
export function followDenyList(
  file: string | undefined,
  { files, onChange }: DenyListSurroundings,
): FollowedDenyList {
  if (file === undefined) return { entries: () => [], stop: () => {} };
  const read = () => readDenyList(files.read(file), file);
  let entries: readonly DenyListEntry[] = [];
  const reread = () => {
    try {
      entries = read();
      onChange(entries);
    } catch (error) {
      onChange(error instanceof Error ? error : new Error(String(error)));
    }
  };
  // Followed before it is read, or a change in between would be missed.
  const { stop } = files.follow([file], reread);
  try {
    entries = read();
    return { entries: () => entries, stop };
  } catch (error) {
    stop();
    throw error;
  }
}

/** How many entries of a list the next one does not have. */
export function entriesRemoved(before: readonly DenyListEntry[], after: readonly DenyListEntry[]): number {
  const texts = (list: readonly DenyListEntry[]) => new Set(list.map((entry) => JSON.stringify(entry)));
  return before.length === 0 ? 0 : texts(before).difference(texts(after)).size;
}
