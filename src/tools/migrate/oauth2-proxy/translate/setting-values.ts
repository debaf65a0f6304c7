/** The values of settings by type. */
import type { Mapping } from '../../../../config/values/mapping.ts';
import type { Installation } from '../merge/installation.ts';

/** Whether a flag is set. */
export function isSet({ settings }: Installation, flag: string): boolean {
  return settings.has(flag);
}

/** The value as text; empty if the flag is not set. */
export function textOf({ settings }: Installation, flag: string): string {
  const value = settings.get(flag)?.value ?? '';
  return typeof value === 'object' ? value.join(',') : String(value);
}

/** The value as a list, without empty entries. */
export function listOf({ settings }: Installation, flag: string): readonly string[] {
  const value = settings.get(flag)?.value ?? [];
  const list = typeof value === 'object' ? value : String(value).split(',');
  return list.filter((entry) => entry !== '');
}

/** Whether a flag is on. */
export function isOn({ settings }: Installation, flag: string, preset = false): boolean {
  const value = settings.get(flag)?.value;
  if (value === undefined) return preset;
  return typeof value === 'boolean' ? value : /^(1|t|true)$/i.test(String(value));
}

/** Quotes words and joins them: `a`, `b` and `c`. */
export function quotedList(words: readonly string[]): string {
  const quoted = words.map((word) => `\`${word}\``);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1)}`;
}

/** Removes undefined values, so the file contains only options that differ from the defaults. */
export function withoutUndefined(values: Readonly<Record<string, unknown>>): Mapping {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
