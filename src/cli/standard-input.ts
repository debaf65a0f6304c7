/** Standard input of a command. */
import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';

/** Reads all of standard input as UTF-8 text; throws an Error if it is a terminal. */
export function readStandardInput(): string {
  if (isatty(0)) throw new Error('it is a terminal; name a FILE, or pipe a file into this command');
  return readFileSync(0, 'utf8');
}
