/** Parses the values of settings as oauth2-proxy does: strictly for flags, loosely for files and variables. */
import type { FlagKind } from './flag-kind.ts';

/** A parsed value, or a description of the expected one. */
export type Reading =
  | { readonly value: string | boolean | readonly string[] }
  | { readonly expected: string };

const expectations: Readonly<Record<FlagKind, string>> = {
  text: 'a text',
  boolean: 'true or false',
  number: 'a whole number',
  duration: 'a duration such as 1h30m',
  list: 'a list of texts',
};

/** Describes the value that a kind of flag takes, for messages. */
export function expectationOf(kind: FlagKind): string {
  return expectations[kind];
}

/**
 * Parses the value of a flag. A list is one line of comma-separated values; a value that contains a comma is quoted.
 */
export function readFlagValue(kind: FlagKind, text: string): Reading {
  if (kind === 'list') {
    const values = splitQuoted(text);
    return values === undefined
      ? { expected: 'values separated by commas, in double quotes if they contain commas or quotes' }
      : { value: values };
  }
  return readText(kind, text);
}

/** Parses a value from a TOML file or a variable, which may have another type than the setting. */
export function readLooseValue(kind: FlagKind, raw: unknown): Reading {
  if (kind === 'list') return readLooseList(raw);
  if (kind === 'boolean') {
    if (typeof raw === 'boolean') return { value: raw };
    if (typeof raw === 'number') return { value: raw !== 0 };
    return raw === '' ? { value: false } : readText(kind, raw);
  }
  if (kind === 'duration') return typeof raw === 'number' ? { value: `${raw}ns` } : readText(kind, raw);
  const text = looseText(raw);
  return text === undefined ? { expected: expectations[kind] } : readText(kind, text);
}

function readLooseList(raw: unknown): Reading {
  // Quotes have no special meaning here: a comma always separates.
  if (typeof raw === 'string') return { value: raw === '' ? [] : raw.split(',') };
  const values = (Array.isArray(raw) ? raw : [raw]).map(looseText);
  return values.every((value) => value !== undefined) ? { value: values } : { expected: expectations.list };
}

function readText(kind: FlagKind, text: unknown): Reading {
  if (typeof text !== 'string') return { expected: expectations[kind] };
  if (kind === 'boolean' && !/^(1|t|T|true|TRUE|True|0|f|F|false|FALSE|False)$/.test(text))
    return { expected: expectations.boolean };
  if (kind === 'boolean') return { value: /^(1|t)/i.test(text) };
  const pattern = {
    number: /^[+-]?(0[xX][\da-fA-F]+|\d+)$/,
    duration: /^[+-]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$/,
  };
  if ((kind === 'number' || kind === 'duration') && !pattern[kind].test(text))
    return { expected: expectations[kind] };
  return { value: text };
}

function looseText(raw: unknown): string | undefined {
  if (typeof raw === 'boolean') return raw ? '1' : '0';
  return typeof raw === 'string' || typeof raw === 'number' ? String(raw) : undefined;
}

/** Splits one line of comma-separated values (RFC 4180); undefined if a quote is misplaced. */
function splitQuoted(text: string): string[] | undefined {
  if (text === '') return [];
  const values: string[] = [];
  let rest = text;
  for (;;) {
    const match = /^"((?:[^"]|"")*)"(?=,|\r?\n|$)/.exec(rest) ?? /^[^",\r\n]*(?=,|\r?\n|$)/.exec(rest);
    if (match === null) return undefined;
    const [found, inner] = match;
    values.push(inner?.replaceAll('""', '"') ?? found);
    rest = rest.slice(found.length);
    // oauth2-proxy ignores further lines.
    if (!rest.startsWith(',')) return values;
    rest = rest.slice(1);
  }
}
