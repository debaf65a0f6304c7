/** An explained request: what `explain`, the admin listener and the console exchange. It never has a token or the value of a claim. */
import type { Outcome, Reason } from './reasons.ts';
import type { Detail, TraceStep } from './trace.ts';

/** A request to explain. */
export interface ExplainRequest {
  readonly method: string;
  readonly host: string;
  /** With the query. */
  readonly path: string;
  /** Every header line except `host`. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** A bearer token; the same as an `authorization` header. */
  readonly token?: string;
  /** The policy that the proxy names, as over gRPC. Without it, the path selects the policy, as over HTTP. */
  readonly policy?: string;
  /** The proxy's peer, as a check over gRPC has it. */
  readonly source?: {
    readonly address: string;
    readonly principal: string;
    /** PEM, percent-encoded. */
    readonly certificate: string;
  };
}

/** jose's verdict on a token, next to the verdict of this service. */
export interface JoseComparison {
  /** `none` if jose failed without a verdict. */
  readonly verdict: 'accepts' | 'rejects' | 'none';
  /** Why jose rejects the token, or why it gives no verdict. */
  readonly text?: string;
  /** Whether the two verdicts contradict each other. One of the two is then wrong. */
  readonly differs: boolean;
}

/** The answer to a check, with every step that led to it. */
export interface Explanation {
  readonly outcome: Outcome;
  readonly reason: Reason;
  readonly rule?: string;
  readonly policy?: string;
  /** The configured name of the issuer. */
  readonly issuer?: string;
  /** The reason why the request would be denied without shadow mode. */
  readonly shadow?: Reason;
  /** The failure of another system, in words. */
  readonly problem?: string;
  /** The expected and the found value where the check ended. */
  readonly detail?: Detail;
  readonly steps: readonly TraceStep[];
  /** Whether the signature of the token is verified, so that its claims can be shown. */
  readonly isVerified: boolean;
  /** Whether the incumbent decides instead (`shadow.authorizer`). It is not asked. */
  readonly hasIncumbent: boolean;
  /** The answer that Envoy receives. */
  readonly answer: {
    /** Whether the answer is a failed check, for which Envoy applies its failure mode (`whenUnavailable: error`). */
    readonly isLeftToEnvoy: boolean;
    readonly http: {
      readonly status: number;
      /** The headers for the client. Empty if the request is allowed, because the values would be claims. */
      readonly headers: readonly (readonly [name: string, value: string])[];
    };
    /** The code of the check, and the HTTP status for the client. */
    readonly grpc: { readonly code: number; readonly httpStatus: number };
  };
  /** The names of the headers that an allowed request gets and loses. */
  readonly upstream?: { readonly set: readonly string[]; readonly remove: readonly string[] };
  /** Absent if no token reached the signature. */
  readonly jose?: JoseComparison;
}

/** The state of a running service, which can explain an answer that the configuration file does not. */
export interface ServiceState {
  readonly version: string;
  /** The hash of the configuration in use, as in the metric `oidc_authz_config_hash_info`. */
  readonly configHash: string;
  readonly ready: boolean;
  readonly draining: boolean;
  /** The number of processes that answer checks. One of them explains. */
  readonly workers: number;
  readonly uptimeSeconds: number;
  /** Changed files that could not be loaded. The previous content is in use. `since` is in milliseconds since the epoch. */
  readonly failedReloads: readonly {
    readonly what: string;
    readonly files: readonly string[];
    readonly problem: string;
    readonly since: number;
  }[];
  readonly issuers: readonly {
    readonly name: string;
    readonly state: string;
    readonly keys: number;
    readonly problem?: string;
  }[];
}

/** The answer of `POST /explain`. */
export interface ServiceExplanation {
  readonly explanation: Explanation;
  readonly service: ServiceState;
}
