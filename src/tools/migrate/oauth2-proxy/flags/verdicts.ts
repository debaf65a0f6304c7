/** What becomes of each flag of oauth2-proxy, in general: the one table that the report and the docs are made from. */
import type { Verdict } from '../../finding.ts';

/** What becomes of a flag, where its value does not make it otherwise. */
export interface FlagVerdict {
  readonly flag: string;
  readonly verdict: Verdict;
  /** As that of a finding. */
  readonly text: string;
}

/** For each verdict the flags, several with a space between them, and the text. */
const rows: Readonly<Record<Verdict, Readonly<Record<string, string>>>> = {
  kept: {
    'oidc-issuer-url': '`issuers[0].issuer`, compared byte for byte',
    'client-id': '`issuers[0].audiences`: it is the audience that tokens must be meant for, and no secret',
    'oidc-extra-audience': '`issuers[].audiences`, beside the others, of every issuer',
    'oidc-audience-claim':
      '`issuers[].audienceClaims`, with `audienceClaimsUsed: first` where there are several; refused where a name has a dot',
    'skip-oidc-discovery': '`issuers[0].jwksUri` or `publicKeyFiles`, which need no discovery',
    'oidc-jwks-url': '`issuers[0].jwksUri`, if discovery is skipped',
    'oidc-public-key-file': '`issuers[0].publicKeyFiles`, if discovery is skipped',
    'oidc-enabled-signing-alg': '`issuers[0].algorithms`; HS256 and its like are refused',
    'provider-ca-file': '`issuers[].caFile`',
    'use-system-trust-store': '`issuers[].trustSystemCas`',
    'skip-jwt-bearer-tokens': 'what this service does: a good bearer token passes; refused where it is off',
    'oidc-email-claim user-id-claim': '`issuers[].email.claim`, or `sub` where it is absent',
    'insecure-oidc-allow-unverified-email': '`issuers[].email.requireVerified: false`',
    'email-domain': '`issuers[].email.allowedDomains`; none with `*`',
    'authenticated-emails-file': '`issuers[].email.allowedAddresses`; refused where only its path is known',
    'oidc-groups-claim':
      '`issuers[].groups.claim`, of every issuer; refused where it has a dot and `extra-jwt-issuers` or azure must not follow the path',
    'allowed-group': '`issuers[].groups.allowed`, for the tokens of every issuer',
    'allowed-role':
      '`issuers[].groups.allowed` as `role:NAME`, with provider keycloak-oidc; no other one looks at it',
    'gitlab-group': '`issuers[].groups.allowed`, with provider gitlab; no other one looks at it',
    'skip-auth-route skip-auth-regex':
      '`rules`, where path patterns say the same; what they cannot say stays guarded',
    'skip-auth-preflight': 'the rule `preflight`, and `allowPreflight` of the rules that need a token',
    'trusted-ip': 'the rule `trusted-addresses`, if `trusted-proxy-ip` says who may tell the address',
    'trusted-proxy-ip': '`clientAddress.trustedProxies`',
    'real-client-ip-header': '`clientAddress.header`, if it is X-Forwarded-For or X-Envoy-External-Address',
    'set-xauthrequest':
      '`outputClaimToHeaders` with the same names; `identityHeaders: remove` where it is off',
    'pass-access-token': '`outputTokenToHeader: x-auth-request-access-token`, with `set-xauthrequest`',
    'set-authorization-header': '`setAuthorizationHeader: true`',
    upstream: 'what this service does, if it is `static://200`; another is refused',
    'request-logging auth-logging': '`log.checks`',
    'standard-logging': '`log.level: info`, the default',
    'exclude-logging-path': '`log.excludePaths`',
    'request-id-header': '`log.requestIdHeader`',
    'http-address https-address': '`http.host` and `http.port`; the output `values` leaves them to the chart',
    'tls-cert-file': '`http.tls.certFile`',
    'tls-key-file': '`http.tls.keyFile`',
    'tls-min-version': '`http.tls.minVersion`',
    'tls-cipher-suite': '`http.tls.cipherSuites`',
    'metrics-address metrics-secure-address': '`admin.host` and `admin.port`',
    'metrics-tls-cert-file': '`admin.tls.certFile`',
    'metrics-tls-key-file': '`admin.tls.keyFile`',
    'force-json-errors': 'what always happens: a refusal has a JSON body, and nobody is sent to a login page',
    'config alpha-config': 'what is read as well, where the file is given',
  },
  changed: {
    'extra-jwt-issuers':
      'they are further `issuers`, or further audiences of one that is there; claims of a wrong type, for which a token was 401, are read or left out',
    'ssl-insecure-skip-verify':
      'the certificate of the issuer is always verified; name its CA in `issuers[].caFile`',
    'insecure-oidc-skip-issuer-verification': '`iss` is always compared; with Entra, name the tenants',
    'entra-id-allowed-tenant':
      'it is asked of bearer tokens, which oauth2-proxy did not: an issuer for each tenant, or `requiredClaims.tid`',
    'bearer-token-login-fallback':
      'a token that is not good is 401 with a challenge; `compat: oauth2-proxy` with `compatInvalidTokenStatus: 403` makes it 403 again',
    'proxy-prefix':
      'the paths below it, /robots.txt among others, were answered without a token; they are guarded as any other',
    'ping-path ready-path gcp-healthchecks':
      'it was answered on the port of the checks, without a token; health is `/livez` and `/readyz` of `admin` only',
    'request-logging-format auth-logging-format standard-logging-format':
      'every record is a line of JSON; its fields have fixed names',
    'logging-local-time': 'times are in UTC',
    'logging-filename logging-max-size logging-max-age logging-max-backups logging-compress':
      'records go to standard output, and whoever collects them keeps them',
  },
  refused: {
    'github-org github-team github-repo github-user gitlab-project google-group bitbucket-team bitbucket-workspace bitbucket-repository keycloak-group':
      'nothing here asks the provider who somebody is; ask for a group or a claim of the token instead',
    'htpasswd-file htpasswd-user-group':
      'users with a password no longer pass; nothing here checks passwords',
    'force-https':
      'it sent plain HTTP to https, and nothing is sent elsewhere from here; let the gateway do that',
    'set-basic-auth':
      'nothing here makes Basic credentials; without it the workload gets the token of the client',
    'redirect-url':
      'browsers log in there, and nothing here does that; without meaning where `force-json-errors` is on',
  },
  meaningless: {
    provider:
      'bearer tokens are verified alike whoever issues them, for azure with claims of more types; one that verifies none is refused',
    'reverse-proxy': 'method, host and path are what Envoy says of the request, and no header changes them',
    'api-route': 'a refusal has a JSON body on every path',
    'allow-query-semicolons': 'the query of a request is not looked at',
    'ping-user-agent': 'health is asked for on another port',
    'pass-user-headers pass-basic-auth':
      'it changed only the request to the upstream of oauth2-proxy itself; who reads X-Forwarded-User, -Email, -Groups or -Preferred-Username lists them in `outputClaimToHeaders`',
    'pass-authorization-header':
      'it changed only the request to the upstream of oauth2-proxy itself; the header of the client reaches the workload anyway',
    'pass-host-header skip-auth-strip-headers prefer-email-to-user':
      'it changed only the request to the upstream of oauth2-proxy itself',
    'basic-auth-password': 'it is a secret for Basic credentials, which nothing here makes; delete it',
    'signature-key': 'it is a secret that requests to a real upstream were signed with; delete it',
    'flush-interval upstream-timeout proxy-websockets ssl-upstream-insecure-skip-verify disable-keep-alives':
      'nothing is sent on from here: Envoy sends the request to the workload',
    'silence-ping-logging': 'asking for health is not logged',
    'errors-to-info-log': 'all records go to standard output',
    scope:
      'it looks enforced and never was: it was only asked for at a login; to ask tokens for it, say `requiredScopes`',
    'login-url': 'nobody logs in here; beside discovery it never had an effect, `static://401` included',
    'redeem-url profile-url validate-url resource backend-logout-url pubjwk-url relative-redirect-url whitelist-domain':
      'nobody logs in here',
    'auth-request-response-mode prompt approval-prompt acr-values code-challenge-method force-code-challenge-method encode-state':
      'nobody logs in here',
    'insecure-oidc-skip-nonce skip-claims-from-profile-url skip-provider-button provider-display-name':
      'nobody logs in here',
    'azure-tenant azure-graph-group-field entra-id-federated-token-auth': 'nobody logs in here',
    'google-admin-email google-service-account-json google-use-application-default-credentials google-target-principal google-use-organization-id google-admin-api-user-scope':
      'Google is asked nothing here; delete what it was asked with',
    'client-secret client-secret-file jwt-key jwt-key-file github-token':
      'it is a secret for logins, and nobody logs in here; delete it',
    'cookie-secret cookie-secret-file': 'it is a secret for cookies, and none is set or read here; delete it',
    'cookie-name cookie-domain cookie-path cookie-expire cookie-refresh cookie-secure cookie-httponly cookie-samesite':
      'no cookie is set or read here',
    'cookie-csrf-per-request cookie-csrf-per-request-limit cookie-csrf-expire cookie-csrf-samesite session-cookie-minimal':
      'no cookie is set or read here',
    'session-store-type': 'no session is kept here; `redis` is refused, as browsers have sessions then',
    'redis-connection-url redis-sentinel-connection-urls redis-cluster-connection-urls redis-password redis-sentinel-password':
      'no session is kept here; it may hold a secret; delete it',
    'redis-username redis-use-sentinel redis-sentinel-master-name redis-use-cluster redis-ca-path redis-insecure-skip-tls-verify redis-connection-idle-timeout':
      'no session is kept here',
    'custom-templates-dir custom-sign-in-logo banner footer display-htpasswd-form show-debug-on-error':
      'there are no pages here',
    'config-test convert-config-to-alpha version': 'with it oauth2-proxy did not serve',
  },
};

/** All of them, by name. */
export const flagVerdicts: readonly FlagVerdict[] = (Object.keys(rows) as Verdict[])
  .flatMap((verdict) =>
    Object.entries(rows[verdict]).flatMap(([flags, text]) =>
      flags.split(' ').map((flag) => ({ flag, verdict, text })),
    ),
  )
  .toSorted((a, b) => (a.flag < b.flag ? -1 : 1));

/** What becomes of a flag in general. */
export function verdictOf(flag: string): FlagVerdict | undefined {
  return flagVerdicts.find((one) => one.flag === flag);
}

const phrases: Readonly<Record<Verdict, string>> = {
  kept: 'kept as',
  meaningless: 'without meaning:',
  changed: 'changed:',
  refused: 'refused:',
};

/** The table of all flags, as Markdown. */
export function flagTableMarkdown(): string {
  const line = ({ flag, verdict, text }: FlagVerdict) =>
    `| \`${flag}\` | ${phrases[verdict]} ${text.replaceAll('|', '\\|')} |`;
  return ['| flag | what becomes of it |', '| --- | --- |', ...flagVerdicts.map(line), ''].join('\n');
}
