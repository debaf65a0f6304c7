/** Follows the deny list file while it is in use. */

import type { FollowedFiles } from '../../runtime/files/follow.ts';
import type { DenyListEntry } from './deny-list.ts';

/** How a deny list is followed. */
export interface FollowDenyListOptions {
  readonly files: FollowedFiles;
  /** Called each time the file changes, with the new entries or the error that makes them unusable. */
  readonly onChange: (change: readonly DenyListEntry[] | Error) => void;
}

/** A followed deny list. */
export interface FollowedDenyList {
  /** The entries of the last valid file. */
  readonly entries: () => readonly DenyListEntry[];
  /** Stops following the file. */
  readonly stop: () => void;
}

/**
 * Reads a deny list and follows its file. Only then, the code that reads it is loaded.
 *
 * @param file undefined without a deny list
 * @throws (rejects) Error or ConfigError if the first read fails
 */
export async function followDenyList(
  file: string | undefined,
  { files, onChange }: FollowDenyListOptions,
): Promise<FollowedDenyList> {
  if (file === undefined) return { entries: () => [], stop: () => {} };
  const { readDenyList } = await import('./deny-list.ts');
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
  // Follow first: a change between the read and the follow would be missed.
  const { stop } = files.follow([file], reread);
  try {
    entries = read();
    return { entries: () => entries, stop };
  } catch (error) {
    stop();
    throw error;
  }
}

/** The number of entries that the new list does not have. */
export function entriesRemoved(before: readonly DenyListEntry[], after: readonly DenyListEntry[]): number {
  const texts = (list: readonly DenyListEntry[]) => new Set(list.map((entry) => JSON.stringify(entry)));
  return before.length === 0 ? 0 : texts(before).difference(texts(after)).size;
}
