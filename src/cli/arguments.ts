/** Splits the command line into words and flags. */
import type { CommandLineFlag } from '../config/load/settings.ts';

/** The words and flags of a command line. */
export interface Arguments {
  readonly words: readonly string[];
  readonly flags: readonly CommandLineFlag[];
}

/**
 * Parses a command line. `--name value` and `--name=value` are flags with a value. `--name` has no value before another
 * flag or at the end. Everything after `--` is a word.
 *
 * @param isBare whether a flag takes no value, so that the next argument is a word
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
