/** Reads the configuration file of oauth2-proxy, which is TOML without tables. */
import { parse, TomlError } from 'smol-toml';
import { suggestion } from '../../../../config/validate/problems.ts';
import { type Reading, readLooseValue } from '../flags/flag-value.ts';
import { flagNamed, flagOfKey, flags } from '../flags/flags.ts';
import type { Collected } from './collected.ts';
import { markTemplate, whyUnknown } from './unknown-values.ts';

/** A TOML text and its name. */
export interface TomlText {
  readonly text: string;
  /** The name in locations. */
  readonly name: string;
  /** Whether Helm renders the text first. */
  readonly isTemplated?: boolean;
}

/** Reads a configuration file. Problems quote its keys, never its values. */
export function readToml({ text, name, isTemplated = false }: TomlText, collected: Collected): void {
  collected.keyFiles.push(name);
  const { problems, keys } = collected;
  const table = parseToml(text);
  if ('errorAt' in table) {
    const message =
      isTemplated && text.includes('{{')
        ? 'not valid TOML before Helm renders it; pass the output of `helm template`'
        : 'not valid TOML';
    problems.push({ path: '', source: `${name}${table.errorAt}`, message });
    return;
  }
  for (const [key, raw] of Object.entries(table.values)) {
    const source = `${name}${placeOfKey(text, key)}`;
    const flag = flagOfKey(key);
    if (flag === undefined) {
      problems.push({ path: key, source, message: unknownKey(key) });
      continue;
    }
    const seen = isTemplated ? markTemplates(raw) : raw;
    const reading: Reading =
      typeof seen === 'string' && whyUnknown(seen) !== undefined
        ? { value: seen }
        : readLooseValue(flag.kind, seen);
    if ('value' in reading) keys.push({ flag: flag.name, value: reading.value, source });
    else {
      const problem = { path: key, source, message: `expected ${reading.expected}` };
      keys.push({ flag: flag.name, value: '', source, problem });
    }
  }
}

/** Whether a text looks like TOML: its first line with content sets a key or opens a table. */
export function isToml(text: string): boolean {
  const line = text.split(/\r?\n/).find((candidate) => !/^\s*(#.*)?$/.test(candidate)) ?? '';
  return /^\s*(["']?)[\w.-]+\1\s*=/.test(line) || /^\s*\[{1,2}[\w.-]+\]{1,2}\s*(#.*)?$/.test(line);
}

/** Whether a text sets a key that oauth2-proxy knows. */
export function hasKnownKey(text: string): boolean {
  return [...text.matchAll(/^[ \t]*["']?([\w-]+)["']?[ \t]*=/gm)].some(
    ([, key = '']) => flagOfKey(key) !== undefined,
  );
}

function parseToml(
  text: string,
): { readonly values: Readonly<Record<string, unknown>> } | { readonly errorAt: string } {
  try {
    return { values: parse(text.replace(/^\uFEFF/, '')) };
  } catch (error) {
    // The message of the parser quotes the line, which may contain a secret.
    return { errorAt: error instanceof TomlError ? `:${error.line}:${error.column}` : '' };
  }
}

function unknownKey(key: string): string {
  const flag = flagNamed(key.replaceAll('_', '-').toLowerCase());
  if (flag !== undefined) return `unknown key; did you mean ${flag.key}, the key of the flag --${flag.name}?`;
  return `unknown key${suggestion(
    key,
    flags.map((candidate) => candidate.key),
  )}`;
}

/** The location `:line:column` of a key; empty if the key is written in an unusual form. */
function placeOfKey(text: string, key: string): string {
  const written = key.replaceAll(/[^\w-]/g, '.');
  const match = new RegExp(`^([ \\t]*\\[*)["']?${written}["']?[ \\t.]*[=.\\]]`, 'm').exec(text);
  if (match === null) return '';
  const line = text.slice(0, match.index).split('\n').length;
  return `:${line}:${(match[1] ?? '').length + 1}`;
}

function markTemplates(raw: unknown): unknown {
  if (typeof raw === 'string') return markTemplate(raw);
  const hasTemplate =
    Array.isArray(raw) && raw.some((entry) => typeof entry === 'string' && entry.includes('{{'));
  return hasTemplate ? markTemplate('{{') : raw;
}
