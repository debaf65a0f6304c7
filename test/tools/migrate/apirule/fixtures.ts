/** Typical APIRules in v1beta1, each with a table of requests and the expected results. */

/** An APIRule, its migration, and the results of requests. */
export interface Fixture {
  readonly name: string;
  readonly yaml: string;
  readonly issuer?: string;
  readonly audiences?: readonly string[];
  readonly domain?: string;
  readonly accept?: readonly string[];
  /**
   * `METHOD host path scopes` with the decision of the authorizer: `-` for no token, `''` for a token without scopes.
   */
  readonly asked?: readonly (readonly [method: string, url: string, token: object | '-', reason: string])[];
  /** `path methods access` of the first manifest. */
  readonly rules: readonly string[];
  readonly report: readonly RegExp[];
}

const head = (name: string, host: string, rules: string, more = '') => `
apiVersion: gateway.kyma-project.io/v1beta1
kind: APIRule
metadata: {name: ${name}, namespace: shop, labels: {team: ${name}}}
spec:
  host: ${host}
  gateway: kyma-gateway.kyma-system.svc.cluster.local
  service: {name: ${name}, port: 8080}
${more}  rules:
${rules}`;

/** A credential that must not occur in any output. */
export const credential = 'Basic Y2xpZW50OnMzY3IzdA==';

/** All fixtures. */
export const fixtures: readonly Fixture[] = [
  {
    name: 'introspection with scopes for each path and method',
    yaml: head(
      'orders',
      'orders.example.com',
      `
    - path: /healthz
      methods: [GET]
      accessStrategies: [{handler: no_auth}]
    - path: /orders/.*
      methods: [GET]
      accessStrategies:
        - handler: oauth2_introspection
          config:
            introspection_url: https://tenant.example.com/oauth2/introspect
            introspection_request_headers: {Authorization: "${credential}"}
            required_scope: [orders.read]
    - path: /orders/.*
      methods: [POST, PUT]
      timeout: 20
      accessStrategies:
        - handler: oauth2_introspection
          config:
            pre_authorization: {client_secret: "${credential}"}
            required_scope: [orders.read, orders.write]`,
    ),
    issuer: 'https://tenant.example.com',
    audiences: ['orders-api'],
    asked: [
      ['GET', 'orders.example.com/orders/1', { scope: 'orders.read' }, 'allowed'],
      ['GET', 'orders.example.com/orders/1', { scope: 'orders.write' }, 'scope_insufficient'],
      ['GET', 'orders.example.com/orders/1', { scope: 'orders.read', aud: 'another' }, 'audience_mismatch'],
      ['GET', 'orders.example.com/orders/1', '-', 'token_missing'],
      ['POST', 'orders.example.com/orders/1', { scp: ['orders.read', 'orders.write'] }, 'allowed'],
      ['POST', 'orders.example.com/orders/1', { scope: 'orders.read' }, 'scope_insufficient'],
      ['DELETE', 'orders.example.com/orders/1', { scope: 'orders.read orders.write' }, 'rule_denied'],
      ['GET', 'orders.example.com/others', { scope: 'orders.read' }, 'rule_denied'],
      ['GET', 'cart.example.com/orders/1', { scope: 'orders.read' }, 'rule_denied'],
      ['GET', 'orders.example.com/healthz', '-', 'allowed'],
    ],
    rules: ['/healthz GET open', '/orders/{**} GET asked', '/orders/{**} POST,PUT asked'],
    report: [
      /^required_scope \(given\.yaml:\d+:\d+ shop\/orders rules\[1\]\): kept as the scopes orders\.read/m,
      /^oauth2_introspection .*changes behaviour: only JWTs of https:\/\/tenant\.example\.com are allowed, no opaque tokens/m,
      /^introspection_request_headers .*has no meaning here/m,
      /^timeout .*rules\[2\]|^timeout .*kept as/m,
      /^corsPolicy .*changes behaviour: it is not set/m,
      /^apiVersion .*changes behaviour: v2 needs a sidecar/m,
    ],
  },
  {
    name: "jwt in Oathkeeper's form",
    yaml: head(
      'pay',
      'pay.example.com',
      `
    - path: /v1/[^/]+/status
      methods: [GET]
      accessStrategies:
        - handler: jwt
          config:
            trusted_issuers: [https://a.example.com]
            jwks_urls: [https://a.example.com/keys]
            required_scope: [pay.read]
            target_audience: [pay, ledger]
            jwks_ttl: 30s
            scope_strategy: hierarchic
    - path: /v1/transfers
      methods: [POST]
      accessStrategies:
        - handler: jwt
          config:
            trusted_issuers: [https://a.example.com]
            jwks_urls: [https://a.example.com/keys]
            allowed_algorithms: [RS256, ES512]
            target_audience: [pay]`,
    ),
    asked: [
      ['GET', 'pay.example.com/v1/7/status', { scope: 'pay.read', aud: ['ledger', 'pay'] }, 'allowed'],
      ['GET', 'pay.example.com/v1/7/status', { scope: 'pay.read', aud: ['pay'] }, 'claim_not_allowed'],
      ['GET', 'pay.example.com/v1/7/status', { scope: 'pay.read', aud: ['ledger'] }, 'audience_mismatch'],
      ['GET', 'pay.example.com/v1/7/status', { aud: ['ledger', 'pay'] }, 'scope_insufficient'],
      ['GET', 'pay.example.com/v1/7/8/status', { scope: 'pay.read', aud: ['ledger', 'pay'] }, 'rule_denied'],
      ['POST', 'pay.example.com/v1/transfers', { aud: 'pay' }, 'allowed'],
      ['POST', 'pay.example.com/v1/transfers', { aud: 'ledger' }, 'audience_mismatch'],
      ['GET', 'pay.example.com/v1/transfers', { aud: 'pay' }, 'rule_denied'],
    ],
    rules: ['/v1/{*}/status GET asked', '/v1/transfers POST asked'],
    report: [
      /^scope_strategy .*changes behaviour/m,
      /^jwks_ttl .*has no meaning here/m,
      /^target_audience .*kept as the audiences pay and ledger, all of them/m,
      /^jwks_urls .*kept as `jwksUri: https:\/\/a\.example\.com\/keys`/m,
      /^path .*kept as \/v1\/\{\*\}\/status/m,
    ],
  },
  {
    name: "jwt in Istio's form, with alternatives",
    yaml: head(
      'cart',
      'cart.example.com',
      `
    - path: /.*
      methods: [GET, POST]
      mutators:
        - {handler: header, config: {headers: {x-route: cart, x-copy: "%REQ(x-request-id)%"}}}
        - {handler: cookie, config: {cookies: {flavour: plain}}}
      accessStrategies:
        - handler: jwt
          config:
            authentications:
              - {issuer: https://a.example.com, jwksUri: https://a.example.com/keys}
              - {issuer: https://b.example.com, jwksUri: https://b.example.com/keys}
            authorizations:
              - {requiredScopes: [test], audiences: [one.example.com, two.example.com]}
              - {requiredScopes: [read, write]}`,
    ),
    asked: [
      ['GET', 'cart.example.com/x', { scope: 'read write', aud: 'x' }, 'allowed'],
      ['GET', 'cart.example.com/x', { scope: 'read', aud: 'x' }, 'claim_not_allowed'],
      [
        'GET',
        'cart.example.com/x',
        { scope: 'test', aud: ['one.example.com', 'two.example.com'] },
        'allowed',
      ],
      ['GET', 'cart.example.com/x', { scope: 'test', aud: ['one.example.com'] }, 'claim_not_allowed'],
      ['PUT', 'cart.example.com/x', { scope: 'read write', aud: 'x' }, 'rule_denied'],
    ],
    rules: ['/* GET,POST asked'],
    report: [
      /^header .*kept as `request\.headers`: x-route, x-copy/m,
      /^cookie .*kept as `request\.cookies`: flavour/m,
      /^target_audience .*kept as `anyAudience: true` of https:\/\/a\.example\.com/m,
    ],
  },
  {
    name: 'open and guarded paths, with CORS',
    yaml: head(
      'web',
      'web.example.com',
      `
    - path: /assets/.*
      methods: [GET]
      accessStrategies: [{handler: allow}]
    - path: /api/admin/.*
      methods: [GET]
      accessStrategies:
        - {handler: jwt, config: {trusted_issuers: [https://a.example.com], required_scope: [admin]}}
    - path: /api/.*
      methods: [GET, POST]
      accessStrategies:
        - {handler: jwt, config: {trusted_issuers: [https://a.example.com], required_scope: [user]}}
    - path: /internal/.*
      methods: [GET]
      accessStrategies: [{handler: unauthorized}]
    - path: /
      methods: [GET]
      accessStrategies: [{handler: noop}]`,
      `  corsPolicy:
    allowOrigins: [{exact: https://shop.example.com}, {regex: "https://.*.example.org"}]
    allowMethods: [GET, POST]
    allowHeaders: [authorization]
    allowCredentials: true
    maxAge: 1h30m
`,
    ),
    asked: [
      ['GET', 'web.example.com/api/admin/x', { scope: 'admin', aud: 'x' }, 'allowed'],
      ['GET', 'web.example.com/api/admin/x', { scope: 'user', aud: 'x' }, 'scope_insufficient'],
      ['POST', 'web.example.com/api/admin/x', { scope: 'user', aud: 'x' }, 'allowed'],
      ['GET', 'web.example.com/api/x', { scope: 'user', aud: 'x' }, 'allowed'],
      ['OPTIONS', 'web.example.com/api/x', { scope: 'user', aud: 'x' }, 'rule_denied'],
      ['GET', 'web.example.com/internal/x', { scope: 'user', aud: 'x' }, 'rule_denied'],
      ['GET', 'web.example.com/internal/x', '-', 'token_missing'],
    ],
    rules: [
      '/assets/{**} GET open',
      '/api/admin/{**} GET,OPTIONS asked',
      '/api/{**} GET,OPTIONS asked',
      '/api/{**} POST asked',
      '/internal/{**} GET,OPTIONS asked',
      '/ GET open',
    ],
    report: [
      /^allow .*changes behaviour: it becomes `noAuth: true` for the listed methods/m,
      /^noop .*kept as `noAuth: true`/m,
      /^unauthorized .*kept as `deny: true`/m,
      /^path .*only \/api\/admin\/\{\*\*\} decides about GET there, and \/api\/\{\*\*\} about all other paths; Oathkeeper denies/m,
      /^corsPolicy .*kept as `corsPolicy`, and OPTIONS/m,
    ],
  },
  {
    name: 'several hosts and documents, one as the API server shows it',
    yaml: `${head(
      'one',
      'One.example.com',
      `
    - path: /.*
      methods: [GET]
      accessStrategies:
        - {handler: jwt, config: {trusted_issuers: [https://a.example.com], target_audience: [one]}}`,
      '  hosts: [one.example.org]\n',
    )}
--- # as kubectl prints it
apiVersion: v1
kind: List
items:
  - apiVersion: gateway.kyma-project.io/v2
    kind: APIRule
    metadata:
      name: two
      namespace: shop
      annotations:
        team: two
        gateway.kyma-project.io/original-version: v1beta1
        gateway.kyma-project.io/v1beta1-spec: '{"host":"two","service":{"name":"two","port":80},"gateway":"kyma-system/kyma-gateway","rules":[{"path":"/.*","methods":["GET"],"accessStrategies":[{"handler":"oauth2_introspection","config":{"introspection_request_headers":{"Authorization":"${credential}"},"trusted_issuers":["https://b.example.com"],"target_audience":["two"],"required_scope":["read"]}}]}]}'
        kubectl.kubernetes.io/last-applied-configuration: '${credential}'
    spec: {hosts: [two]}
...
---
apiVersion: v1
kind: Service
metadata: {name: x}
---
apiVersion: gateway.kyma-project.io/v2
kind: APIRule
metadata: {name: three}
`,
    domain: 'Example.com',
    asked: [
      ['GET', 'one.example.com/x', { aud: 'one' }, 'allowed'],
      ['GET', 'one.example.org/x', { aud: 'one' }, 'allowed'],
      // The tokens of the table are those of the first issuer.
      ['GET', 'two.example.com/x', { aud: 'one', scope: 'read' }, 'rule_denied'],
      ['GET', 'two/x', { aud: 'one', scope: 'read' }, 'rule_denied'],
    ],
    rules: ['/* GET asked'],
    report: [
      /^Service .*only APIRules are migrated/m,
      /^APIRule .*it is v2 already/m,
      /^host .*shop\/two\): kept as the host two\.example\.com/m,
    ],
  },
  {
    name: 'odd expressions',
    yaml: head(
      'odd',
      'odd.example.com',
      `
    - path: /items(/.*)?
      methods: [GET]
      accessStrategies: &guarded
        - {handler: jwt, config: {trusted_issuers: [https://a.example.com], target_audience: [odd]}}
    - path: /users/[0-9]+
      methods: [GET]
      accessStrategies: *guarded
    - path: /reports/.*/pdf
      methods: [GET]
      accessStrategies: *guarded
    - path: /(blue|green)/v1\\.0/[^/]*
      methods: [GET]
      accessStrategies: *guarded
    - path: /open.*
      methods: [GET]
      accessStrategies: [{handler: no_auth}]
    - path: /trailing/?
      methods: [GET]
      accessStrategies: [{handler: no_auth}]`,
    ),
    asked: [
      ['GET', 'odd.example.com/items', { aud: 'odd' }, 'allowed'],
      ['GET', 'odd.example.com/items/a/b', { aud: 'odd' }, 'allowed'],
      ['GET', 'odd.example.com/itemsx', { aud: 'odd' }, 'rule_denied'],
      ['GET', 'odd.example.com/users/7', { aud: 'odd' }, 'allowed'],
      ['GET', 'odd.example.com/users/7/x', { aud: 'odd' }, 'rule_denied'],
      ['GET', 'odd.example.com/reports/a/b/pdf', { aud: 'odd' }, 'allowed'],
      ['GET', 'odd.example.com/blue/v1.0/', { aud: 'odd' }, 'allowed'],
      ['GET', 'odd.example.com/green/v1.0/x', { aud: 'odd' }, 'allowed'],
      ['GET', 'odd.example.com/green/v1x0/x', { aud: 'odd' }, 'rule_denied'],
      ['GET', 'odd.example.com/opened', { aud: 'odd' }, 'rule_denied'],
      ['GET', 'odd.example.com/trailing/', '-', 'allowed'],
    ],
    rules: [
      '/items/{**} GET asked',
      '/items GET asked',
      '/users/{*} GET asked',
      '/reports/{**} GET asked',
      '/blue/v1.0/ GET asked',
      '/blue/v1.0/{*} GET asked',
      '/green/v1.0/ GET asked',
      '/green/v1.0/{*} GET asked',
      '/open GET open',
      '/open/{**} GET open',
      '/trailing/ GET open',
      '/trailing GET open',
    ],
    report: [
      /^path .*rules\[1\]\): changes behaviour: the expression \/users\/\[0-9\]\+ is not a path pattern; it becomes \/users\/\{\*\}/m,
      /^path .*rules\[4\]\): changes behaviour: .*only \/open and \/open\/\{\*\*\} stays open/m,
    ],
  },
  {
    name: 'rules that were never open',
    yaml: head(
      'late',
      'late.example.com',
      `
    - path: /private/.*
      methods: [GET]
      accessStrategies:
        - {handler: jwt, config: {trusted_issuers: [https://a.example.com], target_audience: [late]}}
    - path: /private/health
      methods: [GET]
      accessStrategies: [{handler: no_auth}]
    - path: /.*
      methods: [GET, POST]
      accessStrategies: [{handler: no_auth}]`,
    ),
    asked: [
      ['GET', 'late.example.com/private/health', '-', 'token_missing'],
      ['GET', 'late.example.com/private/health', { aud: 'late' }, 'allowed'],
      ['POST', 'late.example.com/private/x', { aud: 'late' }, 'rule_denied'],
      ['POST', 'late.example.com/x', '-', 'allowed'],
    ],
    rules: ['/private/{**} GET asked', '/private/{**} POST asked', '/* GET open', '/* POST open'],
    report: [
      /^path .*rules\[1\]\): has no meaning here because the earlier path \/private\/\.\* gets all its requests/m,
    ],
  },
  {
    name: 'settings without a counterpart, all accepted',
    yaml: head(
      'gone',
      'gone.example.com',
      `
    - path: /session
      methods: [GET]
      accessStrategies: [{handler: cookie_session, config: {check_session_url: "https://x:${'s3cr3t'}@a/b"}}]
    - path: /machines
      methods: [GET]
      accessStrategies: [{handler: oauth2_client_credentials, config: {token_url: "${credential}"}}]
    - path: /opaque
      methods: [GET]
      accessStrategies: [{handler: oauth2_introspection, config: {required_scope: [a]}}]
    - path: /moved
      methods: [GET]
      mutators:
        - {handler: header, config: {headers: {x-user: "{{ print .Subject }}", x-kept: "yes"}}}
        - {handler: id_token, config: {claims: "${credential}"}}
        - {handler: hydrator, config: {api: {url: "${credential}"}}}
        - {handler: noop}
      accessStrategies:
        - handler: jwt
          config:
            trusted_issuers: [https://a.example.com]
            target_audience: [gone]
            token_from: {cookie: session}
        - {handler: unauthorized}
    - path: /mixed
      methods: [GET]
      accessStrategies:
        - {handler: noop}
        - {handler: jwt, config: {trusted_issuers: [https://a.example.com], target_audience: [gone]}}
    - path: /weird/(x)+
      methods: [GET]
      accessStrategies: [{handler: noop}]`,
    ),
    accept: [
      'cookie_session',
      'oauth2_client_credentials',
      'oauth2_introspection',
      'header',
      'id_token',
      'hydrator',
      'token_from',
      'noop',
      'path',
    ],
    asked: [
      ['GET', 'gone.example.com/session', { aud: 'gone' }, 'rule_denied'],
      ['GET', 'gone.example.com/machines', { aud: 'gone' }, 'rule_denied'],
      ['GET', 'gone.example.com/opaque', { aud: 'gone', scope: 'a' }, 'rule_denied'],
      ['GET', 'gone.example.com/moved', { aud: 'gone' }, 'allowed'],
      ['GET', 'gone.example.com/mixed', { aud: 'gone' }, 'allowed'],
      ['GET', 'gone.example.com/mixed', '-', 'token_missing'],
      ['GET', 'gone.example.com/weird/x', { aud: 'gone' }, 'rule_denied'],
    ],
    rules: [
      '/session GET asked',
      '/machines GET asked',
      '/opaque GET asked',
      '/moved GET asked',
      '/mixed GET asked',
    ],
    report: [
      /^oauth2_introspection .*refused because oidc-authz does not support opaque tokens.*pass --issuer URL and --audience NAME \(accepted\)/m,
      /^header .*refused because the value of x-user comes from the session.*outputClaimToHeaders/m,
      /^header .*kept as `request\.headers`: x-kept/m,
    ],
  },
];
