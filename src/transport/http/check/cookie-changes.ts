/** Adds the changes of cookies to a prepared allow. */
import { isSendableCookie, notShared } from '../../../check/login/browser-lines.ts';
import type { CookieChanges } from '../../../model/browser-answer.ts';
import { type HttpReply, type Line, linesOf, removalLine } from './http-reply.ts';

/** The name of the header that removes headers, as it begins its line. */
const removals = 'x-envoy-auth-headers-to-remove: ';

/** Text of a header (RFC 9110 section 5.5), one character per byte. */
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Adds them. The mesh's entry decides whether Envoy applies them: it must list `cookie` for the workload and `set-cookie` for the
 * client. The removal needs no entry.
 */
export function withCookieChanges(allow: HttpReply, { set, forwarded }: CookieChanges): HttpReply {
  const rest = forwarded !== undefined && fieldValue.test(forwarded) ? forwarded : '';
  const cookies = set.filter(isSendableCookie).map((cookie) => ['set-cookie', cookie] as const);
  const lines: Line[] = [
    ...(rest === '' ? [] : [['cookie', rest] as const]),
    ...cookies,
    ...(cookies.length === 0 ? [] : [notShared]),
  ];
  return {
    ...allow,
    head: allow.head + linesOf(lines),
    sharedHead: forwarded !== undefined && rest === '' ? withRemoval(allow.sharedHead) : allow.sharedHead,
  };
}

/** Removes the whole `cookie` header, in one line with the other removals. */
function withRemoval(head: string): string {
  return head.includes(removals)
    ? head.replace(removals, `${removals}cookie,`)
    : linesOf(removalLine(['cookie'])) + head;
}
