/** Every option of the service, declared once: types, defaults, validation, schema, flags and docs come from here. */
import * as z from 'zod';
import { ruleOptions } from '../rules/rule-options.ts';
import { acrossSections, toldApart } from '../validate/across-options.ts';
import {
  anyHeaderName,
  duration,
  filePath,
  flag,
  headerName,
  oneOf,
  quotable,
  size,
  text,
  wholeNumber,
  wholeNumberOr,
} from '../values/schemas.ts';
import { clientCertificateOptions, dpopOptions } from './binding-options.ts';
import { claimHeaders } from './header-options.ts';
import { issuerOptions } from './issuer-options.ts';
import { compatOptions, shadowOptions } from './switch-options.ts';

/** Headers whose values are credentials or tell of them. */
const credentialHeaders = [
  'authorization',
  'cookie',
  'dpop',
  'proxy-authorization',
  'set-cookie',
  'x-forwarded-client-cert',
];

const tls = z
  .strictObject({
    certFile: filePath().describe('PEM certificate chain; read again when it changes.'),
    keyFile: filePath().describe('PEM private key; read again when it changes.'),
    clientCaFile: filePath()
      .optional()
      .describe('PEM certificates of which one must have signed the certificate of every client.'),
    minVersion: oneOf('TLSv1.2', 'TLSv1.3').default('TLSv1.2').describe('Oldest version that is spoken.'),
    cipherSuites: z
      .array(text('the name of a cipher suite'))
      .min(1)
      .optional()
      .meta({ title: 'a list of cipher suites' })
      .describe(
        "Cipher suites that are offered, by their IANA or OpenSSL names; those of TLS 1.3 stay unless one of them is named. Absent: Node's own.",
      ),
  })
  .optional()
  .describe('TLS, at least version 1.2. Absent: plain text, as inside a mesh that encrypts by itself.');

const host = () =>
  z
    .string()
    .min(1)
    .optional()
    .meta({ title: 'an IP address or host name' })
    .describe(
      'Address to listen on. Absent: `[::]`, which is every address of IPv6 and IPv4, where the machine has IPv6, else `0.0.0.0`.',
    );

const port = (number: number) =>
  wholeNumber(0, 65_535)
    .default(number)
    .describe('Port to listen on; 0 takes a free one, which the log names.');

const pathPrefix = () =>
  z
    .string()
    .regex(/^(\/[^?#]*)?$/)
    .default('')
    .meta({ title: '"" or a path such as /check' })
    .describe("What the mesh's entry puts in front of the path of every check (Istio: `pathPrefix`).");

const checkListener = (protocol: string, defaultPort: number) =>
  z.strictObject({
    enabled: flag().default(true).describe(`Whether checks are answered over ${protocol}.`),
    host: host(),
    port: port(defaultPort),
    tls,
    maxConnections: wholeNumber(1, 1_000_000)
      .default(10_000)
      .describe(
        'Most connections at once, of one process; beyond it the one that has been idle for longest is closed.',
      ),
  });

/** The configuration as a file, the environment and flags give it; what it parses to is {@link Config}. */
export const options = z
  .strictObject({
    issuers: z
      .array(issuerOptions)
      .min(1)
      .meta({ title: 'a list of at least one issuer' })
      .describe('The issuers whose tokens are accepted, told apart by the exact `iss`.')
      .superRefine(toldApart, { when: () => true }),
    identityHeaders: oneOf('set', 'remove')
      .default('set')
      .describe(
        "Whether the headers below are set for the upstream. `set` is safe only where the mesh's entry lists them in `headersToUpstreamOnAllow` (Kyma: `toUpstream.onAllow`); `remove` sets none and removes all, which needs no list.",
      ),
    outputClaimToHeaders: claimHeaders()
      .default([
        { header: 'x-auth-request-user', claim: 'sub' },
        { header: 'x-auth-request-email', claim: 'email' },
        { header: 'x-auth-request-groups', claim: 'groups' },
        { header: 'x-auth-request-preferred-username', claim: 'preferred_username' },
      ])
      .describe(
        'Headers for the upstream and the claims they carry. A claim is looked up by its name first, then as a dotted path. Instead of `claim`, `from: email` and `from: groups` take what `issuers[].email` and `issuers[].groups` say, `from: token` the token, `from: claims` all claims. Each header is either set or removed, in all its spellings, so that a client cannot supply it.',
      ),
    outputTokenToHeader: z
      .union([z.literal(''), headerName()])
      .default('')
      .meta({ title: '"" or a header name' })
      .describe(
        'Header that carries the token itself to the upstream, e.g. `x-auth-request-access-token`; empty: none.',
      ),
    forwardOriginalToken: flag()
      .default(true)
      .describe(
        "Whether the upstream still receives the `authorization` header. Istio's own default is false; with an APIRule's `restrictions`, which look at the token later, it must stay.",
      ),
    setAuthorizationHeader: flag()
      .default(false)
      .describe(
        'Whether an allow sets `authorization` anew, as `Bearer` and the token that was verified, for whoever takes the header from the answer. A token over 4 KiB is left as it came.',
      ),
    ...ruleOptions,
    ...compatOptions,
    shadow: shadowOptions,
    realm: quotable()
      .default('')
      .describe('`realm` of the WWW-Authenticate challenge (RFC 9110 section 11.5); empty: none.'),
    whenUnavailable: oneOf('deny', 'error')
      .default('deny')
      .describe(
        "What a check becomes when an issuer has no usable key at all: `deny` refuses, whatever Envoy's failure mode; `error` lets Envoy decide (pass or refuse, by its failure mode), also about a made-up token that names such an issuer.",
      ),
    dpop: dpopOptions,
    clientCertificates: clientCertificateOptions,
    http: checkListener('HTTP', 8000).extend({ pathPrefix: pathPrefix() }).prefault({}),
    grpc: checkListener('gRPC', 9000).prefault({}),
    admin: z.strictObject({ host: host(), port: port(8081), tls }).prefault({}),
    workers: wholeNumberOr(1, 64, 'auto')
      .default(1)
      .describe(
        'Processes that answer checks; `auto`: one for each core that the process may use. With more than one, a further process owns the keys, and Node needs `--allow-child-process`.',
      ),
    cache: z
      .strictObject({
        maxEntries: wholeNumber(0, 10_000_000)
          .default(10_000)
          .describe('Verified tokens to remember; 0 remembers none.'),
        maxAge: duration({ from: '0s', to: '5m' })
          .prefault('5m')
          .describe('Longest time a verified token is remembered; never past its own expiry.'),
        maxBytes: size({ from: '0', to: '16Gi' })
          .prefault('64Mi')
          .describe('Memory for remembered tokens, estimated.'),
      })
      .prefault({}),
    keys: z
      .strictObject({
        refreshInterval: duration({ from: '100ms', to: '24h' })
          .prefault('5m')
          .describe(
            "Longest time between two background fetches of a key set, less up to a tenth; the answer's Cache-Control can shorten it.",
          ),
        minRefreshInterval: duration({ from: '100ms', to: '1h' })
          .prefault('10s')
          .describe('Shortest time between two fetches that unknown key ids cause, failed ones included.'),
        maxStale: duration({ from: '0s', to: '8760h' })
          .prefault('24h')
          .describe(
            'How long the last keys serve on while the issuer cannot be reached, or what it publishes is no key set with a usable key.',
          ),
        timeout: duration({ from: '100ms', to: '1m' })
          .prefault('5s')
          .describe('Time for one fetch, body included.'),
      })
      .prefault({}),
    denyList: z
      .strictObject({
        file: filePath()
          .optional()
          .describe(
            'A file that names revoked tokens, by issuer and `jti`, `sub`, `sid` or `client_id`; read again when it changes. A list without entries is `[]`; an empty file is an error.',
          ),
      })
      .prefault({}),
    log: z
      .strictObject({
        level: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent')
          .default('info')
          .describe('Least severe level that is logged.'),
        format: oneOf('auto', 'json', 'text')
          .default('auto')
          .describe(
            'How records are written: `json`, one object a line; `text`, one line a record for people; `auto`: `text` on a terminal, `json` everywhere else. `text` has colours on a terminal, unless NO_COLOR is set or TERM is `dumb`; FORCE_COLOR asks for them elsewhere.',
          ),
        checks: oneOf('all', 'denied', 'none')
          .default('denied')
          .describe(
            'Checks that are logged at `info`: all, those that did not end in allow or did so only because a rule is tried, or none. The others are logged at `debug`. What ends as `internal_error` is logged in any case, with its cause.',
          ),
        subject: flag().default(false).describe("Whether a check's record names the token's subject."),
        excludePaths: z
          .array(
            z
              .string()
              .regex(/^\/[^?#]*$/)
              .meta({ title: 'a path' }),
          )
          .default([])
          .describe('Paths, without query, whose checks are not logged; each exactly as it is received.'),
        requestIdHeader: anyHeaderName()
          .refine(
            (name) => !credentialHeaders.includes(name),
            'this header carries credentials, which no log may have',
          )
          .default('x-request-id')
          .describe('The header that `requestId` of a record is taken from.'),
      })
      .prefault({}),
    limits: z
      .strictObject({
        maxTokenSize: size({ from: '256', to: '64Ki' }).prefault('16Ki').describe('Longest token.'),
        maxGrpcMessageSize: size({ from: '1Ki', to: '4Mi' })
          .prefault('256Ki')
          .describe(
            'Most that is kept of a gRPC check, decompressed: its headers above all. A larger one is answered with `request_too_large`.',
          ),
        maxGrpcBodySize: size({ from: '0', to: '64Mi' })
          .prefault('4Mi')
          .describe(
            'Largest body in a gRPC check that is larger than `limits.maxGrpcMessageSize`. No decision reads a body: it is skipped as it comes in.',
          ),
        maxIssuerResponseSize: size({ from: '1Ki', to: '8Mi' })
          .prefault('512Ki')
          .describe('Largest key set or discovery document.'),
        maxIssuerKeys: wholeNumber(1, 1_000)
          .default(100)
          .describe('Most keys in a key set; one with more is refused whole.'),
        checkDeadline: duration({ from: '100ms', to: '30s' })
          .prefault('1500ms')
          .describe(
            'Longest time for one check, whatever it waits for; at least 20 % below `limits.meshTimeout`. It ends as `key_not_found` if it waits for a key, else as `overloaded`.',
          ),
        meshTimeout: duration({ from: '125ms', to: '1h' })
          .prefault('2s')
          .describe(
            "The `timeout` of the mesh's entry for this authorizer, the shortest if there are several. Nothing is timed by it: it is what `limits.checkDeadline` and `shadow.timeout` must stay at least 20 % below, since a later answer is left to Envoy's failure mode.",
          ),
        maxVerificationsInFlight: wholeNumber(1, 65_536)
          .default(256)
          .describe(
            'Signatures that wait to be verified at once, each counted with every key that it may have to be tried with; a check beyond them ends as `overloaded`. Tokens that may have to be tried with several keys share half of the room. Also the checks that wait for a key of one issuer at once; one beyond them ends as `key_not_found`.',
          ),
      })
      .prefault({}),
    shutdown: z
      .strictObject({
        delay: duration({ from: '0s', to: '10m' })
          .prefault('5s')
          .describe('How long checks are still answered after SIGTERM, so that every proxy hears of it.'),
        timeout: duration({ from: '1s', to: '15m' })
          .prefault('25s')
          .describe('Latest end after SIGTERM; at least `shutdown.delay`.'),
      })
      .prefault({}),
  })
  .superRefine(acrossSections, { when: () => true });

type Parsed = z.output<typeof options>;

/** One issuer of the configuration; its name is never absent. */
export type IssuerConfig = Parsed['issuers'][number] & { readonly name: string };

/** What the service runs with. Durations are in milliseconds, sizes in bytes. */
export type Config = Omit<Parsed, 'issuers'> & { readonly issuers: readonly IssuerConfig[] };

/** TLS files of a listener, or undefined for plain text. */
export type TlsFiles = NonNullable<Config['admin']['tls']>;
