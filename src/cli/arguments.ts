/** The command line, taken apart. */
import type { CommandLineFlag } from '../config/load/settings.ts';

/** What the command line asks for. */
export interface Arguments {
  /** The words that are no flags: the command, and what it is about. */
  readonly words: readonly string[];
  readonly flags: readonly CommandLineFlag[];
}

/** The commands. What each takes stands in `manual.ts`, which a start does not load. */
export const commands: readonly string[] = ['serve', 'check-config', 'compare', 'migrate'];

/** The commands that may be about a file. */
export const aboutFile: readonly string[] = ['check-config', 'compare'];

/** Flags of the commands that stand alone. */
export const bareFlags: readonly string[] = ['--show-values', '--without-files'];

/**
 * Takes a command line apart. `--name value`, `--name=value` and a bare `--name` before another flag or the end are
 * flags; `--` ends them.
 *
 * @param isBare whether a flag stands alone, so that the word behind it is not its value
 */
export function parseArguments(
  argv: readonly string[],
  isBare: (name: string, next: string) => boolean,
): Arguments {
  const words: string[] = [];
  const flags: CommandLineFlag[] = [];
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? '';
    if (word === '--') {
      words.push(...argv.slice(index + 1));
      break;
    }
    if (!word.startsWith('-') || word === '-') words.push(word);
    else if (word.includes('='))
      flags.push({ name: word.slice(0, word.indexOf('=')), value: word.slice(word.indexOf('=') + 1) });
    else {
      const next = argv[index + 1];
      const hasValue = next !== undefined && !next.startsWith('--') && !isBare(word, next);
      flags.push({ name: word, value: hasValue ? next : undefined });
      if (hasValue) index++;
    }
  }
  return { words, flags };
}
