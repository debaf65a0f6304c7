/**
 * Every threat that was considered, with its tests: the source of docs/security/coverage.md. A case of the corpus names its
 * row here. Any other test is named by its file and a part of its title.
 */

import { revokingTable } from './coverage-revoking.ts';
import { storeTable } from './coverage-store.ts';

/** A threat, and how it is covered. */
export interface Row {
  readonly id: string;
  readonly threat: string;
  /** Tests in addition to the corpus: the file below `test`, and a part of a title in it. */
  readonly tests?: readonly (readonly [file: string, title: string])[];
  /** An intended exception, the reason why the threat does not apply, or another fact for the reader. */
  readonly note?: string;
}

/** Threats with a common subject. */
export interface Table {
  readonly title: string;
  readonly rows: readonly Row[];
}

const http = 'transport/http/server.test.ts';
const grpc = 'transport/grpc/server.test.ts';
const wire = 'transport/grpc/check/check-messages.test.ts';
const envoy = 'e2e/envoy.test.ts';
const verifier = 'credential/token/verifier.test.ts';
const issuer = 'issuer/issuer.test.ts';
const fetching = 'issuer/fetch/fetch.test.ts';
const keys = 'issuer/keys.test.ts';
const lookup = 'issuer/fetch/guarded-lookup.test.ts';
const ownerFiles = 'issuer/files.test.ts';
const consoleServer = 'transport/console/server.test.ts';
const consoleProcess = 'process/console.test.ts';
const consolePages = 'e2e/console.test.ts';
const files = 'process/files.test.ts';
const follow = 'runtime/files/follow.test.ts';
const listenerTls = 'transport/shared/tls.test.ts';
const framing = 'transport/http/message/framing.test.ts';
const app = 'service/app.test.ts';
const running = 'process/process.test.ts';
const chaosIssuer = 'chaos/issuer.test.ts';
const chaosProcess = 'chaos/process.test.ts';
const chaosRenewal = 'chaos/store-renewal.test.ts';
const chaosStore = 'chaos/store.test.ts';
const chaosWorkers = 'chaos/workers.test.ts';
const workers = 'process/workers.test.ts';
const pool = 'service/workers/pool.test.ts';
const invariants = 'security/invariants.test.ts';
const raw = 'security/raw.test.ts';

const selecting = 'check/rules/select-rule.test.ts';
const paths = 'check/rules/path.test.ts';
const ruled = 'check/rules/rules.test.ts';

const callback = 'login/callback.test.ts';
const begin = 'login/begin.test.ts';
const findSession = 'login/find-session.test.ts';
const returning = 'login/return-address.test.ts';
const loginCheck = 'check/login/login.test.ts';
const inFleet = 'login/refresh-in-fleet.test.ts';
const fleetRefresh = 'e2e/refresh-in-fleet.test.ts';
const hostileIssuer = 'login/client/hostile-issuer.test.ts';
const idToken = 'credential/id-token/verify-id-token.test.ts';
const seal = 'session/seal-values.test.ts';
const inCookie = 'session/in-cookie.test.ts';
const inStore = 'session/in-store.test.ts';
const storedRecord = 'session/record.test.ts';
const stolenStore = 'service/stolen-store.test.ts';
const loginPages = 'login/pages/pages.test.ts';
const attacks = 'e2e/login-attacks.test.ts';
const handOver = 'login/hand-over/hand-over.test.ts';
const handOverAttacks = 'login/hand-over/attacks.test.ts';
const centralSignOut = 'login/hand-over/sign-out.test.ts';
const manyHosts = 'e2e/login-hosts.test.ts';
const story = 'e2e/login-story.test.ts';
const expiry = 'e2e/login-expiry.test.ts';

/** All tables. */
export const tables: readonly Table[] = [
  {
    title: 'The most likely mistakes',
    rows: [
      {
        id: 'F1',
        threat: 'An empty gRPC answer is an allow',
        tests: [['transport/grpc/check/decision-response.test.ts', 'only an allow carries code 0']],
        note: 'See E1.',
      },
      {
        id: 'F2',
        threat: 'A changed default in Envoy for an absent `append`',
        tests: [[envoy, 'forged identity headers do not reach the workload, in any spelling']],
        note: 'See E2.',
      },
      {
        id: 'F3',
        threat: 'A health path on the check port that is not checked',
        tests: [[http, 'every path, including those of health checks and metrics']],
        note: 'See E10.',
      },
      {
        id: 'F4',
        threat: 'A forged header is forwarded if the claim is missing',
        tests: [[envoy, 'without headers is safe with']],
        note: 'See E3.',
      },
      {
        id: 'F5',
        threat: 'A library that denies everything and sends many fetches while the issuer is down',
        tests: [
          [issuer, 'keys stay in use for maxStale, the state shows it, and recovers when the issuer returns'],
        ],
        note: 'See R3 and A9.',
      },
      {
        id: 'F6',
        threat: 'Unlimited answers of an issuer',
        tests: [[chaosIssuer, 'R8 to R12']],
        note: 'See H6.',
      },
      {
        id: 'F7',
        threat: 'Libraries that accept weak keys',
        tests: [[keys, 'with %s are rejected']],
        note: 'See B4 to B10.',
      },
      {
        id: 'F8',
        threat: 'One token in several spellings',
        tests: [[invariants, 'is denied after a change of any bit']],
        note: 'See A17.',
      },
      {
        id: 'F9',
        threat: 'Checks that libraries omit',
        tests: [[invariants, 'every invariant holds for random input']],
        note: 'See A10 to A19 and C2 to C5.',
      },
      {
        id: 'F10',
        threat: 'A cache lifetime of zero that means "no limit"',
        tests: [['credential/token/cache.test.ts', 'a token is cached until maxAge, by the wall clock']],
        note: 'See G3 and G4.',
      },
      {
        id: 'F11',
        threat: 'A claim that causes a 500',
        tests: [
          [
            'check/upstream-headers.test.ts',
            'with any claim, each header is either set or removed, and its value is printable',
          ],
        ],
        note: 'See E11.',
      },
      {
        id: 'F12',
        threat: 'Errors that write claims into the log',
        tests: [['security/leaks.test.ts', 'no log, metric or answer contains client data']],
        note: 'See I12.',
      },
      {
        id: 'F13',
        threat: 'A web framework that rejects requests before they are checked',
        tests: [[http, 'everything is a check']],
        note: 'See E14 to E16.',
      },
      {
        id: 'F14',
        threat: 'A shutdown that drops checks',
        tests: [[app, 'drops no check that was sent before the listeners closed, over HTTP and gRPC']],
        note: 'See R14 and R15.',
      },
      {
        id: 'F15',
        threat: 'An unsupported version of the runtime',
        note: 'The image and `engines` use Node 26.',
      },
      {
        id: 'F16',
        threat: 'Signature checks that block the fetch of keys',
        tests: [[chaosProcess, 'F16']],
        note: 'See I9.',
      },
    ],
  },
  {
    title: 'A. Header and shape of a token',
    rows: [
      { id: 'A1', threat: 'No signature: `alg` is `none` in any spelling, or missing' },
      { id: 'A2', threat: 'HMAC with the public key as its secret' },
      { id: 'A3', threat: "An algorithm that differs from the key's" },
      {
        id: 'A4',
        threat: 'A key in the `jwk` header',
        note: '`jwk` is never used. It is not a reason to deny, because some issuers send it.',
      },
      {
        id: 'A5',
        threat: 'An address for keys in `jku` or `x5u`',
        note: 'They are never followed, and are not a reason to deny.',
      },
      {
        id: 'A6',
        threat: 'A certificate chain in `x5c`',
        note: 'It is never used, and is not a reason to deny.',
      },
      { id: 'A7', threat: 'A `kid` with a path traversal or an injected command' },
      {
        id: 'A8',
        threat: 'A `kid` of another type, or a very long one',
        note: 'An empty `kid` is text that matches no key.',
      },
      {
        id: 'A9',
        threat: 'A fetch for each unknown `kid`',
        tests: [
          [verifier, 'in a flood causes at most two fetches'],
          ['process/endurance.test.ts', '10,000 unknown key IDs'],
          [chaosProcess, 'R13'],
        ],
      },
      { id: 'A10', threat: 'The `crit` header' },
      { id: 'A11', threat: 'The `b64` header' },
      {
        id: 'A12',
        threat: 'The `zip` header and decompression bombs',
        note: '`zip` is ignored: nothing is decompressed.',
      },
      { id: 'A13', threat: 'Encrypted tokens' },
      {
        id: 'A14',
        threat: 'A token inside a token',
        note: '`cty` is ignored. A payload that is not a JSON object is denied.',
      },
      { id: 'A15', threat: 'The JSON serializations' },
      { id: 'A16', threat: 'Missing, empty or additional segments' },
      {
        id: 'A17',
        threat: 'One token with many spellings',
        tests: [[invariants, 'is denied after a change of any bit']],
      },
      { id: 'A18', threat: 'Header JSON that two parsers read differently' },
      { id: 'A19', threat: 'A token of another type' },
      {
        id: 'A20',
        threat: 'An ID token used as an access token',
        note: 'An ID token is for its client. It is accepted only if that client ID is one of the `audiences`.',
      },
      {
        id: 'LJ1',
        threat: 'Unused bits in the last character of a segment',
        tests: [
          [
            'credential/token/compact-jws.test.ts',
            'a segment is accepted only with a last character that an encoder writes',
          ],
        ],
      },
      {
        id: 'LJ6',
        threat:
          'A forged token changes how the escaped member names of another token are read (a defect of V8)',
        tests: [
          [
            'credential/token/json.test.ts',
            'an earlier object does not change how an escaped member name is read',
          ],
          ['runtime/parse-json.test.ts', 'is decoded after an object that has its text as a name'],
        ],
      },
    ],
  },
  {
    title: 'B. Signatures and keys',
    rows: [
      { id: 'B1', threat: 'ECDSA with r or s out of range' },
      { id: 'B2', threat: 'ECDSA in another encoding or of another length' },
      {
        id: 'B3',
        threat: 'The second valid form of an ECDSA signature',
        tests: [['credential/token/revocation.test.ts', 'a token is revoked']],
        note: 'It is as valid as the first. Revocation uses claims, which are the same in both.',
      },
      { id: 'B4', threat: 'RSA keys with less than 2048 bits' },
      { id: 'B5', threat: 'RSA exponents that are 1, even or small' },
      { id: 'B6', threat: 'Forged padding with e = 3', note: 'Keys with e below 65537 are rejected.' },
      { id: 'B7', threat: 'RSA keys that can be factored' },
      {
        id: 'B8',
        threat: 'Keys so large that a verification is an attack',
        tests: [[keys, 'with too many members is rejected']],
      },
      { id: 'B9', threat: 'Points that are not on the curve, or on another one' },
      {
        id: 'B10',
        threat: 'Ed25519 points of small order, and malleable S',
        tests: [[keys, 'of small order, which are the identity after three doublings, are rejected']],
      },
      { id: 'B11', threat: 'Algorithms and curves that are not allowed' },
      { id: 'B12', threat: 'Almost valid RSA padding' },
      { id: 'B13', threat: 'Ignored `use`, `key_ops` and `alg` of a key' },
      {
        id: 'B14',
        threat: 'Timing that reveals a secret',
        tests: [['model/reasons.test.ts', 'reasons with the same error code have the same body']],
        note: 'No secret is compared. All answers with one error have the same bytes.',
      },
      {
        id: 'LJ2',
        threat: 'An RSA signature shorter or longer than its modulus',
        tests: [['issuer/keys/public-key.test.ts', 'has no second spelling']],
        note: 'OpenSSL accepts a PSS signature without its leading zeros.',
      },
      {
        id: 'LJ3',
        threat: 'A verification that fails looks like an invalid signature, or is not logged',
        tests: [
          ['security/failing-verification.test.ts', 'a valid token is denied as internal_error'],
          ['security/failing-verification.test.ts', 'is not proof_invalid when its verification fails'],
        ],
      },
      {
        id: 'LJ4',
        threat: "A client's signature or key makes a verification fail",
        tests: [
          ['issuer/keys/public-key.test.ts', 'never throws, with any length of the signature'],
          ['security/failing-verification.test.ts', 'a proof whose key is not a point on its curve'],
        ],
      },
      {
        id: 'LJ5',
        threat: 'A verdict that differs from other implementations, over many tokens and changing keys',
        tests: [['security/differential.test.ts', 'give the same verdict for 20,000 tokens']],
      },
      {
        id: 'LJ9',
        threat: 'A defect of the verifier that no test finds allows forged tokens in production',
        tests: [
          [
            'security/cross-check.test.ts',
            'jose judges valid, forged and unusual tokens as the verifier does',
          ],
          ['service/cross-check-differs.test.ts', 'counts and logs a forged token that the verifier accepts'],
        ],
        note: 'Only with `crossCheck`.',
      },
      {
        id: 'LJ8',
        threat: 'A support bundle that a user publishes has a token, a claim value or a secret',
        tests: [
          [
            'security/support-bundle.test.ts',
            'a bundle has no token, claim, secret, file content, header or query',
          ],
          [
            'security/support-bundle.test.ts',
            'every text option either is a name that a bundle shows, or has a canary',
          ],
          ['tools/support-bundle/mask.test.ts', 'masks an option that is not declared'],
        ],
      },
      {
        id: 'LJ7',
        threat: 'A flood of new tokens makes the cross-check take CPU or memory',
        tests: [
          ['credential/cross-check/cross-check.test.ts', 'stores 64 tokens, and drops and counts the rest'],
          ['credential/cross-check/cross-check.test.ts', 'pauses 19 times as long as a token took'],
          [
            'service/cross-check.test.ts',
            'answers a flood of new tokens, and skips those that do not fit in the queue',
          ],
        ],
      },
      {
        id: 'V4',
        threat: 'Forged tokens without a `kid` each take the capacity of four valid tokens of any issuer',
        tests: [
          [
            'credential/token/verification-queue.test.ts',
            'of tokens with several keys leaves half of the queue to others',
          ],
          [
            'credential/token/verification-queue.test.ts',
            'of a token with several keys fits into the smallest queue',
          ],
        ],
      },
    ],
  },
  {
    title: 'C. Claims',
    rows: [
      {
        id: 'C1',
        threat: 'An expired token',
        tests: [[verifier, 'expires with its exp, to the second']],
      },
      { id: 'C2', threat: 'No `exp`' },
      { id: 'C3', threat: 'An `exp` that is not a date' },
      { id: 'C4', threat: 'An `nbf` in the future' },
      { id: 'C5', threat: 'An `iat` in the future' },
      {
        id: 'C6',
        threat: 'A clock tolerance that is too large',
        tests: [['config/load/load.test.ts', 'is reported with its source and the valid values']],
        note: 'The maximum is 2 minutes. A larger value is a configuration error.',
      },
      { id: 'C7', threat: 'Audiences in every form' },
      { id: 'C8', threat: 'An `iss` that is similar to a configured one' },
      { id: 'C9', threat: 'An issuer that signs a token for another issuer' },
      { id: 'C10', threat: 'A repeated claim' },
      { id: 'C11', threat: 'A payload that is not a JSON object, or not UTF-8' },
      { id: 'C12', threat: 'A payload that is deeply nested or very large' },
      {
        id: 'C13',
        threat: 'Claims that change prototypes',
        tests: [['check/upstream-headers.test.ts', 'never have a claim of a prototype']],
      },
      {
        id: 'C14',
        threat: 'A bound token used as a bearer token',
        tests: [
          ['check/binding/dpop.test.ts', 'as Bearer, with and without its proof'],
          ['check/binding/client-certificate.test.ts', 'is allowed only with that certificate'],
          ['e2e/bound-tokens.test.ts', 'that terminates the TLS of clients'],
        ],
      },
      {
        id: 'C15',
        threat: 'Email addresses with two domains',
        note: 'Without `email.allowedDomains`, no decision uses the domain, and the value is forwarded as it was signed. With it, S8 applies.',
      },
      {
        id: 'C16',
        threat: 'Groups of another type',
        tests: [['check/upstream-headers.test.ts', 'withheld values are counted by cause']],
      },
      { id: 'C17', threat: 'A scope that only contains the required text' },
      {
        id: 'C18',
        threat: 'A pattern that is expensive or has state',
        note: 'No configuration has a pattern. Claims are compared as values.',
      },
      {
        id: 'V5',
        threat: 'A logout token with `typ: JWT` and the audience of a client, used as an access token',
        tests: [['contract/cases.ts', 'a logout token']],
      },
      {
        id: 'V6',
        threat: 'A claim with a repeated member, and a workload that reads the first one in `from: claims`',
        note: 'Allowed: only the issuer can create such a token. The last one counts here; see docs/headers.md.',
      },
    ],
  },
  {
    title: 'D. Transport of the credential',
    rows: [
      {
        id: 'D1',
        threat: 'Two authorization headers',
        tests: [
          [http, 'two authorization headers are duplicates in any case'],
          [envoy, 'two authorization headers: 401'],
        ],
      },
      {
        id: 'D2',
        threat: 'Two authorization headers joined by a proxy',
        tests: [[wire, 'the authorization headers of a CheckRequest']],
      },
      { id: 'D3', threat: 'The scheme in any capitalization' },
      { id: 'D4', threat: 'White space' },
      {
        id: 'D5',
        threat: 'No authorization header',
        tests: [['check/challenge.test.ts', 'a request without a token gets a challenge without an error']],
      },
      {
        id: 'D6',
        threat: 'Text of the token in the challenge',
        tests: [['check/challenge.test.ts', 'an invalid token gets only the error code']],
      },
      {
        id: 'D7',
        threat: 'A token in Basic credentials',
        note: 'Denied on purpose. oauth2-proxy accepts it.',
      },
      {
        id: 'D8',
        threat: 'The DPoP scheme',
        tests: [
          ['check/binding/dpop.test.ts', 'a token without a binding is allowed as Bearer and denied as DPoP'],
        ],
        note: 'Without `dpop.origins`, it is an unknown scheme. With it, a proof is required.',
      },
      {
        id: 'D9',
        threat: 'A token in the query, a cookie, the body or other headers',
        tests: [[http, 'a token in another place is ignored']],
      },
      { id: 'D10', threat: 'Bytes that are not ASCII', tests: [[http, 'a request that is not HTTP']] },
      { id: 'D11', threat: 'A token of unlimited length' },
      { id: 'D12', threat: 'A large header section', tests: [[http, 'a header section of 96 KiB']] },
      { id: 'D13', threat: 'Thousands of headers', tests: [[http, 'in two thousand']] },
      {
        id: 'D14',
        threat: 'A metadata address that a client chooses',
        tests: [[http, 'to a denial has exactly these headers']],
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
          ['transport/grpc/check/decision-response.test.ts', 'only an allow carries code 0'],
          ['transport/grpc/check/decision-response.test.ts', 'is not sent'],
        ],
      },
      {
        id: 'E2',
        threat: 'A header is added next to the forged one',
        tests: [[envoy, 'forged identity headers do not reach the workload, in any spelling']],
      },
      {
        id: 'E3',
        threat: 'A forged header if the claim is missing',
        tests: [
          [
            envoy,
            "claims that cannot be headers are withheld, and a client's own headers of these names are removed",
          ],
        ],
      },
      {
        id: 'E4',
        threat: 'The same header with underscores',
        tests: [
          [envoy, 'forged identity headers do not reach the workload, in any spelling'],
          [
            'check/upstream-headers.test.ts',
            'are all removed in every spelling with identityHeaders: remove',
          ],
        ],
      },
      {
        id: 'E5',
        threat: '`x-forwarded-*` headers that a client writes',
        tests: [['check/binding/client-certificate.test.ts', 'another workload sends the By field']],
        note: 'Only `x-forwarded-client-cert` is read, and only if the configuration says which proxy to trust.',
      },
      {
        id: 'E6',
        threat: 'An internal failure becomes a 5xx',
        tests: [
          ['check/check.test.ts', 'an exception ends in an error, never in an allow'],
          ['model/reasons.test.ts', 'no reason has a 5xx over HTTP'],
        ],
        note: 'Except with `whenUnavailable: error`. A client cannot remove keys. While an issuer has none, a forged token that names it has this result.',
      },
      {
        id: 'E7',
        threat: 'A failed gRPC call',
        tests: [
          [
            'transport/grpc/check/decision-response.test.ts',
            'an error fails the call only if it is configured and no client can cause it',
          ],
        ],
      },
      { id: 'E8', threat: 'A 2xx other than 200', tests: [[http, 'every method that Node knows']] },
      {
        id: 'E9',
        threat: 'Headers of a denial that reach the client',
        tests: [[http, 'to a denial has exactly these headers']],
      },
      {
        id: 'E10',
        threat: 'A health path on the check port that allows every client',
        tests: [[http, 'every path, including those of health checks and metrics']],
      },
      {
        id: 'E11',
        threat: 'Line breaks and non-ASCII characters from claims',
        tests: [
          [
            'check/upstream-headers.test.ts',
            'with any claim, each header is either set or removed, and its value is printable',
          ],
        ],
      },
      {
        id: 'E12',
        threat: 'Headers that are too large for Envoy',
        tests: [['check/upstream-headers.test.ts', 'total_length']],
      },
      {
        id: 'E13',
        threat: 'Headers that must not be set',
        tests: [['config/load/load.test.ts', '%s has the problems in its first lines']],
      },
      {
        id: 'E14',
        threat: 'Unusual methods and bodies',
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
          [envoy, 'every method and unusual paths are checked'],
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
        threat: 'An authorizer that does not answer',
        tests: [
          [grpc, 'of the service is 1.5 s, and a late check is denied'],
          [verifier, 'whose fetch hangs is answered by the deadline'],
        ],
      },
      {
        id: 'E18',
        threat: 'An answer after the client has disconnected',
        tests: [
          [grpc, 'stays open after 400 canceled checks per second, and other checks on it get a response'],
          [envoy, '400 canceled requests per second do not affect others'],
        ],
      },
    ],
  },
  {
    title: 'F. Rules, and ways to bypass them',
    rows: [
      {
        id: 'F-1',
        threat: 'A path taken from a header',
        tests: [[ruled, 'with an ambiguous path is denied with 400, with or without a token']],
        note: 'No header provides a path.',
      },
      { id: 'F-2', threat: 'A pattern that includes the query', tests: [[paths, 'a path has one reading']] },
      { id: 'F-3', threat: 'A fragment in the path', tests: [[paths, 'a path is ambiguous']] },
      {
        id: 'F-4',
        threat: 'Escapes, dot segments and other separators',
        tests: [
          [paths, 'a path is ambiguous'],
          [selecting, 'paths'],
        ],
      },
      {
        id: 'F-5',
        threat: 'A path that is read as a host',
        tests: [[paths, 'a path is ambiguous']],
      },
      {
        id: 'F-6',
        threat: 'A query hidden by an encoding',
        tests: [[paths, 'a path is ambiguous']],
      },
      {
        id: 'F-7',
        threat: 'Patterns without an end anchor',
        tests: [[selecting, 'paths']],
        note: 'Patterns match whole segments.',
      },
      {
        id: 'F-8',
        threat: 'Patterns that backtrack',
        tests: [
          ['check/rules/expression.test.ts', 'an invalid expression is rejected at load, with its position'],
        ],
        note: "There are none. CEL's `matches()` is rejected.",
      },
      {
        id: 'F-9',
        threat: 'Exemptions by user agent',
        tests: [[ruled, '%s']],
        note: 'A rule can match only headers that the mesh overwrites, as `trustedHeaders` lists them.',
      },
      {
        id: 'F-10',
        threat: 'Preflight requests that are allowed',
        tests: [[ruled, 'that is a preflight is allowed if the rule has allowPreflight']],
        note: 'An option of a rule allows them, for its methods only.',
      },
      {
        id: 'F-11',
        threat: 'Exemptions by address',
        note: 'Only rules with `addresses` use one: the address that `clientAddress` takes from the trusted proxies (S7).',
      },
      { id: 'F-12', threat: 'Hosts in other spellings', tests: [[selecting, 'hosts']] },
      {
        id: 'LC1',
        threat:
          'Claims that make an expression expensive: long lists that are searched for each member, or joined',
        tests: [
          [
            'check/rules/expression-cost.test.ts',
            'an expensive expression is rejected at load, with its position',
          ],
          [
            'check/rules/expression-cost.test.ts',
            'every accepted expression does little work, with any claims',
          ],
        ],
        note: '`npm run bench:expressions` searches for the most expensive expression that is accepted.',
      },
      {
        id: 'LC2',
        threat: 'A list claim whose members have an unexpected type, so each member costs an error',
        tests: [['check/rules/expression-cost.test.ts', 'if more than 32 members cannot be evaluated']],
      },
      {
        id: 'LC3',
        threat: 'Tokens whose claims have new types each time, so the types fill the memory',
        tests: [['check/rules/expression-cost.test.ts', 'new types of claims are not cached: %s']],
      },
      {
        id: 'LC4',
        threat: 'A cost limit that changes the result of an expression',
        tests: [
          [
            'check/rules/expression-cost.test.ts',
            'an accepted expression has the same result as the library without limits',
          ],
        ],
        note: 'It can only end an evaluation, which denies.',
      },
      {
        id: 'LC5',
        threat: 'A long x-forwarded-for that each rule with addresses parses',
        tests: [
          ['check/rules/request-cost.test.ts', 'is read once per request, for all rules with addresses'],
          ['check/rules/request-cost.test.ts', 'is read from its end, at most 32 entries'],
          ['check/rules/request-cost.test.ts', 'has the same result as a model that splits the whole list'],
        ],
      },
      {
        id: 'LC6',
        threat: 'Thousands of small headers that each rule with headers visits',
        tests: [
          [
            'check/rules/request-cost.test.ts',
            'the headers of a request are read once, for any number of rules',
          ],
        ],
      },
      {
        id: 'LC7',
        threat:
          'A token with thousands of scopes, audiences or values, each compared with each configured one',
        tests: [['check/rules/request-cost.test.ts', 'are each read once if both are long']],
      },
      {
        id: 'LR1',
        threat:
          'A path that Envoy or the workload resolves, merges, decodes or trims differently than rules do',
        tests: [
          [
            'check/rules/path-readers.test.ts',
            'a request that an anonymous rule allows matches this rule for every reader',
          ],
          ['e2e/one-reading.test.ts', 'that normalizes paths differently never routes an anonymous path'],
          ['contract/contract.test.ts', 'HTTP'],
        ],
      },
      {
        id: 'LR2',
        threat: 'A path with other capitals or a trailing slash, and a workload that ignores both',
        tests: [
          [selecting, 'paths.ignoreCase and paths.ignoreTrailingSlash'],
          [
            'check/rules/path-readers.test.ts',
            'with `paths.ignoreCase` and `ignoreTrailingSlash` also matches it for readers that ignore these, and no further request is allowed',
          ],
        ],
        note: 'Options change this. By default, rules compare exactly.',
      },
      {
        id: 'LR3',
        threat:
          'A host that Envoy routes differently than rules read it: a port, a final dot, two hosts in one',
        tests: [
          ['e2e/one-reading.test.ts', 'that reads hosts differently'],
          ['config/values/hosts.test.ts', 'rejects an invalid or ambiguous host'],
          [selecting, 'a host with a port'],
        ],
      },
      {
        id: 'LR4',
        threat: 'A host that is too long or malformed and matches an open rule',
        tests: [
          [selecting, 'hosts'],
          ['config/values/hosts.test.ts', 'rejects an invalid or ambiguous host'],
        ],
      },
      {
        id: 'LR5',
        threat: 'Two host lines, or two different hosts in one gRPC check',
        tests: [['contract/contract.test.ts', 'gRPC']],
      },
      {
        id: 'LR6',
        threat: 'A proof of possession for a host with two readings',
        tests: [['check/binding/dpop.test.ts', 'a bound token is denied']],
      },
      {
        id: 'LR7',
        threat: 'A rule that can never decide is not reported',
        tests: [
          [
            'check/rules/hidden-rules.test.ts',
            'a rule that is reported as hidden never decides, with any options',
          ],
        ],
      },
      {
        id: 'U1',
        threat: 'Rules in shadow mode are forgotten, and the requests that they allow are not logged',
        tests: [
          ['observe/records.test.ts', 'a request that is allowed only in shadow mode is logged by default'],
          ['e2e/what-now.test.ts', 'a rule in shadow mode: the record has shadow'],
        ],
      },
      {
        id: 'U2',
        threat:
          'A request without a check (no policy, or a mesh that fails open) carries identity headers from a client',
        tests: [
          ['e2e/what-now.test.ts', 'no policy covers it: no record and no count'],
          ['e2e/what-now.test.ts', 'failOpen, and Envoy has no answer over'],
        ],
        note: 'The service cannot prevent this; docs/wrong-allow.md says how to detect it.',
      },
      {
        id: 'U3',
        threat:
          'The entry in the mesh does not list a header that the service sets, so that of the client passes',
        tests: [
          ['chart/generate.test.ts', 'registers the same entries as generate'],
          ['e2e/generate.test.ts', 'forwards the identity of a valid token, and no forged header'],
        ],
        note: '`generate` and the chart derive the lists from the configuration. An entry that is not updated is not detected here.',
      },
      {
        id: 'U4',
        threat: 'The registration removes another authorizer, or a name of one changes the patch',
        tests: [
          ['deploy/generate.test.ts', 'and keeps everything else'],
          ['deploy/generate.test.ts', 'replaces the entry with the same name, and no other'],
        ],
      },
    ],
  },
  {
    title: 'G. Cached tokens',
    rows: [
      {
        id: 'G1',
        threat: 'Two tokens share an entry',
        tests: [[invariants, 'is denied after a change of any bit']],
      },
      {
        id: 'G2',
        threat: 'A decision is cached instead of a fact',
        tests: [[app, 'of requirements keeps the keys and cached tokens, and checks these again']],
      },
      {
        id: 'G3',
        threat: 'An entry outlives its token',
        tests: [[verifier, 'expires with its exp, to the second']],
      },
      {
        id: 'G4',
        threat: 'An entry that never expires',
        tests: [['credential/token/cache.test.ts', 'a token is cached until maxAge, by the wall clock']],
      },
      {
        id: 'G5',
        threat: 'A key is withdrawn or replaced',
        tests: [
          [verifier, 'is removed with its key'],
          [verifier, 'is removed when its kid gets other key material'],
          [chaosIssuer, 'R5'],
        ],
      },
      {
        id: 'G6',
        threat: 'A denial is cached',
        tests: [
          [verifier, 'is not cached'],
          [issuer, 'finds a key that is published during the fetch for its kid'],
        ],
      },
      {
        id: 'G7',
        threat: 'Spellings of one token fill the cache',
        note: 'See A17: they are denied before the cache is read.',
        tests: [[invariants, 'every invariant holds for random input']],
      },
      {
        id: 'G8',
        threat: 'Distinct tokens fill the memory',
        tests: [
          ['process/endurance.test.ts', '200,000 distinct tokens'],
          [
            'credential/token/cache.test.ts',
            'the memory is limited too, and a token larger than the limit is not cached',
          ],
        ],
      },
      {
        id: 'G9',
        threat: 'The clock jumps',
        tests: [[verifier, 'follows the wall clock when that jumps']],
      },
      {
        id: 'G10',
        threat: 'One failure affects several checks',
        tests: [
          [verifier, 'of one token run once'],
          ['credential/token/verification-queue.test.ts', 'that throws does not affect others'],
        ],
      },
      {
        id: 'G11',
        threat: 'The configuration changes',
        tests: [
          [app, 'of requirements keeps the keys and cached tokens, and checks these again'],
          [app, 'that removes an issuer denies its tokens immediately, also cached ones'],
        ],
      },
      {
        id: 'G12',
        threat: 'Cached claims are changed',
        tests: [['check/upstream-headers.test.ts', 'the headers']],
        note: 'The payload is stored as text, and parsed again for each use.',
      },
    ],
  },
  {
    title: 'H. Discovery and keys',
    rows: [
      { id: 'H1', threat: 'The document is from another issuer', tests: [[issuer, '%s is rejected']] },
      {
        id: 'H2',
        threat: 'The comparison of the issuer is skipped',
        tests: [[issuer, 'at another address must still name the configured issuer']],
      },
      {
        id: 'H3',
        threat: 'Redirects',
        tests: [
          [fetching, 'is rejected or aborted'],
          [chaosIssuer, 'R8 to R12'],
        ],
      },
      {
        id: 'H4',
        threat: 'Plain http and other schemes',
        tests: [
          [issuer, '%s is rejected'],
          [invariants, 'every invariant holds for random input'],
        ],
      },
      {
        id: 'H5',
        threat: 'Keys from inside the network',
        tests: [[issuer, 'that moves the keys to another host is rejected until a reload']],
        note: 'Another host is allowed, because large issuers use one. Addresses that reveal secrets are never allowed (LF11). A later move needs a reload.',
      },
      {
        id: 'H6',
        threat: 'Unlimited answers and decompression bombs',
        tests: [
          [fetching, 'is rejected or aborted'],
          [chaosIssuer, 'R8 to R12'],
        ],
      },
      {
        id: 'H7',
        threat: 'An issuer that sends slowly',
        tests: [
          [fetching, 'is rejected or aborted'],
          [chaosIssuer, 'R8 to R12'],
        ],
      },
      {
        id: 'H8',
        threat: 'Invalid data',
        tests: [
          [keys, 'that is %s is rejected'],
          [chaosIssuer, 'R8 to R12'],
        ],
      },
      {
        id: 'H9',
        threat: 'One invalid key makes the set unusable',
        tests: [[keys, 'uses its valid members, and names each of the others with its cause']],
      },
      { id: 'H10', threat: 'Private or symmetric keys in the set' },
      {
        id: 'H11',
        threat: 'Two keys with the same `kid`',
        tests: [['issuer/keys/random-key-sets.test.ts', 'accepts none without a matching key']],
        note: 'Each is tried, at most four.',
      },
      { id: 'H12', threat: 'An empty key set after a valid one', tests: [[chaosIssuer, 'R8 to R12']] },
      {
        id: 'H13',
        threat: 'A token without `kid`',
        tests: [[verifier, 'is verified with every key that matches']],
      },
      {
        id: 'H14',
        threat: 'TLS without verification',
        tests: [
          [fetching, 'rejects an unknown CA, with any environment variables'],
          ['process/tls-verification.test.ts', 'NODE_TLS_REJECT_UNAUTHORIZED=0'],
        ],
      },
      {
        id: 'H15',
        threat: 'The discovery document changes',
        tests: [[issuer, 'that moves the keys to another host']],
      },
      {
        id: 'H16',
        threat: 'Proxies set by the environment',
        tests: [[fetching, 'from the environment, only if it is configured']],
      },
      {
        id: 'N1',
        threat: 'A token without `kid`, or with a `kid` of many keys, needs many verifications',
        tests: [
          ['credential/token/key-choice.test.ts', 'of a token whose issuer has keys'],
          [
            'credential/token/key-choice.test.ts',
            'with four keys each fill half of the queue four times as fast',
          ],
        ],
      },
      {
        id: 'N2',
        threat: 'Forged signatures cause repeated fetches of keys',
        tests: [
          ['credential/token/key-choice.test.ts', '%s causes no fetch with 10,000 tokens'],
          [
            'credential/token/key-choice.test.ts',
            'with known and unknown kids in turn causes at most as many fetches as with unknown kids',
          ],
          [
            'credential/token/key-choice.test.ts',
            'with known and unknown kids in turn causes at most as many fetches as with unknown kids',
          ],
          ['process/endurance.test.ts', '10,000 wrong signatures cause none'],
        ],
      },
      {
        id: 'N3',
        threat: 'A small compressed answer of an issuer that becomes a large one',
        tests: [
          [
            'issuer/fetch/content-coding.test.ts',
            'a decompression bomb with %s, without allocating its size (%#)',
          ],
        ],
      },
      {
        id: 'N4',
        threat: 'A key is removed, and the tokens it verified stay cached because another key has its `kid`',
        tests: [['credential/token/key-choice.test.ts', '%s is cached, and removed only with that key']],
      },
      {
        id: 'N5',
        threat: 'A token without `kid` is verified by a key for another algorithm or use',
        tests: [['issuer/keys/random-key-sets.test.ts', 'accepts none without a matching key']],
      },
      {
        id: 'N6',
        threat: 'A redirect leads to keys of another party, or a message about it reveals a secret',
        tests: [['issuer/fetch/redirect.test.ts', 'a key set that is redirected with']],
      },
      {
        id: 'N7',
        threat: 'The process that fetches a key set and the workers read it differently',
        tests: [['issuer/keys/random-key-sets.test.ts', 'both processes agree']],
      },
      {
        id: 'V1',
        threat: 'A file store sends a wrong content coding with the key set, and every token is denied',
        tests: [
          [
            'issuer/fetch/content-coding.test.ts',
            'uncompressed JSON with the content-encoding %s is read unchanged',
          ],
          ['issuer/fetch/content-coding.test.ts', 'is decoded from the last coding to the first'],
          ['issuer/fetch/content-coding.test.ts', 'a window larger than 8 MiB'],
        ],
      },
      {
        id: 'V2',
        threat: 'A repeated member in a key set, key or discovery document, which parsers read differently',
        tests: [
          ['issuer/keys.test.ts', 'with two `keys` members is rejected: %s'],
          ['issuer/keys.test.ts', 'with two %s members in a key does not use that key'],
          ['issuer/keys.test.ts', 'with two of any other member is read'],
          [issuer, 'with two of '],
          [
            'issuer/fetch/duplicate-members.test.ts',
            'finds each repeated member at any position, and no other',
          ],
        ],
      },
    ],
  },
  {
    title: 'I. The listeners and the process',
    rows: [
      {
        id: 'AC1',
        threat:
          'Another machine reads the last denials: through a sidecar, a proxy, or a web page with DNS rebinding',
        tests: [
          ['transport/admin/access.test.ts', 'is denied with any host'],
          ['transport/admin/access.test.ts', 'is denied on this machine'],
          ['transport/admin/server.test.ts', 'a forwarded request is denied'],
          ['transport/admin/server.test.ts', 'a request for another name is denied'],
        ],
      },
      {
        id: 'AC6',
        threat:
          'A web page in the browser of an operator, or a program, slows checks by requests for many denials',
        tests: [
          ['transport/admin/access.test.ts', 'has no access from this machine or with a certificate'],
          ['service/decisions.test.ts', 'more than 10 lists at once are rejected'],
        ],
      },
      {
        id: 'AC2',
        threat:
          'An empty token file, a wrong token or a second header line gives access to the admin listener',
        tests: [
          ['transport/admin/access.test.ts', 'gives no access if no token is configured, or an empty one'],
          [
            'transport/admin/access.test.ts',
            'a request with two lines of host or authorization is ambiguous',
          ],
          ['service/admin-token.test.ts', 'an invalid one is a problem, and the previous token stays'],
          ['service/admin-token.test.ts', 'a token that can be guessed is an error'],
        ],
      },
      {
        id: 'CO1',
        threat:
          'A web page in the browser of an operator uses the console: by DNS rebinding, by a form, or in a frame',
        tests: [
          [consoleServer, 'is denied to a request with the host of another page (DNS rebinding)'],
          [consoleServer, 'is rejected (cross-site request forgery)'],
          [consoleServer, 'without the form token is rejected'],
          [consoleServer, 'has the security headers'],
          ['transport/console/sessions.test.ts', 'a form with the origin'],
        ],
      },
      {
        id: 'CO2',
        threat:
          'Another machine opens the console: directly, through a sidecar or a proxy, or on a check port',
        tests: [
          [consoleServer, 'is denied to another machine without a token, on every page'],
          [consoleServer, 'is denied to a request that a proxy forwarded'],
          [consoleProcess, 'the console is denied to 127.0.0.6'],
          [consoleProcess, 'the check listeners answer /console as a check'],
        ],
      },
      {
        id: 'CO3',
        threat:
          'A text of a client, an issuer or a token runs as script in the console, or reorders its text',
        tests: [
          [consolePages, 'of clients and issuers, and does not run it'],
          ['runtime/html.test.ts', 'escapes a text in an element and in an attribute'],
          ['runtime/html.test.ts', 'characters that reorder text as code points'],
          [consoleServer, 'has no inline script, no inline style and no event handler'],
        ],
      },
      {
        id: 'CO4',
        threat: 'The console stores or shows a token, a claim, a header or a query of an explained request',
        tests: [
          [consoleServer, 'shows the steps, and never the token, a header or the query of the request'],
          [consoleServer, 'ignores a token in the query, and does not show it'],
          ['service/console.test.ts', 'explains a request with the keys and rules of the service'],
        ],
      },
      {
        id: 'CO5',
        threat:
          'An attacker guesses the admin token in the sign-in form, or uses a session for longer than intended',
        tests: [
          [consoleServer, 'is not tried after 5 failed sign-ins'],
          [
            'transport/console/sessions.test.ts',
            'ends when the token changes, and when the operator ends it',
          ],
          ['transport/console/sessions.test.ts', 'is valid for 8 hours'],
          ['transport/console/sessions.test.ts', 'the session cookie is bound to the host over TLS'],
        ],
      },
      {
        id: 'CO6',
        threat: 'Requests to the console slow down checks, or fill the memory',
        tests: [
          [consoleServer, 'more than 4 requests at the same time are rejected'],
          [consoleServer, 'more than 40 requests at once are rejected'],
          [consoleServer, 'requests of clients without access do not use up those of operators'],
          [consoleServer, 'a long request is shortened in the list of denials'],
          [consoleServer, 'of more than 64 KiB is rejected'],
          ['observe/recent-checks.test.ts', 'stores at most 90 rates'],
          [issuer, 'fetches on request, at most once per minRefreshInterval'],
        ],
      },
      {
        id: 'CO7',
        threat:
          'A service without the console loads its code, or runs without a Node flag that only the console needs',
        tests: [
          [consoleProcess, 'the service loads no fastify and no page'],
          [
            'chart/render.test.ts',
            'start the program of the image, unless the console needs another Node flag',
          ],
        ],
      },
      {
        id: 'AC3',
        threat: 'The stored denials grow without limit, or contain a token or a query',
        tests: [
          ['observe/recent-denials.test.ts', 'has the last 1,000 of 100,000 denials'],
          ['observe/recent-denials.test.ts', 'is stored without the query'],
        ],
      },
      {
        id: 'AC4',
        threat: 'A decision ID shows the time or the number of denials, or changes the outcome of a response',
        tests: [
          ['observe/decision-ids.test.ts', 'without the time and without a counter'],
          ['transport/grpc/check/prepared-denial.test.ts', 'an id that changes other bytes is rejected'],
        ],
      },
      {
        id: 'AC7',
        threat:
          'A long iss, path or name of a client, an issuer or a manifest blocks the process in a message about it',
        tests: [
          ['config/values/linear-time.test.ts', 'takes linear time'],
          ['tools/canary/canary.test.ts', 'answers a request with a long header at once'],
        ],
      },
      {
        id: 'AC8',
        threat:
          'A server that is not the admin listener, or a name in a manifest, writes control characters to the terminal of an operator',
        tests: [
          ['tools/hostile-answers.test.ts', 'a message about an error response has no control characters'],
          ['tools/hostile-answers.test.ts', 'is not the answer of the service'],
          ['tools/hostile-answers.test.ts', 'the JSON of doctor and canary has no control characters'],
        ],
      },
      { id: 'I1', threat: 'Request smuggling', tests: [[http, 'a request that is not HTTP']] },
      {
        id: 'I2',
        threat: 'HTTP/2 floods',
        tests: [[grpc, 'closes only the hostile connection']],
      },
      {
        id: 'I3',
        threat: 'Messages that are huge, deep or compressed',
        tests: [
          [grpc, 'an invalid or unknown call'],
          ['transport/grpc/message/framing.test.ts', 'rejects invalid messages'],
        ],
      },
      { id: 'I4', threat: 'Malformed frames', tests: [[raw, 'random bytes on the check ports']] },
      {
        id: 'I5',
        threat: 'Slow clients',
        tests: [
          [http, 'disconnects a slow client within 20 s'],
          [grpc, 'closes a silent connection within 20 s'],
        ],
      },
      {
        id: 'I6',
        threat: 'Admin paths',
        tests: [[app, 'has these paths, and answers another method with 405']],
      },
      {
        id: 'I7',
        threat: 'A debugger opened by a signal',
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
        threat: 'Threads that cryptography and name resolution share',
        tests: [[chaosProcess, 'R20']],
        note: 'Signatures are verified on the main thread, in limited turns. Names are resolved on other threads.',
      },
      { id: 'I10', threat: 'Names that collide in a hash table' },
      {
        id: 'I11',
        threat: 'Forged lines in the log',
        tests: [['observe/records.test.ts', 'is one line of limited length, with any request']],
      },
      {
        id: 'I12',
        threat: 'Tokens, claims and cookies in logs, metrics and answers',
        tests: [['security/leaks.test.ts', 'no log, metric or answer contains client data']],
      },
      {
        id: 'I12a',
        threat: 'Tokens, claims and queries in the detail of a denial or in a trace',
        tests: [
          ['check/trace.test.ts', 'no canary is in a detail or a step'],
          ['check/trace.test.ts', 'has at most 200 characters'],
          ['check/details.test.ts', 'names the kind of the exception, not its message'],
        ],
      },
      {
        id: 'I12b',
        threat: 'A trace that uses up a proof of the client, or a check that is a trace and stores no proof',
        tests: [
          ['check/trace.test.ts', 'it does not store a proof as used'],
          ['check/trace.test.ts', 'a check over gRPC is not traced'],
        ],
      },
      {
        id: 'I13',
        threat: 'An unlimited number of metric series',
        tests: [['observe/records.test.ts', 'the number of series does not depend on requests']],
      },
      {
        id: 'I14',
        threat: 'Answers that reveal the reason',
        tests: [['model/reasons.test.ts', 'reasons with the same error code have the same body']],
      },
      {
        id: 'I15',
        threat: 'Calls that do not come through the proxy',
        tests: [['chart/render.test.ts', 'the network policy allows the ports']],
        note: 'The network must prevent this: the chart has a NetworkPolicy, and `clientCaFile` accepts only known clients.',
      },
      {
        id: 'I16',
        threat: 'Headers named `__proto__`',
        tests: [[wire, 'with headers of unusual names is read as usual']],
      },
      {
        id: 'I17',
        threat: 'A misspelled option is ignored',
        tests: [['config/load/load.test.ts', 'is reported with the nearest name if the name is unknown']],
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
          [
            app,
            'the service runs, is not ready, reports why, answers immediately, and is ready when the issuer returns',
          ],
          [chaosIssuer, 'R1'],
        ],
      },
      { id: 'R2', threat: 'An invalid configuration at the start', tests: [[running, 'with exit code 2']] },
      {
        id: 'R3',
        threat: 'The issuer becomes unavailable later',
        tests: [
          [issuer, 'keys stay in use for maxStale, the state shows it, and recovers when the issuer returns'],
        ],
      },
      {
        id: 'R4',
        threat: 'The issuer stays unavailable',
        tests: [
          [
            'service/lifecycle.test.ts',
            'the service stays ready when its keys are too old, and checks report it',
          ],
        ],
        note: 'A check ends with `keys_unavailable`. The service stays ready, because otherwise all replicas would be removed at once.',
      },
      { id: 'R5', threat: 'A thousand key rotations under load', tests: [[chaosIssuer, 'R5']] },
      { id: 'R6', threat: 'A rotation without overlap', tests: [[chaosIssuer, 'R6']] },
      {
        id: 'R7',
        threat: 'A key must be removed at once',
        tests: [
          [app, 'removes withdrawn keys immediately'],
          [running, 'SIGHUP alone fetches the keys again'],
        ],
      },
      { id: 'R8', threat: 'An issuer that answers slowly', tests: [[chaosIssuer, 'R8 to R12']] },
      { id: 'R9', threat: 'An issuer with unlimited answers', tests: [[chaosIssuer, 'R8 to R12']] },
      { id: 'R10', threat: 'An issuer that sends invalid data', tests: [[chaosIssuer, 'R8 to R12']] },
      { id: 'R11', threat: 'An issuer that sends errors and redirects', tests: [[chaosIssuer, 'R8 to R12']] },
      {
        id: 'R12',
        threat: 'An issuer that is available only at times',
        tests: [[chaosIssuer, 'R12: an issuer']],
      },
      {
        id: 'R13',
        threat: 'A storm of unknown key IDs',
        tests: [[chaosProcess, 'R13']],
        note: 'The test sends 1,500 a second for a few seconds. A minute of 5,000 a second needs its own machine.',
      },
      {
        id: 'R14',
        threat: 'Shutdown under load, HTTP',
        tests: [[app, 'drops no check that was sent before the listeners closed, over HTTP and gRPC']],
      },
      {
        id: 'R15',
        threat: 'Shutdown under load, gRPC',
        tests: [[app, 'drops no check that was sent before the listeners closed, over HTTP and gRPC']],
      },
      {
        id: 'R16',
        threat: 'Replicas are replaced one by one',
        tests: [[envoy, 'a replica loses no request while it drains']],
        note: 'The test takes seconds instead of minutes, one replica after the other.',
      },
      {
        id: 'R17',
        threat: 'A second signal',
        tests: [[running, 'exits at once with code 1 on a second signal']],
      },
      { id: 'R18', threat: 'The process is paused', tests: [[chaosProcess, 'R18']] },
      {
        id: 'R19',
        threat: 'A flood of distinct valid tokens',
        tests: [['process/endurance.test.ts', '200,000 distinct tokens']],
      },
      { id: 'R20', threat: 'A flood of distinct forged tokens', tests: [[chaosProcess, 'R20']] },
      { id: 'R21', threat: 'The process has no free file descriptor', tests: [[chaosProcess, 'R21']] },
      {
        id: 'R22',
        threat: 'A storm of connections',
        tests: [
          [chaosProcess, 'R22'],
          [http, '2,000 connections all get a response'],
        ],
      },
      { id: 'R23', threat: 'Slow clients', tests: [[http, 'disconnects a slow client within 20 s']] },
      {
        id: 'R24',
        threat: 'Reloads of every kind',
        tests: [
          [running, 'is loaded if it is valid'],
          [app, 'under load never mixes two configurations in a check'],
        ],
      },
      {
        id: 'R25',
        threat: 'The clock jumps',
        tests: [[verifier, 'follows the wall clock when that jumps']],
      },
      {
        id: 'R26',
        threat: 'An uncaught exception',
        tests: [[running, 'logs a defect and exits with code 70']],
      },
      {
        id: 'R27',
        threat: 'A worker exits',
        tests: [['process/workers.test.ts', 'are replaced when they exit']],
      },
      {
        id: 'R28',
        threat: 'Connections closed because of their age',
        tests: [[grpc, 'sends GOAWAY, and still responds to calls that arrive later']],
        note: 'No connection is closed because of its age. When the service drains, it asks each peer to reconnect elsewhere.',
      },
      {
        id: 'R29',
        threat: 'An idle connection is closed while a request arrives',
        tests: [[http, 'an idle connection stays open after a response']],
        note: 'Idle connections stay open for 65 minutes. Envoy closes them earlier.',
      },
      {
        id: 'R30',
        threat: 'Canceled checks',
        tests: [
          [grpc, 'stays open after 400 canceled checks per second, and other checks on it get a response'],
          [grpc, 'no check is in flight after all have a response'],
        ],
      },
      { id: 'R31', threat: 'Little memory', tests: [[chaosProcess, 'R31']] },
      {
        id: 'R32',
        threat: 'Names that do not resolve, or change',
        tests: [[fetching, 'a name that does not exist']],
        note: 'The name is resolved for each fetch, and no connection is reused.',
      },
      {
        id: 'R33',
        threat: 'A log whose reader is blocked',
        tests: [
          [running, 'if nothing reads its log'],
          [running, 'if its log cannot be written'],
        ],
      },
      { id: 'R34', threat: 'Many scrapes', tests: [[chaosProcess, 'R34']] },
      {
        id: 'R35',
        threat: 'All of these at once, for a long time',
        tests: [[chaosProcess, 'R35']],
        note: 'Twenty seconds in CI.',
      },
      {
        id: 'R36',
        threat:
          'The store of the sessions is killed, frozen, full, slow or not reachable, or has another password',
        tests: [[chaosStore, 'that is $name']],
        note: 'Two replicas, three processes, people with tokens of 4 s. No wrong allow, and no session ends.',
      },
      {
        id: 'R37',
        threat: 'The store fails between the use of a refresh token and the write of the new one',
        tests: [[chaosRenewal, 'the new refresh token is not lost']],
      },
      {
        id: 'R38',
        threat: 'The store fails over to a replica that has missed renewals and a sign-out',
        tests: [
          [chaosRenewal, 'because the master was killed'],
          [chaosRenewal, 'to a replica that has missed renewals and a sign-out'],
        ],
      },
      {
        id: 'R39',
        threat: 'The clock of one replica or of the store jumps',
        tests: [
          ['chaos/store-clock.test.ts', 'of one replica: %s'],
          ['chaos/store-clock.test.ts', 'of the store: %s'],
          ['state/valkey/servers/clock.test.ts', 'back, before the first entry'],
          ['state/valkey/servers/clock.test.ts', 'back, and the stream is removed'],
          [
            'state/valkey/feeds.test.ts',
            'an entry that comes after all others is new, also if the clock of the server has stepped back',
          ],
        ],
      },
      {
        id: 'R40',
        threat: 'A person signs out while one replica does not reach the store',
        tests: [['chaos/store-partition.test.ts', 'uses cached sessions for the grace, then none']],
        note: 'That replica learns of it when the store is back, and uses a cached session only for `sessions.grace`.',
      },
      {
        id: 'LD1',
        threat:
          'Unknown key IDs wait for an issuer that does not answer until the mesh times out, and the mesh fails open',
        tests: [
          ['e2e/failure-mode.test.ts', 'while the issuer hangs'],
          ['credential/token/verifier.test.ts', 'is answered by the deadline'],
          ['check/check-deadline.test.ts', 'is answered at the deadline'],
        ],
      },
      {
        id: 'LD2',
        threat: 'Many checks wait for a key at once',
        tests: [
          [
            'credential/token/verifier.test.ts',
            'is waited for by a limited number of checks; further checks are answered immediately',
          ],
          ['credential/token/verifier.test.ts', 'is not waited for again while the same fetch hangs'],
          ['credential/token/verifier.test.ts', 'that hangs at one issuer does not affect tokens of another'],
        ],
      },
      {
        id: 'LD3',
        threat: 'A burst of large headers or bodies is answered too late because CPU is short',
        tests: [
          ['e2e/failure-mode.test.ts', 'by large headers'],
          ['e2e/failure-mode.test.ts', 'by large bodies'],
          [
            'credential/token/verification-queue.test.ts',
            'tokens that arrive slowly in a burst do not delay the first one',
          ],
        ],
      },
      {
        id: 'LD4',
        threat: 'A deadline of the service is longer than the timeout of the mesh',
        tests: [
          ['config/load/load.test.ts', 'has the problems in its first lines'],
          ['chart/render.test.ts', 'the service gets the timeout of the entries'],
        ],
      },
      {
        id: 'LD5',
        threat: 'The body of an HTTP check is stored, is read as a request, or makes its connection unusable',
        tests: [
          ['transport/http/message/request-bodies.test.ts', 'of several megabytes'],
          [
            'transport/http/message/request-bodies.test.ts',
            'of %i bytes that looks like a request is not treated as one',
          ],
          ['transport/http/message/request-bodies.test.ts', 'of 200 megabytes is not stored'],
          [
            'transport/http/message/request-bodies.test.ts',
            'and sends its body anyway gets that response and no reset',
          ],
        ],
      },
      {
        id: 'LD6',
        threat: 'Unlimited connections, and an active one that is closed for another',
        tests: [
          ['transport/http/connection/connections.test.ts', 'a new connection replaces the longest idle one'],
          [
            'transport/http/connection/connections.test.ts',
            'a partial request and a pending check stay while another connection is idle',
          ],
          [
            'transport/http/connection/connections.test.ts',
            'if all are busy, a new connection gets a denial, and no other connection is closed',
          ],
        ],
      },
      {
        id: 'LD7',
        threat: 'A denial closes a connection that other checks use',
        tests: [
          ['transport/http/connection/connections.test.ts', 'no denial closes a connection'],
          ['e2e/failure-mode.test.ts', 'by disconnecting'],
        ],
      },
      {
        id: 'LW1',
        threat:
          'Workers seem silent because CPU is short, in a storm of reloads, rotations, scrapes and unknown keys',
        tests: [
          [chaosWorkers, 'LW1'],
          [
            'service/workers/pool-model.test.ts',
            'no responding worker is killed, no mailbox grows, and all slots are filled afterwards',
          ],
        ],
      },
      {
        id: 'LW2',
        threat: 'Workers start very slowly',
        tests: [
          [chaosWorkers, 'LW2'],
          [pool, 'waits for a worker that takes five minutes'],
        ],
      },
      {
        id: 'LW3',
        threat: 'A worker is paused',
        tests: [
          [chaosWorkers, 'LW3'],
          [pool, 'stays until its replacement listens'],
        ],
      },
      {
        id: 'LW4',
        threat: 'All workers exit at once',
        tests: [
          [workers, 'the port stays open'],
          [pool, 'leaves the ports open'],
          [
            'service/workers/round-robin.test.ts',
            'with any events, no connection has two workers, is lost, or waits while a worker is free',
          ],
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
        threat: 'Reloads, scrapes and fetches arrive faster than a worker handles them',
        tests: [
          [pool, 'gets the newest of 300 configurations, and never has many unread messages'],
          [pool, 'fifty concurrent scrapes run as two'],
          [running, 'by a few reloads, although 300 SIGHUPs request one'],
        ],
      },
      {
        id: 'LW7',
        threat: 'The process that watches the workers is paused',
        tests: [[pool, 'is not assumed if this process was stalled']],
      },
      {
        id: 'LW8',
        threat: 'A worker cannot be started, or exits repeatedly',
        tests: [
          ['service/workers/fork-worker.test.ts', 'a process that cannot be started'],
          [workers, 'if no worker stays up'],
          [pool, 'happens if workers keep exiting for a minute and none listens'],
        ],
      },
      {
        id: 'P5',
        threat: 'A client with the wrong protocol fills the log, or writes a token into it',
        tests: [
          [
            'observe/rejections.test.ts',
            'is logged once a minute for each listener and cause, and always counted',
          ],
          ['observe/rejections.test.ts', 'does not log what a client sent'],
        ],
      },
      {
        id: 'P6',
        threat: 'Invalid HTTP from a client of Envoy is reported as a fault of the mesh',
        tests: [['observe/rejections.test.ts', 'does not report faults of the client']],
      },
      {
        id: 'P7',
        threat:
          'An IPv4 client of a listener on `[::]` is allowed or denied by mistake, because of an address rule',
        tests: [['check/rules/client-address.test.ts', 'an IPv4-mapped IPv6 address is the IPv4 address']],
      },
      {
        id: 'P8',
        threat: 'A continuing problem is logged once, and a failed reload is not visible after an hour',
        tests: [
          ['issuer/problems.test.ts', 'is logged again every 5 minutes'],
          ['observe/readiness.test.ts', 'a failed reload is repeated while it continues'],
        ],
      },
    ],
  },
  {
    title: 'S. Replacing another authorizer',
    rows: [
      {
        id: 'S1',
        threat: 'The migrated configuration protects less than the old one',
        tests: [
          ['oauth2-proxy/installations/installations.test.ts', 'a real oauth2-proxy'],
          ['tools/migrate/apirule/never-more-open.test.ts', 'open'],
        ],
      },
      {
        id: 'S2',
        threat: 'An incomplete migration reaches a cluster',
        tests: [['oauth2-proxy/command.test.ts', 'prints nothing, and says how to continue']],
      },
      {
        id: 'S3',
        threat: 'A migration prints a secret of the old installation',
        tests: [['oauth2-proxy/installations/installations.test.ts', 'secret']],
      },
      {
        id: 'S4',
        threat: 'A different form of answers allows what was denied',
        tests: [
          ['oauth2-proxy/golden.test.ts', 'in its place, over HTTP'],
          ['oauth2-proxy/golden.test.ts', 'in its place, behind Envoy'],
        ],
      },
      {
        id: 'S5',
        threat: 'The incumbent gives no answer, an incomplete one, or an unlimited one',
        tests: [
          ['check/incumbent/shadow.test.ts', 'without an answer of the incumbent'],
          ['check/incumbent/deadlines.test.ts', 'over HTTP and over gRPC'],
          ['check/incumbent/deadlines.test.ts', 'and "%s", the check is denied 10 % before the timeout'],
        ],
      },
      {
        id: 'S6',
        threat: "The incumbent's request or answer is changed on the way",
        tests: [
          ['check/incumbent/shadow.test.ts', '%d is sent unchanged'],
          ['check/incumbent/shadow.test.ts', 'with the same method, target and header lines'],
        ],
      },
      {
        id: 'S7',
        threat: 'A client writes x-forwarded-for, and an address rule allows it',
        tests: [['check/rules/client-address.test.ts', 'is not one that the client put before it']],
      },
      {
        id: 'S8',
        threat: 'A domain, group or role that is similar to an allowed one',
        tests: [
          ['check/identity-options.test.ts', 'email.allowedDomains'],
          ['check/identity-options.test.ts', 'groups.allowed'],
        ],
      },
      {
        id: 'S9',
        threat: 'A guard is in the files and is not read',
        tests: [
          ['oauth2-proxy/installations/nothing-unread.test.ts', 'every removed part changes the output'],
          [
            'oauth2-proxy/installations/wrapped.test.ts',
            'has the expected exit code, and reports what it does not read',
          ],
        ],
      },
      {
        id: 'S10',
        threat: 'Another form of the same installation is migrated to a weaker configuration',
        tests: [
          [
            'oauth2-proxy/installations/wrapped.test.ts',
            'allows the same callers as oauth2-proxy, and no others',
          ],
        ],
      },
      {
        id: 'S11',
        threat: 'Among several values files, an open one overrides a guarded one',
        tests: [
          ['tools/migrate/oauth2-proxy/read/chart/overlay.test.ts', 'merges any values as helm does'],
          ['tools/migrate/oauth2-proxy/read/chart/overlay.test.ts', 'replaces the open value before it'],
        ],
      },
      {
        id: 'S12',
        threat: 'A switch-over changes only some rules of a workload, or cannot be reverted',
        tests: [
          ['tools/migrate/oauth2-proxy/report/plan-commands.test.ts', 'points every rule of every APIRule'],
          ['tools/migrate/oauth2-proxy/report/plan-commands.test.ts', 'leaves the values that are there'],
        ],
      },
      {
        id: 'W1',
        threat: 'An unused file, variable or object weakens the migrated configuration, or hides a guard',
        tests: [
          [
            'tools/migrate/oauth2-proxy/merge/merge.test.ts',
            'are refused if an installation is in the input',
          ],
          ['tools/migrate/oauth2-proxy/merge/merge.test.ts', 'addresses that no setting names'],
          [
            'oauth2-proxy/installations/wrapped.test.ts',
            'has the expected exit code, and reports what it does not read',
          ],
        ],
      },
      {
        id: 'LG1',
        threat: 'The body in a check makes the call fail, and Envoy fails open',
        tests: [
          ['transport/grpc/limits.test.ts', '%s: the field has no effect, with the official client'],
          [
            'transport/grpc/limits.test.ts',
            'a check that is too large gets a response, and the connection stays open',
          ],
          ['e2e/bodies.test.ts', 'and pack_as_bytes: %s, the size of a body has no effect'],
        ],
      },
      {
        id: 'LG2',
        threat: 'Many large checks at once close the shared connection',
        tests: [
          ['transport/grpc/limits.test.ts', 'many large checks at once'],
          ['e2e/bodies.test.ts', '250 bodies of 239 KiB at once'],
          [
            'e2e/bodies.test.ts',
            '1,000 requests at the start, before any connection exists, all get a response',
          ],
        ],
      },
      {
        id: 'LG3',
        threat: 'A call that does not progress, or whose answer is not read, ends the calls of others',
        tests: [
          [
            'transport/grpc/limits.test.ts',
            'ends alone, with a response; the 20 others on its connection get their responses immediately',
          ],
          ['transport/grpc/limits.test.ts', 'without a first byte ends alone too'],
          ['transport/grpc/limits.test.ts', 'whose client never reads the response is reset alone'],
          [
            'transport/grpc/limits.test.ts',
            'responses that no client takes are limited by the memory of the connection, and others are not affected',
          ],
        ],
      },
      {
        id: 'LG4',
        threat: 'Memory for incomplete checks grows without limit, or one peer uses the memory of others',
        tests: [
          [
            'transport/grpc/limits.test.ts',
            'beyond the memory limit of a connection, only its calls with the most memory end',
          ],
          [
            'transport/grpc/limits.test.ts',
            'does not affect a connection with little memory: incomplete requests of the connections with the most memory end',
          ],
          [
            'transport/grpc/connection/memory-budget.test.ts',
            'no connection loses a request while another one has more memory, and the total stays limited',
          ],
        ],
      },
      {
        id: 'LG5',
        threat: 'A late decision becomes a failed call',
        tests: [['transport/grpc/limits.test.ts', 'a late decision']],
      },
      {
        id: 'LG6',
        threat: 'A small message that decompresses into a large one',
        tests: [
          ['transport/grpc/message/framing.test.ts', 'rejects invalid messages'],
          [
            'transport/grpc/limits.test.ts',
            'a check that is too large gets a response, and the connection stays open',
          ],
        ],
      },
      {
        id: 'LG7',
        threat: 'Two parsers read unusual forms of a CheckRequest differently',
        tests: [
          [
            'transport/grpc/message/protobuf-oracle.test.ts',
            'accept unusual forms of a message, and we read each the same way, whole and in chunks',
          ],
          ['transport/grpc/message/protobuf-oracle.test.ts', 'reject malformed messages, and so do we'],
          [
            'transport/grpc/message/protobuf-oracle.test.ts',
            'reject a length beyond its message at each level, and so do we',
          ],
        ],
      },
      {
        id: 'LG8',
        threat: 'Unlimited connections or health watches fill the memory',
        tests: [
          ['transport/grpc/limits.test.ts', 'connections are limited'],
          ['transport/shared/open-connections.test.ts', '%s has at most its limit'],
          ['transport/grpc/limits.test.ts', 'health watches are limited'],
        ],
      },
      {
        id: 'LG9',
        threat: 'Clients that cancel requests close the shared connection',
        tests: [
          ['transport/grpc/server.test.ts', 'a shared connection'],
          [
            'transport/grpc/server.test.ts',
            'closes only a connection with more resets than canceled requests cause',
          ],
          [
            'e2e/random-cancels.test.ts',
            '4,000 requests, of which half are canceled at any moment: every other one gets its own answer',
          ],
        ],
      },
      {
        id: 'LG10',
        threat: 'Thousands of small headers are parsed again for each rule that reads one',
        tests: [
          [
            'transport/grpc/check/check-messages.test.ts',
            'other headers are read once per request, with any number of lookups',
          ],
        ],
      },
      {
        id: 'LG11',
        threat: 'Clients that cancel a thousand requests at once make Envoy close the connection',
        tests: [['e2e/cancelled.test.ts', 'do not affect the checks of other clients']],
        note: "Envoy's own limits of waiting frames cause this. They must be raised.",
      },
      {
        id: 'LG12',
        threat:
          'A header block that two HPACK decoders read differently gives a call the headers of another one',
        tests: [
          [
            'transport/grpc/http2/hpack/go.test.ts',
            'accepts and rejects changed blocks as we do, except for known differences',
          ],
          ['transport/grpc/http2/hpack/rfc7541.test.ts', '%s'],
          ['transport/grpc/http2/hpack/node-http2.test.ts', 'with a table of %i bytes, every field arrives'],
        ],
      },
      {
        id: 'LG13',
        threat:
          'A small header block takes much memory: lengths that lie, a table of any size, Huffman that grows',
        tests: [
          [
            'transport/grpc/http2/hpack/decoder.test.ts',
            'that are longer than their block are rejected before memory is taken',
          ],
          ['transport/grpc/http2/hpack/decoder.test.ts', 'is at most the maximum of this side'],
          [
            'transport/grpc/http2/hpack/decoder.test.ts',
            'of five bytes after the first one are read, and longer ones rejected',
          ],
        ],
      },
      {
        id: 'LG14',
        threat:
          'Floods of raw HTTP/2 frames: resets by either side (CVE-2025-8671), CONTINUATION, PING, SETTINGS, PRIORITY, windows, padding, tiny DATA, blocks that decode to megabytes',
        tests: [
          ['chaos/http2-floods.test.ts', 'no other connection is affected'],
          ['chaos/http2-floods.test.ts', 'the same attacks one after the other, over TLS'],
        ],
      },
      {
        id: 'LG15',
        threat: 'Frames that two HTTP/2 servers read differently give a call the bytes of another one',
        tests: [
          ['transport/grpc/http2/fuzz.test.ts', 'with known seeds: the same calls as with node:http2 and Go'],
          ['transport/grpc/http2/fuzz.test.ts', 'a call that gets lost or changes is a finding'],
          ['transport/grpc/http2/check-output.test.ts', 'finds nothing in a right output'],
          ['transport/grpc/http2/h2spec.test.ts', 'against a handler that sends data'],
          ['transport/grpc/http2/grpc-go.test.ts', 'gets the right answer to each call, on one connection'],
        ],
      },
      {
        id: 'LG16',
        threat: 'Thousands of small compressed messages stop the process while they are decompressed',
        tests: [
          [
            'transport/grpc/compressed-calls.test.ts',
            'large checks in gzip do not delay a check of another connection that is %s',
          ],
          [
            'transport/grpc/message/inflater.test.ts',
            'take fair turns, in any order of arrivals, ends and removals',
          ],
          [
            'transport/grpc/call/call-handler.test.ts',
            'that takes too long gets the response of the method, once, also if its client does not take it',
          ],
        ],
        note: 'Envoy does not compress checks, so only a peer that connects directly can send them.',
      },
      {
        id: 'LG17',
        threat:
          'A peer loses responses: it closes its side of the connection, or all other connections are busy',
        tests: [
          [
            'transport/grpc/half-closed.test.ts',
            'gets the answers of its calls, and the connection ends after the last one',
          ],
          [
            'transport/grpc/limits.test.ts',
            'if all have a call, the new one gets the responses of its first calls, then it is closed',
          ],
        ],
      },
      {
        id: 'RK1',
        threat:
          'An authorizer whose name has spaces, quotes or templates makes the registration overwrite another entry',
        tests: [
          [
            'chart/scripts.test.ts',
            'replaces its own entry among any other names, and changes no other entry',
          ],
        ],
      },
      {
        id: 'RK2',
        threat: 'The Istio resource changes between the read and the patch, and an entry is lost',
        tests: [['chart/scripts.test.ts', 'changes nothing if the resource changes at the same time']],
      },
      {
        id: 'RK3',
        threat: 'A patch replaces an existing list of authorizers, or an existing configuration',
        tests: [['deploy/patches.test.ts', 'applies, and it keeps all existing entries']],
      },
      {
        id: 'RK4',
        threat: 'A host with a port bypasses policies for the exact host',
        tests: [['e2e/host-port.test.ts', '%s routes hosts with and without ports']],
        note: 'Such a request is denied. With `deploy/kyma/strip-host-port.yaml`, it is checked without the port.',
      },
    ],
  },
  {
    title: 'LF. Files, and addresses of fetches',
    rows: [
      {
        id: 'LF1',
        threat: 'A truncated deny list removes revocations',
        tests: [
          [
            'service/revocation.test.ts',
            'after a list is truncated to %s, the previous list stays in use, and the problem is logged',
          ],
          [files, 'a token stays revoked at every moment while its deny list is overwritten'],
          ['config/load/deny-list.test.ts', 'which is not an empty list'],
        ],
      },
      {
        id: 'LF2',
        threat: 'A file is loaded while it is being written',
        tests: [
          [follow, 'is valid only when complete'],
          [follow, 'is never valid while truncated'],
          ['service/revocation.test.ts', 'revokes its tokens at every moment'],
        ],
        note: 'Two reads in a row must return the same content. A writer that stops early looks like one that is finished, but JSON is never valid where it is cut.',
      },
      {
        id: 'LF3',
        threat: 'The deny list becomes shorter, and the log does not say so',
        tests: [
          [
            'service/revocation.test.ts',
            'a list that stays truncated after its first entry is used, and the removed entries are logged',
          ],
        ],
      },
      {
        id: 'LF4',
        threat: 'An emptied configuration loses its rules, or SIGHUP loads half of it',
        tests: [
          [files, 'that is empty, or has only a comment, is rejected, also on SIGHUP'],
          [
            'service/revocation.test.ts',
            'a list that is being written during a reload is used in its previous version',
          ],
        ],
      },
      {
        id: 'LF5',
        threat: 'A key set, public key or CA is emptied or truncated',
        tests: [
          [ownerFiles, 'keys stay valid while the file is rewritten in place'],
          [ownerFiles, '%s in its place is reported, the keys stay in use'],
          [ownerFiles, '%s in its place is reported, and the previous CA stays trusted'],
        ],
      },
      {
        id: 'LF6',
        threat:
          'A certificate without its key ends a listener, or an empty client CA admits all clients or none',
        tests: [
          [
            listenerTls,
            'uses a new pair when certificate and key match, with any time between the two writes',
          ],
          [listenerTls, '%s is rejected, and the old files stay in use'],
        ],
      },
      {
        id: 'LF7',
        threat: 'A change of a file before its first read is missed',
        tests: [
          [follow, 'reports a change between the first read and the first poll'],
          [listenerTls, 'uses files that change before the first poll'],
        ],
      },
      {
        id: 'LF8',
        threat: 'A folder, a pipe or a circular link in place of a file',
        tests: [[follow, 'reports %s in its place once, and its return once']],
      },
      {
        id: 'LF9',
        threat: 'A resumed session trusts a CA that was removed',
        tests: [[ownerFiles, 'trusts the new CA and no longer the old one']],
      },
      {
        id: 'LF10',
        threat: 'The document of an https:// issuer names an http:// address',
        tests: [
          [
            lookup,
            'of an https:// issuer must not name an http:// address, even with insecureHttp; the configuration may',
          ],
          [lookup, 'of %s at %s does not lead to %s'],
        ],
      },
      {
        id: 'LF11',
        threat: 'A discovery document names an address of this machine, or of a cloud metadata service',
        tests: [
          [lookup, 'may name a host with a loopback address only if it comes from that host'],
          ['config/values/addresses.test.ts', 'classifies IPv6 addresses as the registry does'],
          ['config/values/addresses.test.ts', '%s is rejected'],
        ],
      },
      {
        id: 'LF12',
        threat: 'A name resolves to such an address, or only the second lookup returns one',
        tests: [
          [lookup, 'with the address %s is rejected'],
          [lookup, 'with two different DNS responses is connected to at the first address'],
        ],
        note: 'Behind an egress proxy, the proxy resolves names and must reject them.',
      },
      {
        id: 'LF13',
        threat: 'An answer to HEAD has a body, which the next request on the connection receives',
        tests: [
          [framing, 'to HEAD have the headers of GET and no body, and the next response follows'],
          [framing, 'with status %d stay in order, to HEAD and to others, whole or in chunks'],
        ],
      },
      {
        id: 'P1',
        threat: 'A forged discovery document moves the keys to another host, without a warning',
        tests: [
          ['issuer/issuer.test.ts', 'that moves the keys to another host is rejected until a reload'],
          [
            'issuer/problems.test.ts',
            'is reported in the log, in /readyz and as a metric, and used after a reload',
          ],
        ],
      },
      {
        id: 'P2',
        threat: "A `caFile` with an intermediate or a server's own certificate accepts other certificates",
        tests: [
          ['issuer/chain.test.ts', 'a server is rejected with %s in `caFile`'],
          ['issuer/chain.test.ts', 'the host name is still verified, with %s'],
          ['issuer/chain.test.ts', 'an expired certificate is rejected, even if it is in `caFile`'],
        ],
      },
      {
        id: 'P3',
        threat:
          'NO_PROXY is read differently than elsewhere: keys are fetched without the proxy, or cannot be fetched',
        tests: [
          ['issuer/fetch/no-proxy.test.ts', 'NO_PROXY=%j and %s'],
          ['process/no-proxy.test.ts', 'both lists of cases have the expected results'],
        ],
      },
      {
        id: 'P4',
        threat: 'A message contains the answer of an issuer, or the password of a proxy',
        tests: [
          ['issuer/messages.test.ts', '%s instead of a document, or a key set'],
          ['issuer/messages.test.ts', 'that requires a password, for %s'],
        ],
      },
    ],
  },
  {
    title: 'LX. Headers and proofs from a client',
    rows: [
      {
        id: 'LX1',
        threat:
          "A client's text before the proxy's element of `x-forwarded-client-cert` hides it or imitates it",
        tests: [
          [
            'check/binding/client-certificate.test.ts',
            'no client can impersonate another, with any header and any certificate',
          ],
          ['e2e/client-certificates.test.ts', 'no client can impersonate another'],
          [invariants, 'every invariant holds for random input'],
        ],
        note: 'The expected results come from a model of Envoy and from a real Envoy. Text that a client writes is never trusted. Some of it makes the service deny the request of that client.',
      },
      {
        id: 'LX2',
        threat: 'A subject, URI or DNS name in a certificate that looks like another element',
        tests: [
          ['check/binding/client-certificate.test.ts', 'a client that forges no header is always identified'],
          ['e2e/client-certificates.test.ts', 'no client can impersonate another'],
        ],
      },
      {
        id: 'LX3',
        threat: 'A preflight request for a method that no rule opens',
        tests: [
          ['check/rules/preflight.test.ts', 'does not allow a request that asks for'],
          [
            'check/rules/preflight.test.ts',
            'with any rules, an allowed preflight has a rule for each method that an upstream can read in it',
          ],
          ['e2e/preflight.test.ts', 'a browser may send the methods of the rule'],
          ['e2e/preflight.test.ts', 'a request that only looks like a preflight for DELETE'],
        ],
      },
      {
        id: 'LX4',
        threat: 'One client fills the store of used proofs for others',
        tests: [
          ['check/binding/used-proofs.test.ts', 'of one key does not reduce that of others'],
          [
            'check/binding/dpop.test.ts',
            'of one client leave space for other clients of this issuer and of other issuers',
          ],
        ],
        note: 'A client with tokens for many keys can fill the space of its own issuer: `overloaded`, a metric and an alert.',
      },
      {
        id: 'LX5',
        threat: 'A used proof is valid again, after a reload or a change of the clock',
        tests: [
          ['check/binding/used-proofs.test.ts', 'no proof is accepted twice, with any clock and any maxAge'],
          ['check/binding/dpop.test.ts', 'are denied after a reload with a larger maxAge'],
        ],
        note: 'Each process stores its own proofs. With several processes, and after a restart, a proof is valid once in each. With `dpop.store`, it is valid once in all: see RV-1.',
      },
      {
        id: 'LX6',
        threat: "With `identityHeaders: remove`, an identity header is set, or a client's own is forwarded",
        tests: [['e2e/identity-headers.test.ts', 'remove: no identity header reaches the workload, %s']],
      },
      {
        id: 'ADV1',
        threat: 'Headers that are too large, and an answer that is lost in a reset: Envoy gets no answer',
        tests: [
          [
            'transport/http/connection/connections.test.ts',
            'a peer that reads only after it has sent all of %s gets its response',
          ],
        ],
      },
      {
        id: 'ADV2',
        threat:
          'More checks than `http.maxConnections`: connections whose request is on its way are closed, and Envoy gets no answer',
        tests: [
          ['e2e/connections.test.ts', 'responds to each of many pending checks'],
          [
            'transport/http/connection/connections.test.ts',
            'a new connection whose first request is on its way stays',
          ],
        ],
      },
      {
        id: 'ADV3',
        threat: 'A host with a port doubles the cost of an expression',
        tests: [
          [
            'check/rules/expression-cost.test.ts',
            'two evaluations for a host with a port cost at most the limit of one',
          ],
        ],
      },
      {
        id: 'ADV4',
        threat:
          'With some rules in shadow mode, a request is spelled or sized so that its enforced rule is unknown',
        tests: [
          ['check/rules/shadow-rules.test.ts', 'is denied if the other rules have mode: shadow: %s on %s'],
          ['transport/grpc/limits.test.ts', 'is denied if one rule is enforced'],
        ],
      },
      {
        id: 'O1',
        threat: 'A claim is read from another place than the configured one',
        tests: [
          ['credential/token/claim-path.test.ts', 'has the same result as the model'],
          ['credential/token/claim-path.test.ts', '%s is not an own claim of the token, and is not found'],
          ['check/claim-names.test.ts', 'is not a role'],
        ],
      },
      {
        id: 'O2',
        threat: 'A claim becomes a second header, or a second member of a list',
        tests: [
          ['e2e/claim-headers.test.ts', 'the workload decodes the exact claims'],
          ['check/header-value.test.ts', 'keep their number when split at %j'],
        ],
      },
      {
        id: 'O3',
        threat: 'A claim changes in its encoding: half a character, a number without its last digits',
        tests: [
          ['check/header-value.test.ts', 'a value that would change the claim is withheld'],
          ['check/header-value.test.ts', 'is one line of printable ASCII that decodes to the claim'],
        ],
      },
      {
        id: 'O4',
        threat: 'A requirement that no token can meet, or that is ignored, is not reported',
        tests: [
          ['config/load/all-problems.test.ts', 'reports __proto__, which the schema would ignore'],
          ['config/load/all-problems.test.ts', 'is a problem if the header is not trusted'],
          ['config/validate/stray-white-space.test.ts', 'of a flag and of the environment, with its source'],
        ],
      },
      {
        id: 'O5',
        threat: 'A token without an end: `exp` after the year 9999, or one that stays cached',
        tests: [
          [
            'check/claim-names.test.ts',
            'a token that expires at the end of the year 9999 is cached for at most the usual time',
          ],
        ],
      },
      {
        id: 'Q1',
        threat:
          'An invalid configuration is rolled out: pods keep the old one, and each pod that restarts fails',
        tests: [
          ['chart/config.test.ts', 'is reported by the schema'],
          ['chart/config.test.ts', 'is reported by the hook'],
          ['chart/config.test.ts', 'uses the same new configuration as the pods'],
        ],
      },
      {
        id: 'Q2',
        threat:
          'The Job that checks a configuration can reach the network, or receives checks as a pod of the service',
        tests: [
          ['chart/config.test.ts', 'without any connection'],
          ['chart/config.test.ts', 'is not allowed to open connections'],
          ['chart/config.test.ts', 'matches no selector'],
        ],
      },
      {
        id: 'Q3',
        threat: 'A memory limit in another notation sets no heap size, or a heap larger than the limit',
        tests: [
          ['chart/heap.test.ts', 'a random quantity'],
          ['chart/heap.test.ts', 'is rejected if it is too low for'],
        ],
      },
      {
        id: 'Q4',
        threat: 'Enabling the autoscaler leaves one pod where many are needed',
        tests: [['chart/replicas.test.ts', 'is the current number']],
      },
      {
        id: 'T1',
        threat:
          "A client's value becomes a command of the terminal that shows the log, or a record of its own",
        tests: [
          ['observe/text-log.test.ts', 'any record is one line without control characters'],
          ['observe/text-log.test.ts', 'a value with spaces, quotes or an equals sign is quoted'],
        ],
      },
      {
        id: 'T2',
        threat: '`check-config --token-file` prints the token, its signature, or a terminal command',
        tests: [
          ['process/command-line.test.ts', 'without printing the token'],
          ['process/command-line.test.ts', 'rejects a text that is not a token'],
        ],
      },
      {
        id: 'EXP1',
        threat: 'An explanation prints or logs a token, a claim, a query or a terminal command',
        tests: [
          ['cli/explain.test.ts', 'escapes control characters and removes the token'],
          ['cli/explain.test.ts', 'prints the claims of a verified token, and only then'],
          ['cli/explain.test.ts', 'a token on the command line'],
          ['service/explain.test.ts', 'logs no value of the request'],
          ['process/explain.test.ts', 'every mode explains a denial'],
        ],
      },
      {
        id: 'EXP2',
        threat: 'An explanation is not the decision of the check, or changes later decisions',
        tests: [
          ['service/explain/random-requests.test.ts', 'an explanation has the decision of the check'],
          ['service/explain.test.ts', 'every mode agrees'],
          ['service/explain.test.ts', 'changes no metric, no cached token, no recorded denial'],
        ],
      },
      {
        id: 'EXP3',
        threat:
          'A client, or a web page in the browser of an operator, uses `POST /explain` to test tokens or to slow checks',
        tests: [
          ['service/explain.test.ts', 'needs access to the admin listener'],
          ['service/explain.test.ts', 'is rejected with status'],
          ['service/explain.test.ts', 'is rejected if more than 10 are requested at once'],
        ],
      },
      {
        id: 'T8',
        threat: '`doctor` prints a Secret of the manifests, or a terminal command in them',
        tests: [
          ['tools/doctor/doctor.test.ts', 'contains neither a Secret nor a key'],
          ['tools/doctor/doctor.test.ts', 'contains no control characters of a manifest'],
        ],
      },
      {
        id: 'T9',
        threat: 'A hostile manifest stops `doctor`, or uses all memory',
        tests: [
          ['tools/doctor/doctor.test.ts', 'aliases that expand to many values are a problem'],
          ['tools/doctor/doctor.test.ts', 'in every kind are not an exception'],
        ],
      },
      {
        id: 'X1',
        threat: 'A deny list entry with an invisible character revokes no token',
        tests: [
          ['config/validate/stray-white-space.test.ts', 'U+'],
          [
            'config/validate/stray-white-space.test.ts',
            'accepts variation selectors, and invisible characters between others',
          ],
        ],
        note: 'This covers the ends of a text. Inside a text, such a character can have a meaning.',
      },
      {
        id: 'X2',
        threat: 'A claim with a long dotted name delays a start or reload for minutes',
        tests: [['config/values/claim-names.test.ts', 'rejects a longer name, in any form']],
      },
      {
        id: 'X3',
        threat: 'A byte order mark in front of a deny list prevents its new entries from being loaded',
        tests: [['config/load/deny-list.test.ts', 'ignores a byte order mark before a list']],
      },
      {
        id: 'V7',
        threat: 'The JSON log or `/readyz` sends a command to a terminal, or hides a part of a text',
        tests: [['observe/records.test.ts', 'escape control and invisible characters']],
      },
      {
        id: 'V3',
        threat:
          'A percent-encoded list member becomes another group after the workload decodes, splits and trims it',
        tests: [
          ['check/header-value.test.ts', 'keep their number when split at %j'],
          ['check/header-value.test.ts', 'are left out of percent if %j is at their start or end'],
        ],
      },
    ],
  },
  {
    title: 'LG. Logins and sessions',
    rows: [
      {
        id: 'LG-01',
        threat: 'A victim is signed in as the attacker, or an attacker redeems the code of a victim',
        tests: [
          [callback, 'a callback that belongs to no login of the browser (LG-01)'],
          [
            callback,
            'with the code of an attacker and the login of the victim does not reach the token endpoint',
          ],
          [attacks, 'of a login do not sign the victim in as the attacker'],
        ],
      },
      {
        id: 'LG-02',
        threat: 'A code or a state is used twice',
        tests: [
          [callback, 'the same callback twice (LG-02)'],
          [callback, 'of a client that keeps its login cookie redeems the code once'],
        ],
      },
      {
        id: 'LG-03',
        threat: 'The answer of one issuer ends a login of another (mix-up)',
        tests: [
          [callback, 'the answer of one at the redirect URI of the other reaches no token endpoint'],
          [callback, 'the iss of another one is rejected, and the login ends'],
          [
            'login/client/callback-answer.test.ts',
            'an issuer that does not send iss needs none, but a wrong one is still rejected',
          ],
          ['e2e/login-people.test.ts', 'cannot bring the answer of one issuer to the login of the other'],
        ],
      },
      {
        id: 'LG-04',
        threat: 'A login ends at another site (open redirect)',
        tests: [
          [
            returning,
            'stays on the host, below no path of the login, with a header that has only printable ASCII',
          ],
          [returning, 'ends on another host only for texts that are refused'],
          [attacks, 'LG-04: a login never ends at another site'],
        ],
      },
      {
        id: 'LG-05',
        threat: 'A session or a login that an attacker planted is used (fixation)',
        tests: [
          [callback, 'ignores a planted session cookie'],
          [callback, 'is a new one, and the old one of another person ends at once (LG-05)'],
          [inCookie, 'a session next to a planted cookie of the same name, before or after it'],
          [inStore, 'both sessions of one browser that signs in twice, until the first is ended'],
          [attacks, 'of a sibling host do not replace a session, and a login still works'],
          [
            'login/login-loops.test.ts',
            'a planted %s for the page only, so that each login ends with a session: a page after three',
          ],
        ],
      },
      {
        id: 'LG-06',
        threat: 'A cookie is forged, changed, or used for another purpose',
        tests: [
          [seal, 'a value with one changed, added or removed character'],
          [seal, 'a value with another purpose, in both directions'],
          [inCookie, 'a session whose chunks are dropped, swapped, cut or mixed with those of another'],
          [callback, 'unless a byte of it is changed'],
          [inStore, 'a session by garbage, and never asks the store for it'],
          [inStore, 'makes cookies of the other kind invalid, and deletes all their parts'],
        ],
      },
      {
        id: 'LG-07',
        threat: 'The answer tells why a cookie was not accepted',
        tests: [[seal, 'every text takes the same path to its end: one decryption']],
        note: 'The browser gets the same answer for an absent, expired and invalid session. Only the log has the cause.',
      },
      {
        id: 'LG-08',
        threat: 'A session cookie is stolen from the workload, a log or a metric',
        tests: [
          [story, 'the workload learns who it is, gets a token, and no cookie of the login'],
          [story, 'no log has a code, a state, a cookie or a token'],
          ['session/set-cookie.test.ts', 'has the attributes that the place needs'],
          ['session/without-cookies.test.ts', 'keeps the others byte for byte, wherever our cookies are'],
          [inCookie, 'a session that is copied to another host, cached or not, unless hosts share it'],
          [inStore, 'a session of another policy or host, cached or not'],
          [inStore, 'at once in every process that has cached it'],
          [inStore, 'and does not come back when the processes have forgotten its end'],
          [
            'login/sign-out.test.ts',
            'that has ended counts as none: the holder of its cookie learns and ends nothing',
          ],
        ],
        note: 'A copied cookie works until the session ends. Without `state`, it works after a sign-out at another replica, too.',
      },
      {
        id: 'LG-09',
        threat: 'The store of sessions is stolen, or someone writes to it',
        tests: [
          [
            stolenStore,
            'has no token, subject, email, group, session ID or key of a person who signed in, in no form',
          ],
          [storedRecord, 'a record is opened with its key only, and has the key again, which is not in it'],
          [storedRecord, 'a record of another session is not opened, even under the same key'],
          [inStore, 'a session whose record was replaced by that of another session, or changed'],
          [inStore, 'by a late write of another process: it is not written again'],
          [inStore, 'although a fail-over brings its record back'],
        ],
        note: 'A client that can write to the store can end sessions, and restore an earlier version of a record until `sessions.maxAge`.',
      },
      {
        id: 'LG-10',
        threat: 'An ID token is forged, or is for another client, login or person',
        tests: [
          [hostileIssuer, 'LG-10: a forged ID token is rejected by the client'],
          [idToken, 'an algorithm that the issuer does not list'],
          [idToken, 'at a refresh: no nonce, or the old one'],
          ['login/client/login.test.ts', 'rejects an ID token with the nonce of another start'],
        ],
      },
      {
        id: 'LG-11',
        threat: 'A text of the issuer, a claim or a path runs as script in a page',
        tests: [
          [loginPages, 'shows the text %j, and has no further tag or attribute'],
          [loginPages, 'has a content security policy that allows its own style only, also in the document'],
          [callback, 'whose person cancels ends the login with a page, and never with its text (LG-11)'],
          [attacks, 'a callback with a script in its error shows no script'],
        ],
      },
      {
        id: 'LG-12',
        threat: 'A path, a state or a claim adds a header to an answer',
        tests: [
          [
            returning,
            'stays on the host, below no path of the login, with a header that has only printable ASCII',
          ],
          [
            'transport/http/check/login-reply.test.ts',
            'a cookie of an allow that is not a header value is left out, and never splits the reply',
          ],
          ['transport/grpc/check/login-response.test.ts', 'leaves out a cookie that is not a header value'],
        ],
      },
      {
        id: 'LG-13',
        threat: 'A path of the login reaches the workload without a check',
        tests: [
          [attacks, 'LG-13: no own path reaches the workload, with any method and spelling'],
          [
            handOverAttacks,
            'the paths of the hand-over are never an allow, for no method and with no cookie (LG-13)',
          ],
          [loginCheck, 'is never allowed, even if the login says so'],
          ['transport/login/server.test.ts', 'cannot make an allow of a defect'],
        ],
      },
      {
        id: 'LG-14',
        threat: 'A session counts where a rule asks for a token',
        tests: [['service/login.test.ts', 'a session does not count where the rule asks for a token']],
      },
      {
        id: 'LG-15',
        threat: 'Another site sends requests with the session of a person',
        tests: [
          [attacks, 'LG-15: a request that changes something'],
          [attacks, 'a WebSocket of %s is not opened'],
          [loginCheck, 'does not allow a request from an origin that is not allowed'],
        ],
        note: 'Requests from other hosts of the same site need `requireSameOrigin`.',
      },
      {
        id: 'LG-16',
        threat: 'Another site signs a person out, or a forged logout token does',
        tests: [
          ['credential/logout-token/verify-logout-token.test.ts', 'each changed character'],
          ['credential/logout-token/verify-logout-token.test.ts', 'alg none, HS256 with the public key'],
          ['login/back-channel/logout-answers.test.ts', 'forged: %s'],
          ['login/back-channel/logout-answers.test.ts', 'counts once in a process, and once in the fleet'],
          ['login/back-channel/logout-answers.test.ts', 'of forged tokens rejects no real one'],
          [
            'login/back-channel/logout-answers.test.ts',
            'of tokens with unknown keys does not make the others wait',
          ],
          ['login/back-channel/logout-answers.test.ts', 'a frame of the issuer'],
          [inStore, 'although its issuer ended it while the login was finished, before it was saved'],
          ['session/gone-tickets.test.ts', 'such tickets take no place of another person'],
          ['transport/login/logout-routes.test.ts', 'as %s is 415'],
          ['transport/login/logout-routes.test.ts', 'of 40 KB is 413, and one of 30 KB is read'],
          [attacks, 'LG-16: a sign-out'],
          ['login/sign-out.test.ts', 'asks first, and changes nothing'],
          [attacks, 'that a page of another site started is asked for, and then done'],
        ],
        note: 'Front-channel logout is not authenticated: it is off by default, needs a `sid`, and has a low rate.',
      },
      {
        id: 'LG-17',
        threat: 'An ID token or a logout token is used as a bearer token, or one of them as a logout token',
        tests: [
          ['credential/token/id-token-as-bearer.test.ts', 'LG-17: an ID token as a bearer token'],
          ['credential/logout-token/verify-logout-token.test.ts', 'a signature that only one of the two'],
        ],
        note: 'A logout token is recognized by its `events` claim: see V5.',
      },
      {
        id: 'LG-18',
        threat: 'A session survives the loss of rights',
        tests: [
          [findSession, 'another configuration judges the same cached session by its own requirements'],
          [findSession, 'makes the requirements of the issuer hold for the new claims'],
          [expiry, 'a group that the issuer took away is gone after the refresh'],
          [inCookie, 'a rotation keeps every session, and a removed key ends its sessions at once'],
          [inCookie, 'a session whose issuer ended it, with its cause'],
          [inCookie, 'any session until it knows which ones other processes have ended'],
          ['session/ended-sessions.test.ts', 'an end reaches all of them'],
          ['session/ended-sessions.test.ts', 'browsers do not displace what an issuer ended'],
          ['e2e/logout-keycloak.test.ts', 'an administrator signs a person out'],
        ],
        note: 'Some events cause no message of the issuer: `sessions.recheck` limits how long such a session lives.',
      },
      {
        id: 'LG-19',
        threat: 'Many requests with an expired session cause many refreshes, or lose the session',
        tests: [
          ['login/refresh.test.ts', 'LG-19: 200 parallel requests wait for one renewal'],
          [
            'login/refresh.test.ts',
            'at an oidc-provider that ends everything at a second use of a refresh token',
          ],
          [findSession, 'gives every request with the old cookie the new session and the same cookie'],
          [expiry, '20 requests at once need one refresh'],
        ],
        note: 'With sessions in cookies, this holds for one process. With several, `check-config`, the log and `doctor` warn. LG-28 is about a fleet.',
      },
      {
        id: 'LG-20',
        threat: 'Logins that are started or ended in large numbers use up memory or the issuer',
        tests: [
          ['chaos/logins.test.ts', '10,000 logins that are started and never end leave memory flat'],
          [callback, 'of 10,000 bad callbacks reaches no issuer and leaves nothing behind'],
          [hostileIssuer, 'LG-20: callbacks'],
          [begin, 'of a client with 200 planted cookies cost at most 10 openings and 21 lines'],
          [inCookie, 'a flood of different cookies is not cached'],
          [
            'login/answer-own-path.test.ts',
            'cookies that no response can carry are removed together with ours, so that the check never fails',
          ],
        ],
      },
      {
        id: 'LG-21',
        threat: 'The metadata of an issuer sends a secret to another address (SSRF)',
        tests: [
          ['issuer/source/login-metadata.test.ts', 'LG-21: an endpoint'],
          [
            'issuer/source/login-metadata.test.ts',
            'are fixed for a new endpoint too, which would get the secret of the client',
          ],
          [hostileIssuer, 'that redirects with %i is not followed'],
        ],
      },
      {
        id: 'LG-22',
        threat: 'A client changes the scheme or the host of a login by a header',
        tests: [[begin, 'never come from the request (LG-22)']],
      },
      {
        id: 'LG-23',
        threat: 'A session of one policy or issuer counts in another',
        tests: [
          [inCookie, 'a session of another policy, even if its cookie is renamed'],
          [findSession, 'does not count where its issuer does not, and its cookie stays'],
          [loginCheck, 'a login belongs to the policy of the request'],
          [callback, 'for its own policy'],
        ],
      },
      {
        id: 'LG-24',
        threat: 'Several `cookie` or `authorization` headers hide a session, or one session covers another',
        tests: [
          ['session/read-cookies.test.ts', 'reads what the reference reads'],
          [inCookie, 'a session next to a planted cookie of the same name, before or after it'],
          [loginCheck, 'is never the session if the authorization header is %j'],
          [
            'session/without-cookies.test.ts',
            'removes every cookie of ours, also beyond the limits of the reader',
          ],
        ],
      },
      {
        id: 'LG-25',
        threat: 'An error of the issuer writes a secret into a log or a page',
        tests: [
          [hostileIssuer, 'LG-25: no secret reaches a problem'],
          [callback, 'no detail and no event has a secret (LG-25)'],
        ],
      },
      {
        id: 'LG-26',
        threat: 'A grant of the central host gives one person the session of another',
        tests: [
          [handOverAttacks, 'that an attacker sends to another person brings no session'],
          [handOverAttacks, 'that was shown to another browser no longer works in its own'],
          [handOverAttacks, 'counts once: with its own login cookie again, it brings no session'],
          [handOverAttacks, 'for another host is refused there'],
          [handOverAttacks, 'of another policy brings no session (LG-23)'],
          [handOverAttacks, 'that is changed in any character brings no session'],
          [handOverAttacks, 'in place of a session, a request or a login cookie is nothing'],
          [handOver, 'a grant counts once in the fleet'],
          [manyHosts, 'is not taken over by the grant of an attacker'],
        ],
      },
      {
        id: 'LG-27',
        threat: 'The central host sends a browser, a grant or a sign-out to a host that is not listed',
        tests: [
          [handOverAttacks, 'for an origin that is not listed is refused, even with a good seal: %j (LG-04)'],
          [handOverAttacks, '%j leads to the host where the login began, and nowhere else'],
          [centralSignOut, 'no sealed address leads to %s (LG-04)'],
          [centralSignOut, 'the sign-out of an attacker signs no other person out (LG-16)'],
        ],
      },
      {
        id: 'LG-28',
        threat:
          'Several replicas refresh one session, and the issuer revokes it; or an error of the store or the issuer ends it',
        tests: [
          [inFleet, 'LG-28: 200 parallel requests at two processes use the refresh token once'],
          [inFleet, '500 processes with one session use the refresh token once'],
          ['login/refreshed-shared-sessions.test.ts', 'LG-28: 200 requests at two processes'],
          ['login/refresh-schedules.test.ts', 'no session is lost in any order of faults'],
          [fleetRefresh, 'LG-28: 200 parallel requests at two replicas after the tokens ended'],
          [fleetRefresh, 'a replica that is killed while it has the lock ends no session'],
        ],
        note: 'A session is lost if the process with the lock dies between the answer of the issuer and the write.',
      },
      {
        id: 'LG-29',
        threat: 'A replica with a wrong clock, or without a new key of the issuer, signs people out',
        tests: [
          [inFleet, 'LG-29: the answer cannot be verified'],
          ['login/refresh.test.ts', 'LG-29: after an answer that cannot be verified'],
          [hostileIssuer, 'LG-29: is kept if the ID token'],
          [hostileIssuer, 'LG-29: is not kept if the ID token is for another person'],
        ],
      },
      {
        id: 'LG-30',
        threat: 'A browser is sent between hosts without an end',
        tests: [
          [handOver, 'of the other host begins one new login, and then sees a page'],
          [handOver, 'for the second time ends with a page'],
          [handOver, 'loops end with a page: a host whose session cookie the browser drops'],
          [
            manyHosts,
            'ends with a page, not in a loop, if the browser refuses the cookies of the central host',
          ],
        ],
      },
      {
        id: 'LG-31',
        threat:
          'A person stays signed in after the account was disabled, because the issuer sends no message',
        tests: [
          [inFleet, 'a session with tokens that live is checked again after sessions.recheck'],
          [fleetRefresh, 'within sessions.recheck, the session ends in every replica after'],
        ],
      },
      {
        id: 'LG-32',
        threat: 'One account signs in so often that its sessions fill the store',
        tests: [
          [
            'session/session-limit.test.ts',
            'the oldest session of a person ends at the login that is one too many',
          ],
        ],
      },
    ],
  },
  revokingTable,
  storeTable,
];
