/** What whoever looks for the cause of a reason wants to know. Only the documentation reads it: no process loads it. */
import type { Reason } from '../src/model/reasons.ts';

/** The text of one reason; Markdown, from the folder `docs/`. */
export interface ReasonText {
  /** What usually causes it, the most likely one first. */
  readonly causes: readonly string[];
  /** How to see that, beyond the record of the check. */
  readonly look: readonly string[];
  /** What ends it. */
  readonly mend: readonly string[];
  /** The options that it depends on. */
  readonly options: readonly string[];
}

const decodeToken =
  'Decode the token ([how](providers/README.md#look-at-a-token)), or have `check-config FILE --token-file T` judge it.';
const readyz = '`/readyz` on the admin port names the problem of each issuer.';

/** The texts; the compiler asks for one of each reason. */
export const reasonTexts: Readonly<Record<Reason, ReasonText>> = {
  allowed: {
    causes: [
      'The token is good. Or the rule that matches has `allow: anonymous`, and nobody looked at a token.',
    ],
    look: [
      'Set `log.checks: all` to have records of allowed checks too.',
      'A rule with `mode: shadow` allows what it would refuse. In the record, `shadow` is the reason for which it would have been refused.',
    ],
    mend: [
      'If it should be denied, find the cause in [200, but something is wrong](wrong-allow.md#a-request-is-allowed-that-should-be-denied).',
    ],
    options: ['rules', 'log.checks'],
  },
  token_missing: {
    causes: [
      'The client sends no token, or sends it elsewhere: in a cookie, in the query, in another header.',
      'It sends another scheme, such as `Basic`, or the token without the word `Bearer` in front.',
      'Something in front takes the header away: a gateway, another proxy, or an Envoy entry that does not send `authorization` along.',
      'A browser sends a CORS preflight (`OPTIONS`), which never has a token.',
    ],
    look: [
      "Run `curl -v` with the token against the workload, and then against the authorizer's own port 8000. If only the first is refused, the header is lost on the way.",
    ],
    mend: [
      'Have the client send `authorization: Bearer TOKEN`.',
      'Have the entry of the mesh send `authorization` along ([headers](headers.md)).',
      'Let preflights and public paths pass with a rule ([cookbook](rules.md#cookbook)).',
    ],
    options: ['rules', 'dpop.origins'],
  },
  token_duplicated: {
    causes: [
      'Two layers of the client add a token each: a library and an interceptor, or the client and a sidecar.',
      'A proxy in front adds a header of its own instead of replacing the one that is there. It may join the two with a comma.',
    ],
    look: ['Print the request headers of the client, one line each.'],
    mend: ['Send one `authorization` header with one token.'],
    options: [],
  },
  token_too_large: {
    causes: [
      'The token carries a long list: groups, roles, permissions.',
      'The token is not an access token but something larger, such as an encoded SAML assertion.',
    ],
    look: ['Count its characters, and decode it to see which claim is long.'],
    mend: [
      'Have the issuer leave out what is not needed: filter the groups, or use scopes.',
      'Raise `limits.maxTokenSize`, to 64Ki at most. Envoy must take such headers too (`max_request_headers_kb`, 60 by default).',
    ],
    options: ['limits.maxTokenSize'],
  },
  token_malformed: {
    causes: [
      'The token is opaque. Many providers give an opaque access token unless the client asks with an audience, or a setting says JWT.',
      'It is encrypted (five parts instead of three).',
      'It is a refresh token, an API key or a personal access token.',
      'It is cut off, has a line break or quotes in it, or is the whole JSON answer of the token endpoint.',
    ],
    look: ['Count the dots: a signed token has two, and begins with `eyJ`.', decodeToken],
    mend: [
      'Get a signed token: the page of your [provider](providers/README.md) says how.',
      'In a shell, take the token out of the answer with `jq -r .access_token`, which leaves no quotes.',
    ],
    options: [],
  },
  algorithm_not_allowed: {
    causes: [
      'The issuer signs with an algorithm that is not in `algorithms`. RS512 and ES384 must be listed.',
      'The token is signed with a shared secret (HS256): a setting of the client at the issuer, or a refresh token of Keycloak.',
      'The token is not signed at all (`none`).',
    ],
    look: ['Decode the header of the token: `alg`.'],
    mend: [
      'Add the algorithm to `issuers[].algorithms`.',
      'HMAC and `none` cannot be added. Have the issuer sign with a key pair.',
    ],
    options: ['issuers[].algorithms'],
  },
  token_type_not_allowed: {
    causes: [
      'The header says `typ` of a kind that is not an access token or ID token, such as `logout+jwt`, `dpop+jwt` or `okta-internal-at+jwt`.',
      'The claim `events` says that it is a logout token (OpenID Connect Back-Channel Logout 1.0).',
      'The issuer has a type of its own for access tokens.',
    ],
    look: ['Decode the header of the token: `typ`.', 'Decode the claims: `events`.'],
    mend: [
      'Send the access token.',
      "If the issuer's access tokens have that type, add it to `issuers[].tokenTypes`.",
    ],
    options: ['issuers[].tokenTypes'],
  },
  issuer_unknown: {
    causes: [
      '`iss` of the token and `issuer` differ in a detail: a final slash, `http` and `https`, a port, `/v2.0`, `/auth`, the name of a realm or tenant.',
      'The token is from another issuer, another realm, or another environment.',
      'The issuer writes the address that the client used into `iss`, and clients use several.',
      'The token has no `iss`: it is of another product, or hand-made.',
    ],
    look: ['Compare `iss` of the token with `issuer` in `/readyz` letter by letter.', readyz],
    mend: [
      'Write `issuer` exactly as `iss` has it. If the discovery document lies elsewhere, add `discoveryUri`, or `jwksUri`.',
      'To accept several issuers, list each.',
    ],
    options: ['issuers[].issuer', 'issuers[].discoveryUri', 'issuers[].jwksUri'],
  },
  key_not_found: {
    causes: [
      'The issuer has a new key, and its key set cannot be fetched at the moment.',
      'The issuer publishes that key, and it is refused here: too short, of another algorithm, private.',
      'The token was signed with a key that the issuer has withdrawn or lost.',
      'The token was signed by somebody else in the name of the issuer: a test system, or a forger.',
      'The keys of this client are published elsewhere (Entra ID with a signing key of its own).',
    ],
    look: [
      'Compare `kid` of the token with those of the key set: `curl -s JWKS-URI`.',
      readyz,
      'The log says `the issuer publishes keys that are refused`, with the causes; `oidc_authz_issuer_keys_rejected_total` counts them.',
    ],
    mend: [
      'Have the key set fetched: [OidcAuthzKeysStale](runbooks/OidcAuthzKeysStale.md).',
      'Have the issuer publish the key, in a form that is good: [OidcAuthzKeysRejected](runbooks/OidcAuthzKeysRejected.md).',
      'Get a new token.',
    ],
    options: ['issuers[].jwksUri', 'issuers[].algorithms', 'keys.minRefreshInterval', 'keys.refreshInterval'],
  },
  signature_invalid: {
    causes: [
      'The token was changed after it was signed, or is forged.',
      'A test system uses the same `kid` with another key.',
      'The token is for Microsoft Graph: nobody but Graph can verify those.',
      'Something on the way cuts or rewrites the header.',
    ],
    look: [decodeToken, 'Compare the token that the client got with the one that it sends.'],
    mend: [
      'Get a token for this API from the real issuer.',
      'Many of them from few addresses are an attack: limit the rate at the gateway.',
    ],
    options: ['issuers[].jwksUri'],
  },
  token_expired: {
    causes: [
      'The client keeps its token longer than it is good.',
      'A clock is off: of the issuer, or of the node.',
      'A job runs longer than its token lives.',
    ],
    look: ['Decode the token: `exp`, in seconds. `date +%s` is now.'],
    mend: [
      'Have the client get a new token before `exp`.',
      'Put the clock right. `issuers[].clockTolerance` helps until then, up to 2m.',
    ],
    options: ['issuers[].clockTolerance'],
  },
  token_not_yet_valid: {
    causes: ['A clock is off: the one of the issuer runs ahead, or the one of the node is behind.'],
    look: ['Decode the token: `nbf` and `iat`, in seconds. `date +%s` is now.'],
    mend: ['Put the clock right. `issuers[].clockTolerance` helps until then, up to 2m.'],
    options: ['issuers[].clockTolerance'],
  },
  audience_mismatch: {
    causes: [
      'The client asked for a token without saying what for, and got one for the issuer itself or for its default (Keycloak: `account`).',
      'The token is an ID token: its `aud` is the client.',
      'The issuer puts the client into another claim and leaves `aud` out (Cognito: `client_id`).',
      'The token is for another API.',
      '`audiences` is not written as the token has it: `api://…` or not, a final slash.',
    ],
    look: [decodeToken, 'Compare `aud` with `audiences`, letter by letter.'],
    mend: [
      'Have the issuer put your API into `aud`: the page of your [provider](providers/README.md) says where to click.',
      'If there is no `aud`, name the claim in `issuers[].audienceClaims`.',
      'Do not add the audience of another API, and do not set `anyAudience`: whoever receives such a token could use it here.',
    ],
    options: [
      'issuers[].audiences',
      'issuers[].audienceClaims',
      'issuers[].audienceClaimsUsed',
      'issuers[].anyAudience',
    ],
  },
  claim_missing: {
    causes: [
      'The token has no `exp`: it would be good for ever. Hand-made tokens of test systems are like that.',
    ],
    look: [decodeToken],
    mend: ['Have the issuer set `exp`. There is no option to do without.'],
    options: [],
  },
  claim_invalid: {
    causes: [
      '`email.requireVerified` is set, and `email_verified` is `false`.',
      '`exp`, `nbf` or `iat` is a text, or in milliseconds instead of seconds.',
      '`aud`, `iss` or `scope` is a number, an object, or a list with one in it.',
    ],
    look: [decodeToken],
    mend: [
      'Have the e-mail verified at the issuer, or leave `requireVerified` out.',
      'Have the issuer write the claim as RFC 7519 says: times are numbers of seconds.',
    ],
    options: ['issuers[].email.requireVerified', 'issuers[].audienceClaims'],
  },
  token_bound: {
    causes: [
      'The client asked for a DPoP token, or the issuer binds tokens to client certificates, and this service is not set up to verify that.',
      '`boundTokens: verify` is set, and the binding is of another kind than the one that is configured.',
    ],
    look: ['Decode the token: `cnf` has `jkt` (DPoP) or `x5t#S256` (a certificate).'],
    mend: [
      'Set `boundTokens: verify`, with `dpop.origins` or `clientCertificates` ([bound tokens](bound-tokens.md)).',
      'Or have the issuer give out tokens that are not bound.',
    ],
    options: ['issuers[].boundTokens', 'dpop.origins', 'clientCertificates.trustedHops'],
  },
  proof_invalid: {
    causes: [
      'The client sent no `DPoP` header, or the proxy does not send it along in the check.',
      'The proof is for another address or method: `htu` has another host or scheme than `dpop.origins`.',
      'The proof was used before, or is older than `dpop.maxAge`.',
      "The client's certificate is another one, or the proxy that ends TLS does not tell it.",
      'A token that is not bound was sent as `DPoP` instead of `Bearer`.',
    ],
    look: ['Decode the proof in the `dpop` header of the client: `htm`, `htu`, `iat`, `jti`, `ath`.'],
    mend: [
      'List `dpop` or `x-forwarded-client-cert` in the entry of the mesh ([bound tokens](bound-tokens.md)).',
      'List the public origin of the workload in `dpop.origins`.',
      'Make a new proof for each request.',
    ],
    options: [
      'dpop.origins',
      'dpop.maxAge',
      'clientCertificates.trustedHops',
      'clientCertificates.trustedProxyUri',
    ],
  },
  token_revoked: {
    causes: ['The deny list names the token, its subject, its session or its client.'],
    look: ['Look for `jti`, `sub`, `sid` and `client_id` of the token in the file.'],
    mend: [
      'If it is listed by mistake, take the entry out: the service takes the file up by itself ([revocation](revocation.md)).',
    ],
    options: ['denyList.file'],
  },
  scope_insufficient: {
    causes: [
      'The client did not ask for the scope, or the issuer did not grant it.',
      'The issuer puts rights elsewhere: `roles` (Entra ID, for clients without a user), `permissions` (Auth0).',
      'The name has something in front of it: `orders/read` (Cognito), `orders!t1234.read` (XSUAA).',
    ],
    look: [
      'The challenge names the scopes that are asked for: `www-authenticate: … scope="…"`.',
      decodeToken,
    ],
    mend: [
      'Have the client ask for the scope, and the issuer grant it.',
      'Where rights are in another claim, use `requiredClaims` or a rule instead.',
    ],
    options: ['issuers[].requiredScopes', 'rules[].require.scopes'],
  },
  claim_not_allowed: {
    causes: [
      'The user is not in the group, or the e-mail is not in the domain. It works as it should.',
      'The claim is not in the access token: groups and e-mail often are only in the ID token until you add them.',
      'The name or form differs: object ids instead of names, `/buyers` instead of `buyers`, `cognito:groups` instead of `groups`, text `"true"` instead of `true`.',
      'The `expression` of the rule is false.',
    ],
    look: [
      'The record has `rule` where a rule decided. Without it, the requirements of the issuer are not met.',
      decodeToken,
    ],
    mend: [
      'Add the claim to access tokens at the issuer: see the page of your [provider](providers/README.md).',
      'Name the claim in `email.claim` or `groups.claim`, and write values as the token has them.',
    ],
    options: [
      'issuers[].requiredClaims',
      'issuers[].email.allowedDomains',
      'issuers[].email.allowedAddresses',
      'issuers[].groups.claim',
      'issuers[].groups.allowed',
      'rules[].require.claims',
      'rules[].require.expression',
    ],
  },
  rule_denied: {
    causes: [
      'No rule matches this host, path and method, and `noRuleMatches` is `deny`, the default.',
      'The rule that matches says `deny: true`, or is for other issuers.',
      'A rule further up matches first.',
    ],
    look: [
      'The record has `rule` if one decided, and the host and path that were compared. `check-config FILE --test TABLE` tries requests against the rules.',
    ],
    mend: ['Add a rule, or put it further up ([rules](rules.md)).'],
    options: ['rules', 'noRuleMatches', 'rules[].require.issuers'],
  },
  rule_failed: {
    causes: [
      'The `expression` names a claim that this token does not have, or compares values of different types.',
    ],
    look: ['The record names the `rule`.', decodeToken],
    mend: ['Ask for the claim first: `has(claims.tenant) && claims.tenant == "acme"` ([rules](rules.md)).'],
    options: ['rules[].require.expression'],
  },
  path_ambiguous: {
    causes: [
      'A client writes a path with `//`, `/./`, `/../`, `%2f`, a backslash or the like. Scanners do, and so do clients that join addresses carelessly.',
    ],
    look: ['The record has the path as it came.'],
    mend: [
      'Have the client write the path as it is.',
      'Have Envoy normalise paths before the check: `normalize_path`, `merge_slashes` ([Envoy](envoy.md)).',
    ],
    options: ['rules[].match.paths'],
  },
  host_ambiguous: {
    causes: [
      'The host has a port, and the mesh does not route by it (Istio): `hosts.ports` is `exact`.',
      'The host ends with a dot, or is not a name or an address at all. Scanners do that.',
    ],
    look: ['The record has the host as it came.'],
    mend: [
      'Behind Istio or Kyma: `hosts.ports: ignore`. Elsewhere, name the port in a rule.',
      'Have the client write the host as it is.',
    ],
    options: ['hosts.ports', 'rules[].match.hosts'],
  },
  request_too_large: {
    causes: [
      'Over gRPC: the mesh sends bodies along in checks, and this one is larger than `limits.maxGrpcBodySize`.',
      'The headers of the request are very large.',
    ],
    look: [
      'The record often has neither the path nor the request id, because the check was not read to its end: look for the reason `request_too_large`.',
      'The entry of the mesh: `includeRequestBodyInCheck`, or `with_request_body`.',
    ],
    mend: [
      'Do not send bodies along: no decision reads them.',
      'Raise `limits.maxGrpcBodySize` or `limits.maxGrpcMessageSize`.',
    ],
    options: ['limits.maxGrpcMessageSize', 'limits.maxGrpcBodySize'],
  },
  keys_unavailable: {
    causes: [
      'The issuer cannot be reached: DNS, egress (a NetworkPolicy, a firewall, a proxy), or it is down.',
      'Its certificate is not trusted.',
      'Its discovery document is of another issuer than the configured one.',
      'Every key that it publishes is refused.',
      'Meanwhile every token that names the issuer ends so, also one that somebody made up.',
    ],
    look: [
      'With `whenUnavailable: error` the client gets no body, as where this service does not answer at all. The record tells the two apart.',
      readyz,
      'The log has records with `"state"` and `"problem"`.',
    ],
    mend: [
      '[OidcAuthzNoReadyIssuer](runbooks/OidcAuthzNoReadyIssuer.md) has a table of problems and what to do about each.',
    ],
    options: [
      'whenUnavailable',
      'keys.maxStale',
      'keys.timeout',
      'issuers[].caFile',
      'issuers[].httpsProxy',
      'issuers[].discoveryUri',
    ],
  },
  incumbent_unavailable: {
    causes: [
      'The authorizer that `shadow.authorizer` names is down, too slow, or cannot be reached from here.',
    ],
    look: ['The record has `problem`: whom was asked, and why there is no answer.'],
    mend: ['[OidcAuthzIncumbentUnavailable](runbooks/OidcAuthzIncumbentUnavailable.md)'],
    options: ['shadow.authorizer', 'shadow.timeout'],
  },
  overloaded: {
    causes: [
      'More new tokens come than one core can verify: a burst after an outage, clients that get a token per request, or a flood of forged ones.',
      'The pod gets too little CPU: a limit below 1, or a node that is full.',
      'Too many DPoP proofs are remembered.',
    ],
    look: [
      '`rate(oidc_authz_token_cache_lookups_total[5m])` by `result`, the CPU of the pod, and `nodejs_eventloop_lag_p99_seconds`.',
    ],
    mend: [
      'More replicas, `workers`, or CPU ([operations](operations.md#sizing)).',
      '[OidcAuthzErrorBudgetBurnFast](runbooks/OidcAuthzErrorBudgetBurnFast.md), [OidcAuthzProofsWithoutRoom](runbooks/OidcAuthzProofsWithoutRoom.md)',
    ],
    options: ['limits.maxVerificationsInFlight', 'limits.checkDeadline', 'workers', 'dpop.maxProofs'],
  },
  internal_error: {
    causes: ['A defect of this service.'],
    look: ['The log has a record `a check failed` with the error.'],
    mend: ['Roll back to the version before, and report the record. It contains no token.'],
    options: [],
  },
};
