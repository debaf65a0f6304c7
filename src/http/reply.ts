/** From a decision to the HTTP answer that Envoy understands: exactly 200 lets the request go on. */
import { type ChallengeOptions, challenge, refusalBody, retryAfterSeconds } from '../check/challenge.ts';
import { type DenyReason, type ErrorReason, leftToEnvoy, reasons } from '../check/reasons.ts';
import type { Decision, Denial, Failure, Forwarding } from '../check/types.ts';
import type { Config } from '../config/options.ts';
import { http } from '../node-http.ts';

/** An answer, ready to be written. */
export interface HttpReply {
  readonly status: number;
  /**
   * Status line and header lines as they go out (RFC 9112), each with its line end, one character a byte, in two parts:
   * those of this answer, and those that many answers share.
   */
  readonly head: string;
  readonly sharedHead: string;
  readonly body: string;
}

/** What shapes the answers. */
export type ReplyOptions = Pick<Config, 'whenUnavailable'> & ChallengeOptions;

type Line = readonly [name: string, value: string];

/** Makes the one place where a decision becomes an HTTP answer. */
export function createToReply(options: ReplyOptions): (decision: Decision) => HttpReply {
  const removals = new WeakMap<readonly string[], string>();
  const refused = new Map<DenyReason | ErrorReason, HttpReply>();
  const allow = ({ set, remove }: Forwarding): HttpReply =>
    reply(reasons.allowed.httpStatus, set, removals.getOrInsertComputed(remove, removalLines), '');
  const allowAsEver = (forwarding: Forwarding): HttpReply => {
    const { answers } = forwarding;
    answers.http ??= allow(forwarding);
    return answers.http as HttpReply;
  };
  const refuseAsEver = (decision: Denial | Failure) =>
    refused.getOrInsertComputed(decision.reason, () => refusal(decision, options));

  return (decision) => {
    switch (decision.outcome) {
      case 'allow':
        return allowAsEver(decision.forwarding);
      case 'deny':
        // Which scopes are named differs by issuer; every other denial has the same answer each time.
        return decision.requiredScopes === undefined ? refuseAsEver(decision) : refusal(decision, options);
      case 'error':
        if (options.whenUnavailable === 'error' && leftToEnvoy.has(decision.reason)) return noVerdict;
        return refuseAsEver(decision);
      default:
        return decision satisfies never;
    }
  };
}

/** The answer that leaves the request to Envoy's failure policy. */
const noVerdict = reply(503, [], linesOf([['content-length', '0']]), '');

function removalLines(remove: readonly string[]): string {
  const removed: Line[] = remove.length === 0 ? [] : [['x-envoy-auth-headers-to-remove', remove.join(',')]];
  return linesOf([...removed, ['content-length', '0']]);
}

function refusal(decision: Denial | Failure, options: ChallengeOptions): HttpReply {
  const body = refusalBody(decision.reason);
  const said: Line =
    decision.outcome === 'deny'
      ? ['www-authenticate', challenge(decision, options)]
      : ['retry-after', String(retryAfterSeconds)];
  const shared: Line[] = [
    ['content-type', 'application/json'],
    ['cache-control', 'no-store'],
    ['content-length', String(Buffer.byteLength(body))],
  ];
  return reply(reasons[decision.reason].httpStatus, [said], linesOf(shared), body);
}

function reply(status: number, lines: readonly Line[], sharedHead: string, body: string): HttpReply {
  return {
    status,
    head: `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\n${linesOf(lines)}`,
    sharedHead,
    body,
  };
}

/** Header lines; throws where one would be more than a line, or none. */
function linesOf(lines: readonly Line[]): string {
  return lines
    .map(([name, value]) => {
      http.validateHeaderName(name);
      http.validateHeaderValue(name, value);
      return `${name}: ${value}\r\n`;
    })
    .join('');
}
