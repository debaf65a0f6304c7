/** What was given, by kind, and findings about it: what every part of the translation starts from. */
import type { Problem } from '../../../../config/validate/problems.ts';
import type { Mapping } from '../../../../config/values/mapping.ts';
import { maskUrls } from '../../../../config/values/quote-value.ts';
import type { Finding, Verdict } from '../../finding.ts';
import type { Given } from '../read/settings.ts';

/** A comment that stands at the end of a part of the configuration. */
export interface TreeComment {
  readonly path: readonly (string | number)[];
  readonly text: string;
}

/** What one topic becomes. */
export interface Part {
  /** Options of the top, which go beside those of the other parts. */
  readonly config: Mapping;
  readonly findings: readonly Finding[];
  readonly problems?: readonly Problem[];
  /** Problems that there are only once everything that is refused is accepted. */
  readonly lacking?: readonly Problem[];
  readonly comments?: readonly TreeComment[];
}

/** How the source of what nobody said reads. */
export const notGiven = 'not given';

/** Whether a flag was given. */
export function isGiven({ settings }: Given, flag: string): boolean {
  return settings.has(flag);
}

/** A text as it stands; empty where it was not given. */
export function textOf({ settings }: Given, flag: string): string {
  const value = settings.get(flag)?.value ?? '';
  return typeof value === 'object' ? value.join(',') : String(value);
}

/** A list, each entry as it stands; empty ones are left out. */
export function listOf({ settings }: Given, flag: string): readonly string[] {
  const value = settings.get(flag)?.value ?? [];
  const list = typeof value === 'object' ? value : String(value).split(',');
  return list.filter((entry) => entry !== '');
}

/** Whether a flag is on. */
export function isOn({ settings }: Given, flag: string, preset = false): boolean {
  const value = settings.get(flag)?.value;
  if (value === undefined) return preset;
  return typeof value === 'boolean' ? value : /^(1|t|true)$/i.test(String(value));
}

/** Where a flag was given. */
function sourceOf({ settings }: Given, flag: string): string {
  return settings.get(flag)?.source ?? notGiven;
}

/** A finding about a flag that was given, with credentials of URLs hidden; nothing where it was not. */
export function judged(given: Given, flag: string, verdict: Verdict, text: string): readonly Finding[] {
  return isGiven(given, flag) ? [finding(given, flag, verdict, text)] : [];
}

/** A finding about a flag even where it was not given, unless its reader refuses it already. */
export function noted(given: Given, flag: string, verdict: Verdict, text: string): readonly Finding[] {
  const isRefused =
    !isGiven(given, flag) &&
    given.findings.some(({ setting, verdict: of }) => setting === flag && of === 'refused');
  return isRefused ? [] : [finding(given, flag, verdict, text)];
}

/** A problem with what was given for a flag. */
export function problemOf(given: Given, flag: string, message: string): Problem {
  return { path: flag, source: isGiven(given, flag) ? sourceOf(given, flag) : '', message };
}

/** Words as a sentence has them: a, b and c. */
export function listed(words: readonly string[]): string {
  const quoted = words.map((word) => `\`${word}\``);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1)}`;
}

/** What is left of a tree without what is absent, so that only what differs from the defaults is written. */
export function present(tree: Readonly<Record<string, unknown>>): Mapping {
  return Object.fromEntries(Object.entries(tree).filter(([, value]) => value !== undefined));
}

function finding(given: Given, flag: string, verdict: Verdict, text: string): Finding {
  return { setting: flag, source: sourceOf(given, flag), verdict, text: maskUrls(text) };
}
