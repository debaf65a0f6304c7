/** The method `envoy.service.auth.v3.Authorization/Check`. */
import type { Check, CheckRequest, Decision } from '../../../model/decision.ts';
import type { UnaryAnswer, UnaryMethod } from '../call/call.ts';
import { grpcStatus } from '../status.ts';
import { partsOfCheckRequest, readCheckRequest } from './check-request.ts';
import type { ToResponse } from './decision-response.ts';

/** What answers checks; taken once per check, so that none sees two configurations. */
export interface GrpcAuthorizer {
  /** @param timeLeft milliseconds in which the answer must be given; undefined where the caller does not say */
  readonly check: (request: CheckRequest, timeLeft: () => number | undefined) => Decision | Promise<Decision>;
  /** What becomes of a check whose request was not taken. */
  readonly refuse: Readonly<Record<'request_too_large' | 'overloaded' | 'internal_error', Check>>;
  readonly toResponse: ToResponse;
}

/** Makes the method. */
export function checkMethod(authorizer: () => GrpcAuthorizer): UnaryMethod {
  const nothing = Buffer.alloc(0);
  const unreadable: UnaryAnswer = { status: grpcStatus.internal, message: 'the request is no CheckRequest' };
  return {
    kind: 'unary',
    parts: partsOfCheckRequest,
    answer: (bytes, timeLeft) => {
      const request = readRequest(bytes);
      if (request === undefined) return unreadable;
      const { check, refuse, toResponse } = authorizer();
      // A failed call would leave the request to Envoy's failure mode.
      const failed = async () => toResponse(await refuse.internal_error(request));
      try {
        const decision = check(request, timeLeft);
        return decision instanceof Promise ? decision.then(toResponse, failed) : toResponse(decision);
      } catch {
        return failed();
      }
    },
    refuse: (why, soFar) => {
      const { refuse, toResponse } = authorizer();
      const request = readRequest(soFar) ?? readCheckRequest(nothing);
      const decision = refuse[why === 'too_large' ? 'request_too_large' : 'overloaded'](request);
      return decision instanceof Promise ? decision.then(toResponse) : toResponse(decision);
    },
  };
}

function readRequest(bytes: Buffer): CheckRequest | undefined {
  try {
    return readCheckRequest(bytes);
  } catch {
    return undefined;
  }
}
