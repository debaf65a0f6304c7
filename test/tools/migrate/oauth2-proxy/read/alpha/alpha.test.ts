// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how an alpha configuration writes variables
import { describe, expect, test } from 'vitest';
import { findingsOf, problemsOf, read, sourcesOf, valuesOf } from '../../read-inputs.ts';

const alpha = (text: string) => ({ files: { 'alpha.yaml': text } });

const everything = `
upstreamConfig:
  proxyRawPath: true
  upstreams:
    - {id: all, path: /, static: true, staticCode: 200, timeout: 30s, passHostHeader: false}
injectRequestHeaders:
  - {name: X-User, values: [{claimSource: {claim: user}}]}
injectResponseHeaders:
  - name: X-Auth-Request-User
    values:
      - claimSource: {claim: user}
      - claim: email
        prefix: "mail "
  - name: Authorization
    values:
      - claimSource: {claim: user, prefix: "Basic ", basicAuthPassword: {value: S3CRET}}
  - name: X-Fixed
    values:
      - secretSource: {value: S3CRET}
      - fromEnv: S3CRET
server:
  BindAddress: 0.0.0.0:4180
  SecureBindAddress: ":8443"
  TLS:
    Key: {FromFile: /tls/key.pem}
    Cert: {fromFile: /tls/cert.pem}
    MinVersion: TLS1.3
    CipherSuites: [TLS_AES_128_GCM_SHA256]
metricsServer:
  bindAddress: 0.0.0.0:44180
  tls: {key: {fromFile: /m/key.pem}, cert: {value: S3CRET}, minVersion: TLS1.3}
providers:
  - id: main
    provider: keycloak-oidc
    name: Login
    clientID: app
    clientSecret: S3CRET
    clientSecretFile: /secret
    caFiles: [/ca.pem]
    useSystemTrustStore: true
    loginURL: https://i.example.com/login
    loginURLParameters: [{name: prompt, default: [login]}]
    redeemURL: https://i.example.com/redeem
    profileURL: https://i.example.com/profile
    validateURL: https://i.example.com/validate
    backendLogoutURL: https://i.example.com/logout
    skipClaimsFromProfileURL: true
    resource: r
    scope: openid
    allowedGroups: [admins, "a,b"]
    code_challenge_method: S256
    authRequestResponseMode: query
    additionalClaims: [tenant]
    keycloakConfig: {groups: [/g], roles: [role-a]}
    azureConfig: {tenant: t, graphGroupField: id}
    microsoftEntraIDConfig: {allowedTenants: [t1], federatedTokenAuth: true}
    ADFSConfig: {skipScope: true}
    bitbucketConfig: {team: t, workspace: w, repository: r}
    githubConfig: {org: o, team: t, repo: r, token: S3CRET, users: [u]}
    gitlabConfig: {group: [g], projects: [p]}
    googleConfig:
      group: [g]
      adminEmail: a@example.com
      serviceAccountJson: /sa.json
      useApplicationDefaultCredentials: true
      targetPrincipal: p
      useOrganizationID: false
      adminAPIUserScope: s
    loginGovConfig: {jwtKey: S3CRET, jwtKeyFile: /jwt.pem, pubjwkURL: https://i.example.com/jwk}
    oidcConfig:
      issuerURL: https://i.example.com
      insecureAllowUnverifiedEmail: true
      insecureSkipIssuerVerification: false
      insecureSkipNonce: true
      skipDiscovery: true
      jwksURL: https://i.example.com/keys
      publicKeyFiles: [/key.pem]
      emailClaim: mail
      groupsClaim: roles
      userIDClaim: sub
      audienceClaims: [aud, azp]
      extraAudiences: [other]
      enabledSigningAlgs: [ES256]
  - {id: second, nonsense: S3CRET}
`;

describe('the alpha configuration', () => {
  test('has a flag for most of its fields', () => {
    expect(valuesOf(alpha(everything))).toEqual({
      upstream: ['static://200'],
      'upstream-timeout': '30s',
      'pass-host-header': false,
      'http-address': '0.0.0.0:4180',
      'https-address': ':8443',
      'tls-key-file': '/tls/key.pem',
      'tls-cert-file': '/tls/cert.pem',
      'tls-min-version': 'TLS1.3',
      'tls-cipher-suite': ['TLS_AES_128_GCM_SHA256'],
      'metrics-address': '0.0.0.0:44180',
      'metrics-tls-key-file': '/m/key.pem',
      provider: 'keycloak-oidc',
      'provider-display-name': 'Login',
      'client-id': 'app',
      'client-secret': '(not stored)',
      'client-secret-file': '/secret',
      'provider-ca-file': ['/ca.pem'],
      'use-system-trust-store': true,
      'login-url': 'https://i.example.com/login',
      'redeem-url': 'https://i.example.com/redeem',
      'profile-url': 'https://i.example.com/profile',
      'validate-url': 'https://i.example.com/validate',
      'backend-logout-url': 'https://i.example.com/logout',
      'skip-claims-from-profile-url': true,
      resource: 'r',
      scope: 'openid',
      'allowed-group': ['admins', 'a,b'],
      'code-challenge-method': 'S256',
      'auth-request-response-mode': 'query',
      'keycloak-group': ['/g'],
      'allowed-role': ['role-a'],
      'azure-tenant': 't',
      'azure-graph-group-field': 'id',
      'entra-id-allowed-tenant': ['t1'],
      'entra-id-federated-token-auth': true,
      'bitbucket-team': 't',
      'bitbucket-workspace': 'w',
      'bitbucket-repository': 'r',
      'github-org': 'o',
      'github-team': 't',
      'github-repo': 'r',
      'github-token': '(not stored)',
      'github-user': ['u'],
      'gitlab-group': ['g'],
      'gitlab-project': ['p'],
      'google-group': ['g'],
      'google-admin-email': 'a@example.com',
      'google-service-account-json': '/sa.json',
      'google-use-application-default-credentials': true,
      'google-target-principal': 'p',
      'google-use-organization-id': false,
      'google-admin-api-user-scope': 's',
      'jwt-key': '(not stored)',
      'jwt-key-file': '/jwt.pem',
      'pubjwk-url': 'https://i.example.com/jwk',
      'oidc-issuer-url': 'https://i.example.com',
      'insecure-oidc-allow-unverified-email': true,
      'insecure-oidc-skip-issuer-verification': false,
      'insecure-oidc-skip-nonce': true,
      'skip-oidc-discovery': true,
      'oidc-jwks-url': 'https://i.example.com/keys',
      'oidc-public-key-file': ['/key.pem'],
      'oidc-email-claim': 'mail',
      'oidc-groups-claim': 'roles',
      'user-id-claim': 'sub',
      'oidc-audience-claim': ['aud', 'azp'],
      'oidc-extra-audience': ['other'],
      'oidc-enabled-signing-alg': ['ES256'],
    });
    expect(sourcesOf(alpha(everything))['oidc-issuer-url']).toMatch(
      /^alpha\.yaml:\d+:7 providers\[0\]\.oidcConfig\.issuerURL$/,
    );
  });

  test('adds response headers, with nested values or without', () => {
    const { injectedHeaders } = read(alpha(everything));
    expect(injectedHeaders).toEqual([
      {
        header: 'X-Auth-Request-User',
        source: expect.stringContaining('injectResponseHeaders[0]'),
        values: [
          { claim: 'user', prefix: '', hasBasicAuthPassword: false },
          { claim: 'email', prefix: 'mail ', hasBasicAuthPassword: false },
        ],
      },
      {
        header: 'Authorization',
        source: expect.stringContaining('alpha.yaml:'),
        values: [{ claim: 'user', prefix: 'Basic ', hasBasicAuthPassword: true }],
      },
      { header: 'X-Fixed', source: expect.anything(), values: [{ fixed: true }, { fixed: true }] },
    ]);
  });

  test('without response headers has an empty list; without an alpha configuration there is no list', () => {
    expect(read(alpha('providers: [{clientID: a}]')).injectedHeaders).toEqual([]);
    expect(read({ flags: ['--scope=a'] }).injectedHeaders).toBeUndefined();
  });

  test('reports fields without a flag', () => {
    expect(findingsOf(alpha(everything)).map((line) => line.replace(/ \(alpha.yaml:\d+:\d+\)/, ''))).toEqual([
      'upstreamConfig.proxyRawPath meaningless: oidc-authz never rewrites a path',
      'injectRequestHeaders meaningless: oidc-authz forwards no requests: Envoy sends the request to the workload',
      'metricsServer.tls.cert.value refused: oidc-authz reads keys and certificates from files only',
      'metricsServer.tls.minVersion meaningless: the metrics have no TLS settings of their own',
      'providers[0].loginURLParameters meaningless: the converted configuration has no login; if you add one, `issuers[].login.parameters` replaces it (docs/migrating-logins.md)',
      'providers[0].additionalClaims meaningless: any claim can become a header',
      'providers[0].ADFSConfig.skipScope meaningless: the converted configuration has no login',
      'providers[1] meaningless: oauth2-proxy uses only the first provider',
    ]);
  });

  test('reads upstreams as values of the flag', () => {
    const text =
      'upstreamConfig: {upstreams: [{id: a, path: /, uri: "http://a"}, {id: b, path: /b, static: true}, {id: c, STATIC: true, staticcode: 401}]}';
    expect(valuesOf(alpha(text))).toEqual({ upstream: ['http://a', 'static://200', 'static://401'] });
    expect(findingsOf(alpha(text))).toEqual([
      expect.stringMatching(
        /^upstreamConfig\.upstreams\[1\]\.path \(.*\) refused: it answers only for a part of the paths/,
      ),
    ]);
  });

  test('replaces variables before parsing', () => {
    const text =
      'providers:\n- clientID: ${ID}\n  allowedGroups: [${GROUPS:-a,b}]\n  useSystemTrustStore: ${TRUST}\n';
    const environment = { ID: 'app', TRUST: 'true' };
    expect(valuesOf({ ...alpha(text), environment })).toEqual({
      'client-id': 'app',
      'allowed-group': ['a', 'b'],
      'use-system-trust-store': true,
    });
  });

  test('refuses a variable that is not set, unless it is for a secret', () => {
    const text = 'providers:\n- clientSecret: ${SECRET}\n  oidcConfig:\n    issuerURL: https://${HOST}/\n';
    expect(valuesOf(alpha(text))).toEqual({ 'client-secret': '(not stored)' });
    expect(findingsOf(alpha(text))).toEqual([
      'oidc-issuer-url (alpha.yaml:4:5 providers[0].oidcConfig.issuerURL) refused: the variable HOST is not set here; set it in the environment of this command',
    ]);
  });

  test.each([
    ['providers: [{clientId: 5}]', 'providers[0].clientID (alpha.yaml:1:14): expected a text, in quotes'],
    ['providers: [{zzzzzzzz: S3CRET}]', 'providers[0].zzzzzzzz (alpha.yaml:1:14): unknown field'],
    [
      'providers: [{oidcConfig: {issuerUrll: S3CRET}}]',
      'providers[0].oidcConfig.issuerUrll (alpha.yaml:1:27): unknown field; did you mean issuerURL?',
    ],
    ['providers: [{oidcConfig: S3CRET}]', 'providers[0].oidcConfig (alpha.yaml:1:14): expected a mapping'],
    [
      'providers: [{allowedGroups: S3CRET}]',
      'providers[0].allowedGroups (alpha.yaml:1:14): expected a list of texts',
    ],
    [
      'providers: [{useSystemTrustStore: "true"}]',
      'providers[0].useSystemTrustStore (alpha.yaml:1:14): expected true or false',
    ],
    ['providers: [S3CRET]', 'providers[0] (alpha.yaml:1:13): expected a mapping'],
    ['providers: S3CRET', 'providers (alpha.yaml:1:1): expected a list'],
    [
      'upstreamConfig: {upstreams: [{id: a}]}',
      'upstreamConfig.upstreams[0] (alpha.yaml:1:30): expected `uri`, or `static: true` and a number',
    ],
    [
      'upstreamConfig: {upstreams: [{uri: a, timeout: S3CRET}]}',
      'upstreamConfig.upstreams[0].timeout (alpha.yaml:1:39): expected a duration such as 1h30m',
    ],
    ['injectResponseHeaders: S3CRET', 'injectResponseHeaders (alpha.yaml:1:1): expected a list'],
    [
      'injectResponseHeaders: [{values: []}]',
      'injectResponseHeaders[0].name (alpha.yaml:1:25): expected the name of a header',
    ],
    [
      'injectResponseHeaders: [{name: a, values: [{claimSource: {claim: a}, secretSource: {value: S3CRET}}]}]',
      'injectResponseHeaders[0].values[0] (alpha.yaml:1:44): expected either `claimSource` with a `claim`, or `secretSource`',
    ],
    [
      'injectResponseHeaders: [{name: a, values: [{claimSource: {clam: a, claim: b}}]}]',
      'injectResponseHeaders[0].values[0].claimSource.clam (alpha.yaml:1:59): unknown field; did you mean claim?',
    ],
    [
      'server: {bindAdress: a}',
      'server.bindAdress (alpha.yaml:1:10): unknown field; did you mean bindAddress?',
    ],
    ['providers: []\nnope: S3CRET', 'nope (alpha.yaml:2:1): unknown field'],
  ])('reports %s', (text, problem) => {
    expect(problemsOf(alpha(text))).toEqual([problem]);
  });

  test('with invalid YAML is reported without its content', () => {
    const problems = problemsOf({
      ...alpha('providers:\n- clientSecret: "${SECRET}\n  x: y\n'),
      environment: { SECRET: 'S3CRET' },
    });
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join()).not.toContain('S3CRET');
  });
});

describe('with an alpha configuration', () => {
  const files = { 'alpha.yaml': 'providers: [{clientID: a}]\n' };

  test('flags and keys that it replaces are a problem', () => {
    const withKey = { ...files, 'o.cfg': 'email_domains = ["*"]\nset_xauthrequest = true\n' };
    expect(problemsOf({ files: withKey, flags: ['--upstream=static://200', '--flush-interval=1s'] })).toEqual(
      [
        'set-xauthrequest (o.cfg:2:1): oauth2-proxy does not start with this setting and an alpha configuration; set it in the alpha configuration',
        'upstream (flag --upstream): oauth2-proxy does not start with this setting and an alpha configuration; set it in the alpha configuration',
        'flush-interval (flag --flush-interval): oauth2-proxy does not start with this setting and an alpha configuration; set it in the alpha configuration',
      ],
    );
  });

  test('other settings are read as usual', () => {
    const flags = ['--email-domain=*', '--skip-jwt-bearer-tokens', '--cookie-name=c'];
    expect(valuesOf({ files, flags })).toEqual({
      'client-id': 'a',
      'email-domain': ['*'],
      'skip-jwt-bearer-tokens': true,
      'cookie-name': 'c',
    });
  });

  test('variables that it replaces are reported as ignored', () => {
    const environment = { OAUTH2_PROXY_CLIENT_ID: 'b', OAUTH2_PROXY_ALLOWED_GROUPS: 'g' };
    expect(valuesOf({ files, environment })).toEqual({ 'client-id': 'a' });
    expect(findingsOf({ files, environment })).toEqual([
      'client-id (environment OAUTH2_PROXY_CLIENT_ID) meaningless: oauth2-proxy ignores it with an alpha configuration, unless that refers to the variable',
      'allowed-group (environment OAUTH2_PROXY_ALLOWED_GROUPS) meaningless: oauth2-proxy ignores it with an alpha configuration, unless that refers to the variable',
    ]);
  });

  test('a second one is a problem', () => {
    expect(problemsOf({ files: { ...files, 'b.yaml': 'providers: []\n' } })).toEqual([
      ' (b.yaml): second alpha configuration; the first is alpha.yaml; oauth2-proxy reads one',
    ]);
  });
});
