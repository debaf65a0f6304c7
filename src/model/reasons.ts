/** The table of reasons: why a check ends as it does, and the response of each transport. No other file sets a status. */

/** The outcome of a check. It is not a boolean and has no default, so a missing decision is an error. */
export type Outcome = 'allow' | 'deny' | 'error';

/** The error codes of RFC 6750 section 3.1, and that of RFC 6749 section 4.1.2.1 for a check without a decision. */
export type ErrorCode =
  | 'invalid_request'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'temporarily_unavailable';

interface Row {
  readonly outcome: Outcome;
  readonly httpStatus: number;
  /** A code of google.rpc.Code. Only 0 allows the request. */
  readonly grpcCode: number;
  /** The HTTP status that the downstream receives if Envoy checks over gRPC. */
  readonly grpcHttpStatus: number;
  /** The `error` of the WWW-Authenticate challenge; null if the challenge has none. */
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

const signIn = {
  outcome: 'deny',
  httpStatus: 401,
  grpcCode: 16,
  grpcHttpStatus: 401,
  error: null,
} as const;
const loginEnded = {
  outcome: 'deny',
  httpStatus: 403,
  grpcCode: 7,
  grpcHttpStatus: 403,
  error: null,
} as const;

// Envoy turns a 5xx over HTTP into an empty 403, or into an allow if it is configured to fail open.
const unavailable = {
  outcome: 'error',
  httpStatus: 403,
  grpcCode: 14,
  grpcHttpStatus: 503,
  error: 'temporarily_unavailable',
} as const;

/** Every reason with which a check can end. */
export const reasons = {
  allowed: {
    outcome: 'allow',
    httpStatus: 200,
    grpcCode: 0,
    grpcHttpStatus: 200,
    error: null,
    description: 'The token is valid and meets every requirement, or the rule that matches needs no token.',
  },
  token_missing: {
    outcome: 'deny',
    httpStatus: 401,
    grpcCode: 16,
    grpcHttpStatus: 401,
    error: null,
    description: 'The request has no `authorization` header, or its scheme is not `Bearer`.',
  },
  token_duplicated: {
    outcome: 'deny',
    httpStatus: 401,
    grpcCode: 16,
    grpcHttpStatus: 401,
    error: 'invalid_request',
    description:
      'The request has several `authorization` headers. A Bearer value with a comma counts as several, because proxies join headers with a comma.',
  },
  token_too_large: { ...invalidToken, description: 'The token is longer than `limits.maxTokenSize`.' },
  token_malformed: {
    ...invalidToken,
    description:
      'The token is not a signed JWT (three parts separated by dots), or its header uses `crit` or `b64`.',
  },
  algorithm_not_allowed: {
    ...invalidToken,
    description: "The token's `alg` is not in the issuer's `algorithms`.",
  },
  token_type_not_allowed: {
    ...invalidToken,
    description: "The token's `typ` is not in the issuer's `tokenTypes`.",
  },
  issuer_unknown: {
    ...invalidToken,
    description: 'The `iss` claim is absent, or does not exactly equal a configured `issuer`.',
  },
  key_not_found: {
    ...invalidToken,
    description:
      "No key of the issuer matches the token's `kid` and `alg`. If a fetch was allowed, the keys were fetched again first. `/readyz` lists unused keys and why they are not used.",
  },
  signature_invalid: {
    ...invalidToken,
    description:
      "The token's signature is not valid for any of the keys that match its `kid` and `alg`. At most 4 keys are tried, or every key of `publicKeyFiles`. The keys were fetched again only if the `kid` is unknown.",
  },
  token_expired: {
    ...invalidToken,
    description: 'The `exp` claim is in the past by more than `clockTolerance`.',
  },
  token_not_yet_valid: {
    ...invalidToken,
    description: 'The `nbf` or `iat` claim is in the future by more than `clockTolerance`.',
  },
  audience_mismatch: {
    ...invalidToken,
    description:
      "The token has no audience, or none of its audiences is in the issuer's `audiences` or in those of the rule.",
  },
  claim_missing: { ...invalidToken, description: 'The `exp` claim is absent.' },
  claim_invalid: {
    ...invalidToken,
    description:
      'A claim that is checked has the wrong type or an impossible value, or the email address is not verified (`issuers[].email.requireVerified`).',
  },
  token_bound: {
    ...invalidToken,
    description:
      'The token is bound to its client (`cnf`, RFC 7800), and this service cannot verify the binding. Either `boundTokens` is not `verify`, or this kind of binding is not supported or not configured.',
  },
  proof_invalid: {
    ...invalidToken,
    description:
      'The token is bound to its client (`cnf`), and the client did not prove that it is this client. The request does not have exactly one valid `DPoP` proof (RFC 9449), or the client certificate is a different one (RFC 8705). A token without a binding that is sent as `DPoP` also ends with this reason.',
  },
  token_revoked: { ...invalidToken, description: 'The deny list (`denyList`) revokes the token.' },
  scope_insufficient: {
    ...forbidden,
    description: "The token does not have a scope that the issuer's `requiredScopes` or the rule requires.",
  },
  claim_not_allowed: {
    ...forbidden,
    description:
      "The token does not meet the issuer's `requiredClaims`, its allowed email addresses or groups, or the rule's `claims` or `expression`.",
  },
  rule_denied: {
    ...forbidden,
    description:
      'The rule that matches denies the request or requires other issuers. Or no rule matches, and `noRuleMatches` is `deny`.',
  },
  rule_failed: {
    ...forbidden,
    description:
      "The rule's `expression` failed, for example because it reads a claim that the token does not have, or it exceeds the cost limit of expressions.",
  },
  path_ambiguous: {
    outcome: 'deny',
    httpStatus: 400,
    grpcCode: 3,
    grpcHttpStatus: 400,
    error: 'invalid_request',
    description: 'Rules match paths, and servers can read this path in more than one way.',
  },
  host_ambiguous: {
    outcome: 'deny',
    httpStatus: 400,
    grpcCode: 3,
    grpcHttpStatus: 400,
    error: 'invalid_request',
    description:
      'Rules match hosts, and this host is invalid, ends with a dot, or is in two header lines. Or it has a port, and the rules decide differently without the port.',
  },
  login_required: {
    ...signIn,
    description:
      'The rule asks for a login, and the request has neither a token nor a session. A browser that opens a page is sent to log in; any other request gets 401.',
  },
  session_expired: {
    ...signIn,
    description:
      'The session has ended: `sessions.maxAge`, `sessions.idleTimeout`, the end of its tokens, or a sign-out. A browser that opens a page is sent to log in.',
  },
  session_invalid: {
    ...signIn,
    description:
      'The session cookie cannot be opened: it was changed, is incomplete, is there twice, or its key is no longer in `sessions.keysFile`.',
  },
  session_too_large: {
    ...loginEnded,
    description:
      'The session of a finished login does not fit into three cookies. Its claims or tokens are too large.',
  },
  login_failed: {
    ...loginEnded,
    description:
      'A login did not succeed: its answer does not belong to this browser, has expired, or the issuer or the ID token was rejected.',
  },
  login_cancelled: {
    ...loginEnded,
    description: 'The issuer reports that the person or a rule of the issuer canceled the login.',
  },
  login_completed: {
    ...loginEnded,
    description: 'A login succeeded. The browser is sent back to the page that it asked for.',
  },
  signed_out: {
    ...loginEnded,
    description: 'The session was ended by its owner. The browser is sent to the issuer, or gets a page.',
  },
  login_path: {
    outcome: 'deny',
    httpStatus: 404,
    grpcCode: 5,
    grpcHttpStatus: 404,
    error: null,
    description:
      'The path belongs to the login (`login.paths`), and this service answers it itself. The workload never receives it.',
  },
  origin_not_allowed: {
    ...loginEnded,
    description:
      'A session does not allow this request from another origin: the rule has `requireSameOrigin`, or it opens a WebSocket.',
  },
  request_too_large: {
    outcome: 'deny',
    httpStatus: 413,
    grpcCode: 8,
    grpcHttpStatus: 413,
    error: 'invalid_request',
    description:
      'The check request is too large: the fields that a decision needs exceed `limits.maxGrpcMessageSize`, or the body exceeds `limits.maxGrpcBodySize`.',
  },
  keys_unavailable: {
    ...unavailable,
    description:
      'The issuer has no usable key: no fetch has succeeded yet, or the keys are older than `keys.maxStale`.',
  },
  sessions_unavailable: {
    ...unavailable,
    description: 'The store of the sessions is away, and the session is not in the cache of this process.',
  },
  proofs_unavailable: {
    ...unavailable,
    description: 'The store of the used DPoP proofs is away, so nothing shows that the proof is new.',
  },
  login_unavailable: {
    ...unavailable,
    description:
      'A login or the refresh of a session could not finish, because the issuer did not answer, or answered with an error that is not about the person.',
  },
  incumbent_unavailable: {
    ...unavailable,
    description:
      'The incumbent (the authorizer that decides while `shadow.authorizer` is set) did not answer within `shadow.timeout`.',
  },
  overloaded: {
    ...unavailable,
    description:
      'More than `limits.maxVerificationsInFlight` signatures wait for verification, or the check took longer than `limits.checkDeadline`, or the store of DPoP proofs is full (`dpop.maxProofs`).',
  },
  internal_error: {
    ...unavailable,
    description: 'The authorizer failed. This is a bug: report it with the log record `a check failed`.',
  },
} as const satisfies Readonly<Record<string, Row>>;

/** A reason in the table. */
export type Reason = keyof typeof reasons;

type ReasonOf<O extends Outcome> = {
  [R in Reason]: (typeof reasons)[R]['outcome'] extends O ? R : never;
}[Reason];

/** A reason to deny. */
export type DenyReason = ReasonOf<'deny'>;

/** A reason why there is no decision. */
export type ErrorReason = ReasonOf<'error'>;

/**
 * The errors that `whenUnavailable: error` leaves to Envoy's failure mode. If Envoy fails open, such an error becomes an allow, so a
 * client must not be able to cause it. A client cannot remove an issuer's keys. While an issuer has no keys, however, any token that
 * names this issuer ends with this error, because no signature can be verified.
 */
export const leftToEnvoy: ReadonlySet<Reason> = new Set<ErrorReason>(['keys_unavailable']);
