/** The table of reasons: why a check ended as it did, and what each transport answers. Nothing else knows a status. */

/** What a check ends in. There is no boolean and no default: an absent answer is an error. */
export type Outcome = 'allow' | 'deny' | 'error';

/** The error codes of RFC 6750 section 3.1, and of RFC 6749 section 4.1.2.1 for an authorizer that cannot decide. */
export type ErrorCode =
  | 'invalid_request'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'temporarily_unavailable';

interface Row {
  readonly outcome: Outcome;
  readonly httpStatus: number;
  /** A code of google.rpc.Code; only 0 allows. */
  readonly grpcCode: number;
  /** The status that the downstream gets when the check came over gRPC. */
  readonly grpcHttpStatus: number;
  /** The `error` of the WWW-Authenticate challenge; null where the challenge has none. */
  readonly error: ErrorCode | null;
  readonly description: string;
}

const invalidToken = {
  outcome: 'deny',
  httpStatus: 401,
  grpcCode: 16,
  grpcHttpStatus: 401,
  error: 'invalid_token',
} as const;
const forbidden = {
  outcome: 'deny',
  httpStatus: 403,
  grpcCode: 7,
  grpcHttpStatus: 403,
  error: 'insufficient_scope',
} as const;

// Over HTTP a 5xx would reach the downstream as an empty 403, or as an allow where Envoy fails open.
const unable = {
  outcome: 'error',
  httpStatus: 403,
  grpcCode: 14,
  grpcHttpStatus: 503,
  error: 'temporarily_unavailable',
} as const;

/** Every reason a check can end with. */
export const reasons = {
  allowed: {
    outcome: 'allow',
    httpStatus: 200,
    grpcCode: 0,
    grpcHttpStatus: 200,
    error: null,
    description: 'The token is valid and fulfils every requirement of its issuer.',
  },
  token_missing: {
    outcome: 'deny',
    httpStatus: 401,
    grpcCode: 16,
    grpcHttpStatus: 401,
    error: null,
    description: 'There is no authorization header, or it has another scheme than `Bearer`.',
  },
  token_duplicated: {
    outcome: 'deny',
    httpStatus: 401,
    grpcCode: 16,
    grpcHttpStatus: 401,
    error: 'invalid_request',
    description:
      'There is more than one authorization header, or the Bearer value holds a comma, which is how a proxy joins two headers.',
  },
  token_too_large: { ...invalidToken, description: 'The token is longer than `limits.maxTokenSize`.' },
  token_malformed: {
    ...invalidToken,
    description: 'This is not a signed JWT (three parts with dots), or its header uses `crit` or `b64`.',
  },
  algorithm_not_allowed: {
    ...invalidToken,
    description: "The token's `alg` is not one of the issuer's `algorithms`.",
  },
  token_type_not_allowed: {
    ...invalidToken,
    description: "The token's `typ` is not one of the issuer's `tokenTypes`.",
  },
  issuer_unknown: {
    ...invalidToken,
    description: 'The `iss` claim is absent, or is not exactly equal to a configured `issuer`.',
  },
  key_not_found: {
    ...invalidToken,
    description:
      "No published key fits the token's `kid` and `alg`. The keys were fetched again first, where that was allowed. `/readyz` names the keys that are not used, and why.",
  },
  signature_invalid: {
    ...invalidToken,
    description:
      "No published key that fits the token's `kid` and `alg` made its signature; at most four are tried, but all of `publicKeyFiles`. The keys were fetched again first only if the `kid` is unknown.",
  },
  token_expired: { ...invalidToken, description: 'The `exp` claim has passed, `clockTolerance` included.' },
  token_not_yet_valid: {
    ...invalidToken,
    description: 'The `nbf` or `iat` claim is in the future, beyond `clockTolerance`.',
  },
  audience_mismatch: {
    ...invalidToken,
    description: "None of the issuer's `audiences` is in the token's audience claims, or it has none.",
  },
  claim_missing: { ...invalidToken, description: 'The `exp` claim is absent.' },
  claim_invalid: {
    ...invalidToken,
    description:
      'A claim that is looked at has the wrong type or an impossible value, or the e-mail is not verified (`issuers[].email.requireVerified`).',
  },
  token_bound: {
    ...invalidToken,
    description:
      'The token is bound to its client (`cnf`, RFC 7800), and nothing here verifies that: `boundTokens` does not ask for it, or the kind of binding is not known or not configured.',
  },
  proof_invalid: {
    ...invalidToken,
    description:
      'The token is bound to its client (`cnf`), and the client did not prove to be it: no, several, or no good `DPoP` proofs (RFC 9449), or another certificate (RFC 8705). Also a token that is presented as `DPoP` and not bound.',
  },
  token_revoked: { ...invalidToken, description: 'The deny list (`denyList.file`) names the token.' },
  scope_insufficient: {
    ...forbidden,
    description: "The token lacks one of the issuer's `requiredScopes`, or one that the rule requires.",
  },
  claim_not_allowed: {
    ...forbidden,
    description:
      "One of the issuer's `requiredClaims`, its allowed e-mails or groups, the rule's `claims` or its `expression`, is not met.",
  },
  rule_denied: {
    ...forbidden,
    description:
      'The rule that matches refuses, or is for other issuers; or none matches and `noRuleMatches` is `deny`.',
  },
  rule_failed: {
    ...forbidden,
    description:
      "The rule's `expression` could not be evaluated, for example because it names a claim that the token does not have, or it would do more than an expression may ([rules](rules.md)).",
  },
  path_ambiguous: {
    outcome: 'deny',
    httpStatus: 400,
    grpcCode: 3,
    grpcHttpStatus: 400,
    error: 'invalid_request',
    description: 'Rules look at paths, and this one could be read in two ways ([rules](rules.md)).',
  },
  host_ambiguous: {
    outcome: 'deny',
    httpStatus: 400,
    grpcCode: 3,
    grpcHttpStatus: 400,
    error: 'invalid_request',
    description:
      'Rules look at hosts, and this one is not a name or an address in its usual form, came in two lines, or has a port, and the rules would decide differently without it ([rules](rules.md)).',
  },
  request_too_large: {
    outcome: 'deny',
    httpStatus: 413,
    grpcCode: 8,
    grpcHttpStatus: 413,
    error: 'invalid_request',
    description:
      'The check is too large to be read: what a decision reads of it is larger than `limits.maxGrpcMessageSize`, or its body than `limits.maxGrpcBodySize`.',
  },
  keys_unavailable: {
    ...unable,
    description:
      'The issuer has no usable key at all: none could be fetched yet, or the last ones are older than `keys.maxStale`.',
  },
  incumbent_unavailable: {
    ...unable,
    description:
      'The authorizer that still decides (`shadow.authorizer`) gave no answer within `shadow.timeout`.',
  },
  overloaded: {
    ...unable,
    description:
      'More signatures wait to be verified than `limits.maxVerificationsInFlight`, the check took longer than `limits.checkDeadline`, or there is no room to remember a further DPoP proof (`dpop.maxProofs`).',
  },
  internal_error: {
    ...unable,
    description: 'The authorizer itself failed; its log says how. This is a defect: please report it.',
  },
} as const satisfies Readonly<Record<string, Row>>;

/** A reason out of the table. */
export type Reason = keyof typeof reasons;

type ReasonOf<O extends Outcome> = {
  [R in Reason]: (typeof reasons)[R]['outcome'] extends O ? R : never;
}[Reason];

/** A reason to deny. */
export type DenyReason = ReasonOf<'deny'>;

/** A reason for having no answer. */
export type ErrorReason = ReasonOf<'error'>;

/**
 * The errors that `whenUnavailable: error` may leave to Envoy's failure policy. Under a mesh that fails open they become an allow, so a
 * client must not be able to bring about what they tell of. It cannot take an issuer's keys away. While there are none, though, any token
 * that names the issuer ends so: its signature cannot be checked.
 */
export const leftToEnvoy: ReadonlySet<Reason> = new Set<ErrorReason>(['keys_unavailable']);
