/** Mistakes that people make in `config`, each with the path that a message must name. */

const issuer = { issuer: 'https://tenant.example.com', audiences: ['orders-api'] };

/** A configuration of one issuer with something wrong in it. */
const of = (more: object) => ({ issuers: [issuer], ...more });

/** An issuer with something wrong in it; undefined takes an option away. */
const issuers = (more: object) => ({ issuers: [JSON.parse(JSON.stringify({ ...issuer, ...more }))] });

/** What a schema can say: the chart does not render. */
export const schemaMistakes: readonly (readonly [mistake: string, path: string, config: object])[] = [
  ['an issuer without https://', '/config/issuers/0/issuer', issuers({ issuer: 'tenant.example.com' })],
  ['an issuer with one slash', '/config/issuers/0/issuer', issuers({ issuer: 'https:/tenant.example.com' })],
  ['an issuer on ftp://', '/config/issuers/0/issuer', issuers({ issuer: 'ftp://tenant.example.com' })],
  [
    'an issuer with white space behind it',
    '/config/issuers/0/issuer',
    issuers({ issuer: 'https://tenant.example.com ' }),
  ],
  [
    'an issuer with white space before it',
    '/config/issuers/0/issuer',
    issuers({ issuer: ' https://tenant.example.com' }),
  ],
  [
    'an issuer with a line break',
    '/config/issuers/0/issuer',
    issuers({ issuer: 'https://tenant.example.com\n' }),
  ],
  ['an issuer that is empty', '/config/issuers/0/issuer', issuers({ issuer: '' })],
  ['no issuer in an entry', '/config/issuers/0', { issuers: [{ audiences: ['orders-api'] }] }],
  ['an issuer that is a text', '/config/issuers/0', { issuers: ['https://tenant.example.com'] }],
  ['issuers that are a map', '/config/issuers', { issuers: issuer }],
  ['no audiences', '/config/issuers/0', issuers({ audiences: undefined })],
  ['an empty list of audiences', '/config/issuers/0/audiences', issuers({ audiences: [] })],
  ['an audience that is empty', '/config/issuers/0/audiences/0', issuers({ audiences: [''] })],
  [
    'an audience with white space behind it',
    '/config/issuers/0/audiences/0',
    issuers({ audiences: ['orders-api '] }),
  ],
  ['audiences that are a text', '/config/issuers/0/audiences', issuers({ audiences: 'orders-api' })],
  ['an audience that is a number', '/config/issuers/0/audiences/0', issuers({ audiences: [42] })],
  ['audiences and anyAudience', '/config/issuers/0', issuers({ anyAudience: true })],
  [
    'anyAudience: false and nothing else',
    '/config/issuers/0',
    issuers({ audiences: undefined, anyAudience: false }),
  ],
  ['audience for audiences', '/config/issuers/0', issuers({ audience: 'orders-api' })],
  ['jwks_uri for jwksUri', '/config/issuers/0', issuers({ jwks_uri: 'https://keys.example.com' })],
  ['two places of keys', '/config/issuers/0', issuers({ jwksUri: 'https://a.example.com', jwksFile: '/a' })],
  ['a jwksUri without https://', '/config/issuers/0/jwksUri', issuers({ jwksUri: 'keys.example.com/jwks' })],
  [
    'a jwksUri with a line break',
    '/config/issuers/0/jwksUri',
    issuers({ jwksUri: 'https://a.example.com\n' }),
  ],
  ['an algorithm in lower case', '/config/issuers/0/algorithms/0', issuers({ algorithms: ['rs256'] })],
  ['a symmetric algorithm', '/config/issuers/0/algorithms/0', issuers({ algorithms: ['HS256'] })],
  ['no algorithm', '/config/issuers/0/algorithms', issuers({ algorithms: [] })],
  ['a tolerance without unit', '/config/issuers/0/clockTolerance', issuers({ clockTolerance: 30 })],
  ['a tolerance in words', '/config/issuers/0/clockTolerance', issuers({ clockTolerance: '30 s' })],
  ['scopes as one text', '/config/issuers/0/requiredScopes', issuers({ requiredScopes: 'orders.read' })],
  ['a scope with a space', '/config/issuers/0/requiredScopes/0', issuers({ requiredScopes: ['a b'] })],
  ['claims as a list', '/config/issuers/0/requiredClaims', issuers({ requiredClaims: [{ tid: 'abc' }] })],
  [
    'a claim that is a map',
    '/config/issuers/0/requiredClaims/tid',
    issuers({ requiredClaims: { tid: { a: 1 } } }),
  ],
  [
    'a word that boundTokens does not have',
    '/config/issuers/0/boundTokens',
    issuers({ boundTokens: 'accept' }),
  ],
  [
    'a proxy without http://',
    '/config/issuers/0/httpsProxy',
    issuers({ httpsProxy: 'proxy.example.com:3128' }),
  ],
  ['"true" as a text', '/config/issuers/0/insecureHttp', issuers({ insecureHttp: 'true' })],
  ['a misspelled option', '/config', of({ isuers: [] })],
  ['an option in another case', '/config', of({ Realm: 'orders' })],
  ['an option of another level', '/config', of({ level: 'debug' })],
  ['a time without unit', '/config/keys/maxStale', of({ keys: { maxStale: 24 } })],
  ['a time as a text without unit', '/config/keys/maxStale', of({ keys: { maxStale: '24' } })],
  ['a time in days', '/config/keys/maxStale', of({ keys: { maxStale: '1d' } })],
  ['a size in MB', '/config/cache/maxBytes', of({ cache: { maxBytes: '64MB' } })],
  ['a size with a fraction', '/config/cache/maxBytes', of({ cache: { maxBytes: '1.5Gi' } })],
  ['a port as a text', '/config/http/port', of({ http: { port: '8000' } })],
  ['a port that is too high', '/config/http/port', of({ http: { port: 80_000 } })],
  ['a port with a fraction', '/config/http/port', of({ http: { port: 80.5 } })],
  ['a listener that is a port', '/config/http', of({ http: 8000 })],
  ['a listener that is off by a word', '/config/grpc/enabled', of({ grpc: { enabled: 'never' } })],
  ['TLS without a key', '/config/http/tls', of({ http: { tls: { certFile: '/a' } } })],
  ['an unknown level of the log', '/config/log/level', of({ log: { level: 'verbose' } })],
  ['an unknown word for checks', '/config/log/checks', of({ log: { checks: 'every' } })],
  ['a path without a slash', '/config/log/excludePaths/0', of({ log: { excludePaths: ['healthz'] } })],
  ['a header with a space', '/config/outputTokenToHeader', of({ outputTokenToHeader: 'x token' })],
  [
    'a header that authenticates',
    '/config/outputTokenToHeader',
    of({ outputTokenToHeader: 'authorization' }),
  ],
  [
    "one of Envoy's headers",
    '/config/outputClaimToHeaders/0/header',
    of({ outputClaimToHeaders: [{ header: 'x-envoy-user', claim: 'sub' }] }),
  ],
  ['headers as a map', '/config/outputClaimToHeaders', of({ outputClaimToHeaders: { 'x-user': 'sub' } })],
  [
    'a header without its name',
    '/config/outputClaimToHeaders/0',
    of({ outputClaimToHeaders: [{ claim: 'sub' }] }),
  ],
  ['an unknown word for identity headers', '/config/identityHeaders', of({ identityHeaders: 'keep' })],
  ['a null', '/config/realm', of({ realm: null })],
  ['workers in words', '/config/workers', of({ workers: 'all' })],
  ['no worker', '/config/workers', of({ workers: 0 })],
  ['too many workers', '/config/workers', of({ workers: 65 })],
  ['rules as a map', '/config/rules', of({ rules: { name: 'a' } })],
  ['a rule with an unknown part', '/config/rules/0', of({ rules: [{ name: 'a', matches: {} }] })],
  [
    'a path of a rule as a text',
    '/config/rules/0/match/paths',
    of({ rules: [{ name: 'a', match: { paths: '/a' } }] }),
  ],
  [
    'a proxy that is a name',
    '/config/clientAddress/trustedProxies/0',
    of({ clientAddress: { trustedProxies: ['proxy'] } }),
  ],
];

/** What templates can say: bounds of durations and sizes, and of values together. */
export const templateMistakes: readonly (readonly [mistake: string, path: string, config: object])[] = [
  ['a time that is too long', 'keys.maxStale', of({ keys: { maxStale: '100000h' } })],
  ['a time that is too short', 'keys.timeout', of({ keys: { timeout: '5ms' } })],
  ['a sum of times that is too long', 'cache.maxAge', of({ cache: { maxAge: '4m90s' } })],
  ['a size that is too large', 'cache.maxBytes', of({ cache: { maxBytes: '64Gi' } })],
  ['a size that is too small', 'limits.maxTokenSize', of({ limits: { maxTokenSize: 16 } })],
  ['a deadline that is too close', 'limits.checkDeadline', of({ limits: { checkDeadline: '2s' } })],
];

/** What only the service can say, which the hook asks. */
export const otherMistakes: readonly (readonly [mistake: string, path: string, config: object])[] = [
  ['an issuer twice', 'issuers[1]', { issuers: [issuer, issuer] }],
  [
    'the address of the document',
    'issuers[0].issuer',
    issuers({ issuer: 'https://a.example.com/.well-known/openid-configuration' }),
  ],
  ['plain http', 'issuers[0].issuer', issuers({ issuer: 'http://tenant.example.com' })],
  ['an issuer on a link-local address', 'issuers[0].issuer', issuers({ issuer: 'https://169.254.169.254' })],
  ['a drain that is shorter than its delay', 'shutdown', of({ shutdown: { delay: '30s', timeout: '25s' } })],
  ['too many hyphens', 'outputTokenToHeader', of({ outputTokenToHeader: 'x-a-b-c-d-e-f-g-h' })],
  [
    'a file that is not there',
    'issuers[0].jwksFile',
    issuers({ jwksFile: '/etc/oidc-authz/keys/jwks.json' }),
  ],
  ['a key set that is none', 'issuers[0].jwks', issuers({ jwks: '{"keys": []}' })],
  [
    'an expression that does not parse',
    'rules[0]',
    of({ rules: [{ name: 'a', require: { expression: 'claims.sub ==' } }] }),
  ],
  [
    'two rules of one name',
    'rules[1]',
    of({
      rules: [
        { name: 'a', match: { paths: ['/a'] }, require: {} },
        { name: 'a', match: { paths: ['/b'] }, require: {} },
      ],
    }),
  ],
];
