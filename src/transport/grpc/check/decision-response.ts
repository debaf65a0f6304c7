/** Converts a decision to Envoy's CheckResponse. Envoy allows the request only for status code 0. */
import { adviceLines, type ChallengeOptions, errorBody } from '../../../check/challenge.ts';
import { browserMessage, type ForBrowser, isForBrowser } from '../../../check/login/browser-lines.ts';
import type { Config } from '../../../config/declare/options.ts';
import { type Decision, type Denial, decisionHeader, type Failure } from '../../../model/decision.ts';
import { leftToEnvoy, type Reason, reasons } from '../../../model/reasons.ts';
import { type Frame, frameMessage, withOwnBytes } from '../message/framing.ts';
import { type CallFailure, grpcStatus } from '../status.ts';
import { type Metadata, verified, writeDenied } from './check-response.ts';
import { withCookieChanges } from './cookie-changes.ts';
import { incumbentResponse } from './incumbent-response.ts';
import { type Allowed, createWriteAllow } from './prepared-allow.ts';
import { type FrameForId, prepareFrame } from './prepared-denial.ts';

/** The options of responses. */
export type ResponseOptions = Pick<Config, 'whenUnavailable'> &
  ChallengeOptions & {
    /** The headers of the incumbent's response to set on the upstream request. */
    readonly forwarded: readonly string[];
  };

/** Converts a decision to a message, or to a failed call, for which Envoy applies its failure policy. */
export type ToResponse = (decision: Decision) => Frame | CallFailure;

/**
 * Creates the only conversion from decisions to CheckResponses.
 *
 * @param onDefect called if a response cannot be created; the request is denied then
 */
export function createToResponse(options: ResponseOptions, onDefect: (error: unknown) => void): ToResponse {
  const denials = new Map<string, FrameForId>();
  const allow = createWriteAllow();
  const cachedAllow = (decision: Allowed): Frame => {
    const { answers } = decision.forwarding;
    if (answers === undefined) return allow(decision);
    answers.grpc ??= withOwnBytes(allow(decision));
    return answers.grpc as Frame;
  };
  const denial = (decision: Denial | Failure): FrameForId => {
    return (id) => frameMessage(denialResponse(decision, id, options));
  };
  const preparedDenial = (decision: Denial | Failure): FrameForId =>
    denials.getOrInsertComputed(`${decision.reason} ${decision.rule ?? ''} ${decision.policy ?? ''}`, () =>
      prepareFrame(denial(decision)),
    );

  const respond: ToResponse = (decision) => {
    if (decision.incumbent !== undefined)
      return frameMessage(incumbentResponse(decision.incumbent, options.forwarded));
    switch (decision.outcome) {
      case 'allow':
        return decision.cookies === undefined
          ? cachedAllow(decision)
          : withCookieChanges(cachedAllow(decision), decision.cookies);
      case 'deny':
        if (isForBrowser(decision))
          return browserResponse(decision, options) ?? preparedDenial(decision)(decision.id);
        // The scopes differ by issuer and rule; every other denial has the same response each time.
        return (decision.requiredScopes === undefined ? preparedDenial : denial)(decision)(decision.id);
      case 'error':
        if (options.whenUnavailable === 'error' && leftToEnvoy.has(decision.reason))
          return { ...noVerdict, decision: decision.id };
        if (isForBrowser(decision))
          return browserResponse(decision, options) ?? preparedDenial(decision)(decision.id);
        return preparedDenial(decision)(decision.id);
      default:
        return decision satisfies never;
    }
  };

  const lastResort = prepareFrame(denial({ outcome: 'error', reason: 'internal_error' }));
  return (decision) => {
    try {
      return respond(decision);
    } catch (error) {
      onDefect(error);
      return lastResort(decision.id);
    }
  };
}

const noVerdict: CallFailure = { status: grpcStatus.unavailable, message: 'no verdict' };

function denialResponse(
  decision: Denial | Failure,
  id: string | undefined,
  options: ChallengeOptions,
): Buffer {
  const { grpcCode, grpcHttpStatus } = reasons[decision.reason];
  const bytes = writeDenied({
    code: grpcCode,
    httpStatus: grpcHttpStatus,
    headers: [
      ...adviceLines(decision, grpcHttpStatus, options),
      ['content-type', 'application/json'],
      ['cache-control', 'no-store'],
      ...(id === undefined ? [] : [[decisionHeader, id] as const]),
    ],
    body: errorBody(decision.reason, id),
    metadata: denialMetadata(decision, id),
  });
  return verified(bytes, false);
}

/** The response for a browser; undefined if it cannot be sent. Its HTTP status can be 200, because its code denies the request. */
function browserResponse(decision: ForBrowser, options: ChallengeOptions): Frame | undefined {
  const { id, reason, browser } = decision;
  const message = browserMessage(decision, browser.status, id, options);
  if (message === undefined) return undefined;
  const isSentToLogIn = browser.location !== undefined && startsLogin.has(reason);
  const bytes = writeDenied({
    code: reasons[reason].grpcCode,
    httpStatus: browser.status,
    headers: [...message.lines, ...(id === undefined ? [] : [[decisionHeader, id] as const])],
    body: message.body,
    metadata: { ...denialMetadata(decision, id), ...(isSentToLogIn && { login: true }) },
  });
  return frameMessage(verified(bytes, false));
}

/** The reasons with which a redirect starts a login. */
const startsLogin: ReadonlySet<Reason> = new Set<Reason>([
  'login_required',
  'session_expired',
  'session_invalid',
]);

function denialMetadata({ reason, rule, policy }: Denial | Failure, id: string | undefined): Metadata {
  return {
    reason,
    ...(rule !== undefined && { rule }),
    ...(policy !== undefined && { policy }),
    ...(id !== undefined && { decision: id }),
  };
}
