/** What the command line asks of the program itself: its help, its version. */
import type { Arguments } from './arguments.ts';

const helpFlags = ['--help', '-h'];
const versionFlags = ['--version', '-v', '-V'];

/** Whether a flag is such a question, so that no value stands behind it. */
export function isQuestion(name: string): boolean {
  return helpFlags.includes(name) || versionFlags.includes(name);
}

/** What is asked: help about words of the command line, the version, or nothing. */
export type Question = { readonly help: readonly string[] } | 'version' | undefined;

/** Finds the question of a command line. */
export function questionOf({ words, flags }: Arguments): Question {
  const [first, ...rest] = words;
  if (first === 'help') return { help: rest };
  if (flags.some(({ name }) => helpFlags.includes(name)))
    return { help: words.slice(0, first === 'migrate' ? 2 : 1) };
  const isVersion = first === 'version' || flags.some(({ name }) => versionFlags.includes(name));
  return isVersion ? 'version' : undefined;
}
