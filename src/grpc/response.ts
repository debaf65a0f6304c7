/** From a decision to the bytes of Envoy's CheckResponse: only the status code 0 lets the request go on. */
import { challenge, refusalBody, retryAfterSeconds } from '../check/challenge.ts';
import { type DenyReason, type ErrorReason, leftToEnvoy, reasons } from '../check/reasons.ts';
import type { Decision, Denial, Failure, Identity } from '../check/types.ts';
import type { Config } from '../config/options.ts';
import type {
  CheckRequestMessage,
  CheckResponseMessage,
  HeaderValueOptionMessage,
  ValueMessage,
} from './messages.ts';
import { loadCodec, type MessageCodec } from './protos.ts';
import { type CallFailure, grpcStatus } from './status.ts';

/** The codec of the Check method. */
export type CheckCodec = MessageCodec<CheckRequestMessage, CheckResponseMessage>;

/** Loads the codec of the Check method. */
export function loadCheckCodec(): CheckCodec {
  return loadCodec('external_auth.proto', 'envoy.service.auth.v3.Authorization', 'Check');
}

/** What shapes the answers. */
export type ResponseOptions = Pick<Config, 'realm' | 'whenUnavailable'>;

/** A decision as bytes, or as a failed call, which leaves the request to Envoy's failure policy. */
export type ToResponse = (decision: Decision) => Buffer | CallFailure;

/**
 * Makes the one place where a decision becomes a CheckResponse.
 *
 * @param onDefect is told of an answer that could not be made; the request is refused then
 */
export function createToResponse(
  codec: CheckCodec,
  { realm, whenUnavailable }: ResponseOptions,
  onDefect: (error: unknown) => void,
): ToResponse {
  const refuse = (decision: Denial | Failure) => encode(codec, refusal(decision, realm), false);
  const allowed = new WeakMap<Identity, Buffer>();
  const refused = new Map<DenyReason | ErrorReason, Buffer>();
  const refuseAsEver = (decision: Denial | Failure) =>
    refused.getOrInsertComputed(decision.reason, () => refuse(decision));

  const respond: ToResponse = (decision) => {
    switch (decision.outcome) {
      case 'allow':
        return allowed.getOrInsertComputed(decision.identity, () => encode(codec, allow(decision), true));
      case 'deny':
        // Which scopes are named differs by issuer; every other denial has the same answer each time.
        return decision.requiredScopes === undefined ? refuseAsEver(decision) : refuse(decision);
      case 'error':
        if (whenUnavailable === 'error' && leftToEnvoy.has(decision.reason)) return noVerdict;
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

/**
 * Encodes, and proves by reading it back that the bytes say what was decided: an empty message, a misspelt field or
 * a code that is no number would all be an allow.
 */
function encode(codec: CheckCodec, message: CheckResponseMessage, allows: boolean): Buffer {
  const bytes = codec.writeResponse(message);
  const { status, okResponse, deniedResponse } = codec.readResponse(bytes);
  const saysAllow = bytes.length > 0 && (status?.code ?? 0) === 0;
  const isWhole = allows ? okResponse !== undefined : deniedResponse !== undefined;
  if (saysAllow !== allows || !isWhole) throw new TypeError('a CheckResponse does not say what was decided');
  return bytes;
}

const noVerdict: CallFailure = { status: grpcStatus.unavailable, message: 'no verdict' };

function allow({ identity, forwarding }: Decision & { readonly outcome: 'allow' }): CheckResponseMessage {
  return {
    status: { code: reasons.allowed.grpcCode },
    okResponse: {
      headers: forwarding.set.map(([key, value]) => overwrite(key, value)),
      headersToRemove: forwarding.remove,
    },
    dynamicMetadata: {
      fields: {
        reason: text('allowed'),
        issuer: text(identity.issuer),
        ...(identity.subject !== undefined && { subject: text(identity.subject) }),
        audiences: list(identity.audiences),
        scopes: list(identity.scopes),
        expires_at: { numberValue: identity.expiresAt },
      },
    },
  };
}

function refusal(decision: Denial | Failure, realm: string): CheckResponseMessage {
  const { grpcCode, grpcHttpStatus } = reasons[decision.reason];
  const said =
    decision.outcome === 'deny'
      ? overwrite('www-authenticate', challenge(decision, realm))
      : overwrite('retry-after', String(retryAfterSeconds));
  return {
    status: { code: grpcCode },
    deniedResponse: {
      status: { code: grpcHttpStatus },
      headers: [said, overwrite('content-type', 'application/json'), overwrite('cache-control', 'no-store')],
      body: refusalBody(decision.reason),
    },
    dynamicMetadata: { fields: { reason: text(decision.reason) } },
  };
}

/** Both ways of saying it: older Envoys look at `append`, newer ones at the action where `append` is absent. */
function overwrite(key: string, value: string): HeaderValueOptionMessage {
  return { header: { key, value }, append: { value: false }, appendAction: 'OVERWRITE_IF_EXISTS_OR_ADD' };
}

function list(values: readonly string[]): ValueMessage {
  return { listValue: { values: values.map(text) } };
}

/** A lone surrogate has no UTF-8, and Envoy refuses a message that holds one. */
function text(value: string): ValueMessage {
  return { stringValue: value.toWellFormed() };
}
