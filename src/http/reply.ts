/** From a decision to the HTTP answer that Envoy understands: exactly 200 lets the request go on. */
import { challenge, refusalBody, retryAfterSeconds } from '../check/challenge.ts';
import { type DenyReason, type ErrorReason, leftToEnvoy, reasons } from '../check/reasons.ts';
import type { Decision, Denial, Failure, Forwarding } from '../check/types.ts';
import type { Config } from '../config/options.ts';

/** An answer, ready to be written. */
export interface HttpReply {
  readonly status: number;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: string;
}

/** What shapes the answers. */
export type ReplyOptions = Pick<Config, 'realm' | 'whenUnavailable'>;

/** Makes the one place where a decision becomes an HTTP answer. */
export function createToReply({ realm, whenUnavailable }: ReplyOptions): (decision: Decision) => HttpReply {
  const allowed = new WeakMap<Forwarding, HttpReply>();
  const refused = new Map<DenyReason | ErrorReason, HttpReply>();
  const refuseAsEver = (decision: Denial | Failure) =>
    refused.getOrInsertComputed(decision.reason, () => refusal(decision, realm));

  return (decision) => {
    switch (decision.outcome) {
      case 'allow':
        return allowed.getOrInsertComputed(decision.forwarding, allowReply);
      case 'deny':
        // Which scopes are named differs by issuer; every other denial has the same answer each time.
        return decision.requiredScopes === undefined ? refuseAsEver(decision) : refusal(decision, realm);
      case 'error':
        if (whenUnavailable === 'error' && leftToEnvoy.has(decision.reason)) return noVerdict;
        return refuseAsEver(decision);
      default:
        return decision satisfies never;
    }
  };
}

/** The answer that leaves the request to Envoy's failure policy. */
const noVerdict: HttpReply = { status: 503, headers: ['content-length', '0'], body: '' };

function allowReply({ set, remove }: Forwarding): HttpReply {
  const removals = remove.length === 0 ? [] : ['x-envoy-auth-headers-to-remove', remove.join(',')];
  return {
    status: reasons.allowed.httpStatus,
    headers: [...set.flat(), ...removals, 'content-length', '0'],
    body: '',
  };
}

function refusal(decision: Denial | Failure, realm: string): HttpReply {
  const body = refusalBody(decision.reason);
  const said =
    decision.outcome === 'deny'
      ? ['www-authenticate', challenge(decision, realm)]
      : ['retry-after', String(retryAfterSeconds)];
  const common = ['content-type', 'application/json', 'cache-control', 'no-store'];
  const headers = [...said, ...common, 'content-length', String(Buffer.byteLength(body))];
  return { status: reasons[decision.reason].httpStatus, headers, body };
}
