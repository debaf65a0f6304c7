/** The header lines and the body of an answer for a browser. Both transports send them. */
import type { BrowserAnswer } from '../../model/browser-answer.ts';
import type { NotAllowed } from '../../model/decision.ts';
import { adviceLines, type ChallengeOptions, errorBody } from '../challenge.ts';

/** A header line. */
type Line = readonly [name: string, value: string];

/** An answer for a browser, without its status. */
export interface BrowserMessage {
  readonly lines: readonly Line[];
  readonly body: string;
}

/** A decision with an answer for a browser. */
export type ForBrowser = NotAllowed & { readonly browser: BrowserAnswer };

/** The longest `location`, in characters. */
const maxLocation = 8 * 1024;

const location = /^[\x21-\x7e]+$/;
const text = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
const name = /^[a-z0-9-]+$/;

/** Headers that the transports write themselves. */
const ownHeaders = new Set(['connection', 'content-length', 'keep-alive', 'set-cookie', 'transfer-encoding']);

/** Whether a decision has an answer for a browser. */
export function isForBrowser(decision: NotAllowed): decision is ForBrowser {
  return decision.browser !== undefined;
}

/**
 * Creates the lines and the body.
 *
 * @param status the status that is sent
 * @param id the ID of the decision
 * @returns undefined if a line is not valid. The answer of the reason is then sent
 */
export function browserMessage(
  decision: ForBrowser,
  status: number,
  id: string | undefined,
  options: ChallengeOptions,
): BrowserMessage | undefined {
  const { location: target, cookies, headers = [], page } = decision.browser;
  if (target !== undefined && (target.length > maxLocation || !location.test(target))) return undefined;
  const body = page?.body(id) ?? (target === undefined ? errorBody(decision.reason, id) : '');
  const type = page?.type ?? 'application/json';
  const given = new Set(headers.map(([header]) => header));
  const preset: readonly Line[] = [
    ...adviceLines(decision, status, options),
    ...(body === '' ? [] : [['content-type', type] as const]),
    ['cache-control', 'no-store'],
  ];
  const lines: readonly Line[] = [
    ...(target === undefined ? [] : [['location', target] as const]),
    ...preset.filter(([header]) => header === 'cache-control' || !given.has(header)),
    ...headers.filter(([header]) => header !== 'cache-control'),
    ...cookies.map((cookie) => ['set-cookie', cookie] as const),
  ];
  const isValid =
    headers.every(([header]) => name.test(header) && !ownHeaders.has(header)) &&
    lines.every(([, value]) => text.test(value));
  return isValid ? { lines, body } : undefined;
}

/** Goes with each cookie on an allow: a shared cache must not store the response (RFC 9111 section 7.3). */
export const notShared: Line = ['cache-control', 'private'];

/** Whether a value of `set-cookie` can be sent. */
export function isSendableCookie(value: string): boolean {
  return text.test(value);
}
