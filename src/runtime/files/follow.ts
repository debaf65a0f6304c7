/** Follows files: reads them again when they change. All readers of a file get the same content. */
import type { Clock } from '../time/clock.ts';
import { type FileSnapshot, type FileSystem, isSameContent, readSnapshot } from './file-snapshot.ts';

/** The time between two polls, in milliseconds. */
const interval = 1_000;

/** Maximum number of polls that a caller of `settled` waits for. */
const mostPolls = 60;

/** A set of files. Some of them are followed. */
export interface FollowedFiles {
  /**
   * Reads a file as UTF-8. A followed file has the last content that two polls in a row found.
   *
   * @throws the error of the file system
   */
  readonly read: (path: string) => string;
  /**
   * Follows some files. Their current content is valid. Later content becomes valid when two polls in a row find it.
   *
   * @param onChange called when the valid content changes, or a file can no longer be read; not while a file is still changing
   */
  readonly follow: (paths: readonly string[], onChange: () => void) => Following;
}

/** Files that are followed together. */
export interface Following {
  /**
   * Waits until two polls in a row find the same content of each file. Resolves immediately if the content has not changed.
   *
   * @returns whether the valid content changed, for which `onChange` was called
   * @throws Error if a file keeps changing for a minute
   */
  readonly settled: () => Promise<boolean>;
  /** Stops following the files. */
  readonly stop: () => void;
}

/** A followed file. */
interface Entry {
  /** The valid content. */
  valid: FileSnapshot;
  last: FileSnapshot;
  /** The number of polls in a row that found the last content. The first snapshot, taken between two polls, does not count. */
  polls: number;
  followers: number;
}

/** The files of one follower. */
interface Group {
  readonly paths: readonly string[];
  readonly onChange: () => void;
  /** The content that the follower knows. */
  known: readonly FileSnapshot[];
  readonly waiting: Set<Waiting>;
}

interface Waiting {
  polls: number;
  hasChanged: boolean;
  readonly resolve: (hasChanged: boolean) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Creates files that are not followed yet.
 *
 * It polls files, because the kernel does not report swapped links and network file systems reliably, and a poll costs
 * microseconds.
 */
export function followFiles(files: FileSystem, clock: Clock): FollowedFiles {
  const entries = new Map<string, Entry>();
  const groups = new Set<Group>();
  let cancel: (() => void) | undefined;

  const entryOf = (path: string): Entry => {
    const entry = entries.get(path);
    if (entry === undefined) throw new TypeError(`${path} is not followed`);
    return entry;
  };
  const poll = () => {
    cancel = clock.after(interval, poll);
    for (const [path, entry] of entries) {
      const current = readSnapshot(path, files, entry.last);
      entry.polls = isSameContent(current, entry.last) ? entry.polls + 1 : 1;
      entry.last = current;
      if (entry.polls > 1) entry.valid = current;
    }
    for (const group of groups) update(group);
  };
  const update = (group: Group) => {
    const members = group.paths.map(entryOf);
    const areSettled = members.every(({ polls }) => polls > 1);
    const hasChanged =
      areSettled && members.some(({ valid }, index) => !isSameContent(valid, group.known[index] ?? valid));
    if (areSettled) group.known = members.map(({ valid }) => valid);
    if (hasChanged) group.onChange();
    for (const waiting of group.waiting) {
      waiting.hasChanged ||= hasChanged;
      waiting.polls++;
      if (areSettled) waiting.resolve(waiting.hasChanged);
      else if (waiting.polls > mostPolls)
        waiting.reject(new Error(`${group.paths.join(', ')}: keeps changing, so it was not loaded`));
      else continue;
      group.waiting.delete(waiting);
    }
  };
  const isSettledNow = ({ paths, known }: Group) =>
    paths.every((path, index) => {
      const { last, polls, valid } = entryOf(path);
      return (
        polls > 1 &&
        isSameContent(valid, known[index] ?? valid) &&
        isSameContent(readSnapshot(path, files, last), valid)
      );
    });
  const release = (path: string) => {
    const entry = entryOf(path);
    entry.followers--;
    if (entry.followers === 0) entries.delete(path);
  };

  return {
    read: (path) => {
      const snapshot = entries.get(path)?.valid ?? readSnapshot(path, files, undefined);
      if ('problem' in snapshot) throw snapshot.problem;
      return snapshot.bytes.toString('utf8');
    },
    follow: (paths, onChange) => {
      if (paths.length === 0) return followingNothing;
      for (const path of paths) {
        const entry = entries.getOrInsertComputed(path, () =>
          firstEntry(readSnapshot(path, files, undefined)),
        );
        entry.followers++;
      }
      const known = paths.map((path) => entryOf(path).valid);
      const group: Group = { paths, onChange, known, waiting: new Set() };
      groups.add(group);
      cancel ??= clock.after(interval, poll);
      return {
        settled: () =>
          isSettledNow(group)
            ? Promise.resolve(false)
            : new Promise((resolve, reject) => {
                group.waiting.add({ polls: 0, hasChanged: false, resolve, reject });
              }),
        stop: () => {
          if (!groups.delete(group)) return;
          for (const path of paths) release(path);
          for (const { resolve } of group.waiting) resolve(false);
          if (groups.size > 0) return;
          cancel?.();
          cancel = undefined;
        },
      };
    },
  };
}

const followingNothing: Following = { settled: () => Promise.resolve(false), stop: () => {} };

function firstEntry(snapshot: FileSnapshot): Entry {
  return { valid: snapshot, last: snapshot, polls: 0, followers: 0 };
}
