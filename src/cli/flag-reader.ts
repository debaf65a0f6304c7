/** Reads the values of flags. */
import type { CommandLineFlag } from '../config/load/settings.ts';

/** The flags of a command line. */
export interface FlagReader {
  readonly has: (name: string) => boolean;
  /** The value of the last flag of this name. */
  readonly last: (name: string) => string | undefined;
  /** The value of each flag of this name. */
  readonly all: (name: string) => readonly string[];
}

/** Creates a reader. */
export function createFlagReader(flags: readonly CommandLineFlag[]): FlagReader {
  const all = (wanted: string) =>
    flags.flatMap(({ name, value }) => (name === wanted && value !== undefined ? [value] : []));
  return {
    has: (wanted) => flags.some(({ name }) => name === wanted),
    last: (wanted) => flags.findLast(({ name }) => name === wanted)?.value,
    all,
  };
}
