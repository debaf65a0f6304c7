/** Adds the changes of cookies to a prepared allow. */
import { isSendableCookie, notShared } from '../../../check/login/browser-lines.ts';
import type { CookieChanges } from '../../../model/browser-answer.ts';
import { type Frame, frameMessage, messageOf } from '../message/framing.ts';
import { withOkFields, writeRequestHeaders, writeResponseHeaders } from './check-response.ts';

/**
 * Adds them. The prepared bytes stay unchanged.
 *
 * @throws TypeError if the result does not allow
 */
export function withCookieChanges(allow: Frame, { set, forwarded }: CookieChanges): Frame {
  const upstream =
    forwarded === undefined
      ? ''
      : forwarded === ''
        ? writeRequestHeaders([], ['cookie'])
        : writeRequestHeaders([['cookie', forwarded]], []);
  const cookies = set.filter(isSendableCookie).map((cookie) => ['set-cookie', cookie] as const);
  const added = cookies.length === 0 ? [] : [...cookies, notShared];
  return frameMessage(withOkFields(messageOf(allow), upstream + writeResponseHeaders(added)));
}
