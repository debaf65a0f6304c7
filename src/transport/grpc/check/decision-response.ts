/** From a decision to the bytes of Envoy's CheckResponse: only the status code 0 lets the request go on. */
import {
  type ChallengeOptions,
  challenge,
  refusalBody,
  retryAfterSeconds,
} from '../../../check/challenge.ts';
import type { Config } from '../../../config/declare/options.ts';
import type { Decision, Denial, Failure, Identity } from '../../../model/decision.ts';
import { leftToEnvoy, reasons } from '../../../model/reasons.ts';
import { type Frame, frameMessage } from '../message/framing.ts';
import { type CallFailure, grpcStatus } from '../status.ts';
import { type HeaderToSet, proven, writeDenied, writeOk, writeRemovals } from './check-response.ts';
import { incumbentResponse } from './incumbent-response.ts';

/** What shapes the answers. */
export type ResponseOptions = Pick<Config, 'whenUnavailable'> &
  ChallengeOptions & {
    /** The headers that are taken from the answer of another authorizer, where that still decides. */
    readonly forwarded: readonly string[];
  };

/** A decision as the message that goes out, or as a failed call, which leaves the request to Envoy's failure policy. */
export type ToResponse = (decision: Decision) => Frame | CallFailure;

/**
 * Makes the one place where a decision becomes a CheckResponse.
 *
 * @param onDefect is told of an answer that could not be made; the request is refused then
 */
export function createToResponse(options: ResponseOptions, onDefect: (error: unknown) => void): ToResponse {
  const refused = new Map<string, Frame>();
  const removals = new WeakMap<readonly string[], string>();
  const allow = (decision: Allowed) =>
    allowResponse(decision, removals.getOrInsertComputed(decision.forwarding.remove, writeRemovals));
  const allowAsEver = (decision: Allowed): Frame => {
    const { answers } = decision.forwarding;
    answers.grpc ??= frameMessage(allow(decision));
    return answers.grpc as Frame;
  };
  const refuse = (decision: Denial | Failure) => frameMessage(refusal(decision, options));
  const refuseAsEver = (decision: Denial | Failure) =>
    refused.getOrInsertComputed(`${decision.reason} ${decision.rule ?? ''} ${decision.policy ?? ''}`, () =>
      refuse(decision),
    );

  const respond: ToResponse = (decision) => {
    if (decision.incumbent !== undefined)
      return frameMessage(incumbentResponse(decision.incumbent, options.forwarded));
    switch (decision.outcome) {
      case 'allow':
        return allowAsEver(decision);
      case 'deny':
        // Which scopes are named differs by issuer; every other denial has the same answer each time.
        return decision.requiredScopes === undefined ? refuseAsEver(decision) : refuse(decision);
      case 'error':
        if (options.whenUnavailable === 'error' && leftToEnvoy.has(decision.reason)) return noVerdict;
        return refuseAsEver(decision);
      default:
        return decision satisfies never;
    }
  };

  const lastResort = refuse({ outcome: 'error', reason: 'internal_error' });
  return (decision) => {
    try {
      return respond(decision);
    } catch (error) {
      onDefect(error);
      return lastResort;
    }
  };
}

const noVerdict: CallFailure = { status: grpcStatus.unavailable, message: 'no verdict' };

type Allowed = Decision & { readonly outcome: 'allow' };

function allowResponse({ identity, forwarding, rule, policy, shadow }: Allowed, removals: string): Buffer {
  const bytes = writeOk({
    code: reasons.allowed.grpcCode,
    headers: forwarding.set,
    removals,
    metadata: {
      reason: 'allowed',
      ...(rule !== undefined && { rule }),
      ...(policy !== undefined && { policy }),
      ...(shadow !== undefined && { shadow }),
      ...(identity !== undefined && identityMetadata(identity)),
    },
  });
  return proven(bytes, true);
}

function identityMetadata({ issuer, subject, audiences, scopes, expiresAt }: Identity) {
  return { issuer, ...(subject !== undefined && { subject }), audiences, scopes, expires_at: expiresAt };
}

function refusal(decision: Denial | Failure, options: ChallengeOptions): Buffer {
  const { grpcCode, grpcHttpStatus } = reasons[decision.reason];
  const said: HeaderToSet =
    decision.outcome === 'deny'
      ? ['www-authenticate', challenge(decision, options)]
      : ['retry-after', String(retryAfterSeconds)];
  const bytes = writeDenied({
    code: grpcCode,
    httpStatus: grpcHttpStatus,
    headers: [said, ['content-type', 'application/json'], ['cache-control', 'no-store']],
    body: refusalBody(decision.reason),
    metadata: {
      reason: decision.reason,
      ...(decision.rule !== undefined && { rule: decision.rule }),
      ...(decision.policy !== undefined && { policy: decision.policy }),
    },
  });
  return proven(bytes, false);
}
