/** The method `envoy.service.auth.v3.Authorization/Check`. */
import type { CheckRequest } from '../../../model/check-request.ts';
import type { Decision } from '../../../model/decision.ts';
import type { Detail } from '../../../model/trace.ts';
import type { UnaryMethod, UnaryResult } from '../call/method.ts';
import { grpcStatus } from '../status.ts';
import { checkRequestFields, readCheckRequest } from './check-request.ts';
import type { ToResponse } from './decision-response.ts';

/** Decides about a request without a check. @param detail why, for the operator */
type Unchecked = (request: CheckRequest, detail?: Detail) => Decision | Promise<Decision>;

/** Decides checks. Each check uses one authorizer, so a reload never mixes two configurations. */
export interface GrpcAuthorizer {
  /** @param timeLeft milliseconds until the response must be sent; undefined if the call has no timeout */
  readonly check: (request: CheckRequest, timeLeft: () => number | undefined) => Decision | Promise<Decision>;
  /** Decides requests that are not checked, because they are too large, too late or failed. */
  readonly unchecked: Readonly<Record<'request_too_large' | 'overloaded' | 'internal_error', Unchecked>>;
  readonly toResponse: ToResponse;
  /** Whether checks look for sessions. */
  readonly readsSessions: boolean;
}

/** Creates the method. */
export function checkMethod(authorizer: () => GrpcAuthorizer): UnaryMethod {
  const nothing = Buffer.alloc(0);
  const unreadable: UnaryResult = { status: grpcStatus.internal, message: 'cannot decode CheckRequest' };
  return {
    kind: 'unary',
    fields: checkRequestFields,
    respond: (bytes, timeLeft) => {
      const { check, unchecked, toResponse, readsSessions } = authorizer();
      const request = readRequest(bytes, readsSessions);
      if (request === undefined) return unreadable;
      // For a failed call, Envoy would apply its failure mode.
      const failed = async () => toResponse(await unchecked.internal_error(request));
      try {
        const decision = check(request, timeLeft);
        return decision instanceof Promise ? decision.then(toResponse, failed) : toResponse(decision);
      } catch {
        return failed();
      }
    },
    reject: (cause, soFar, detail) => {
      const { unchecked, toResponse } = authorizer();
      const request = readRequest(soFar) ?? readCheckRequest(nothing);
      const decision = unchecked[cause === 'too_large' ? 'request_too_large' : 'overloaded'](request, detail);
      return decision instanceof Promise ? decision.then(toResponse) : toResponse(decision);
    },
  };
}

function readRequest(bytes: Buffer, isForSessions = false): CheckRequest | undefined {
  try {
    return readCheckRequest(bytes, isForSessions);
  } catch {
    return undefined;
  }
}
