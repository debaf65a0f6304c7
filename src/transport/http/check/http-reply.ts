/** HTTP replies as prepared text. */
import type { CheckRequest } from '../../../model/check-request.ts';
import { type Decision, decisionHeader } from '../../../model/decision.ts';
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

/** Returns the reply for a decision ID, or for a decision without one. */
export type ReplyForId = (id: string | undefined) => HttpReply;

/** The header line with a decision ID; empty without one. */
export function decisionLine(id: string | undefined): readonly Line[] {
  return id === undefined ? [] : [[decisionHeader, id]];
}

/** Stands for a decision ID in a prepared reply. No reply of this service contains it otherwise. */
const idPlace = '0000000000000';

/**
 * Prepares a reply for any decision ID.
 *
 * @param make makes the reply for one id. The id may only be in `sharedHead` and `body`, once in each
 */
export function prepareReply(make: ReplyForId): ReplyForId {
  const without = make(undefined);
  const withPlace = make(idPlace);
  const [headStart = '', headEnd] = withPlace.sharedHead.split(idPlace);
  const [bodyStart = '', bodyEnd] = withPlace.body.split(idPlace);
  return (id) => {
    if (id === undefined) return without;
    return {
      ...withPlace,
      sharedHead: headEnd === undefined ? headStart : headStart + id + headEnd,
      body: bodyEnd === undefined ? bodyStart : bodyStart + id + bodyEnd,
    };
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
