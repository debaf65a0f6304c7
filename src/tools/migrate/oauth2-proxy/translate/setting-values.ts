/** What was given, by kind, and findings about it: what every part of the translation starts from. */
import type { Tree } from '../../../../config/values/raw-values.ts';
import type { Installation } from '../merge/installation.ts';

/** Whether a flag was given. */
export function isSet({ settings }: Installation, flag: string): boolean {
  return settings.has(flag);
}

/** A text as it stands; empty where it was not given. */
export function textOf({ settings }: Installation, flag: string): string {
  const value = settings.get(flag)?.value ?? '';
  return typeof value === 'object' ? value.join(',') : String(value);
}

/** A list, each entry as it stands; empty ones are left out. */
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

/** Words as a sentence has them: a, b and c. */
export function quotedList(words: readonly string[]): string {
  const quoted = words.map((word) => `\`${word}\``);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1)}`;
}

/** What is left of a tree without what is absent, so that only what differs from the defaults is written. */
export function withoutUndefined(tree: Readonly<Record<string, unknown>>): Tree {
  return Object.fromEntries(Object.entries(tree).filter(([, value]) => value !== undefined));
}
