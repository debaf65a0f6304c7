/** Converts a decision to the HTTP response for Envoy. Envoy allows the request only for status 200. */
import { type ChallengeOptions, challenge, errorBody, retryAfterSeconds } from '../../../check/challenge.ts';
import type { Config } from '../../../config/declare/options.ts';
import type { Denial, Failure } from '../../../model/decision.ts';
import type { Forwarding } from '../../../model/forwarding.ts';
import { type DenyReason, type ErrorReason, leftToEnvoy, reasons } from '../../../model/reasons.ts';
import type { Clock } from '../../../runtime/time/clock.ts';
import { createToCompatReply } from './compat-reply.ts';
import {
  decisionLine,
  type HttpReply,
  type Line,
  linesOf,
  prepareReply,
  type ReplyForId,
  removalLine,
  reply,
  type ToReply,
} from './http-reply.ts';
import { incumbentReply } from './incumbent-reply.ts';

/** The options of replies. */
export type ReplyOptions = Pick<
  Config,
  'issuers' | 'identityHeaders' | 'whenUnavailable' | 'compat' | 'compatInvalidTokenStatus'
> &
  ChallengeOptions;

/** Creates the only conversion from decisions to HTTP replies. */
export function createToReply(options: ReplyOptions, clock: Clock): ToReply {
  const toOwnReply = createToOwnReply(options);
  const toReply =
    options.compat === 'oauth2-proxy' ? createToCompatReply(options, toOwnReply, clock) : toOwnReply;
  return (decision, request) =>
    decision.incumbent === undefined ? toReply(decision, request) : incumbentReply(decision.incumbent);
}

function createToOwnReply(options: ReplyOptions): ToReply {
  const removals = new WeakMap<readonly string[], string>();
  const denials = new Map<DenyReason | ErrorReason, ReplyForId>();
  const allow = ({ set, remove }: Forwarding): HttpReply =>
    reply(reasons.allowed.httpStatus, set, removals.getOrInsertComputed(remove, removalLines), '');
  const cachedAllow = (forwarding: Forwarding): HttpReply => {
    const { answers } = forwarding;
    answers.http ??= allow(forwarding);
    return answers.http as HttpReply;
  };
  const preparedDenial = (decision: Denial | Failure) =>
    denials.getOrInsertComputed(decision.reason, () => prepareReply((id) => denial(decision, id, options)))(
      decision.id,
    );

  return (decision) => {
    switch (decision.outcome) {
      case 'allow':
        return cachedAllow(decision.forwarding);
      case 'deny':
        // The scopes differ by issuer and rule; every other denial of a reason has the same reply.
        return decision.requiredScopes === undefined
          ? preparedDenial(decision)
          : denial(decision, decision.id, options);
      case 'error':
        if (options.whenUnavailable === 'error' && leftToEnvoy.has(decision.reason))
          return noVerdict(decision.id);
        return preparedDenial(decision);
      default:
        return decision satisfies never;
    }
  };
}

/** The reply that makes Envoy apply its failure policy. */
const noVerdict: ReplyForId = (id) =>
  reply(503, [], linesOf([['content-length', '0'], ...decisionLine(id)]), '');

function removalLines(remove: readonly string[]): string {
  return linesOf([...removalLine(remove), ['content-length', '0']]);
}

function denial(decision: Denial | Failure, id: string | undefined, options: ChallengeOptions): HttpReply {
  const body = errorBody(decision.reason, id);
  const header: Line =
    decision.outcome === 'deny'
      ? ['www-authenticate', challenge(decision, options)]
      : ['retry-after', String(retryAfterSeconds)];
  const shared: Line[] = [
    ['content-type', 'application/json'],
    ['cache-control', 'no-store'],
    ['content-length', String(Buffer.byteLength(body))],
    ...decisionLine(id),
  ];
  return reply(reasons[decision.reason].httpStatus, [header], linesOf(shared), body);
}
