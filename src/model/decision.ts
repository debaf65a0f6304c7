/** The decision of a check. It does not depend on the transport. */
import type { BrowserAnswer, CookieChanges } from './browser-answer.ts';
import type { CheckRequest } from './check-request.ts';
import type { Forwarding } from './forwarding.ts';
import type { Identity } from './identity.ts';
import type { Comparison, IncumbentAnswer } from './incumbent.ts';
import type { DenyReason, ErrorReason } from './reasons.ts';
import type { Detail, Trace } from './trace.ts';

/** The result of the incumbent, while one is configured. */
interface IncumbentResult {
  /** The response to send instead of our own. */
  readonly incumbent?: IncumbentAnswer;
  readonly comparison?: Comparison;
}

/** How long a client waits after an error before it tries again, in seconds (`retry-after`, RFC 9110 section 10.2.3). */
export const retryAfterSeconds = 5;

/** The header of a response that has the id of its decision. */
export const decisionHeader = 'x-oidc-authz-decision';

/** How an operator finds a decision again, and what it is based on. */
interface Traced {
  /** The id of a decision that does not allow, or would not without shadow mode. Set when the decision is recorded. */
  readonly id?: string;
  /** Computes what was expected and found. Called at most once, when the decision is recorded. Absent from an ordinary allow. */
  readonly detail?: () => Detail;
}

/** The result of a check. It always has a reason. */
export type Decision = IncumbentResult & Traced & OwnDecision;

type OwnDecision =
  | {
      readonly outcome: 'allow';
      readonly reason: 'allowed';
      /** Undefined if no token was verified: an anonymous rule, or a denial in shadow mode. */
      readonly identity: Identity | undefined;
      readonly forwarding: Forwarding;
      /** Whether the token was in the cache. */
      readonly cached: boolean;
      /** The name of the rule that decided. */
      readonly rule?: string;
      /** The name of the policy that contains the rule. */
      readonly policy?: string;
      /** The reason why the request would be denied if its rule did not have `mode: shadow`. */
      readonly shadow?: DenyReason | ErrorReason;
      /** The exception behind `shadow: internal_error`; only logged. */
      readonly cause?: unknown;
      /** Only with `login`: the cookies of the answer. Absent if nothing changes. */
      readonly cookies?: CookieChanges;
    }
  | {
      readonly outcome: 'deny';
      readonly reason: DenyReason;
      /** The configured name of the issuer, if the token names a known one. */
      readonly issuerName?: string;
      /** The scopes that the challenge of `scope_insufficient` lists. */
      readonly requiredScopes?: readonly string[];
      readonly cached?: boolean;
      readonly rule?: string;
      readonly policy?: string;
      /** Only with `login`: the answer for a browser. It replaces the status and the body of the reason. */
      readonly browser?: BrowserAnswer;
    }
  | {
      readonly outcome: 'error';
      readonly reason: ErrorReason;
      readonly issuerName?: string;
      /** The failure of another system, in words; only logged. */
      readonly problem?: string;
      /** The exception behind `internal_error`; only logged. */
      readonly cause?: unknown;
      readonly rule?: string;
      readonly policy?: string;
      /** Only with `login`: the answer for a browser. */
      readonly browser?: BrowserAnswer;
    };

/** A decision with the outcome `deny`. */
export type Denial = Decision & { readonly outcome: 'deny' };

/** A decision with the outcome `error`. */
export type Failure = Decision & { readonly outcome: 'error' };

/** A decision that does not allow the request. */
export type NotAllowed = Denial | Failure;

/**
 * Decides about a request. The decision is synchronous unless the check must wait, for example for a signature.
 * A check never throws and never rejects.
 *
 * @param trace receives each step; a check without it does no work for it
 */
export type Check = (request: CheckRequest, trace?: Trace) => Decision | Promise<Decision>;
