/** The texts of details and of trace steps: values are shortened and escaped, and lists have a maximum length. */
import { maxDetailValue, type Observation, type StepDetail } from '../../model/trace.ts';
import { maskUrls, unicodeEscapes } from './quote-value.ts';

/** The longest list in a text, in members, and the longest text of a detail, in characters. */
const maxListed = 10;
const maxText = 2_000;

/** Characters that a reader does not see, or that could be read as a part of the text around the value. */
const unsafe = /[[^\x20-\x7e]--[[\p{L}\p{M}\p{N}\p{P}\p{S}]--\p{Default_Ignorable_Code_Point}]]+/gv;

/** A value without quotes: printable ASCII without white space, quotes, and the characters that separate values. */
const plain = /^[!#-&\x28-+\-.-:<-\x5b\x5d-~]+$/;

/**
 * Formats a value of a request or a token. It is cut at {@link maxDetailValue} characters, and invisible characters are escaped.
 * A value with other characters than those of a name or a URL is in quotes.
 */
export function shown(value: string): string {
  const isLong = value.length > maxDetailValue;
  // A fast path: a client decides how often details are computed.
  if (!isLong && !value.includes('@') && plain.test(value)) return value;
  const text = maskUrls(isLong ? value.slice(0, maxDetailValue) : value);
  const quoted = plain.test(text) ? text : JSON.stringify(text).replaceAll(unsafe, unicodeEscapes);
  return isLong ? `${quoted}…` : quoted;
}

/** Lists values, each formatted by {@link shown} or `format`: `a, b and 3 more`; `none` for an empty list. */
export function listed<T = string>(
  values: readonly T[],
  format: (value: T) => string = (value) => shown(String(value)),
): string {
  if (values.length === 0) return 'none';
  const first = values.slice(0, maxListed).map(format).join(', ');
  return values.length > maxListed ? `${first} and ${values.length - maxListed} more` : first;
}

/** The path of a request without its query, as {@link shown} formats it. */
export function shownPath(target: string): string {
  return shown(target.split(/[?#]/, 1)[0] ?? '');
}

/** Formats a duration: `42 s`, `250 ms`. */
export function duration(milliseconds: number): string {
  return Math.abs(milliseconds) < 1_000
    ? `${Math.round(milliseconds)} ms`
    : `${Math.round(milliseconds / 1_000)} s`;
}

/** `1 key`, `4 keys`. */
export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : plural}`;
}

/**
 * Creates the detail of a step that failed.
 *
 * @param text one phrase; by default, what was expected and found
 */
export function detailOf(
  failed: Observation,
  text = `expected ${failed.subject} ${failed.expected}, found ${failed.found}`,
): StepDetail {
  return {
    text: text.length > maxText ? `${text.slice(0, maxText)}…` : text,
    ...(failed.option !== undefined && { option: failed.option }),
    failed,
  };
}
