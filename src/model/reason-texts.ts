/** The causes of each reason and how to fix them: for `docs/reasons.md`, `explain` and the console. A check never loads this file. */
import { loginReasonTexts } from './login-reason-texts.ts';
import { decodeToken, type ReasonText, readyz } from './reason-text.ts';
import type { Reason } from './reasons.ts';
import { tokenReasonTexts } from './token-reason-texts.ts';

/** The texts. The compiler requires one for each reason. */
export const reasonTexts: Readonly<Record<Reason, ReasonText>> = {
  ...tokenReasonTexts,
  ...loginReasonTexts,
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
    fix: [
      'Make the address in the detail reachable, or correct the option that the detail names. The service then fetches the keys automatically.',
      'Find the problem in the table of [OidcAuthzNoReadyIssuer](runbooks/OidcAuthzNoReadyIssuer.md).',
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
      'If the CPU is not busy, the limit in the detail is too low: raise it.',
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
