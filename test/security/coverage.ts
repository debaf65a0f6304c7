/**
 * Every threat that was considered, and the tests that it is met by: the source of docs/security/coverage.md. What the corpus
 * covers is found by the row that each of its cases names; for the rest a test is named by its file and a part of its title.
 */

/** A threat. */
export interface Row {
  readonly id: string;
  readonly threat: string;
  /** Tests beside the corpus: the file below `test`, and a part of a title in it. */
  readonly tests?: readonly (readonly [file: string, title: string])[];
  /** What a reader must know: where the contract decides otherwise, or why the row does not apply. */
  readonly note?: string;
}

/** Rows that belong together. */
export interface Table {
  readonly title: string;
  readonly rows: readonly Row[];
}

const http = 'transport/http/server.test.ts';
const grpc = 'transport/grpc/server.test.ts';
const wire = 'transport/grpc/wire.test.ts';
const envoy = 'e2e/envoy.test.ts';
const verifier = 'credential/token/verifier.test.ts';
const issuer = 'issuer/issuer.test.ts';
const fetching = 'issuer/fetch/fetch.test.ts';
const keys = 'issuer/keys.test.ts';
const lookup = 'issuer/fetch/guarded-lookup.test.ts';
const ownerFiles = 'issuer/files.test.ts';
const files = 'process/files.test.ts';
const follow = 'runtime/files/follow.test.ts';
const listenerTls = 'transport/shared/tls.test.ts';
const framing = 'transport/http/framing.test.ts';
const app = 'service/app.test.ts';
const running = 'process/process.test.ts';
const chaosIssuer = 'chaos/issuer.test.ts';
const chaosProcess = 'chaos/process.test.ts';
const chaosWorkers = 'chaos/workers.test.ts';
const workers = 'process/workers.test.ts';
const pool = 'service/workers/pool.test.ts';
const invariants = 'security/invariants.test.ts';
const raw = 'security/raw.test.ts';

const selecting = 'check/rules/select-rule.test.ts';
const paths = 'check/rules/path.test.ts';
const ruled = 'check/rules/rules.test.ts';

/** All tables. */
export const tables: readonly Table[] = [
  {
    title: 'What would go wrong first',
    rows: [
      {
        id: 'F1',
        threat: 'gRPC allows by default',
        tests: [['transport/grpc/response.test.ts', 'only an allow carries code 0']],
        note: 'E1',
      },
      {
        id: 'F2',
        threat: 'What an absent `append` means has changed in Envoy',
        tests: [[envoy, 'headers that a client forges do not arrive']],
        note: 'E2',
      },
      {
        id: 'F3',
        threat: 'A health path on the check port',
        tests: [[http, 'those of health checks and metrics among them']],
        note: 'E10',
      },
      {
        id: 'F4',
        threat: 'A missing claim lets a forged header pass',
        tests: [[envoy, 'that lists no header is safe with']],
        note: 'E3',
      },
      {
        id: 'F5',
        threat: 'A library that fails closed and hammers when the issuer is down',
        tests: [[issuer, 'keys serve on for maxStale']],
        note: 'R3, A9',
      },
      {
        id: 'F6',
        threat: 'No bound on what an issuer sends',
        tests: [[chaosIssuer, 'R8 to R12']],
        note: 'H6',
      },
      {
        id: 'F7',
        threat: 'Libraries that take weak keys',
        tests: [[keys, 'with %s are not']],
        note: 'B4 to B10',
      },
      {
        id: 'F8',
        threat: 'Tokens that can be respelt',
        tests: [[invariants, 'no bit of it may be changed']],
        note: 'A17',
      },
      {
        id: 'F9',
        threat: 'Gaps in what libraries check',
        tests: [[invariants, 'whatever comes in']],
        note: 'A10 to A19, C2 to C5',
      },
      {
        id: 'F10',
        threat: 'A cache whose zero means for ever',
        tests: [['credential/token/cache.test.ts', 'a token is remembered until its age']],
        note: 'G3, G4',
      },
      {
        id: 'F11',
        threat: 'A claim that forces a 500',
        tests: [['check/upstream-headers.test.ts', 'whatever a claim holds']],
        note: 'E11',
      },
      {
        id: 'F12',
        threat: 'Errors that carry claims into the log',
        tests: [['security/leaks.test.ts', 'whatever a check ends with']],
        note: 'I12',
      },
      {
        id: 'F13',
        threat: 'A web framework that refuses what must be checked',
        tests: [[http, 'everything is a check']],
        note: 'E14 to E16',
      },
      {
        id: 'F14',
        threat: 'A close that drops checks',
        tests: [[app, 'loses no check that was sent before the listeners closed']],
        note: 'R14, R15',
      },
      {
        id: 'F15',
        threat: 'A runtime at the end of its life',
        note: 'Node 26, by `engines` and by the image.',
      },
      {
        id: 'F16',
        threat: 'Signatures starve what fetches keys',
        tests: [[chaosProcess, 'F16']],
        note: 'I9',
      },
    ],
  },
  {
    title: 'A. Header and shape of a token',
    rows: [
      { id: 'A1', threat: 'No signature at all: `alg` none, in any spelling or none' },
      { id: 'A2', threat: 'HMAC with the public key as its secret' },
      { id: 'A3', threat: 'Another algorithm than the key is for' },
      {
        id: 'A4',
        threat: 'A key of its own in `jwk`',
        note: '`jwk` is never used, and no reason to refuse: some issuers send it.',
      },
      {
        id: 'A5',
        threat: 'A place to fetch keys from in `jku` or `x5u`',
        note: 'Never followed, and no reason to refuse.',
      },
      {
        id: 'A6',
        threat: 'A certificate chain of its own in `x5c`',
        note: 'Never used, and no reason to refuse.',
      },
      { id: 'A7', threat: '`kid` that walks paths or injects commands' },
      {
        id: 'A8',
        threat: '`kid` of another type, or endless',
        note: 'An empty `kid` is text, and finds no key.',
      },
      {
        id: 'A9',
        threat: 'A fetch for every unknown `kid`',
        tests: [
          [verifier, 'in a flood causes at most two fetches'],
          ['process/endurance.test.ts', '10,000 unknown key ids'],
          [chaosProcess, 'R13'],
        ],
      },
      { id: 'A10', threat: '`crit`' },
      { id: 'A11', threat: '`b64`' },
      { id: 'A12', threat: '`zip`, bombs within', note: 'Ignored: nothing is ever decompressed.' },
      { id: 'A13', threat: 'Encrypted tokens' },
      {
        id: 'A14',
        threat: 'A token within a token',
        note: '`cty` is ignored; a payload that is not a JSON object is refused.',
      },
      { id: 'A15', threat: 'The JSON serializations' },
      { id: 'A16', threat: 'Segments missing, empty or too many' },
      {
        id: 'A17',
        threat: 'One token in many spellings',
        tests: [[invariants, 'no bit of it may be changed']],
      },
      { id: 'A18', threat: 'Header JSON that two readers read differently' },
      { id: 'A19', threat: 'Tokens of another type' },
      {
        id: 'A20',
        threat: 'An ID token in the place of an access token',
        note: 'An ID token is meant for its client; it is accepted only where that client id is one of the `audiences`.',
      },
      {
        id: 'LJ1',
        threat: 'Unused bits in the last character of a segment of any length',
        tests: [['credential/token/compact-jws.test.ts', 'a segment with any last character']],
      },
    ],
  },
  {
    title: 'B. Signatures and keys',
    rows: [
      { id: 'B1', threat: 'ECDSA with r or s out of range' },
      { id: 'B2', threat: 'ECDSA in another encoding or length' },
      {
        id: 'B3',
        threat: 'The twin of an ECDSA signature',
        tests: [['credential/token/revocation.test.ts', 'a token is revoked']],
        note: 'It is as valid as the other; revocation goes by claims, which are the same in both.',
      },
      { id: 'B4', threat: 'RSA keys below 2048 bits' },
      { id: 'B5', threat: 'RSA exponents of 1, even or small' },
      { id: 'B6', threat: 'Forged padding under e = 3', note: 'Keys with e below 65537 are refused.' },
      { id: 'B7', threat: 'RSA keys that can be factored from themselves' },
      {
        id: 'B8',
        threat: 'Keys so large that verifying is an attack',
        tests: [[keys, 'with too many members is refused whole']],
      },
      { id: 'B9', threat: 'Points off the curve, of another curve or type' },
      {
        id: 'B10',
        threat: 'Ed25519 points of small order, malleable S',
        tests: [[keys, 'of small order are refused']],
      },
      { id: 'B11', threat: 'Algorithms and curves that nobody allowed' },
      { id: 'B12', threat: 'RSA padding that is nearly right' },
      { id: 'B13', threat: '`use`, `key_ops` and `alg` of a key ignored' },
      {
        id: 'B14',
        threat: 'Time tells a secret',
        tests: [['model/reasons.test.ts', 'the body is the same for every reason']],
        note: 'There is no secret: nothing is compared that a client must not know. Answers of one error are the same bytes.',
      },
      {
        id: 'LJ2',
        threat: 'An RSA signature that is shorter or longer than its modulus',
        tests: [['issuer/keys/public-key.test.ts', 'has no second spelling']],
        note: 'OpenSSL takes a PSS signature without the zeros in front of it.',
      },
      {
        id: 'LJ3',
        threat: 'A verification that fails reads as a bad signature, or is told nowhere',
        tests: [
          ['security/failing-verification.test.ts', 'a good token is refused as internal_error'],
          ['security/failing-verification.test.ts', 'is not proof_invalid where verifying it fails'],
        ],
      },
      {
        id: 'LJ4',
        threat: 'A signature or a key of a client makes a verification fail',
        tests: [
          ['issuer/keys/public-key.test.ts', 'fails for no signature'],
          ['security/failing-verification.test.ts', 'a proof whose key is no point of its curve'],
        ],
      },
      {
        id: 'LJ5',
        threat: 'A verdict that another implementation would not give, among many tokens and changing keys',
        tests: [['security/differential.test.ts', 'judge the same of 20,000 tokens']],
      },
      {
        id: 'V4',
        threat:
          'A client leaves the `kid` out, so that each of its forged tokens takes the room of four good ones of any issuer',
        tests: [
          ['credential/token/verification-queue.test.ts', 'leaves half of the room to others'],
          ['credential/token/verification-queue.test.ts', 'finds room in the smallest queue'],
        ],
      },
    ],
  },
  {
    title: 'C. Claims',
    rows: [
      { id: 'C1', threat: 'Expired', tests: [[verifier, 'ends with its own expiry, to the second']] },
      { id: 'C2', threat: 'No `exp`' },
      { id: 'C3', threat: '`exp` that is no date' },
      { id: 'C4', threat: '`nbf` in the future' },
      { id: 'C5', threat: '`iat` in the future' },
      {
        id: 'C6',
        threat: 'A tolerance that tolerates everything',
        tests: [['config/load/load.test.ts', 'that is wrong is told with where it came from']],
        note: 'At most 2 minutes; anything else is a configuration error.',
      },
      { id: 'C7', threat: 'Audiences of every form' },
      { id: 'C8', threat: 'An `iss` that only looks like it' },
      { id: 'C9', threat: 'One issuer speaks for another' },
      { id: 'C10', threat: 'A claim twice' },
      { id: 'C11', threat: 'A payload that is no JSON object, or no UTF-8' },
      { id: 'C12', threat: 'A payload that is deep or huge' },
      {
        id: 'C13',
        threat: 'Claims that change prototypes',
        tests: [['check/upstream-headers.test.ts', 'a claim is never found in a prototype']],
      },
      {
        id: 'C14',
        threat: 'A bound token used as a bearer token',
        tests: [
          ['check/binding/dpop.test.ts', 'as Bearer, with or without its proof'],
          ['check/binding/client-certificate.test.ts', 'is good with that certificate alone'],
          ['e2e/bound-tokens.test.ts', 'that ends the TLS of clients'],
        ],
      },
      {
        id: 'C15',
        threat: 'Addresses with two domains',
        note: 'No decision is made by the domain of an address. A value is forwarded as it was signed.',
      },
      {
        id: 'C16',
        threat: 'Groups of another type',
        tests: [['check/upstream-headers.test.ts', 'what is withheld is counted by its cause']],
      },
      { id: 'C17', threat: 'Scopes that only contain the one required' },
      {
        id: 'C18',
        threat: 'A pattern that costs or remembers',
        note: 'No configuration holds a pattern; claims are compared as values.',
      },
      {
        id: 'V5',
        threat:
          'A logout token, which says `typ: JWT` and has the audience of a client, is used as an access token',
        tests: [['contract/cases.ts', 'a logout token']],
      },
      {
        id: 'V6',
        threat:
          'A member within a claim comes twice, and the workload reads the first of them in `from: claims`',
        note: 'Allowed: only the issuer can write such a token. The last counts here; see docs/headers.md.',
      },
    ],
  },
  {
    title: 'D. How the credential arrives',
    rows: [
      {
        id: 'D1',
        threat: 'Two authorization headers',
        tests: [
          [http, 'two authorization headers of any spelling are two'],
          [envoy, 'two authorization headers: 401'],
        ],
      },
      {
        id: 'D2',
        threat: 'Two that a proxy joined',
        tests: [[wire, 'the authorization headers of a CheckRequest']],
      },
      { id: 'D3', threat: 'The scheme in any case' },
      { id: 'D4', threat: 'White space' },
      {
        id: 'D5',
        threat: 'None',
        tests: [['check/challenge.test.ts', 'without a token the challenge has no error']],
      },
      {
        id: 'D6',
        threat: 'Text of the token in the challenge',
        tests: [['check/challenge.test.ts', 'a bad token is told by its error code alone']],
      },
      { id: 'D7', threat: 'A token within Basic', note: 'Refused, on purpose: oauth2-proxy takes it.' },
      {
        id: 'D8',
        threat: 'The DPoP scheme',
        tests: [
          ['check/binding/dpop.test.ts', 'a token that is not bound is good as Bearer, and none for DPoP'],
        ],
        note: 'Without `dpop.origins` another scheme like any; with it, a proof is needed.',
      },
      {
        id: 'D9',
        threat: 'A token in query, cookie, body or other headers',
        tests: [[http, 'a token anywhere else is none']],
      },
      { id: 'D10', threat: 'Bytes beyond ASCII', tests: [[http, 'what is no HTTP']] },
      { id: 'D11', threat: 'A token without end' },
      { id: 'D12', threat: 'A large header section', tests: [[http, 'a header section of 96 KiB']] },
      { id: 'D13', threat: 'Thousands of headers', tests: [[http, 'in two thousand']] },
      {
        id: 'D14',
        threat: 'Metadata whose address a client chooses',
        tests: [[http, 'to a denial has these headers and no other']],
        note: 'No `resource_metadata` is sent.',
      },
      { id: 'D15', threat: 'Opaque tokens' },
    ],
  },
  {
    title: 'E. The contract with Envoy',
    rows: [
      {
        id: 'E1',
        threat: 'An empty answer is an allow',
        tests: [
          ['transport/grpc/response.test.ts', 'only an allow carries code 0'],
          ['transport/grpc/response.test.ts', 'is not let out'],
        ],
      },
      {
        id: 'E2',
        threat: 'A header added beside the forged one',
        tests: [[envoy, 'headers that a client forges do not arrive']],
      },
      {
        id: 'E3',
        threat: 'A forged header where the claim is absent',
        tests: [[envoy, 'claims that no header can carry are withheld']],
      },
      {
        id: 'E4',
        threat: 'The same header with underscores',
        tests: [
          [envoy, 'in whichever spelling'],
          ['check/upstream-headers.test.ts', 'where none is to be set, all are removed'],
        ],
      },
      {
        id: 'E5',
        threat: '`x-forwarded-*` believed',
        tests: [['check/binding/client-certificate.test.ts', 'another workload forges']],
        note: 'None is read but `x-forwarded-client-cert`, and that only where the configuration says whom to believe.',
      },
      {
        id: 'E6',
        threat: 'A failure of ours becomes a 5xx',
        tests: [
          ['check/check.test.ts', 'whatever goes wrong inside is an error'],
          ['model/reasons.test.ts', 'no reason has a 5xx over HTTP'],
        ],
        note: 'Except where `whenUnavailable: error` asks for it. No client can take keys away; while an issuer has none, a made-up token that names it ends so.',
      },
      {
        id: 'E7',
        threat: 'A failed call over gRPC',
        tests: [['transport/grpc/response.test.ts', 'an error is left to Envoy only where that is said']],
      },
      { id: 'E8', threat: 'Another 2xx than 200', tests: [[http, 'every method that Node knows']] },
      {
        id: 'E9',
        threat: 'Headers of a denial that reach the client',
        tests: [[http, 'to a denial has these headers and no other']],
      },
      {
        id: 'E10',
        threat: 'A health path on the check port lets everybody in',
        tests: [[http, 'those of health checks and metrics among them']],
      },
      {
        id: 'E11',
        threat: 'Line breaks and letters beyond ASCII from claims',
        tests: [['check/upstream-headers.test.ts', 'whatever a claim holds']],
      },
      {
        id: 'E12',
        threat: 'Headers too large for Envoy',
        tests: [['check/upstream-headers.test.ts', 'total_length']],
      },
      {
        id: 'E13',
        threat: 'Headers that must not be set',
        tests: [['config/load/load.test.ts', '%s says what its first line expects']],
      },
      {
        id: 'E14',
        threat: 'Odd methods and bodies',
        tests: [
          [http, 'every method that Node knows'],
          [envoy, 'a body, chunks, an upgrade'],
        ],
      },
      {
        id: 'E15',
        threat: 'Malformed paths',
        tests: [
          [http, 'every path'],
          [envoy, 'every method and odd paths'],
        ],
      },
      {
        id: 'E16',
        threat: 'Upgrades and expectations',
        tests: [
          [http, 'everything is a check'],
          [envoy, 'a body, chunks, an upgrade'],
        ],
      },
      {
        id: 'E17',
        threat: 'An authorizer that hangs',
        tests: [
          [grpc, 'of the service is a second and a half'],
          [verifier, 'whose fetch hangs is answered by the deadline'],
        ],
      },
      {
        id: 'E18',
        threat: 'An answer after the client has gone',
        tests: [
          [grpc, 'outlives 400 cancelled checks a second'],
          [envoy, 'clients that go away'],
        ],
      },
    ],
  },
  {
    title: 'F. Rules, and the ways around them',
    rows: [
      {
        id: 'F-1',
        threat: 'The path out of a header',
        tests: [[ruled, 'whose path is unclear is refused']],
        note: 'No header says a path.',
      },
      { id: 'F-2', threat: 'A pattern that sees the query', tests: [[paths, 'a path has one reading']] },
      { id: 'F-3', threat: 'A fragment', tests: [[paths, 'a path has two readings']] },
      {
        id: 'F-4',
        threat: 'Escapes, dot segments, other separators',
        tests: [
          [paths, 'a path has two readings'],
          [selecting, 'paths'],
        ],
      },
      { id: 'F-5', threat: 'A path that is read as a host', tests: [[paths, 'a path has two readings']] },
      { id: 'F-6', threat: 'A query that an encoding hides', tests: [[paths, 'a path has two readings']] },
      {
        id: 'F-7',
        threat: 'Patterns without an end',
        tests: [[selecting, 'paths']],
        note: 'Whole segments are compared.',
      },
      {
        id: 'F-8',
        threat: 'Patterns that backtrack',
        tests: [['check/rules/expression.test.ts', 'is refused when it is read']],
        note: 'There are none; `matches()` of CEL is refused.',
      },
      {
        id: 'F-9',
        threat: 'Exemptions by user agent',
        tests: [[ruled, '%s']],
        note: 'Only headers that the mesh is said to overwrite can be matched.',
      },
      {
        id: 'F-10',
        threat: 'Pre-flight requests let through',
        tests: [[ruled, 'that asks before it asks']],
        note: 'By an option of a rule, for its methods alone.',
      },
      { id: 'F-11', threat: 'Exemptions by address', note: 'There are none.' },
      { id: 'F-12', threat: 'Hosts in other spellings', tests: [[selecting, 'hosts']] },
      {
        id: 'LC1',
        threat:
          'Claims that make an expression dear: long lists that are searched for each member, or added to each other',
        tests: [
          ['check/rules/expression-cost.test.ts', 'is refused when it is read, with its place'],
          ['check/rules/expression-cost.test.ts', 'whatever is accepted does little work'],
        ],
        note: '`npm run bench:expressions` searches for the dearest expression that is accepted.',
      },
      {
        id: 'LC2',
        threat:
          'Claims of another type than an expression expects, so that each member of a list is an error',
        tests: [['check/rules/expression-cost.test.ts', 'where more than 32 members cannot be judged']],
      },
      {
        id: 'LC3',
        threat: 'Tokens with ever new types of claims, each of which is remembered',
        tests: [['check/rules/expression-cost.test.ts', 'types that no token had before are not remembered']],
      },
      {
        id: 'LC4',
        threat: 'What bounds an expression changes what it says',
        tests: [['check/rules/expression-cost.test.ts', 'what is accepted says what the library alone says']],
        note: 'It can only end an evaluation, which refuses.',
      },
      {
        id: 'LC5',
        threat: 'A long x-forwarded-for, which every rule with addresses takes apart',
        tests: [
          ['check/rules/request-cost.test.ts', 'is asked for once, for all rules with addresses'],
          ['check/rules/request-cost.test.ts', 'is looked at from its end'],
          [
            'check/rules/request-cost.test.ts',
            'is read as a reader that takes the whole list apart reads it',
          ],
        ],
      },
      {
        id: 'LC6',
        threat: 'Thousands of small headers, which every rule with headers goes through',
        tests: [['check/rules/request-cost.test.ts', 'the headers of a request are gone through once']],
      },
      {
        id: 'LC7',
        threat:
          'A token with thousands of scopes, audiences or values, each compared with each of the configuration',
        tests: [['check/rules/request-cost.test.ts', 'are each gone through once, where both are long']],
      },
      {
        id: 'LR1',
        threat:
          'A path that Envoy or the workload resolves, merges, decodes or trims otherwise than rules do',
        tests: [
          ['check/rules/readers.test.ts', 'is one of this rule to every reader'],
          ['e2e/one-reading.test.ts', 'that reads paths in its own way'],
          ['contract/contract.test.ts', 'HTTP'],
        ],
      },
      {
        id: 'LR2',
        threat: 'A path in other capitals, or with a slash at its end, to a workload that ignores those',
        tests: [
          [selecting, 'what paths.ignoreCase and paths.ignoreTrailingSlash make of rules'],
          ['check/rules/readers.test.ts', 'also to one that ignores these'],
        ],
        note: 'By options; rules compare exactly.',
      },
      {
        id: 'LR3',
        threat:
          'A host that Envoy routes otherwise than rules read it: a port, a final dot, two hosts in one',
        tests: [
          ['e2e/one-reading.test.ts', 'that picks a host in its own way'],
          ['config/values/hosts.test.ts', 'not a host, or one with two readings'],
          [selecting, 'a host with a port'],
        ],
      },
      {
        id: 'LR4',
        threat: 'A host that is too long or malformed falls through to an open rule',
        tests: [
          [selecting, 'hosts'],
          ['config/values/hosts.test.ts', 'not a host, or one with two readings'],
        ],
      },
      {
        id: 'LR5',
        threat: 'Two host lines, or two accounts of the host over gRPC',
        tests: [['contract/contract.test.ts', 'gRPC']],
      },
      {
        id: 'LR6',
        threat: 'A proof of possession for a host with two readings',
        tests: [['check/binding/dpop.test.ts', 'a bound token is refused']],
      },
      {
        id: 'LR7',
        threat: 'A rule that never decides, and nobody is told',
        tests: [['check/rules/hidden.test.ts', 'that make rules match more']],
      },
      {
        id: 'U1',
        threat:
          'Rules that are only tried are forgotten, and nobody hears of the requests that pass for that',
        tests: [
          [
            'observe/records.test.ts',
            'a request that passes only because its rule is tried is told by default',
          ],
          ['e2e/what-now.test.ts', 'a rule is only tried: the record has shadow'],
        ],
      },
      {
        id: 'U2',
        threat:
          'A request that nobody asks about: no policy, or a mesh that fails open, and with it the identity that a client writes',
        tests: [
          ['e2e/what-now.test.ts', 'no policy covers it: no record and no count'],
          ['e2e/what-now.test.ts', 'failOpen, and Envoy has no answer over'],
        ],
        note: 'Nothing here can prevent it; docs/what-now.md says how to see it.',
      },
    ],
  },
  {
    title: 'G. Remembered tokens',
    rows: [
      { id: 'G1', threat: 'Two tokens share an entry', tests: [[invariants, 'no bit of it may be changed']] },
      {
        id: 'G2',
        threat: 'A decision is remembered, not a fact',
        tests: [[app, 'and still judges these anew']],
      },
      {
        id: 'G3',
        threat: 'An entry outlives its token',
        tests: [[verifier, 'ends with its own expiry, to the second']],
      },
      {
        id: 'G4',
        threat: 'An entry that never ends',
        tests: [['credential/token/cache.test.ts', 'a token is remembered until its age']],
      },
      {
        id: 'G5',
        threat: 'A key is withdrawn or replaced',
        tests: [
          [verifier, 'goes with its key'],
          [verifier, 'when other key material takes the name'],
          [chaosIssuer, 'R5'],
        ],
      },
      {
        id: 'G6',
        threat: 'A refusal is remembered',
        tests: [
          [verifier, 'what is not remembered'],
          [issuer, 'published while its kid is asked for'],
        ],
      },
      {
        id: 'G7',
        threat: 'Spellings of one token fill it',
        note: 'See A17: they are refused before they are looked up as tokens.',
        tests: [[invariants, 'whatever comes in']],
      },
      {
        id: 'G8',
        threat: 'Distinct tokens fill memory',
        tests: [
          ['process/endurance.test.ts', '200,000 distinct tokens'],
          ['credential/token/cache.test.ts', 'the memory is bounded too'],
        ],
      },
      {
        id: 'G9',
        threat: 'The clock jumps',
        tests: [[verifier, 'is judged by the wall clock when that jumps']],
      },
      {
        id: 'G10',
        threat: 'A shared failure',
        tests: [
          [verifier, 'of one token are one verification'],
          ['credential/token/verification-queue.test.ts', 'that fails fails alone'],
        ],
      },
      {
        id: 'G11',
        threat: 'The configuration changes',
        tests: [
          [app, 'and still judges these anew'],
          [app, 'refuses its tokens at once, cached ones too'],
        ],
      },
      {
        id: 'G12',
        threat: 'Remembered claims are changed',
        tests: [['check/upstream-headers.test.ts', 'which headers']],
        note: 'The payload is kept as text, and read anew by whoever needs it.',
      },
    ],
  },
  {
    title: 'H. Discovery and keys',
    rows: [
      { id: 'H1', threat: 'The document is of another issuer', tests: [[issuer, '%s is refused']] },
      {
        id: 'H2',
        threat: 'The comparison is skipped',
        tests: [[issuer, 'elsewhere must still be of the configured issuer']],
      },
      {
        id: 'H3',
        threat: 'Redirects',
        tests: [
          [fetching, 'is refused or ended'],
          [chaosIssuer, 'R8 to R12'],
        ],
      },
      {
        id: 'H4',
        threat: 'Plain http, other schemes',
        tests: [
          [issuer, '%s is refused'],
          [invariants, 'whatever comes in'],
        ],
      },
      {
        id: 'H5',
        threat: 'Keys from inside the network',
        tests: [[issuer, 'that moves the keys to another host is refused until a reload']],
        note: 'Another host is allowed, since large issuers have one; what gives secrets away never (LF11), a later move only with a reload.',
      },
      {
        id: 'H6',
        threat: 'Endless answers and bombs',
        tests: [
          [fetching, 'is refused or ended'],
          [chaosIssuer, 'R8 to R12'],
        ],
      },
      {
        id: 'H7',
        threat: 'An issuer that trickles',
        tests: [
          [fetching, 'is refused or ended'],
          [chaosIssuer, 'R8 to R12'],
        ],
      },
      {
        id: 'H8',
        threat: 'Garbage',
        tests: [
          [keys, 'that is %s is refused'],
          [chaosIssuer, 'R8 to R12'],
        ],
      },
      { id: 'H9', threat: 'A bad member spoils the set', tests: [[keys, 'serves its good members']] },
      { id: 'H10', threat: 'Private or symmetric keys published' },
      {
        id: 'H11',
        threat: 'Two keys of one name',
        tests: [['issuer/random-key-sets.test.ts', 'nothing is taken that no key speaks for']],
        note: 'Each is tried, at most four.',
      },
      { id: 'H12', threat: 'An empty set after a good one', tests: [[chaosIssuer, 'R8 to R12']] },
      {
        id: 'H13',
        threat: 'A token without `kid`',
        tests: [[verifier, 'is tried with every key that fits']],
      },
      {
        id: 'H14',
        threat: 'TLS that anybody can read',
        tests: [
          [fetching, 'an unknown authority is refused, whatever the environment says'],
          ['process/tls-verification.test.ts', 'NODE_TLS_REJECT_UNAUTHORIZED=0'],
        ],
      },
      { id: 'H15', threat: 'The document changes', tests: [[issuer, 'that moves the keys to another host']] },
      {
        id: 'H16',
        threat: 'Proxies by environment',
        tests: [[fetching, 'that the environment names, only where that is said']],
      },
      {
        id: 'N1',
        threat: 'A token without `kid`, or of a `kid` of many keys, costs many verifications',
        tests: [
          ['credential/token/key-choice.test.ts', 'of a token whose issuer has keys'],
          [
            'credential/token/key-choice.test.ts',
            'with four keys each fill their half of the queue four times as fast',
          ],
        ],
      },
      {
        id: 'N2',
        threat: 'Made-up signatures have keys fetched again and again',
        tests: [
          ['credential/token/key-choice.test.ts', 'has nothing fetched by 10,000 of them'],
          ['credential/token/key-choice.test.ts', 'under known and unknown kids in turn'],
          ['credential/token/key-choice.test.ts', 'has no more fetched than with unknown ones'],
          ['process/endurance.test.ts', '10,000 wrong signatures none'],
        ],
      },
      {
        id: 'N3',
        threat: 'A bomb: a small answer of an issuer that becomes a large one',
        tests: [['issuer/fetch/content-coding.test.ts', 'without the memory that it claims']],
      },
      {
        id: 'N4',
        threat: 'A key leaves the set, and the tokens that it verified stay, since another key has its name',
        tests: [['credential/token/key-choice.test.ts', 'is cached, and goes with that key alone']],
      },
      {
        id: 'N5',
        threat: 'A token that names no key is verified by a key that is for another algorithm or use',
        tests: [['issuer/random-key-sets.test.ts', 'nothing is taken that no key speaks for']],
      },
      {
        id: 'N6',
        threat: 'A redirect leads to keys of somebody else, or a message about it tells a secret',
        tests: [['issuer/redirect.test.ts', 'a key set that is redirected with']],
      },
      {
        id: 'N7',
        threat: 'A key set that is read in two ways by the process that fetches it and those that answer',
        tests: [['issuer/random-key-sets.test.ts', 'both processes agree']],
      },
      {
        id: 'V1',
        threat:
          'A store of files says a content coding that is not in the key set, and no token passes any more',
        tests: [
          ['issuer/fetch/content-coding.test.ts', 'is read as it is'],
          ['issuer/fetch/content-coding.test.ts', 'is undone from its end'],
          ['issuer/fetch/content-coding.test.ts', 'a window larger than 8 MiB'],
        ],
      },
      {
        id: 'V2',
        threat:
          'A key set, a key or a discovery document has a member twice, and another reader takes the other one',
        tests: [
          ['issuer/keys.test.ts', 'has its list twice is refused'],
          ['issuer/keys.test.ts', 'has one unused key where'],
          ['issuer/keys.test.ts', 'that has anything else twice is read'],
          [issuer, 'with two of '],
          ['issuer/fetch/duplicate-members.test.ts', 'each of them is found'],
        ],
      },
    ],
  },
  {
    title: 'I. The surface of the service',
    rows: [
      { id: 'I1', threat: 'Request smuggling', tests: [[http, 'what is no HTTP']] },
      {
        id: 'I2',
        threat: 'HTTP/2 floods',
        tests: [[grpc, 'a hostile connection is ended, and no other']],
      },
      {
        id: 'I3',
        threat: 'Messages that are huge, deep or compressed',
        tests: [
          [grpc, 'a call that is no check'],
          ['transport/grpc/message.test.ts', 'what is refused'],
        ],
      },
      { id: 'I4', threat: 'Malformed frames', tests: [[raw, 'bytes of anything']] },
      {
        id: 'I5',
        threat: 'Slow clients',
        tests: [
          [http, 'a slow client is cut off within 20 s'],
          [grpc, 'a silent connection is cut off within 20 s'],
        ],
      },
      { id: 'I6', threat: 'Admin paths', tests: [[app, 'has three paths and no other']] },
      {
        id: 'I7',
        threat: 'A debugger by signal',
        tests: [['process/hardening.test.ts', 'opens no debugger on SIGUSR1']],
      },
      {
        id: 'I8',
        threat: 'A flood of forged signatures',
        tests: [[chaosProcess, 'R20']],
        note: 'Measured in [denial of service](denial-of-service.md).',
      },
      {
        id: 'I9',
        threat: 'Threads that cryptography and names share',
        tests: [[chaosProcess, 'R20']],
        note: 'Signatures are verified on the main thread, in bounded turns; names are looked up by others.',
      },
      { id: 'I10', threat: 'Names that collide in a hash table' },
      {
        id: 'I11',
        threat: 'Lines forged in the log',
        tests: [['observe/records.test.ts', 'is one line, whatever a downstream sends']],
      },
      {
        id: 'I12',
        threat: 'Tokens, claims and cookies in logs, metrics and answers',
        tests: [['security/leaks.test.ts', 'whatever a check ends with']],
      },
      {
        id: 'I13',
        threat: 'Series without end',
        tests: [['observe/records.test.ts', 'the number of series does not grow']],
      },
      {
        id: 'I14',
        threat: 'Answers that tell the reason',
        tests: [['model/reasons.test.ts', 'the body is the same for every reason']],
      },
      {
        id: 'I15',
        threat: 'Calls past the proxy',
        tests: [['chart/render.test.ts', 'opens the network to the ports']],
        note: 'A matter of the network: the chart has a NetworkPolicy; `clientCaFile` admits known clients alone.',
      },
      { id: 'I16', threat: 'Headers named `__proto__`', tests: [[wire, 'with headers of odd names']] },
      {
        id: 'I17',
        threat: 'A misspelt option is ignored',
        tests: [['config/load/load.test.ts', 'that nobody knows is told, with what was probably meant']],
      },
    ],
  },
  {
    title: 'R. Reliability',
    rows: [
      {
        id: 'R1',
        threat: 'The issuer is down at the start',
        tests: [
          [app, 'the service stays up, is not ready'],
          [chaosIssuer, 'R1'],
        ],
      },
      { id: 'R2', threat: 'A wrong configuration at the start', tests: [[running, 'with exit code 2']] },
      { id: 'R3', threat: 'The issuer goes away later', tests: [[issuer, 'keys serve on for maxStale']] },
      {
        id: 'R4',
        threat: 'It stays away',
        tests: [['service/life.test.ts', 'readiness stays when the keys have become too old']],
        note: 'A check ends as `keys_unavailable`; readiness stays, or all replicas would leave together.',
      },
      { id: 'R5', threat: 'A thousand rotations under load', tests: [[chaosIssuer, 'R5']] },
      { id: 'R6', threat: 'A hard rotation', tests: [[chaosIssuer, 'R6']] },
      {
        id: 'R7',
        threat: 'A key must go at once',
        tests: [
          [app, 'has withdrawn keys gone at once'],
          [running, 'SIGHUP alone fetches the keys again'],
        ],
      },
      { id: 'R8', threat: 'A slow issuer', tests: [[chaosIssuer, 'R8 to R12']] },
      { id: 'R9', threat: 'An endless issuer', tests: [[chaosIssuer, 'R8 to R12']] },
      { id: 'R10', threat: 'An issuer of garbage', tests: [[chaosIssuer, 'R8 to R12']] },
      { id: 'R11', threat: 'An issuer of errors and redirects', tests: [[chaosIssuer, 'R8 to R12']] },
      { id: 'R12', threat: 'An issuer that comes and goes', tests: [[chaosIssuer, 'R12: an issuer']] },
      {
        id: 'R13',
        threat: 'A storm of unknown key ids',
        tests: [[chaosProcess, 'R13']],
        note: 'A few seconds of 1,500 a second; a minute of 5,000 needs a machine of its own.',
      },
      {
        id: 'R14',
        threat: 'The end under load, HTTP',
        tests: [[app, 'loses no check that was sent before the listeners closed']],
      },
      {
        id: 'R15',
        threat: 'The end under load, gRPC',
        tests: [[app, 'loses no check that was sent before the listeners closed']],
      },
      {
        id: 'R16',
        threat: 'Replicas replaced one by one',
        tests: [[envoy, 'a replica that drains while requests come loses none']],
        note: 'Seconds, not minutes, and one replica after the other.',
      },
      {
        id: 'R17',
        threat: 'A second signal',
        tests: [[running, 'exits at once with code 1 on a second signal']],
      },
      { id: 'R18', threat: 'The process stands still', tests: [[chaosProcess, 'R18']] },
      {
        id: 'R19',
        threat: 'A flood of distinct good tokens',
        tests: [['process/endurance.test.ts', '200,000 distinct tokens']],
      },
      { id: 'R20', threat: 'A flood of distinct bad tokens', tests: [[chaosProcess, 'R20']] },
      { id: 'R21', threat: 'No more files', tests: [[chaosProcess, 'R21']] },
      {
        id: 'R22',
        threat: 'A storm of connections',
        tests: [
          [chaosProcess, 'R22'],
          [http, '2,000 connections are all answered'],
        ],
      },
      { id: 'R23', threat: 'Slow clients', tests: [[http, 'a slow client is cut off within 20 s']] },
      {
        id: 'R24',
        threat: 'Reloads of every kind',
        tests: [
          [running, 'is loaded, an invalid one is not'],
          [app, 'shows no check a mixture'],
        ],
      },
      {
        id: 'R25',
        threat: 'The clock jumps',
        tests: [[verifier, 'is judged by the wall clock when that jumps']],
      },
      {
        id: 'R26',
        threat: 'An exception that nobody caught',
        tests: [[running, 'logs a defect and exits with code 70']],
      },
      {
        id: 'R27',
        threat: 'A worker dies',
        tests: [['process/workers.test.ts', 'are replaced when they die']],
      },
      {
        id: 'R28',
        threat: 'Connections that are ended by age',
        tests: [[grpc, 'asks a peer to go, and still answers']],
        note: 'No connection is ended by age; it is asked to go when the service drains.',
      },
      {
        id: 'R29',
        threat: 'An idle connection is closed in the moment of its use',
        tests: [[http, 'an idle connection that was answered stays open']],
        note: 'Idle connections are kept for 65 minutes, which is longer than Envoy keeps them.',
      },
      {
        id: 'R30',
        threat: 'Cancelled checks',
        tests: [
          [grpc, 'outlives 400 cancelled checks a second'],
          [grpc, 'in flight is nothing once all is answered'],
        ],
      },
      { id: 'R31', threat: 'Little memory', tests: [[chaosProcess, 'R31']] },
      {
        id: 'R32',
        threat: 'Names that fail or change',
        tests: [[fetching, 'a name that does not exist']],
        note: 'The name is looked up at each fetch, and no connection is kept.',
      },
      {
        id: 'R33',
        threat: 'A log that nobody reads',
        tests: [
          [running, 'if nothing reads its log'],
          [running, 'if its log cannot be written'],
        ],
      },
      { id: 'R34', threat: 'Many scrapes', tests: [[chaosProcess, 'R34']] },
      {
        id: 'R35',
        threat: 'Everything at once, for long',
        tests: [[chaosProcess, 'R35']],
        note: 'Twenty seconds in CI.',
      },
      {
        id: 'LD1',
        threat:
          'Tokens with unknown key ids wait for an issuer that hangs until the mesh gives up, and an open failure mode lets them pass',
        tests: [
          ['e2e/failure-mode.test.ts', 'while the issuer hangs'],
          ['credential/token/verifier.test.ts', 'is answered by the deadline'],
          ['check/check-deadline.test.ts', 'is answered at its deadline'],
        ],
      },
      {
        id: 'LD2',
        threat: 'Checks that wait for a key pile up',
        tests: [
          ['credential/token/verifier.test.ts', 'is waited for by so many checks at once'],
          ['credential/token/verifier.test.ts', 'is not waited for again while a fetch hangs'],
          ['credential/token/verifier.test.ts', 'costs the tokens of another nothing'],
        ],
      },
      {
        id: 'LD3',
        threat: 'A burst of large headers or bodies, where CPU is short, is answered too late',
        tests: [
          ['e2e/failure-mode.test.ts', 'by large headers'],
          ['e2e/failure-mode.test.ts', 'by large bodies'],
          ['credential/token/verification-queue.test.ts', 'does not keep the first of it waiting'],
        ],
      },
      {
        id: 'LD4',
        threat: "A deadline of ours is longer than the mesh's timeout",
        tests: [
          ['config/load/load.test.ts', 'says what its first line expects'],
          ['chart/render.test.ts', 'the service knows the timeout of the entries'],
        ],
      },
      {
        id: 'LD5',
        threat:
          'A body of a check over HTTP is stored, is taken for a request, or leaves its connection unusable',
        tests: [
          ['transport/http/bodies.test.ts', 'of several megabytes'],
          ['transport/http/bodies.test.ts', 'that looks like a request is none'],
          ['transport/http/bodies.test.ts', 'takes no memory'],
          ['transport/http/bodies.test.ts', 'and sends its body all the same'],
        ],
      },
      {
        id: 'LD6',
        threat: 'Connections without end, and one that is in use is closed for another',
        tests: [
          ['transport/http/connections.test.ts', 'idle for longest gives way'],
          ['transport/http/connections.test.ts', 'are kept while another connection is idle'],
          ['transport/http/connections.test.ts', 'where all are busy'],
        ],
      },
      {
        id: 'LD7',
        threat: 'A refusal ends a connection that checks of others use',
        tests: [
          ['transport/http/connections.test.ts', 'no refusal ends a connection'],
          ['e2e/failure-mode.test.ts', 'by going away'],
        ],
      },
      {
        id: 'LW1',
        threat:
          'CPU is so short that workers seem silent, in a storm of reloads, rotations, scrapes and unknown keys',
        tests: [
          [chaosWorkers, 'LW1'],
          ['service/workers/pool-model.test.ts', 'no worker that answers is ever ended'],
        ],
      },
      {
        id: 'LW2',
        threat: 'Workers start more slowly than anybody thought',
        tests: [
          [chaosWorkers, 'LW2'],
          [pool, 'waits for a worker that takes five minutes'],
        ],
      },
      {
        id: 'LW3',
        threat: 'A worker stands still',
        tests: [
          [chaosWorkers, 'LW3'],
          [pool, 'goes on until another listens in its place'],
        ],
      },
      {
        id: 'LW4',
        threat: 'All workers end at once',
        tests: [
          [workers, 'the port stays open'],
          [pool, 'leaves the ports open'],
          ['service/workers/round-robin.test.ts', 'no connection is with two'],
        ],
      },
      {
        id: 'LW5',
        threat: 'A signal to every process of the group, also while they start',
        tests: [
          [workers, 'a signal to the process group'],
          [workers, 'handles 300 SIGHUPs'],
        ],
      },
      {
        id: 'LW6',
        threat: 'Reloads, scrapes and fetches come faster than a worker takes them',
        tests: [
          [pool, 'is told the newest of 300 configurations'],
          [pool, 'fifty scrapes at once are two'],
          [running, 'by a few reloads, although 300 SIGHUPs request one'],
        ],
      },
      {
        id: 'LW7',
        threat: 'The process that watches over the workers stands still itself',
        tests: [[pool, 'is none where it was this process that stood still']],
      },
      {
        id: 'LW8',
        threat: 'No worker can be started, or kept',
        tests: [
          ['service/workers/fork-worker.test.ts', 'a process that cannot be started'],
          [workers, 'if no worker stays up'],
          [pool, 'is for workers that die and die for a minute'],
        ],
      },
      {
        id: 'P5',
        threat: 'Whoever speaks the wrong protocol on a port fills the log, or has a token in it',
        tests: [
          ['observe/rejections.test.ts', 'is told once a minute for each listener and cause'],
          ['observe/rejections.test.ts', 'nothing that a client sent is in the log'],
        ],
      },
      {
        id: 'P6',
        threat: 'A downstream of Envoy has its broken HTTP told as a fault of the mesh',
        tests: [['observe/rejections.test.ts', 'nothing is told of what is no fault of the mesh']],
      },
      {
        id: 'P7',
        threat: 'An IPv4 client behind a listener on `[::]` passes a rule on addresses, or is refused by it',
        tests: [
          ['check/rules/client-address.test.ts', 'an IPv4 address inside an IPv6 one is that IPv4 address'],
        ],
      },
      {
        id: 'P8',
        threat: 'A problem that lasts is in the log once, and a failed reload nowhere after an hour',
        tests: [
          ['issuer/problems.test.ts', 'is in the log again every five minutes'],
          ['observe/readiness.test.ts', 'what is not taken is repeated while it lasts'],
        ],
      },
    ],
  },
  {
    title: 'S. In the place of another authorizer',
    rows: [
      {
        id: 'S1',
        threat: 'What is migrated guards less than what was before',
        tests: [
          ['oauth2-proxy/installations/installations.test.ts', 'a real oauth2-proxy'],
          ['tools/migrate/apirule/never-more-open.test.ts', 'open'],
        ],
      },
      {
        id: 'S2',
        threat: 'Half a migration reaches a cluster',
        tests: [['oauth2-proxy/command.test.ts', 'prints nothing, and says how to go on']],
      },
      {
        id: 'S3',
        threat: 'A migration prints a secret of what was before',
        tests: [['oauth2-proxy/installations/installations.test.ts', 'secret']],
      },
      {
        id: 'S4',
        threat: 'Answers of another kind let pass what was refused',
        tests: [
          ['oauth2-proxy/golden.test.ts', 'in its place, over HTTP'],
          ['oauth2-proxy/golden.test.ts', 'in its place, behind Envoy'],
        ],
      },
      {
        id: 'S5',
        threat: 'The authorizer that still decides gives no answer, half of one, or one without end',
        tests: [
          ['check/incumbent/shadow.test.ts', 'where the incumbent gives no answer'],
          ['check/incumbent/deadlines.test.ts', 'over HTTP and over gRPC'],
          ['check/incumbent/deadlines.test.ts', 'the check ends a tenth before it, and refuses'],
        ],
      },
      {
        id: 'S6',
        threat: 'Its answer is changed on the way, or its request is',
        tests: [
          ['check/incumbent/shadow.test.ts', 'goes out unchanged'],
          ['check/incumbent/shadow.test.ts', 'every header line as it was written'],
        ],
      },
      {
        id: 'S7',
        threat: 'A client writes x-forwarded-for itself, and is let in by an address',
        tests: [['check/rules/client-address.test.ts', 'not what a client wrote in front of it']],
      },
      {
        id: 'S8',
        threat: 'A domain, a group or a role that only looks like an allowed one',
        tests: [
          ['check/identity-options.test.ts', 'email.allowedDomains'],
          ['check/identity-options.test.ts', 'groups.allowed'],
        ],
      },
      {
        id: 'S9',
        threat: 'A guard is in the files and is not read',
        tests: [
          ['oauth2-proxy/installations/nothing-unread.test.ts', 'nothing can be taken out without a trace'],
          [
            'oauth2-proxy/installations/wrapped.test.ts',
            'ends as it should, and names what it does not read',
          ],
        ],
      },
      {
        id: 'S10',
        threat: 'What runs oauth2-proxy is told in another form, which opens more than the old one',
        tests: [['oauth2-proxy/installations/wrapped.test.ts', 'lets in whom that lets in, and nobody else']],
      },
      {
        id: 'S11',
        threat: 'Of several files of values an open one wins over a guarded one',
        tests: [
          [
            'tools/migrate/oauth2-proxy/read/chart/overlay.test.ts',
            'lays any values over any others in the same way',
          ],
          ['tools/migrate/oauth2-proxy/read/chart/overlay.test.ts', 'replaces the open one before it'],
        ],
      },
      {
        id: 'S12',
        threat: 'A switch-over changes some rules of a workload and not others, or leaves no way back',
        tests: [
          ['tools/migrate/oauth2-proxy/plan-commands.test.ts', 'points every rule of every APIRule'],
          ['tools/migrate/oauth2-proxy/plan-commands.test.ts', 'leaves the values that are there'],
        ],
      },
      {
        id: 'W1',
        threat: 'A file, a variable or an object that nothing names opens what is migrated, or hides a guard',
        tests: [
          ['tools/migrate/oauth2-proxy/read-installation.test.ts', 'do not count beside what runs it'],
          ['tools/migrate/oauth2-proxy/read-installation.test.ts', 'addresses that nothing names'],
          [
            'oauth2-proxy/installations/wrapped.test.ts',
            'ends as it should, and names what it does not read',
          ],
        ],
      },
      {
        id: 'LG1',
        threat: 'A body in a check, of any size, makes the call fail, and Envoy fails open',
        tests: [
          ['transport/grpc/limits.test.ts', 'is decided as if that were not there'],
          ['transport/grpc/limits.test.ts', 'a check that is too large is answered'],
          ['e2e/bodies.test.ts', 'a body of any size changes nothing'],
        ],
      },
      {
        id: 'LG2',
        threat: 'Many large checks at once end the connection that everybody shares',
        tests: [
          ['transport/grpc/limits.test.ts', 'many large checks at once'],
          ['e2e/bodies.test.ts', '250 bodies of 239 KiB at once'],
          ['e2e/bodies.test.ts', '1,000 requests at the very start'],
        ],
      },
      {
        id: 'LG3',
        threat: 'One call that stands still, or whose answer is not read, ends the calls of others',
        tests: [
          ['transport/grpc/limits.test.ts', 'ends alone, with an answer'],
          ['transport/grpc/limits.test.ts', 'with not even its first byte'],
          ['transport/grpc/limits.test.ts', 'never reads its answer'],
        ],
      },
      {
        id: 'LG4',
        threat: 'Memory for half-sent checks grows without bound, or one peer takes what others need',
        tests: [
          ['transport/grpc/limits.test.ts', 'more memory than a connection may hold'],
          ['transport/grpc/limits.test.ts', 'costs a connection that holds little nothing'],
          ['transport/grpc/memory-budget.test.ts', 'nobody pays who holds less than another one'],
        ],
      },
      {
        id: 'LG5',
        threat: 'A late decision becomes a failed call',
        tests: [['transport/grpc/limits.test.ts', 'a decision that is late']],
      },
      {
        id: 'LG6',
        threat: 'A small message decompresses into a large one',
        tests: [
          ['transport/grpc/message.test.ts', 'what is refused'],
          ['transport/grpc/limits.test.ts', 'a check that is too large is answered'],
        ],
      },
      {
        id: 'LG7',
        threat: 'Two readers of a CheckRequest read odd forms of it differently',
        tests: [
          ['transport/grpc/protobuf-oracle.test.ts', 'accept odd forms of a message'],
          ['transport/grpc/protobuf-oracle.test.ts', 'refuse what is broken somewhere'],
          ['transport/grpc/protobuf-oracle.test.ts', 'refuse a length beyond its message'],
        ],
      },
      {
        id: 'LG8',
        threat: 'Connections or health watches without end fill the memory',
        tests: [
          ['transport/grpc/limits.test.ts', 'connections are bounded'],
          ['transport/shared/open-connections.test.ts', 'keeps no more than its bound'],
          ['transport/grpc/limits.test.ts', 'health watches are bounded'],
        ],
      },
      {
        id: 'LG9',
        threat: 'Clients that cancel end the connection that everybody shares',
        tests: [
          ['transport/grpc/server.test.ts', 'a shared connection'],
          ['transport/grpc/server.test.ts', 'resets beyond what cancelling downstreams cause'],
        ],
      },
      {
        id: 'LG10',
        threat: 'Thousands of small headers are read anew for each rule that looks at one',
        tests: [['transport/grpc/wire.test.ts', 'other headers are read once for a request']],
      },
      {
        id: 'LG11',
        threat: 'Clients that cancel a thousand requests at once make Envoy itself end the connection',
        tests: [['e2e/cancelled.test.ts', 'fail no check of anybody']],
        note: "By Envoy's own limits of frames that wait, which must be raised.",
      },
      {
        id: 'RK1',
        threat:
          "An authorizer whose name holds spaces, quotes or templates has the registration overwrite somebody else's entry",
        tests: [
          [
            'chart/scripts.test.ts',
            'finds its own entry among any names, and keeps the entries of the others',
          ],
        ],
      },
      {
        id: 'RK2',
        threat: 'Somebody changes the Istio resource between the look and the patch, and loses an entry',
        tests: [
          ['chart/scripts.test.ts', 'changes nothing where somebody else has changed the resource meanwhile'],
        ],
      },
      {
        id: 'RK3',
        threat: 'A bare patch replaces a list of authorizers, or a configuration, that is there',
        tests: [['deploy/patches.test.ts', 'applies, and all that was there stays']],
      },
      {
        id: 'RK4',
        threat: 'A host with a port goes past policies for the exact host',
        tests: [['e2e/host-port.test.ts', 'answers hosts with and without ports']],
        note: 'Such a request is refused; with `deploy/kyma/strip-host-port.yaml` it is checked as one without the port.',
      },
    ],
  },
  {
    title: 'LF. Files, and where fetches lead',
    rows: [
      {
        id: 'LF1',
        threat: 'A deny list that is truncated lifts what it revoked',
        tests: [
          ['service/revocation.test.ts', 'a list that stays cut to %s revokes on, and that is told'],
          [files, 'a token stays revoked at every moment while its deny list is overwritten'],
          ['config/load/deny-list.test.ts', 'is an error, not an empty list'],
        ],
      },
      {
        id: 'LF2',
        threat: 'A file counts while it is half written',
        tests: [
          [follow, 'counts whole, whatever was in it at any look'],
          [follow, 'counts at no place where it could be cut'],
          ['service/revocation.test.ts', 'revokes at every moment what it revoked'],
        ],
        note: 'Two looks in a row must see the same. A writer that stops halfway cannot be told from one that is done; JSON is never valid where it is cut.',
      },
      {
        id: 'LF3',
        threat: 'A list is shortened, and nobody notices',
        tests: [
          [
            'service/revocation.test.ts',
            'a list that stays cut after its first entry counts, and what it lifts is told',
          ],
        ],
      },
      {
        id: 'LF4',
        threat: 'A configuration that is emptied loses its rules, or is taken half by SIGHUP',
        tests: [
          [files, 'that is empty, or has only a comment, is rejected, also on SIGHUP'],
          ['service/revocation.test.ts', 'while the configuration is reloaded counts as it was'],
        ],
      },
      {
        id: 'LF5',
        threat: 'A key set, a public key or an authority is emptied or cut',
        tests: [
          [ownerFiles, 'keys stay whole at every moment'],
          [ownerFiles, '%s in its place is told, the keys serve on'],
          [ownerFiles, '%s in its place is told, and what was trusted is trusted on'],
        ],
      },
      {
        id: 'LF6',
        threat:
          'A certificate without its key ends a listener, or an empty authority of clients lets nobody or anybody in',
        tests: [
          [listenerTls, 'a new pair is used once certificate and key fit'],
          [listenerTls, '%s is refused, and the old ones go on'],
        ],
      },
      {
        id: 'LF7',
        threat: 'A change before the first look is missed',
        tests: [
          [follow, 'a change between the first reading and the first look is taken up'],
          [listenerTls, 'what changes before it is first looked at is taken up'],
        ],
      },
      {
        id: 'LF8',
        threat: 'A folder, a pipe or a link to itself stands in the place of a file',
        tests: [[follow, '%s in its place is told, once, and so is its return']],
      },
      {
        id: 'LF9',
        threat: 'An authority that was withdrawn is trusted on by a resumed session',
        tests: [[ownerFiles, 'another authority is taken, and the old one is trusted no more']],
      },
      {
        id: 'LF10',
        threat: 'An issuer on https:// leads to http://',
        tests: [
          [lookup, 'leads to no http:// address, even with insecureHttp'],
          [lookup, 'of %s at %s does not lead to %s'],
        ],
      },
      {
        id: 'LF11',
        threat: "A document leads to this machine, or to a cloud's metadata",
        tests: [
          [lookup, 'leads to a name with a loopback address only from that very host'],
          ['config/values/addresses.test.ts', 'IPv6 addresses are judged as the tables say'],
          ['config/values/addresses.test.ts', '%s is refused'],
        ],
      },
      {
        id: 'LF12',
        threat: 'A name resolves to such an address, or to another one at the second look-up',
        tests: [
          [lookup, 'with the address %s is not connected to'],
          [lookup, 'that is looked up differently a second time'],
        ],
        note: 'Behind an egress proxy the proxy looks names up, and must refuse.',
      },
      {
        id: 'LF13',
        threat: 'An answer to HEAD has a body, which the next request on the connection is answered with',
        tests: [
          [framing, 'to HEAD have the head that GET has, no body'],
          [framing, 'stay in step, to HEAD and to others'],
        ],
      },
      {
        id: 'P1',
        threat: 'A document that was tampered with leads to keys on another host, and nobody hears of it',
        tests: [
          ['issuer/issuer.test.ts', 'that moves the keys to another host is refused until a reload'],
          ['issuer/problems.test.ts', 'is told in the log, in /readyz and as a metric'],
        ],
      },
      {
        id: 'P2',
        threat:
          "A `caFile` that holds an intermediate or a server's own certificate lets other certificates pass",
        tests: [
          ['issuer/chain.test.ts', 'refused: %s'],
          ['issuer/chain.test.ts', 'the name of the host counts all the same'],
          ['issuer/chain.test.ts', 'an expired one is refused'],
        ],
      },
      {
        id: 'P3',
        threat:
          'NO_PROXY is read otherwise than elsewhere: keys are fetched past the proxy that would refuse, or cannot be fetched',
        tests: [
          ['issuer/fetch/no-proxy.test.ts', 'NO_PROXY=%j and %s'],
          ['process/no-proxy.test.ts', 'both lists of cases match the client'],
        ],
      },
      {
        id: 'P4',
        threat: 'A message repeats what an issuer answers, or the password of a proxy',
        tests: [
          ['issuer/messages.test.ts', '%s instead of a document, or a key set'],
          ['issuer/messages.test.ts', 'that wants a password, for %s'],
        ],
      },
    ],
  },
  {
    title: 'LX. Headers and proofs that a client writes',
    rows: [
      {
        id: 'LX1',
        threat:
          "A client's text before the proxy's element of `x-forwarded-client-cert` swallows it or passes for it",
        tests: [
          ['check/binding/client-certificate.test.ts', 'no client passes for another one'],
          ['e2e/client-certificates.test.ts', 'a client passes as itself alone'],
          [invariants, 'whatever comes in'],
        ],
        note: 'The oracles are a model of Envoy and a real one. No client text is believed; some refuse their own sender.',
      },
      {
        id: 'LX2',
        threat: 'A subject, URI or DNS name in a certificate that looks like another element',
        tests: [
          [
            'check/binding/client-certificate.test.ts',
            'a client that sends nothing is believed, whatever its subject',
          ],
          ['e2e/client-certificates.test.ts', 'a client passes as itself alone'],
        ],
      },
      {
        id: 'LX3',
        threat: 'A pre-flight request for a method that no rule opens',
        tests: [
          ['check/rules/preflight.test.ts', 'lets nobody pass who asks for'],
          ['check/rules/preflight.test.ts', 'a header opens nothing'],
          ['e2e/preflight.test.ts', 'a browser may send the methods that a rule has for it'],
          ['e2e/preflight.test.ts', 'whatever else names DELETE'],
        ],
      },
      {
        id: 'LX4',
        threat: 'One client fills the memory of used proofs for others',
        tests: [
          ['check/binding/used-proofs.test.ts', 'that one key takes is none of others'],
          ['check/binding/dpop.test.ts', 'leave room for others of the same issuer and of another one'],
        ],
        note: 'A client that gets tokens for many keys can fill the room of its own issuer: `overloaded`, a metric and an alert.',
      },
      {
        id: 'LX5',
        threat: 'A used proof is good again, after a reload or a change of the clock',
        tests: [
          ['check/binding/used-proofs.test.ts', 'no proof is good twice, whatever the clock does'],
          ['check/binding/dpop.test.ts', 'are not good again after a reload with a larger maxAge'],
        ],
        note: 'Each process remembers its own proofs: with several, and after a restart, a proof is good once in each.',
      },
      {
        id: 'LX6',
        threat: 'With `identityHeaders: remove`, a header of an identity is set, or one of a client passes',
        tests: [['e2e/identity-headers.test.ts', 'none reaches the workload']],
      },
      {
        id: 'ADV1',
        threat: 'Headers that are too large, of which the answer is lost in a reset: no answer to Envoy',
        tests: [['transport/http/connections.test.ts', 'a peer that reads only when it has sent all']],
      },
      {
        id: 'ADV2',
        threat:
          'More checks at once than `http.maxConnections`: connections whose request is on its way are closed, which is no answer to Envoy',
        tests: [
          ['e2e/connections.test.ts', 'answers each of a crowd'],
          [
            'transport/http/connections.test.ts',
            'a new connection whose first request is on its way does not give way',
          ],
        ],
      },
      {
        id: 'ADV3',
        threat: 'A host with a port has an expression evaluated twice, at twice the cost',
        tests: [['check/rules/expression-cost.test.ts', 'a host with a port, for which an expression']],
      },
      {
        id: 'ADV4',
        threat:
          'Beside rules that are only tried, a request for an enforced rule is spelled or sized so that nobody knows its rule',
        tests: [
          ['check/rules/tried.test.ts', 'does not pass where the others are only tried'],
          ['transport/grpc/limits.test.ts', 'where one rule is enforced, it does not pass'],
        ],
      },
      {
        id: 'O1',
        threat: 'A claim is found at another place than the one that the configuration names',
        tests: [
          ['credential/token/claim-path.test.ts', 'agrees with a model that takes it apart in every way'],
          ['credential/token/claim-path.test.ts', 'is not a claim of the token, and is not found'],
          ['check/claim-names.test.ts', 'is no role of anybody'],
        ],
      },
      {
        id: 'O2',
        threat: 'A claim becomes a second header, or a second member of a list',
        tests: [
          ['e2e/claim-headers.test.ts', 'the workload decodes exactly the claims'],
          ['check/header-value.test.ts', 'stay as many for whoever splits them at'],
        ],
      },
      {
        id: 'O3',
        threat:
          'A claim is another one after its encoding: half a character, a number without its last digits',
        tests: [
          ['check/header-value.test.ts', 'what cannot be exactly the claim is withheld'],
          ['check/header-value.test.ts', 'is printable ASCII on one line, whatever the claim is'],
        ],
      },
      {
        id: 'O4',
        threat:
          'A requirement of the configuration that no token meets or that is not asked for, without a word',
        tests: [
          ['config/load/all-problems.test.ts', '__proto__, which would be passed over, is told'],
          ['config/load/all-problems.test.ts', 'a problem where none is trusted'],
          [
            'config/validate/stray-white-space.test.ts',
            'from a flag and from the environment, with its source',
          ],
        ],
      },
      {
        id: 'O5',
        threat: 'A token without an end: `exp` beyond the year 9999, or one that keeps it remembered',
        tests: [['check/claim-names.test.ts', 'is remembered no longer than others']],
      },
      {
        id: 'Q1',
        threat:
          'A configuration that the service refuses is rolled out: the pods go on with the old one, and each that restarts is lost',
        tests: [
          ['chart/config.test.ts', 'is told by the schema'],
          ['chart/config.test.ts', 'is told by the hook'],
          ['chart/config.test.ts', 'has the new configuration, exactly as the pods will have it'],
        ],
      },
      {
        id: 'Q2',
        threat:
          'What tries a configuration before it is rolled out can itself reach the network, or is taken for the service',
        tests: [
          ['chart/config.test.ts', 'without any connection'],
          ['chart/config.test.ts', 'may open no connection'],
          ['chart/config.test.ts', 'is found by nothing that looks for pods'],
        ],
      },
      {
        id: 'Q3',
        threat: 'A memory limit in another form gives the service no heap, or one that the limit ends',
        tests: [
          ['chart/heap.test.ts', 'any other quantity'],
          ['chart/heap.test.ts', 'is refused where it is too little for'],
        ],
      },
      {
        id: 'Q4',
        threat: 'Switching the autoscaler on leaves one pod where many are needed',
        tests: [['chart/replicas.test.ts', 'stays what runs']],
      },
      {
        id: 'T1',
        threat:
          'A value of a client turns into a command of the terminal that shows the log, or into a record of its own',
        tests: [
          ['observe/text-log.test.ts', 'one line that no terminal acts on'],
          ['observe/text-log.test.ts', 'so that fields stay apart'],
        ],
      },
      {
        id: 'T2',
        threat: '`check-config --token-file` prints the token, its signature, or what a terminal acts on',
        tests: [
          ['process/command-line.test.ts', 'without printing the token'],
          ['process/command-line.test.ts', 'rejects a text that is not a token'],
        ],
      },
      {
        id: 'X1',
        threat: 'An entry of the deny list with a character that nobody sees revokes nobody',
        tests: [
          ['config/validate/stray-white-space.test.ts', 'U+'],
          [
            'config/validate/stray-white-space.test.ts',
            'what changes only the look of the character before it is kept',
          ],
        ],
        note: 'At the ends of a text. Between others such a character can have a meaning.',
      },
      {
        id: 'X2',
        threat: 'A claim with a long dotted name keeps a start or a reload busy for minutes',
        tests: [['config/values/claim-names.test.ts', 'refuses a longer one, in whichever form']],
      },
      {
        id: 'X3',
        threat: 'A byte order mark in front of a deny list keeps its new entries from being taken',
        tests: [['config/load/deny-list.test.ts', 'a byte order mark in front of a list changes nothing']],
      },
      {
        id: 'V7',
        threat:
          'The log in JSON or `/readyz` hands a terminal what it acts on, or hides a part of a text from who reads it',
        tests: [['observe/records.test.ts', 'nothing raw in them']],
      },
      {
        id: 'V3',
        threat:
          'A member in percent becomes another group once the workload decodes, splits and trims, in whichever order',
        tests: [
          ['check/header-value.test.ts', 'stay as many for whoever splits them'],
          ['check/header-value.test.ts', 'are left out of percent where'],
        ],
      },
    ],
  },
];
