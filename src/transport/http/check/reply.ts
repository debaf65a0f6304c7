/** Converts a decision to the HTTP response for Envoy. Envoy allows the request only for status 200. */
import { adviceLines, type ChallengeOptions, errorBody } from '../../../check/challenge.ts';
import { browserMessage, type ForBrowser, isForBrowser } from '../../../check/login/browser-lines.ts';
import type { Config } from '../../../config/declare/options.ts';
import type { Denial, Failure } from '../../../model/decision.ts';
import type { Forwarding } from '../../../model/forwarding.ts';
import { type DenyReason, type ErrorReason, leftToEnvoy, reasons } from '../../../model/reasons.ts';
import type { Clock } from '../../../runtime/time/clock.ts';
import { createToCompatReply } from './compat-reply.ts';
import { createWithCookieChanges } from './cookie-changes.ts';
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
  const withCookieChanges = createWithCookieChanges();
  return (decision, request) => {
    if (decision.incumbent !== undefined) return incumbentReply(decision.incumbent);
    const answer = toReply(decision, request);
    return decision.outcome === 'allow' && decision.cookies !== undefined
      ? withCookieChanges(answer, decision.cookies)
      : answer;
  };
}

function createToOwnReply(options: ReplyOptions): ToReply {
  const removals = new WeakMap<readonly string[], string>();
  const denials = new Map<DenyReason | ErrorReason, ReplyForId>();
  const allow = ({ set, remove }: Forwarding): HttpReply =>
    reply(reasons.allowed.httpStatus, set, removals.getOrInsertComputed(remove, removalLines), '');
  const cachedAllow = (forwarding: Forwarding): HttpReply => {
    const { answers } = forwarding;
    if (answers === undefined) return allow(forwarding);
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
        if (isForBrowser(decision)) return browserReply(decision, options) ?? preparedDenial(decision);
        // The scopes differ by issuer and rule; every other denial of a reason has the same reply.
        return decision.requiredScopes === undefined
          ? preparedDenial(decision)
          : denial(decision, decision.id, options);
      case 'error':
        if (options.whenUnavailable === 'error' && leftToEnvoy.has(decision.reason))
          return noVerdict(decision.id);
        if (isForBrowser(decision)) return browserReply(decision, options) ?? preparedDenial(decision);
        return preparedDenial(decision);
      default:
        return decision satisfies never;
    }
  };
}

/** The reply that makes Envoy apply its failure policy. */
const noVerdict: ReplyForId = (id) =>
  reply(503, [], linesOf([['content-length', '0'], ...decisionLine(id)]), '');

/** The reply for a browser; undefined if it cannot be sent. */
function browserReply(decision: ForBrowser, options: ChallengeOptions): HttpReply | undefined {
  const { id } = decision;
  const status = statusFor(decision);
  const message = browserMessage(decision, status, id, options);
  if (message === undefined) return undefined;
  const body = Buffer.from(message.body, 'utf8').toString('latin1');
  const shared: Line[] = [['content-length', String(body.length)], ...decisionLine(id)];
  return reply(status, message.lines, linesOf(shared), body);
}

/** To Envoy, 200 is an allow. A page asks for a login; the answer about the signed-in person does not. */
function statusFor({ browser: { status }, reason }: ForBrowser): number {
  if (status !== reasons.allowed.httpStatus) return status;
  return reason === 'login_path' ? 403 : 401;
}

function removalLines(remove: readonly string[]): string {
  return linesOf([...removalLine(remove), ['content-length', '0']]);
}

function denial(decision: Denial | Failure, id: string | undefined, options: ChallengeOptions): HttpReply {
  const body = errorBody(decision.reason, id);
  const { httpStatus } = reasons[decision.reason];
  const shared: Line[] = [
    ['content-type', 'application/json'],
    ['cache-control', 'no-store'],
    ['content-length', String(Buffer.byteLength(body))],
    ...decisionLine(id),
  ];
  return reply(httpStatus, adviceLines(decision, httpStatus, options), linesOf(shared), body);
}
