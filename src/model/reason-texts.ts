/** The causes of each reason and how to fix them: for `docs/reasons.md`, `explain` and the console. A check never loads this file. */
import type { Reason } from './reasons.ts';

/** The text of one reason: Markdown, with links relative to `docs/`. */
export interface ReasonText {
  /** The usual causes, the most likely one first. */
  readonly causes: readonly string[];
  /** How to confirm the cause, in addition to the log record of the check. */
  readonly look: readonly string[];
  readonly fix: readonly string[];
  /** The options that affect this reason. */
  readonly options: readonly string[];
}

const decodeToken =
  'Decode the token ([how](providers/README.md#look-at-a-token)), or run `check-config FILE --token-file T`.';
const readyz = 'Look at `/readyz` on the admin port: it lists the problem of each issuer.';

/** The texts. The compiler requires one for each reason. */
export const reasonTexts: Readonly<Record<Reason, ReasonText>> = {
  allowed: {
    causes: [
      'The token is valid and meets every requirement.',
      'The rule that matches has `allow: anonymous`. It needs no token.',
      'The rule that matches has `mode: shadow`. It allows every request. The record field `shadow` has the reason why the request would be denied.',
    ],
    look: ['Set `log.checks: all` to log allowed checks too.'],
    fix: [
      'If the request should be denied, follow [this list](wrong-allow.md#the-authorizer-allows-a-request-that-it-should-deny).',
    ],
    options: ['rules', 'log.checks'],
  },
  token_missing: {
    causes: [
      'The client sends no token, or sends it in another place: a cookie, the query or another header.',
      'The client uses another scheme, such as `Basic`, or leaves out the word `Bearer`.',
      'A gateway or another proxy removes the header, or the Envoy configuration does not include `authorization` in the check.',
      'A browser sends a CORS preflight (`OPTIONS`). A preflight never has a token.',
    ],
    look: [
      'Run `curl -v` with the token against the workload, and then against port 8000 of the authorizer. If only the first request is denied, the header is lost on the way.',
    ],
    fix: [
      'Send `authorization: Bearer TOKEN` from the client.',
      'Include `authorization` in the check: see [headers](headers.md#what-the-mesh-must-list).',
      'Allow preflights and public paths with a rule: see the [cookbook](rules.md#cookbook).',
    ],
    options: ['rules', 'dpop.origins'],
  },
  token_duplicated: {
    causes: [
      'Two layers of the client add a token each: a library and an interceptor, or the client and a sidecar.',
      'A proxy adds its own header and does not replace the existing one. It may join the two with a comma.',
    ],
    look: ['Print the request headers of the client, one per line.'],
    fix: ['Send one `authorization` header with one token.'],
    options: [],
  },
  token_too_large: {
    causes: [
      'The token has a long list of groups, roles or permissions.',
      'The token is not an access token but a larger credential, such as an encoded SAML assertion.',
    ],
    look: ['Count the characters of the token. Decode it to find the long claim.'],
    fix: [
      'Remove unneeded claims at the issuer: filter the groups, or use scopes.',
      'Raise `limits.maxTokenSize`, to at most 64Ki. Envoy must accept such headers too (`max_request_headers_kb`, default 60).',
    ],
    options: ['limits.maxTokenSize'],
  },
  token_malformed: {
    causes: [
      'The token is opaque. Many providers issue opaque access tokens unless the client requests an audience, or a setting selects JWT.',
      'The token is encrypted. It has five parts instead of three.',
      'The token is a refresh token, an API key or a personal access token.',
      'The token is truncated, contains a line break or quotes, or is the whole JSON response of the token endpoint.',
    ],
    look: ['Count the dots. A signed token has two dots and starts with `eyJ`.', decodeToken],
    fix: [
      'Get a signed token: see the page of your [provider](providers/README.md).',
      'In a shell, extract the token with `jq -r .access_token`. The `-r` removes the quotes.',
    ],
    options: [],
  },
  algorithm_not_allowed: {
    causes: [
      'The issuer signs with an algorithm that is not in `algorithms`. RS512 and ES384, for example, are not in the default list.',
      'The token is signed with a shared secret (HS256). The cause is a client setting at the issuer, or the token is a refresh token of Keycloak.',
      'The token is not signed (`none`).',
    ],
    look: ["Decode the token's header and read `alg`."],
    fix: [
      'Add the algorithm to `issuers[].algorithms`.',
      'HMAC algorithms and `none` are never allowed. Configure the issuer to sign with a key pair.',
    ],
    options: ['issuers[].algorithms'],
  },
  token_type_not_allowed: {
    causes: [
      "The header's `typ` is not that of an access token or ID token, but for example `logout+jwt`, `dpop+jwt` or `okta-internal-at+jwt`.",
      'The `events` claim marks the token as a logout token (OpenID Connect Back-Channel Logout 1.0).',
      'The issuer uses its own `typ` for access tokens.',
    ],
    look: ["Decode the token's header and read `typ`.", "Decode the token's claims and read `events`."],
    fix: [
      'Send the access token.',
      "If the issuer's access tokens have this type, add it to `issuers[].tokenTypes`.",
    ],
    options: ['issuers[].tokenTypes'],
  },
  issuer_unknown: {
    causes: [
      'The `iss` of the token differs from the configured `issuer` in a detail: a final slash, `http` instead of `https`, a port, `/v2.0`, `/auth`, a realm or a tenant.',
      'The token is from another issuer, realm or environment.',
      'The issuer copies the address that the client used into `iss`, and clients use several addresses.',
      'The token has no `iss`, because it was made by hand or by another product.',
    ],
    look: ['Compare `iss` of the token with `issuer` in `/readyz`, character by character.', readyz],
    fix: [
      'Write `issuer` exactly as in `iss`. If the discovery document has another address, set `discoveryUri` or `jwksUri`.',
      'To accept several issuers, add an entry for each.',
    ],
    options: ['issuers[].issuer', 'issuers[].discoveryUri', 'issuers[].jwksUri'],
  },
  key_not_found: {
    causes: [
      'The issuer has a new key, and its key set cannot be fetched now.',
      'The issuer publishes the key, but this service rejects it: it is too short, for another algorithm, or a private key.',
      'The token was signed with a key that the issuer has removed or lost.',
      'The token is from a test system that uses the same `iss`, or it is forged.',
      'The issuer publishes the keys for this client at another address (Entra ID with a custom signing key).',
    ],
    look: [
      'Compare the `kid` of the token with those in the key set: `curl -s JWKS-URI`.',
      readyz,
      'Search the log for `the issuer publishes keys that are rejected`: the record has the causes. `oidc_authz_issuer_keys_rejected_total` counts these keys.',
    ],
    fix: [
      'Make the key set reachable again: [OidcAuthzKeysStale](runbooks/OidcAuthzKeysStale.md).',
      'Publish a usable key at the issuer: [OidcAuthzKeysRejected](runbooks/OidcAuthzKeysRejected.md).',
      'Get a new token.',
    ],
    options: ['issuers[].jwksUri', 'issuers[].algorithms', 'keys.minRefreshInterval', 'keys.refreshInterval'],
  },
  signature_invalid: {
    causes: [
      'The token was changed after it was signed, or it is forged.',
      'A test system uses the same `kid` with another key.',
      'The token is for Microsoft Graph. Only Graph can verify these tokens.',
      'A proxy truncates or rewrites the header.',
    ],
    look: [decodeToken, 'Compare the token that the client received with the one that it sends.'],
    fix: [
      'Get a token for this API from the configured issuer.',
      'Many such tokens from few addresses are an attack: limit the request rate at the gateway.',
    ],
    options: ['issuers[].jwksUri'],
  },
  token_expired: {
    causes: [
      'The client uses its token after it has expired.',
      'The clock of the issuer or of the node is wrong.',
      'A job runs longer than its token is valid.',
    ],
    look: ['Decode the token and compare `exp` (seconds) with `date +%s`.'],
    fix: [
      'Get a new token before `exp`.',
      'Correct the clock. Until then, raise `issuers[].clockTolerance`, to at most 2m.',
    ],
    options: ['issuers[].clockTolerance'],
  },
  token_not_yet_valid: {
    causes: ["The issuer's clock is ahead, or the node's clock is behind."],
    look: ['Decode the token and compare `nbf` and `iat` (seconds) with `date +%s`.'],
    fix: ['Correct the clock. Until then, raise `issuers[].clockTolerance`, to at most 2m.'],
    options: ['issuers[].clockTolerance'],
  },
  audience_mismatch: {
    causes: [
      'The client requested no audience, and the issuer used its default, such as the issuer itself or `account` (Keycloak).',
      'The token is an ID token. Its `aud` is the client.',
      'The issuer writes the client into another claim and leaves out `aud` (Cognito: `client_id`).',
      'The token is for another API.',
      "The spelling in `audiences` differs from the token's: `api://…`, or a final slash.",
    ],
    look: [decodeToken, 'Compare `aud` with `audiences`, character by character.'],
    fix: [
      'Configure the issuer to write your API into `aud`: see the page of your [provider](providers/README.md).',
      'If the token has no `aud`, set the claim in `issuers[].audienceClaims`.',
      'Do not add the audience of another API, and do not set `anyAudience`. Every recipient of such a token could use it here.',
    ],
    options: [
      'issuers[].audiences',
      'issuers[].audienceClaims',
      'issuers[].audienceClaimsUsed',
      'issuers[].anyAudience',
    ],
  },
  claim_missing: {
    causes: ['The token has no `exp`, so it would never expire. Some test systems make such tokens.'],
    look: [decodeToken],
    fix: ['Configure the issuer to set `exp`. No option makes it optional.'],
    options: [],
  },
  claim_invalid: {
    causes: [
      '`email.requireVerified` is set, and `email_verified` is `false`.',
      '`exp`, `nbf` or `iat` is a string, or is in milliseconds instead of seconds.',
      '`aud`, `iss` or `scope` is a number or an object, or a list that contains one.',
    ],
    look: [decodeToken],
    fix: [
      'Verify the email address at the issuer, or remove `requireVerified`.',
      'Configure the issuer to write the claim as RFC 7519 requires: a time is a number of seconds.',
    ],
    options: ['issuers[].email.requireVerified', 'issuers[].audienceClaims'],
  },
  token_bound: {
    causes: [
      'The token is bound to a DPoP key or a client certificate, and this service is not configured to verify that.',
      '`boundTokens: verify` is set, but the token has another kind of binding than the configured one.',
    ],
    look: ['Decode the token: `cnf` contains `jkt` (DPoP) or `x5t#S256` (client certificate).'],
    fix: [
      'Set `boundTokens: verify`, with `dpop.origins` or `clientCertificates`: see [bound tokens](bound-tokens.md).',
      'Or configure the issuer to issue tokens without a binding.',
    ],
    options: ['issuers[].boundTokens', 'dpop.origins', 'clientCertificates.trustedHops'],
  },
  proof_invalid: {
    causes: [
      'The client sends no `DPoP` header, or Envoy does not include this header in the check.',
      'The proof is for another address or method. For example, `htu` has a host or scheme that is not in `dpop.origins`.',
      'The proof was already used, or is older than `dpop.maxAge`.',
      'The client uses another certificate, or the proxy that terminates TLS does not forward the certificate.',
      'The client sends a token without a binding as `DPoP` instead of `Bearer`.',
    ],
    look: ["Decode the proof in the client's `dpop` header: `htm`, `htu`, `iat`, `jti`, `ath`."],
    fix: [
      'Include `dpop` or `x-forwarded-client-cert` in the check: see [bound tokens](bound-tokens.md).',
      'Add the public origin of the workload to `dpop.origins`.',
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
    causes: ["The deny list contains the token, or the token's subject, session or client."],
    look: ['Search the file for the `jti`, `sub`, `sid` and `client_id` of the token.'],
    fix: [
      'If the entry is a mistake, remove it. The service reloads the file automatically: see [revocation](revocation.md).',
    ],
    options: ['denyList.file'],
  },
  scope_insufficient: {
    causes: [
      'The client did not request the scope, or the issuer did not grant it.',
      'The issuer uses another claim for permissions: `roles` (Entra ID, for clients without a user) or `permissions` (Auth0).',
      'The scope has a prefix: `orders/read` (Cognito), `orders!t1234.read` (XSUAA).',
    ],
    look: ['Read the required scopes in the challenge: `www-authenticate: … scope="…"`.', decodeToken],
    fix: [
      'Request the scope in the client, and grant it at the issuer.',
      'If permissions are in another claim, use `requiredClaims` or a rule.',
    ],
    options: ['issuers[].requiredScopes', 'rules[].require.scopes'],
  },
  claim_not_allowed: {
    causes: [
      'The user is not in the group, or the email address is not in the domain. This is the intended result.',
      'The access token does not have the claim. Many issuers add groups and the email address only to the ID token by default.',
      'The name or format differs: object IDs instead of names, `/buyers` instead of `buyers`, `cognito:groups` instead of `groups`, the string `"true"` instead of `true`.',
      'The `expression` of the rule is false.',
    ],
    look: [
      'Look for `rule` in the log record. If it is absent, the token does not meet the requirements of the issuer.',
      decodeToken,
    ],
    fix: [
      'Add the claim to access tokens at the issuer: see the page of your [provider](providers/README.md).',
      'Set the claim in `email.claim` or `groups.claim`, and write the values as in the token.',
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
      'The rule that matches has `deny: true`, or requires other issuers.',
      'An earlier rule in the list matches first.',
    ],
    look: [
      'Look at the log record: it has the host, the path and, if a rule decided, `rule`.',
      'Run `check-config FILE --test TABLE` to test requests against the rules.',
    ],
    fix: ['Add a rule, or move it up in the list: see [rules](rules.md).'],
    options: ['rules', 'noRuleMatches', 'rules[].require.issuers'],
  },
  rule_failed: {
    causes: [
      'The `expression` reads a claim that this token does not have, or compares values of different types.',
    ],
    look: ['Look for `rule` in the log record.', decodeToken],
    fix: [
      'Test whether the claim exists first: `has(claims.tenant) && claims.tenant == "acme"`. See [expressions](expressions.md#variables).',
      'Simplify the expression, if it exceeds a [cost limit](expressions.md#cost-limits).',
    ],
    options: ['rules[].require.expression'],
  },
  path_ambiguous: {
    causes: [
      'The path contains `//`, `/./`, `/../`, `%2f`, a backslash or similar. Scanners send such paths, and so do clients that join addresses incorrectly.',
    ],
    look: ['Look at `path` in the log record. It is as received.'],
    fix: [
      'Correct the path in the client. [Paths](paths-and-hosts.md#paths) lists the ambiguous ones.',
      'Configure Envoy to normalize paths before the check (`normalize_path`, `merge_slashes`): see [Envoy](envoy.md#required-settings).',
    ],
    options: ['rules[].match.paths'],
  },
  host_ambiguous: {
    causes: [
      'The host has a port, `hosts.ports` is `exact`, and the mesh ignores the port when it routes, as Istio does.',
      'The host ends with a dot, or is not a valid name or address. Scanners send such hosts.',
    ],
    look: ['Look at `host` in the log record. It is as received.'],
    fix: [
      'Behind Istio or Kyma, set `hosts.ports: ignore`. Behind other proxies, add the host with its port to a rule.',
      'Correct the host in the client. [Hosts](paths-and-hosts.md#hosts) lists the ambiguous ones.',
    ],
    options: ['hosts.ports', 'rules[].match.hosts'],
  },
  request_too_large: {
    causes: [
      'Envoy includes request bodies in gRPC checks, and this body is larger than `limits.maxGrpcBodySize`.',
      'The request headers are very large.',
    ],
    look: [
      'Search the log for the reason `request_too_large`. Many of these records have neither the path nor the request ID, because the check request was not read to its end.',
      'Look for `includeRequestBodyInCheck` (Istio) or `with_request_body` (Envoy) in the configuration of the check.',
    ],
    fix: [
      'Do not include bodies in checks. No decision uses them.',
      'Raise `limits.maxGrpcBodySize` or `limits.maxGrpcMessageSize`.',
    ],
    options: ['limits.maxGrpcMessageSize', 'limits.maxGrpcBodySize'],
  },
  keys_unavailable: {
    causes: [
      'The issuer cannot be reached because of DNS, egress rules (a NetworkPolicy, a firewall or a proxy) or an outage.',
      "The issuer's certificate is not trusted.",
      'The discovery document is for another issuer than the configured one.',
      'Every key that the issuer publishes is rejected.',
    ],
    look: [
      readyz,
      'Search the log for records with `"state"` and `"problem"`.',
      'While an issuer has no keys, every token that names it ends with this reason, even a forged one.',
      'With `whenUnavailable: error` the client gets a response without a body, the same as when this service does not answer. Only the log record shows the difference.',
    ],
    fix: ['Find the problem in the table of [OidcAuthzNoReadyIssuer](runbooks/OidcAuthzNoReadyIssuer.md).'],
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
    causes: ['The incumbent (`shadow.authorizer`) is down, too slow, or not reachable from this pod.'],
    look: ['Look at `problem` in the log record: it has the address and the error.'],
    fix: ['Follow [OidcAuthzIncumbentUnavailable](runbooks/OidcAuthzIncumbentUnavailable.md).'],
    options: ['shadow.authorizer', 'shadow.timeout'],
  },
  overloaded: {
    causes: [
      'More new tokens arrive than the CPU can verify: many clients return after an outage, clients get a token for each request, or an attacker sends forged tokens.',
      'The pod has too little CPU: its limit is below 1, or the node is full.',
      'The store of used DPoP proofs is full.',
    ],
    look: [
      'Look at `rate(oidc_authz_token_cache_lookups_total[5m])` by `result`, the CPU of the pod, and `nodejs_eventloop_lag_p99_seconds`.',
    ],
    fix: [
      'Add replicas, `workers` or CPU: see [sizing](sizing.md).',
      'Follow [OidcAuthzErrorBudgetBurnFast](runbooks/OidcAuthzErrorBudgetBurnFast.md) or, for DPoP proofs, [OidcAuthzProofsWithoutRoom](runbooks/OidcAuthzProofsWithoutRoom.md).',
    ],
    options: ['limits.maxVerificationsInFlight', 'limits.checkDeadline', 'workers', 'dpop.maxProofs'],
  },
  internal_error: {
    causes: ['A bug in this service.'],
    look: ['Search the log for `a check failed`. The record has the error.'],
    fix: ['Roll back to the previous version, and report the record. It contains no token.'],
    options: [],
  },
};
