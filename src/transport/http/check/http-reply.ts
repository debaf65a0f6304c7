/** HTTP replies as prepared text. */
import type { CheckRequest } from '../../../model/check-request.ts';
import type { Decision } from '../../../model/decision.ts';
import { http } from '../../../runtime/node-http.ts';

/** A prepared reply. */
export interface HttpReply {
  readonly status: number;
  /**
   * The status line and header lines (RFC 9112), each with its line end, one character per byte. `sharedHead` has the lines
   * that many replies share.
   */
  readonly head: string;
  readonly sharedHead: string;
  /** One character per byte. */
  readonly body: string;
  /** Creates the `date` header line when the reply is written; undefined for replies without one. */
  readonly dateLine?: () => string;
}

/** Converts the decision on a request to a reply. */
export type ToReply = (decision: Decision, request: CheckRequest) => HttpReply;

/** A header line. */
export type Line = readonly [name: string, value: string];

/** Creates a reply from its parts. */
export function reply(status: number, lines: readonly Line[], sharedHead: string, body: string): HttpReply {
  return {
    status,
    head: `HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? 'unknown'}\r\n${linesOf(lines)}`,
    sharedHead,
    body,
  };
}

/** Joins header lines. @throws TypeError if a name or a value is invalid, for example has a line break */
export function linesOf(lines: readonly Line[]): string {
  return lines
    .map(([name, value]) => {
      http.validateHeaderName(name);
      http.validateHeaderValue(name, value);
      return `${name}: ${value}\r\n`;
    })
    .join('');
}

/** The header line that makes Envoy's HTTP ext_authz remove headers from the upstream request; empty if there are none. */
export function removalLine(remove: readonly string[]): readonly Line[] {
  return remove.length === 0 ? [] : [['x-envoy-auth-headers-to-remove', remove.join(',')]];
}
