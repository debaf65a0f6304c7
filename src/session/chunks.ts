/** Splits a sealed session into cookies, and joins them again. */
import { chunkSuffixes } from './cookie-names.ts';
import type { RequestCookies } from './session-store.ts';

/** The longest cookie, name and value together: browsers drop a longer one without a word. */
const maxCookieBytes = 4_096;

/** One cookie of a session. */
export interface Chunk {
  readonly name: string;
  readonly value: string;
}

/** Splits a sealed value. @returns undefined if it does not fit into three cookies */
export function split(name: string, sealed: string): readonly Chunk[] | undefined {
  if (name.length + sealed.length <= maxCookieBytes) return [{ name, value: sealed }];
  const room = maxCookieBytes - name.length - 2;
  const count = Math.ceil(sealed.length / room);
  if (count > chunkSuffixes.length) return undefined;
  return chunkSuffixes.slice(0, count).map((suffix, index) => ({
    name: name + suffix,
    value: sealed.slice(index * room, (index + 1) * room),
  }));
}

/**
 * Joins the cookies of a session.
 *
 * Two values of a name are accepted only if they are equal: a page of another subdomain can set a second cookie. A whole
 * cookie next to chunks, or a missing chunk, is invalid for the same reason.
 *
 * @returns undefined if there is none
 */
export function join(name: string, cookies: RequestCookies): string | 'invalid' | undefined {
  const whole = onlyValue(cookies.values(name));
  const [first, ...rest] = chunkSuffixes.map((suffix) => onlyValue(cookies.values(name + suffix)));
  const parts = [first, ...rest];
  if (parts.every((part) => part === undefined)) return whole;
  const count = parts.findLastIndex((part) => part !== undefined) + 1;
  const present = parts.slice(0, count).filter((part) => part !== undefined);
  const isComplete = present.length === count && !present.includes('invalid');
  return whole === undefined && isComplete ? present.join('') : 'invalid';
}

/** The cookies of a session that a request has. */
export function presentNames(name: string, cookies: RequestCookies): readonly string[] {
  return [name, ...chunkSuffixes.map((suffix) => name + suffix)].filter(
    (one) => cookies.values(one).length > 0,
  );
}

/** The only value of a cookie; `invalid` if there are two, which differ. */
export function onlyValue(values: readonly string[]): string | 'invalid' | undefined {
  const [first, ...others] = values;
  return others.every((other) => other === first) ? first : 'invalid';
}
