/** The general result for each flag of oauth2-proxy. The report and the docs use this table. */
import type { Verdict } from '../../finding.ts';

/** The result for a flag, unless its value makes a difference. */
export interface FlagVerdict {
  readonly flag: string;
  readonly verdict: Verdict;
  /** The reason, in the form of `Finding.text`. */
  readonly text: string;
}

/** The text of a flag that only affects logins. The command converts none; an option of a login replaces the flag, or nothing does. */
function ofLogin(instead: string): string {
  return `the converted configuration has no login; if you add one, ${instead} (docs/migrating-logins.md)`;
}

/** For each verdict: the flags, separated by spaces, and the text. */
const rows: Readonly<Record<Verdict, Readonly<Record<string, string>>>> = {
  kept: {
    'oidc-issuer-url': '`issuers[0].issuer`, compared byte for byte',
    'client-id': '`issuers[0].audiences`: the audience that tokens must have, not a secret',
    'oidc-extra-audience': '`issuers[].audiences` of every issuer, in addition to the others',
    'oidc-audience-claim':
      '`issuers[].audienceClaims`, with `audienceClaimsUsed: first` if there are several; refused if a name contains a dot',
    'skip-oidc-discovery': '`issuers[0].jwksUri` or `publicKeyFiles`, which replace discovery',
    'oidc-jwks-url': '`issuers[0].jwksUri`, if discovery is skipped',
    'oidc-public-key-file': '`issuers[0].publicKeyFiles`, if discovery is skipped',
    'oidc-enabled-signing-alg': '`issuers[0].algorithms`; HMAC algorithms such as HS256 are refused',
    'provider-ca-file': '`issuers[].caFile`',
    'use-system-trust-store': '`issuers[].trustSystemCas`',
    'skip-jwt-bearer-tokens':
      'the normal behavior: a valid bearer token is allowed; refused if the flag is off',
    'oidc-email-claim user-id-claim':
      '`issuers[].email.claim`, or `sub` if the token does not have that claim',
    'insecure-oidc-allow-unverified-email': '`issuers[].email.requireVerified: false`',
    'email-domain': '`issuers[].email.allowedDomains`; no restriction with `*`',
    'authenticated-emails-file':
      '`issuers[].email.allowedAddresses`; refused if only the path of the file is known',
    'oidc-groups-claim':
      '`issuers[].groups.claim` of every issuer; refused if it contains a dot, with `extra-jwt-issuers` or azure, because their tokens could have a claim at that path',
    'allowed-group': '`issuers[].groups.allowed` of every issuer',
    'allowed-role':
      '`issuers[].groups.allowed` as `role:NAME`, with provider keycloak-oidc; other providers ignore it',
    'gitlab-group': '`issuers[].groups.allowed`, with provider gitlab; other providers ignore it',
    'skip-auth-route skip-auth-regex':
      '`rules`, if path patterns can express it; other paths still need a token',
    'skip-auth-preflight': 'the rule `preflight`, and `allowPreflight` in the rules that require a token',
    'trusted-ip':
      'the rule `trusted-addresses`, if `trusted-proxy-ip` says which proxies may set the address',
    'trusted-proxy-ip': '`clientAddress.trustedProxies`',
    'real-client-ip-header': '`clientAddress.header`, if it is X-Forwarded-For or X-Envoy-External-Address',
    'set-xauthrequest':
      '`outputClaimToHeaders` with the same names; `identityHeaders: remove` if the flag is off',
    'pass-access-token': '`outputTokenToHeader: x-auth-request-access-token`, with `set-xauthrequest`',
    'set-authorization-header': '`setAuthorizationHeader: true`',
    upstream: 'the normal behavior for `static://200`; other values are refused',
    'request-logging auth-logging': '`log.checks`',
    'standard-logging': '`log.level: info`, the default',
    'exclude-logging-path': '`log.excludePaths`',
    'request-id-header': '`log.requestIdHeader`',
    'http-address https-address': '`http.host` and `http.port`; with `--output values` the chart sets them',
    'tls-cert-file': '`http.tls.certFile`',
    'tls-key-file': '`http.tls.keyFile`',
    'tls-min-version': '`http.tls.minVersion`',
    'tls-cipher-suite': '`http.tls.cipherSuites`',
    'metrics-address metrics-secure-address': '`admin.host` and `admin.port`',
    'metrics-tls-cert-file': '`admin.tls.certFile`',
    'metrics-tls-key-file': '`admin.tls.keyFile`',
    'force-json-errors':
      'the normal behavior: a denial has a JSON body, and no client is sent to a login page',
    'config alpha-config': 'a further input, if you pass the file',
  },
  changed: {
    'extra-jwt-issuers':
      'they become further `issuers`, or further audiences of a configured issuer; claims of a wrong type, for which oauth2-proxy answers 401, are read or left out',
    'ssl-insecure-skip-verify':
      'the certificate of the issuer is always verified; set its CA in `issuers[].caFile`',
    'insecure-oidc-skip-issuer-verification': '`iss` is always compared; with Entra ID, list the tenants',
    'entra-id-allowed-tenant':
      'oauth2-proxy does not check it for bearer tokens, and oidc-authz does: configure one issuer for each tenant, or `requiredClaims.tid`',
    'bearer-token-login-fallback':
      'an invalid token gets 401 with a challenge; for 403 set `compat: oauth2-proxy` and `compatInvalidTokenStatus: 403`',
    'proxy-prefix':
      'oauth2-proxy answers the paths below it, such as /robots.txt, without a token; oidc-authz requires a token, as for all paths; for a login, `login.paths.prefix` replaces it (docs/migrating-logins.md)',
    'ping-path ready-path gcp-healthchecks':
      'oauth2-proxy answers it on the port of the checks, without a token; oidc-authz reports health only at `/livez` and `/readyz` of `admin`',
    'request-logging-format auth-logging-format standard-logging-format':
      'every record is one line of JSON with fixed field names',
    'logging-local-time': 'times are in UTC',
    'logging-filename logging-max-size logging-max-age logging-max-backups logging-compress':
      'records go to standard output; your log collector stores them',
  },
  refused: {
    'github-org github-team github-repo github-user gitlab-project google-group bitbucket-team bitbucket-workspace bitbucket-repository keycloak-group':
      'oidc-authz never asks the provider about a user; require a group or a claim of the token instead',
    'htpasswd-file htpasswd-user-group':
      'oidc-authz checks no passwords, so users with a password are no longer allowed',
    'force-https':
      'it redirects plain HTTP to https, and oidc-authz sends no redirects; configure the redirect at the gateway',
    'set-basic-auth':
      'oidc-authz makes no Basic credentials; without this flag, the workload gets the token of the client',
    'redirect-url':
      'browsers log in at this URL, and the converted configuration has no login; add one (docs/migrating-logins.md); it has no meaning if `force-json-errors` is on',
  },
  meaningless: {
    provider:
      'the bearer tokens of all providers are verified in the same way; with azure, claims can have more types. A provider that does not verify bearer tokens is refused',
    'reverse-proxy': 'Envoy reports the method, the host and the path, and no header changes them',
    'api-route':
      'a denial has a JSON body on every path; if you add a login, write a rule with `login: never` for these paths (docs/migrating-logins.md)',
    'allow-query-semicolons': 'the query of a request is ignored',
    'ping-user-agent': 'health is on another port',
    'pass-user-headers pass-basic-auth':
      'it changes only the request from oauth2-proxy to its own upstream; if a workload reads X-Forwarded-User, -Email, -Groups or -Preferred-Username, list them in `outputClaimToHeaders`',
    'pass-authorization-header':
      'it changes only the request from oauth2-proxy to its own upstream; the `authorization` header of the client reaches the workload anyway',
    'pass-host-header skip-auth-strip-headers prefer-email-to-user':
      'it changes only the request from oauth2-proxy to its own upstream',
    'basic-auth-password':
      'it is a secret for Basic credentials, which oidc-authz does not create; delete it',
    'signature-key': 'oauth2-proxy signs requests to its own upstream with this secret; delete it',
    'flush-interval upstream-timeout proxy-websockets ssl-upstream-insecure-skip-verify disable-keep-alives':
      'oidc-authz forwards no requests: Envoy sends the request to the workload',
    'silence-ping-logging': 'health requests are not logged',
    'errors-to-info-log': 'all records go to standard output',
    scope:
      'oauth2-proxy only requests it at a login, and never requires it in a token; to require scopes, set `requiredScopes`; a login requests `issuers[].login.scopes` (docs/migrating-logins.md)',
    'login-url': `${ofLogin('`issuers[].login.authorizationEndpoint` replaces it, only with `jwksUri`')}; with discovery oauth2-proxy ignores it, also with \`static://401\``,
    'redeem-url': ofLogin('`issuers[].login.tokenEndpoint` replaces it, only with `jwksUri`'),
    resource: ofLogin('`issuers[].login.resources` replaces it'),
    'prompt acr-values': ofLogin('`issuers[].login.parameters` replaces it'),
    'relative-redirect-url': ofLogin('`login.hosts` and `login.paths.callback` replace it'),
    'whitelist-domain': ofLogin('`login.hosts` replaces it'),
    'provider-display-name': ofLogin('`issuers[].login.label` replaces it'),
    'entra-id-federated-token-auth': ofLogin('`issuers[].login.clientAssertionFile` replaces it'),
    'code-challenge-method force-code-challenge-method': ofLogin('it always uses S256'),
    'insecure-oidc-skip-nonce': ofLogin('its nonce is never skipped'),
    'backend-logout-url': ofLogin('the sign-out uses the end session endpoint of the issuer'),
    'profile-url validate-url pubjwk-url auth-request-response-mode approval-prompt encode-state':
      ofLogin('nothing replaces it'),
    'skip-claims-from-profile-url skip-provider-button azure-tenant azure-graph-group-field':
      ofLogin('nothing replaces it'),
    'google-admin-email google-service-account-json google-use-application-default-credentials google-target-principal google-use-organization-id google-admin-api-user-scope':
      'oidc-authz makes no requests to Google; delete these credentials',
    'client-secret client-secret-file': `${ofLogin('keep the secret for `issuers[].login.clientSecretFile`')}; otherwise delete it`,
    'jwt-key jwt-key-file': `${ofLogin('keep the key for `issuers[].login.privateKeyFile`')}; otherwise delete it`,
    'github-token': 'it is a secret for requests to GitHub, which oidc-authz does not send; delete it',
    'cookie-secret cookie-secret-file': `${ofLogin('create new keys for `sessions.keysFile`')}; delete it when oauth2-proxy is gone`,
    'cookie-name': ofLogin('`sessions.cookie.name` replaces it'),
    'cookie-domain': ofLogin('`sessions.cookie.domain` replaces it'),
    'cookie-samesite': ofLogin('`sessions.cookie.sameSite` replaces it'),
    'cookie-expire': ofLogin('`sessions.maxAge` replaces it'),
    'cookie-refresh': ofLogin('`sessions.recheck` replaces it'),
    'cookie-path cookie-secure cookie-httponly': ofLogin(
      'its cookies are always `Secure`, `HttpOnly` and for `/`, except for `login.httpHosts`',
    ),
    'cookie-csrf-per-request cookie-csrf-per-request-limit cookie-csrf-samesite': ofLogin(
      'each login always has its own cookie, and at most five are open',
    ),
    'cookie-csrf-expire': ofLogin('`login.timeout` replaces it'),
    'session-cookie-minimal': ofLogin('tokens are only kept if they are used'),
    'session-store-type':
      'the converted configuration has no sessions; `redis` is refused, because it means that browsers have sessions',
    'redis-connection-url redis-sentinel-connection-urls redis-cluster-connection-urls': `${ofLogin('`state.valkey.urls` replaces it')}; it may contain a secret; delete it`,
    'redis-password redis-sentinel-password': `${ofLogin('`state.valkey.passwordFile` and `sentinelPasswordFile` replace it')}; it is a secret; delete it`,
    'redis-username': ofLogin('`state.valkey.usernameFile` replaces it'),
    'redis-use-sentinel redis-use-cluster redis-sentinel-master-name': ofLogin(
      '`state.valkey.mode` and `masterName` replace it',
    ),
    'redis-ca-path': ofLogin('`state.valkey.caFile` replaces it'),
    'redis-insecure-skip-tls-verify redis-connection-idle-timeout': ofLogin('nothing replaces it'),
    'custom-templates-dir custom-sign-in-logo banner footer display-htpasswd-form show-debug-on-error':
      'the converted configuration has no pages, and those of a login cannot be changed (docs/login-pages.md)',
    'config-test convert-config-to-alpha version': 'with this flag, oauth2-proxy does not start a server',
  },
};

/** The results for all flags, sorted by name. */
export const flagVerdicts: readonly FlagVerdict[] = (Object.keys(rows) as Verdict[])
  .flatMap((verdict) =>
    Object.entries(rows[verdict]).flatMap(([flags, text]) =>
      flags.split(' ').map((flag) => ({ flag, verdict, text })),
    ),
  )
  .toSorted((a, b) => (a.flag < b.flag ? -1 : 1));

/** The general result for a flag. */
export function verdictOf(flag: string): FlagVerdict | undefined {
  return flagVerdicts.find((one) => one.flag === flag);
}

const phrases: Readonly<Record<Verdict, string>> = {
  kept: 'kept as',
  meaningless: 'without meaning:',
  changed: 'changed:',
  refused: 'refused:',
};

/** The table of all flags in Markdown. */
export function flagTableMarkdown(): string {
  const line = ({ flag, verdict, text }: FlagVerdict) =>
    `| \`${flag}\` | ${phrases[verdict]} ${text.replaceAll('|', '\\|')} |`;
  return ['| flag | result |', '| --- | --- |', ...flagVerdicts.map(line), ''].join('\n');
}
