/** The causes and fixes of an allow, and of denials because of the token itself. */
import { decodeToken, type ReasonText, readyz } from './reason-text.ts';

/** The texts by reason. */
export const tokenReasonTexts = {
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
      'A person opens a page, but the rule does not count sessions, or the host is not in `login.hosts`: see [a login does not work](login-troubleshoot.md#the-page-does-not-ask-for-a-login).',
    ],
    look: [
      'Run `curl -v` with the token against the workload, and then against port 8000 of the authorizer. If only the first request is denied, the header is lost on the way.',
    ],
    fix: [
      'Send `authorization: Bearer TOKEN` from the client.',
      'Include `authorization` in the check: see [headers](headers.md#what-the-mesh-must-list).',
      'Allow preflights and public paths with a rule: see the [cookbook](rules.md#cookbook).',
      'To send browsers to log in, add the host to `login.hosts`, and let the rule count sessions (`login`, `require.login`): see [log in](login.md#3-choose-who-is-sent-to-log-in).',
    ],
    options: ['rules', 'dpop.origins', 'login.hosts', 'rules[].login', 'rules[].require.login'],
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
      'The issuer signs with a new key that it does not publish yet.',
      'The issuer publishes a new key, and its key set cannot be fetched now. The detail then has the problem.',
      'The issuer publishes the key, but this service rejects it: it is too short, for another algorithm, or a private key.',
      'The token was signed with a key that the issuer has removed or lost. If this service had the key, the detail says since when it is gone.',
      'The token is from a test system that uses the same `iss`, or it is forged.',
      'The issuer publishes the keys for this client at another address (Entra ID with a custom signing key).',
    ],
    look: [
      'Compare the `kid` of the token with those in the key set: `curl -s JWKS-URI`.',
      readyz,
      'Search the log for `the issuer publishes keys that are rejected`: the record has the causes. `oidc_authz_issuer_keys_rejected_total` counts these keys.',
    ],
    fix: [
      'Publish the new key at the issuer before it signs tokens. The service then fetches it automatically.',
      'If the detail says that the key is no longer in the key set, get a new token.',
      'Make the key set reachable again: [OidcAuthzKeysStale](runbooks/OidcAuthzKeysStale.md).',
      'Publish a usable key at the issuer: [OidcAuthzKeysRejected](runbooks/OidcAuthzKeysRejected.md).',
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
      'If a clock may be wrong, run `doctor --config FILE --live --admin URL`: it compares the clock of the service with that of the issuer.',
      'Correct the clock. Until then, raise `issuers[].clockTolerance`, to at most 2m.',
    ],
    options: ['issuers[].clockTolerance'],
  },
  token_not_yet_valid: {
    causes: ["The issuer's clock is ahead, or the node's clock is behind."],
    look: ['Decode the token and compare `nbf` and `iat` (seconds) with `date +%s`.'],
    fix: [
      'Run `doctor --config FILE --live --admin URL`: it compares the clock of the service with that of the issuer.',
      'Correct the clock. Until then, raise `issuers[].clockTolerance`, to at most 2m.',
    ],
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
    look: [
      'Read `detail` in the log record: it names the entry of the file, or the ID of an entry in the store.',
      'Search the file for the `jti`, `sub`, `sid` and `client_id` of the token. `oidc-authz revoke --list` prints the entries in the store.',
    ],
    fix: [
      'If the entry is a mistake, remove it. The service reloads the file automatically: see [revocation](revocation.md).',
      'If `oidc-authz revoke` added the entry to the store, run `oidc-authz revoke --lift ID`.',
    ],
    options: ['denyList.file', 'denyList.store'],
  },
} as const satisfies Readonly<Record<string, ReasonText>>;
