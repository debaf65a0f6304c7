/** The entries of the feed `ended`: JSON with short names. They have neither a `sid` nor a `sub`. */
import { parseJson } from '../runtime/parse-json.ts';
import type { EndedCause } from './ended-list.ts';

/** The form of an entry. An entry of another version is ignored. */
const version = 1;

/** Names of an entry: two for each key, and `sessions.keysFile` has few. */
const maxNames = 64;

/** The longest ID or name, in characters. */
const maxText = 64;

/** An entry. */
export interface EndedEntry {
  /** The cause, for the processes that receive it. */
  readonly cause: Exclude<EndedCause, 'here'>;
  /** The ID of one session. */
  readonly id?: string;
  /** Names whose sessions have ended. */
  readonly always: readonly string[];
  /** Names whose sessions have ended if they began before {@link time}. */
  readonly before: readonly string[];
  /** Seconds since the epoch. */
  readonly time: number;
}

/** Writes an entry. */
export function writeEndedEntry({ cause, id, always, before, time }: EndedEntry): string {
  return JSON.stringify({ v: version, c: cause, i: id, a: always, b: before, t: time });
}

/** Reads an entry. @returns undefined if it is none */
export function readEndedEntry(text: string): EndedEntry | undefined {
  const value = parsed(text);
  if (typeof value !== 'object' || value === null) return undefined;
  const { v, c, i, a, b, t } = value as Readonly<Record<string, unknown>>;
  const cause = causes.find((one) => one === c);
  const isValid =
    v === version &&
    cause !== undefined &&
    (i === undefined || isName(i)) &&
    areNames(a) &&
    areNames(b) &&
    Number.isSafeInteger(t);
  if (!isValid) return undefined;
  return { cause, ...(isName(i) && { id: i }), always: a, before: b, time: Number(t) };
}

const causes = ['elsewhere', 'back_channel', 'front_channel'] as const;

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxText;
}

function areNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= maxNames && value.every(isName);
}
