/** Mistakes in `config`, each with the path that the message must contain. */

const issuer = { issuer: 'https://tenant.example.com', audiences: ['orders-api'] };

/** A configuration with one issuer and a mistake. */
const of = (more: object) => ({ issuers: [issuer], ...more });

/** A configuration whose issuer has a mistake; undefined removes an option. */
const issuers = (more: object) => ({ issuers: [JSON.parse(JSON.stringify({ ...issuer, ...more }))] });

/** Mistakes that the schema finds. */
export const schemaMistakes: readonly (readonly [mistake: string, path: string, config: object])[] = [
  ['an issuer without https://', '/config/issuers/0/issuer', issuers({ issuer: 'tenant.example.com' })],
  ['an issuer with one slash', '/config/issuers/0/issuer', issuers({ issuer: 'https:/tenant.example.com' })],
  ['an issuer on ftp://', '/config/issuers/0/issuer', issuers({ issuer: 'ftp://tenant.example.com' })],
  [
    'an issuer with a space at its end',
    '/config/issuers/0/issuer',
    issuers({ issuer: 'https://tenant.example.com ' }),
  ],
  [
    'an issuer with a space at its start',
    '/config/issuers/0/issuer',
    issuers({ issuer: ' https://tenant.example.com' }),
  ],
  [
    'an issuer with a line break',
    '/config/issuers/0/issuer',
    issuers({ issuer: 'https://tenant.example.com\n' }),
  ],
  ['an empty issuer', '/config/issuers/0/issuer', issuers({ issuer: '' })],
  ['no issuer in an entry', '/config/issuers/0', { issuers: [{ audiences: ['orders-api'] }] }],
  ['an issuer that is a string', '/config/issuers/0', { issuers: ['https://tenant.example.com'] }],
  ['issuers that are a map', '/config/issuers', { issuers: issuer }],
  ['no audiences', '/config/issuers/0', issuers({ audiences: undefined })],
  ['an empty list of audiences', '/config/issuers/0/audiences', issuers({ audiences: [] })],
  ['an empty audience', '/config/issuers/0/audiences/0', issuers({ audiences: [''] })],
  [
    'an audience with a space at its end',
    '/config/issuers/0/audiences/0',
    issuers({ audiences: ['orders-api '] }),
  ],
  ['audiences that are a string', '/config/issuers/0/audiences', issuers({ audiences: 'orders-api' })],
  ['an audience that is a number', '/config/issuers/0/audiences/0', issuers({ audiences: [42] })],
  ['audiences and anyAudience', '/config/issuers/0', issuers({ anyAudience: true })],
  [
    'anyAudience: false without audiences',
    '/config/issuers/0',
    issuers({ audiences: undefined, anyAudience: false }),
  ],
  ['audience instead of audiences', '/config/issuers/0', issuers({ audience: 'orders-api' })],
  ['jwks_uri instead of jwksUri', '/config/issuers/0', issuers({ jwks_uri: 'https://keys.example.com' })],
  [
    'jwksUri and jwksFile together',
    '/config/issuers/0',
    issuers({ jwksUri: 'https://a.example.com', jwksFile: '/a' }),
  ],
  ['a jwksUri without https://', '/config/issuers/0/jwksUri', issuers({ jwksUri: 'keys.example.com/jwks' })],
  [
    'a jwksUri with a line break',
    '/config/issuers/0/jwksUri',
    issuers({ jwksUri: 'https://a.example.com\n' }),
  ],
  ['an algorithm in lower case', '/config/issuers/0/algorithms/0', issuers({ algorithms: ['rs256'] })],
  ['a symmetric algorithm', '/config/issuers/0/algorithms/0', issuers({ algorithms: ['HS256'] })],
  ['an empty list of algorithms', '/config/issuers/0/algorithms', issuers({ algorithms: [] })],
  ['a tolerance without a unit', '/config/issuers/0/clockTolerance', issuers({ clockTolerance: 30 })],
  ['a tolerance with a space', '/config/issuers/0/clockTolerance', issuers({ clockTolerance: '30 s' })],
  ['scopes as one string', '/config/issuers/0/requiredScopes', issuers({ requiredScopes: 'orders.read' })],
  ['a scope with a space', '/config/issuers/0/requiredScopes/0', issuers({ requiredScopes: ['a b'] })],
  ['claims as a list', '/config/issuers/0/requiredClaims', issuers({ requiredClaims: [{ tid: 'abc' }] })],
  [
    'a claim that is a map',
    '/config/issuers/0/requiredClaims/tid',
    issuers({ requiredClaims: { tid: { a: 1 } } }),
  ],
  ['an unknown value of boundTokens', '/config/issuers/0/boundTokens', issuers({ boundTokens: 'accept' })],
  [
    'a proxy without http://',
    '/config/issuers/0/httpsProxy',
    issuers({ httpsProxy: 'proxy.example.com:3128' }),
  ],
  ['"true" as a string', '/config/issuers/0/insecureHttp', issuers({ insecureHttp: 'true' })],
  ['a misspelled option', '/config', of({ isuers: [] })],
  ['an option with a capital letter', '/config', of({ Realm: 'orders' })],
  ['an option at the wrong level', '/config', of({ level: 'debug' })],
  ['a duration without a unit', '/config/keys/maxStale', of({ keys: { maxStale: 24 } })],
  ['a duration as a string without a unit', '/config/keys/maxStale', of({ keys: { maxStale: '24' } })],
  ['a duration in days', '/config/keys/maxStale', of({ keys: { maxStale: '1d' } })],
  ['a size in MB', '/config/cache/maxBytes', of({ cache: { maxBytes: '64MB' } })],
  ['a size with a fraction', '/config/cache/maxBytes', of({ cache: { maxBytes: '1.5Gi' } })],
  ['a port as a string', '/config/http/port', of({ http: { port: '8000' } })],
  ['a port that is too high', '/config/http/port', of({ http: { port: 80_000 } })],
  ['a port with a fraction', '/config/http/port', of({ http: { port: 80.5 } })],
  ['a listener that is a port', '/config/http', of({ http: 8000 })],
  ['a listener disabled by a word', '/config/grpc/enabled', of({ grpc: { enabled: 'never' } })],
  ['TLS without a key', '/config/http/tls', of({ http: { tls: { certFile: '/a' } } })],
  ['an unknown log level', '/config/log/level', of({ log: { level: 'verbose' } })],
  ['an unknown value of log.checks', '/config/log/checks', of({ log: { checks: 'every' } })],
  ['a path without a slash', '/config/log/excludePaths/0', of({ log: { excludePaths: ['healthz'] } })],
  ['a header with a space', '/config/outputTokenToHeader', of({ outputTokenToHeader: 'x token' })],
  ['the authorization header', '/config/outputTokenToHeader', of({ outputTokenToHeader: 'authorization' })],
  [
    "one of Envoy's headers",
    '/config/outputClaimToHeaders/0/header',
    of({ outputClaimToHeaders: [{ header: 'x-envoy-user', claim: 'sub' }] }),
  ],
  ['headers as a map', '/config/outputClaimToHeaders', of({ outputClaimToHeaders: { 'x-user': 'sub' } })],
  [
    'a header without a name',
    '/config/outputClaimToHeaders/0',
    of({ outputClaimToHeaders: [{ claim: 'sub' }] }),
  ],
  ['an unknown value of identityHeaders', '/config/identityHeaders', of({ identityHeaders: 'keep' })],
  ['a null', '/config/realm', of({ realm: null })],
  ['workers as a word', '/config/workers', of({ workers: 'all' })],
  ['0 workers', '/config/workers', of({ workers: 0 })],
  ['too many workers', '/config/workers', of({ workers: 65 })],
  ['rules as a map', '/config/rules', of({ rules: { name: 'a' } })],
  ['a rule with an unknown field', '/config/rules/0', of({ rules: [{ name: 'a', matches: {} }] })],
  [
    'paths of a rule as a string',
    '/config/rules/0/match/paths',
    of({ rules: [{ name: 'a', match: { paths: '/a' } }] }),
  ],
  [
    'a trusted proxy that is a name',
    '/config/clientAddress/trustedProxies/0',
    of({ clientAddress: { trustedProxies: ['proxy'] } }),
  ],
];

/** Mistakes that the templates find: bounds of durations and sizes, and values that conflict. */
export const templateMistakes: readonly (readonly [mistake: string, path: string, config: object])[] = [
  ['a duration that is too long', 'keys.maxStale', of({ keys: { maxStale: '100000h' } })],
  ['a duration that is too short', 'keys.timeout', of({ keys: { timeout: '5ms' } })],
  ['a sum of durations that is too long', 'cache.maxAge', of({ cache: { maxAge: '4m90s' } })],
  ['a size that is too large', 'cache.maxBytes', of({ cache: { maxBytes: '64Gi' } })],
  ['a size that is too small', 'limits.maxTokenSize', of({ limits: { maxTokenSize: 16 } })],
  [
    'a deadline too close to the mesh timeout',
    'limits.checkDeadline',
    of({ limits: { checkDeadline: '2s' } }),
  ],
];

/** Mistakes that only the service finds, through the hook. */
export const otherMistakes: readonly (readonly [mistake: string, path: string, config: object])[] = [
  ['a duplicate issuer', 'issuers[1]', { issuers: [issuer, issuer] }],
  [
    'the URL of the discovery document as the issuer',
    'issuers[0].issuer',
    issuers({ issuer: 'https://a.example.com/.well-known/openid-configuration' }),
  ],
  ['plain http', 'issuers[0].issuer', issuers({ issuer: 'http://tenant.example.com' })],
  ['an issuer on a link-local address', 'issuers[0].issuer', issuers({ issuer: 'https://169.254.169.254' })],
  [
    'a shutdown timeout shorter than the delay',
    'shutdown',
    of({ shutdown: { delay: '30s', timeout: '25s' } }),
  ],
  ['a header with too many hyphens', 'outputTokenToHeader', of({ outputTokenToHeader: 'x-a-b-c-d-e-f-g-h' })],
  ['a missing file', 'issuers[0].jwksFile', issuers({ jwksFile: '/etc/oidc-authz/keys/jwks.json' })],
  ['an empty key set', 'issuers[0].jwks', issuers({ jwks: '{"keys": []}' })],
  [
    'an expression that does not parse',
    'rules[0]',
    of({ rules: [{ name: 'a', require: { expression: 'claims.sub ==' } }] }),
  ],
  [
    'two rules with the same name',
    'rules[1]',
    of({
      rules: [
        { name: 'a', match: { paths: ['/a'] }, require: {} },
        { name: 'a', match: { paths: ['/b'] }, require: {} },
      ],
    }),
  ],
];
