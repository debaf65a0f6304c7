/** Files that are read again when they change: everybody who asks for one of them sees the same content of it. */
import type { Clock } from '../time/clock.ts';
import { type FileSystem, foundTheSame, type Look, lookAt } from './file-snapshot.ts';

/** How often a file is looked at, in milliseconds. */
const interval = 1_000;

/** After so many looks that found something else each time, nobody waits any longer. */
const mostLooks = 60;

/** Files, some of which are followed. */
export interface FollowedFiles {
  /**
   * Reads a file as UTF-8: one that is followed, as it was when two looks in a row had last seen the same; any other, as
   * it is now.
   *
   * @throws what the file system says
   */
  readonly read: (path: string) => string;
  /**
   * Follows some files. The content that they have now counts; of what comes later, what two looks in a row have seen.
   *
   * @param onChange is told when other content counts, or that a file cannot be read; not while one of them is being written
   */
  readonly follow: (paths: readonly string[], onChange: () => void) => Following;
}

/** Some files that are followed together. */
export interface Following {
  /**
   * Waits until two looks in a row have seen the same of each file. What counts already, and is what stands in the files
   * now, is not waited for.
   *
   * @returns whether other content counts now, of which `onChange` was told
   * @throws Error where a file does not stay the same for a minute
   */
  readonly settled: () => Promise<boolean>;
  /** Follows them no more. */
  readonly stop: () => void;
}

/** A file that somebody follows. */
interface Entry {
  counting: Look;
  last: Look;
  /** How many looks in a row saw what the last one saw; the first, which may have come at any moment, is not counted. */
  sightings: number;
  followers: number;
}

/** Some files as one follower sees them. */
interface Group {
  readonly paths: readonly string[];
  readonly onChange: () => void;
  told: readonly Look[];
  readonly waiting: Set<Waiting>;
}

interface Waiting {
  looks: number;
  hasChanged: boolean;
  readonly resolve: (hasChanged: boolean) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Makes files of which none is followed yet.
 *
 * It looks at the files again and again instead of asking the kernel, since neither a swapped link nor a network file
 * system is told of reliably, and a look costs microseconds.
 */
export function followFiles(files: FileSystem, clock: Clock): FollowedFiles {
  const entries = new Map<string, Entry>();
  const groups = new Set<Group>();
  let cancel: (() => void) | undefined;

  const entryOf = (path: string): Entry => {
    const entry = entries.get(path);
    if (entry === undefined) throw new TypeError('a file of a follower is followed');
    return entry;
  };
  const look = () => {
    cancel = clock.after(interval, look);
    for (const [path, entry] of entries) {
      const current = lookAt(path, files, entry.last);
      entry.sightings = foundTheSame(current, entry.last) ? entry.sightings + 1 : 1;
      entry.last = current;
      if (entry.sightings > 1) entry.counting = current;
    }
    for (const group of groups) tell(group);
  };
  const tell = (group: Group) => {
    const members = group.paths.map(entryOf);
    const areSettled = members.every(({ sightings }) => sightings > 1);
    const hasChanged =
      areSettled &&
      members.some(({ counting }, index) => !foundTheSame(counting, group.told[index] ?? counting));
    if (areSettled) group.told = members.map(({ counting }) => counting);
    if (hasChanged) group.onChange();
    for (const waiting of group.waiting) {
      waiting.hasChanged ||= hasChanged;
      waiting.looks++;
      if (areSettled) waiting.resolve(waiting.hasChanged);
      else if (waiting.looks > mostLooks)
        waiting.reject(new Error(`${group.paths.join(', ')}: changes again and again, and is not taken`));
      else continue;
      group.waiting.delete(waiting);
    }
  };
  const isSettledNow = ({ paths, told }: Group) =>
    paths.every((path, index) => {
      const { last, sightings, counting } = entryOf(path);
      return (
        sightings > 1 &&
        foundTheSame(counting, told[index] ?? counting) &&
        foundTheSame(lookAt(path, files, last), counting)
      );
    });
  const release = (path: string) => {
    const entry = entryOf(path);
    entry.followers--;
    if (entry.followers === 0) entries.delete(path);
  };

  return {
    read: (path) => {
      const found = entries.get(path)?.counting ?? lookAt(path, files, undefined);
      if ('problem' in found) throw found.problem;
      return found.bytes.toString('utf8');
    },
    follow: (paths, onChange) => {
      if (paths.length === 0) return followingNothing;
      for (const path of paths) {
        const entry = entries.getOrInsertComputed(path, () => firstLook(lookAt(path, files, undefined)));
        entry.followers++;
      }
      const told = paths.map((path) => entryOf(path).counting);
      const group: Group = { paths, onChange, told, waiting: new Set() };
      groups.add(group);
      cancel ??= clock.after(interval, look);
      return {
        settled: () =>
          isSettledNow(group)
            ? Promise.resolve(false)
            : new Promise((resolve, reject) => {
                group.waiting.add({ looks: 0, hasChanged: false, resolve, reject });
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

function firstLook(found: Look): Entry {
  return { counting: found, last: found, sightings: 0, followers: 0 };
}
