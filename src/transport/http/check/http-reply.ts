/** Answers as text, made beforehand and written as they are. */
import type { CheckRequest, Decision } from '../../../model/decision.ts';
import { http } from '../../../runtime/node-http.ts';

/** An answer, ready to be written. */
export interface HttpReply {
  readonly status: number;
  /**
   * Status line and header lines as they go out (RFC 9112), each with its line end, one character a byte, in two parts:
   * those of this answer, and those that many answers share.
   */
  readonly head: string;
  readonly sharedHead: string;
  /** One character a byte. */
  readonly body: string;
  /** The header line with the time at which the answer is written, where it tells that. */
  readonly dateLine?: () => string;
}

/** Makes the reply to a request from its decision. */
export type ToReply = (decision: Decision, request: CheckRequest) => HttpReply;

/** A header. */
export type Line = readonly [name: string, value: string];

/** An answer out of its parts. */
export function reply(status: number, lines: readonly Line[], sharedHead: string, body: string): HttpReply {
  return {
    status,
    head: `HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? 'unknown'}\r\n${linesOf(lines)}`,
    sharedHead,
    body,
  };
}

/** Header lines; throws where one would be more than a line, or none. */
export function linesOf(lines: readonly Line[]): string {
  return lines
    .map(([name, value]) => {
      http.validateHeaderName(name);
      http.validateHeaderValue(name, value);
      return `${name}: ${value}\r\n`;
    })
    .join('');
}

/** What has Envoy's HTTP ext_authz remove headers from the request to the upstream; none where there is nothing to remove. */
export function removalLine(remove: readonly string[]): readonly Line[] {
  return remove.length === 0 ? [] : [['x-envoy-auth-headers-to-remove', remove.join(',')]];
}
