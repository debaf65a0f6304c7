/** From a decision to the HTTP answer that Envoy understands: exactly 200 lets the request go on. */
import {
  type ChallengeOptions,
  challenge,
  refusalBody,
  retryAfterSeconds,
} from '../../../check/challenge.ts';
import type { Config } from '../../../config/declare/options.ts';
import type { Denial, Failure, Forwarding } from '../../../model/decision.ts';
import { type DenyReason, type ErrorReason, leftToEnvoy, reasons } from '../../../model/reasons.ts';
import type { Clock } from '../../../runtime/time/clock.ts';
import { createToCompatReply } from './compat-reply.ts';
import { type HttpReply, type Line, linesOf, removalLine, reply, type ToReply } from './http-reply.ts';
import { incumbentReply } from './incumbent-reply.ts';

/** What shapes the answers. */
export type ReplyOptions = Pick<
  Config,
  'issuers' | 'identityHeaders' | 'whenUnavailable' | 'compat' | 'compatInvalidTokenStatus'
> &
  ChallengeOptions;

/** Makes the one place where a decision becomes an HTTP answer. */
export function createToReply(options: ReplyOptions, clock: Clock): ToReply {
  const own = createToOwnReply(options);
  const written = options.compat === 'oauth2-proxy' ? createToCompatReply(options, own, clock) : own;
  return (decision, request) =>
    decision.incumbent === undefined ? written(decision, request) : incumbentReply(decision.incumbent);
}

function createToOwnReply(options: ReplyOptions): ToReply {
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
  return linesOf([...removalLine(remove), ['content-length', '0']]);
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
