/** The input files of commands. */
import { withoutByteOrderMark } from '../runtime/byte-order-mark.ts';
import { readProblem } from '../runtime/files/read-problem.ts';
import { singleProblem } from './single-problem.ts';

/**
 * Reads a file as text, without its byte order mark.
 *
 * @param source how a problem names the file
 * @throws ConfigError if it cannot be read
 */
export function readInputFile(
  file: string,
  readFile: (path: string) => string,
  source: string = file,
): string {
  try {
    return withoutByteOrderMark(readFile(file));
  } catch (error) {
    throw singleProblem(source, `cannot read the file: ${readProblem(error)}`);
  }
}
