/** A file that a command is given, as text. */

import { ConfigError } from '../config/validate/problems.ts';
import { withoutByteOrderMark } from '../runtime/byte-order-mark.ts';

/**
 * Reads a file, without a byte order mark in front of it.
 *
 * @param source how a problem names it
 * @throws ConfigError where it cannot be read
 */
export function readGivenFile(
  file: string,
  readFile: (path: string) => string,
  source: string = file,
): string {
  try {
    return withoutByteOrderMark(readFile(file));
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new ConfigError([{ path: '', source, message: `the file cannot be read: ${why}` }]);
  }
}
