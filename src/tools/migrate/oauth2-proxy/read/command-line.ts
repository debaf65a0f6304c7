/** Reads the command line of oauth2-proxy: after `--`, in a manifest, or in the values of its chart. */
import { suggestion } from '../../../../config/validate/problems.ts';
import type { FlagKind } from '../flags/flag-kind.ts';
import { commandFlags } from '../flags/flag-names.ts';
import { expectationOf, readFlagValue } from '../flags/flag-value.ts';
import { flagNamed, flags } from '../flags/flags.ts';
import type { Collected } from './collected.ts';
import { whyUnknown } from './unknown-values.ts';

/** One word of a command line. */
export interface Word {
  readonly text: string;
  /** The location in a file; undefined for flags after `--`. */
  readonly location: string | undefined;
  readonly isChartDefault?: boolean;
}

/**
 * Reads the words of a command line: `--name=value`, `--name value`, and `--name` alone for a boolean flag. Any other
 * flag takes the next word as its value, whatever the word looks like.
 */
export function readCommandLine(words: readonly Word[], collected: Collected): void {
  for (let index = 0; index < words.length; index++) {
    const word = words[index];
    if (word === undefined || word.text === '--') break;
    if (!word.text.startsWith('-') || word.text === '-') reportStrayWord(word, words[index - 1], collected);
    else if (readFlag(word, words[index + 1], collected) === 'two words') index++;
  }
}

function readFlag(word: Word, next: Word | undefined, collected: Collected): 'one word' | 'two words' {
  const [, hyphens = '', name = '', value] = /^(-+)([^=]*)(?:=(.*))?$/s.exec(word.text) ?? [];
  const source = word.location ?? `flag ${hyphens}${name}`;
  const kind = hyphens === '--' ? kindOf(name) : undefined;
  if (kind === undefined) {
    reportUnknownFlag(hyphens, name, word.location, collected);
    // The next word is the value, unless it is a known flag.
    const isValueNext = value === undefined && next !== undefined && !isKnownFlag(next.text);
    return isValueNext ? 'two words' : 'one word';
  }
  if (value === undefined && kind !== 'boolean') {
    if (next === undefined)
      collected.problems.push({
        path: `--${name}`,
        source,
        message: `expected ${expectationOf(kind)} after it`,
      });
    else addFlag(name, kind, next.text, source, word, collected);
    return 'two words';
  }
  addFlag(name, kind, value ?? 'true', source, word, collected);
  return 'one word';
}

/**
 * Reports an unknown flag. A flag with one hyphen is quoted only if it resembles a known one, since it may contain a
 * secret.
 */
function reportUnknownFlag(
  hyphens: string,
  name: string,
  location: string | undefined,
  { problems }: Collected,
): void {
  const known = [...flags.map((flag) => flag.name), ...Object.keys(commandFlags)].map((flag) => `--${flag}`);
  const wanted = suggestion(`--${name}`, known);
  const isNamed = hyphens === '--' || wanted !== '';
  const path = isNamed ? `${hyphens}${name}` : '';
  const source = location ?? (isNamed ? `flag ${hyphens}${name}` : 'command line');
  const message = hyphens === '--' ? 'unknown flag' : 'oauth2-proxy accepts only flags with two hyphens';
  problems.push({ path, source, message: `${message}${wanted}` });
}

function addFlag(
  name: string,
  kind: FlagKind,
  text: string,
  source: string,
  { location, isChartDefault = false }: Word,
  collected: Collected,
): void {
  if (name === 'config' || name === 'alpha-config') {
    const path = whyUnknown(text) === undefined ? text : 'a file';
    collected.namedFiles.push({ flag: name, path, source, isFromArguments: location === undefined });
    return;
  }
  const reading = whyUnknown(text) === undefined ? readFlagValue(kind, text) : { value: text };
  if ('expected' in reading) {
    collected.problems.push({ path: `--${name}`, source, message: `expected ${reading.expected}` });
  } else if (Object.hasOwn(commandFlags, name)) {
    const reason = 'with it oauth2-proxy does not serve';
    collected.findings.push({ setting: name, source, verdict: 'meaningless', text: reason });
  } else
    collected.flags.push({
      flag: name,
      value: reading.value,
      source,
      isChartDefault,
      isFromArguments: location === undefined,
    });
}

/** Reports a word that is neither a flag nor the value of one; oauth2-proxy ignores such words silently. */
function reportStrayWord(word: Word, before: Word | undefined, collected: Collected): void {
  const source = word.location ?? 'command line';
  const bare = /^--([^=]+)$/.exec(before?.text ?? '')?.[1] ?? '';
  const [, named = ''] = /^([\w-]+)(?:=|$)/.exec(word.text) ?? [];
  if (flagNamed(bare)?.kind === 'boolean' && /^(true|false)$/.test(word.text)) {
    const text = `oauth2-proxy ignores the separate word \`${word.text}\`, so the flag is true; to set it, write --${bare}=${word.text}`;
    collected.findings.push({ setting: bare, source, verdict: 'meaningless', text });
  } else if (kindOf(named) !== undefined) {
    const text = `oauth2-proxy ignores a word without hyphens; to set it, write --${named}`;
    collected.findings.push({ setting: named, source, verdict: 'meaningless', text });
  } else {
    const text = 'oauth2-proxy ignores a word without hyphens';
    collected.findings.push({ setting: 'argument', source, verdict: 'meaningless', text });
  }
}

function kindOf(name: string): FlagKind | undefined {
  return flagNamed(name)?.kind ?? (Object.hasOwn(commandFlags, name) ? commandFlags[name] : undefined);
}

function isKnownFlag(text: string): boolean {
  const [, name = ''] = /^--([^=]+)/.exec(text) ?? [];
  return kindOf(name) !== undefined;
}
