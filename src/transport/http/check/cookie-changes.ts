/** Adds the changes of cookies to a prepared allow. */
import { isSendableCookie, notShared } from '../../../check/login/browser-lines.ts';
import type { CookieChanges } from '../../../model/browser-answer.ts';
import { type HttpReply, type Line, linesOf, removalLine } from './http-reply.ts';

/** The name of the header that removes headers, as it begins its line. */
const removals = 'x-envoy-auth-headers-to-remove: ';

/** Text of a header (RFC 9110 section 5.5), one character per byte. */
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Adds the changes to an allow. */
export type WithCookieChanges = (allow: HttpReply, changes: CookieChanges) => HttpReply;

/**
 * Creates the function. The mesh's entry decides whether Envoy applies the changes: it must list `cookie` for the workload and
 * `set-cookie` for the client. The removal needs no entry.
 */
export function createWithCookieChanges(): WithCookieChanges {
  // Most requests have the cookie of their session only, and the same reply each time.
  const removed = new WeakMap<HttpReply, HttpReply>();
  const withoutCookie = (allow: HttpReply): HttpReply => {
    const known = removed.get(allow);
    if (known !== undefined) return known;
    const made = { ...allow, sharedHead: withRemoval(allow.sharedHead) };
    removed.set(allow, made);
    return made;
  };

  return (allow, { set, forwarded }) => {
    const rest = forwarded !== undefined && fieldValue.test(forwarded) ? forwarded : '';
    const base = forwarded !== undefined && rest === '' ? withoutCookie(allow) : allow;
    const cookies = set.filter(isSendableCookie).map((cookie) => ['set-cookie', cookie] as const);
    if (rest === '' && cookies.length === 0) return base;
    const lines: Line[] = [
      ...(rest === '' ? [] : [['cookie', rest] as const]),
      ...cookies,
      ...(cookies.length === 0 ? [] : [notShared]),
    ];
    return { ...base, head: base.head + linesOf(lines) };
  };
}

/** Removes the whole `cookie` header, in one line with the other removals. */
function withRemoval(head: string): string {
  return head.includes(removals)
    ? head.replace(removals, `${removals}cookie,`)
    : linesOf(removalLine(['cookie'])) + head;
}
