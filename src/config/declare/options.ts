/** Declares every option once. Types, defaults, validation, the JSON Schema, flags and docs come from here. */

import { loginFields } from '../login/login-options.ts';
import { ruleOptions } from '../rules/rule-options.ts';
import { type Output, z } from '../schema/schema.ts';
import { sessionOptions } from '../session/session-options.ts';
import { stateOptions } from '../state/state-options.ts';
import { checkAcrossSections, checkUniqueIssuers } from '../validate/cross-option-checks.ts';
import {
  boolean,
  duration,
  filePath,
  headerName,
  oneOf,
  quotableText,
  size,
  text,
  wholeNumber,
  wholeNumberOr,
} from '../values/schemas.ts';
import { clientCertificateOptions, dpopOptions } from './binding-options.ts';
import { crossCheckOption } from './cross-check-option.ts';
import { denyListOptions } from './deny-list-options.ts';
import { claimHeaders } from './header-options.ts';
import { issuerOptions } from './issuer-options.ts';
import { logOptions } from './log-options.ts';
import { compatOptions, shadowOptions } from './migration-options.ts';

const tls = z
  .strictObject({
    certFile: filePath().describe('PEM file with the certificate chain; reloaded when it changes.'),
    keyFile: filePath().describe('PEM file with the private key; reloaded when it changes.'),
    clientCaFile: filePath()
      .optional()
      .describe(
        'PEM file with CA certificates. Each client certificate must be signed by one of them. Absent: no client certificate is required.',
      ),
    minVersion: oneOf('TLSv1.2', 'TLSv1.3').default('TLSv1.2').describe('Minimum TLS version.'),
    cipherSuites: z
      .array(text('the name of a cipher suite'))
      .min(1)
      .optional()
      .meta({ title: 'a list of cipher suites' })
      .describe(
        'Cipher suites to offer, by their IANA or OpenSSL names. The TLS 1.3 suites stay enabled unless you list one of them. Absent: the default of Node.js.',
      ),
  })
  .optional()
  .describe(
    'TLS for this listener, version 1.2 or later. Absent: plain text, for a mesh that encrypts the traffic itself.',
  );

const host = () =>
  z
    .string()
    .min(1)
    .optional()
    .meta({ title: 'an IP address or host name' })
    .describe(
      'Address to listen on. Absent: `[::]` (all IPv6 and IPv4 addresses) if the machine has IPv6, otherwise `0.0.0.0`.',
    );

const port = (number: number) =>
  wholeNumber(0, 65_535)
    .default(number)
    .describe('Port to listen on. With 0 the system picks a free port, and the log names it.');

const pathPrefix = () =>
  z
    .string()
    .regex(/^(\/[^?#]*)?$/)
    .default('')
    .meta({ title: '"" or a path such as /check' })
    .describe('The path prefix that the mesh adds to every check (Istio: `pathPrefix`).');

const checkListener = (protocol: string, defaultPort: number) => ({
  enabled: boolean().default(true).describe(`Whether to answer checks over ${protocol}.`),
  host: host(),
  port: port(defaultPort),
  tls,
  maxConnections: wholeNumber(1, 1_000_000)
    .default(10_000)
    .describe(
      'Maximum open connections per process. Beyond it, the server closes the connection that has been idle longest.',
    ),
});

/** The schema of the configuration in its written form: in a file, the environment or flags. It parses to {@link Config}. */
export const configSchema = z
  .strictObject({
    issuers: z
      .array(issuerOptions)
      .min(1)
      .meta({ title: 'a list of at least one issuer' })
      .describe('The issuers whose tokens are accepted. Each has its own `iss`.')
      .superRefine(checkUniqueIssuers, { when: () => true }),
    identityHeaders: oneOf('set', 'remove')
      .default('set')
      .describe(
        "Whether to set the identity headers for the upstream. `set` is safe only if the mesh's entry lists these headers in `headersToUpstreamOnAllow` (Kyma: `toUpstream.onAllow`). `remove` sets none and removes all of them; it needs no list.",
      ),
    outputClaimToHeaders: claimHeaders()
      .default([
        { header: 'x-auth-request-user', claim: 'sub' },
        { header: 'x-auth-request-email', claim: 'email' },
        { header: 'x-auth-request-groups', claim: 'groups' },
        { header: 'x-auth-request-preferred-username', claim: 'preferred_username' },
      ])
      .describe(
        'Headers for the upstream and the claims they carry. A claim is looked up by its name first, then as a dotted path. `from` replaces `claim`: `email` and `groups` use `issuers[].email` and `issuers[].groups`, `token` is the token, `claims` is all claims. Each header is either set or removed, in all its spellings, so a client cannot supply it.',
      ),
    outputTokenToHeader: z
      .union([z.literal(''), headerName()])
      .default('')
      .meta({ title: '"" or a header name' })
      .describe(
        'Header that carries the token itself to the upstream, for example `x-auth-request-access-token`. Empty: no header.',
      ),
    forwardOriginalToken: boolean()
      .default(true)
      .describe(
        "Whether the upstream receives the client's `authorization` header. Istio's default is false. Keep true if an APIRule has `restrictions`, because Istio reads the token again after the check.",
      ),
    setAuthorizationHeader: boolean()
      .default(false)
      .describe(
        "Whether an allow sets the `authorization` header to `Bearer` and the verified token, for filters that read it from the response. A token over 4 KiB is not set; the client's own header stays.",
      ),
    ...ruleOptions,
    ...compatOptions,
    shadow: shadowOptions,
    realm: quotableText()
      .default('')
      .describe('`realm` of the `www-authenticate` challenge (RFC 9110 section 11.5). Empty: no realm.'),
    whenUnavailable: oneOf('deny', 'error')
      .default('deny')
      .describe(
        "The result of a check if an issuer has no usable key. `deny` denies the request, regardless of Envoy's failure mode. `error` leaves the decision to Envoy's failure mode, which may allow the request. `error` also applies to a forged token that names such an issuer.",
      ),
    dpop: dpopOptions,
    clientCertificates: clientCertificateOptions,
    http: z.strictObject({ ...checkListener('HTTP', 8000), pathPrefix: pathPrefix() }).prefault({}),
    grpc: z.strictObject(checkListener('gRPC', 9000)).prefault({}),
    admin: z
      .strictObject({
        host: host(),
        port: port(8081),
        tls,
        tokenFile: filePath()
          .optional()
          .describe(
            'A file with a token that gives access to the guarded routes of the admin listener; reloaded when it changes. Send it as `authorization: Bearer TOKEN`. Absent: only clients of this machine, such as `kubectl port-forward`, and clients with a certificate that `admin.tls.clientCaFile` verifies have access.',
          ),
        console: z
          .strictObject({
            enabled: boolean()
              .default(false)
              .describe(
                'Whether the admin listener serves the console at `/console`: pages about the state, the issuers, the checks and the denials. The clients that have access to `/decisions` have access to it. Node.js must run without `--disallow-code-generation-from-strings`. The chart removes that flag, the image alone does not.',
              ),
          })
          .prefault({}),
      })
      .prefault({}),
    login: z
      .strictObject({
        ...loginFields,
        listener: z
          .strictObject({
            enabled: boolean()
              .default(false)
              .describe(
                'Whether a listener of its own answers the paths of the login, if the mesh routes them to it. It shows pages with their own status, which Envoy cannot do over HTTP ext_authz. Node.js must run without `--disallow-code-generation-from-strings`. The chart removes that flag, the image alone does not.',
              ),
            host: host(),
            port: port(8082),
            tls,
          })
          .prefault({}),
      })
      .optional()
      .describe(
        'The login for browsers. Absent: no cookie is read or set, and no path is special. It needs `sessions`, and an issuer with `login`.',
      ),
    sessions: sessionOptions,
    state: stateOptions,
    workers: wholeNumberOr(1, 64, 'auto')
      .default(1)
      .describe(
        'Processes that answer checks. `auto`: one per available core. With more than one, an additional process fetches the keys, and Node.js needs `--allow-child-process`.',
      ),
    crossCheck: crossCheckOption,
    cache: z
      .strictObject({
        maxEntries: wholeNumber(0, 10_000_000)
          .default(10_000)
          .describe(
            'Maximum number of verified tokens in the cache, and of opened sessions in another one. 0 disables both.',
          ),
        maxAge: duration({ from: '0s', to: '5m' })
          .prefault('5m')
          .describe('Maximum time that a verified token stays in the cache, never past its expiry.'),
        maxBytes: size({ from: '0', to: '16Gi' })
          .prefault('64Mi')
          .describe(
            'Maximum memory of the cache of tokens, estimated. With a login, that of sessions has the same maximum again.',
          ),
      })
      .prefault({}),
    keys: z
      .strictObject({
        refreshInterval: duration({ from: '100ms', to: '24h' })
          .prefault('5m')
          .describe(
            'Maximum time between two background fetches of a key set. Up to a tenth is subtracted at random, and `cache-control` of the response can shorten it.',
          ),
        minRefreshInterval: duration({ from: '100ms', to: '1h' })
          .prefault('10s')
          .describe('Minimum time between two fetches that unknown key IDs cause. Failed fetches count too.'),
        maxStale: duration({ from: '0s', to: '8760h' })
          .prefault('24h')
          .describe(
            'How long the last keys stay in use while the issuer is unreachable or publishes no usable key.',
          ),
        timeout: duration({ from: '100ms', to: '1m' })
          .prefault('5s')
          .describe('Timeout of one fetch, including the body.'),
      })
      .prefault({}),
    denyList: denyListOptions,
    log: logOptions,
    limits: z
      .strictObject({
        maxTokenSize: size({ from: '256', to: '64Ki' }).prefault('16Ki').describe('Maximum size of a token.'),
        maxGrpcMessageSize: size({ from: '1Ki', to: '4Mi' })
          .prefault('256Ki')
          .describe(
            'Maximum size of a gRPC check without its body, decompressed. A larger check is denied as `request_too_large`.',
          ),
        maxGrpcBodySize: size({ from: '0', to: '64Mi' })
          .prefault('4Mi')
          .describe(
            'Maximum size of a request body in a gRPC check that is larger than `limits.maxGrpcMessageSize`. No decision uses the body; the server discards it while it arrives.',
          ),
        maxIssuerResponseSize: size({ from: '1Ki', to: '8Mi' })
          .prefault('512Ki')
          .describe('Maximum size of a key set or discovery document.'),
        maxIssuerKeys: wholeNumber(1, 1_000)
          .default(100)
          .describe('Maximum number of keys in a key set. A larger key set is rejected as a whole.'),
        checkDeadline: duration({ from: '100ms', to: '30s' })
          .prefault('1500ms')
          .describe(
            'Maximum time for one check. It must be at least 20 % below `limits.meshTimeout`. A check that waits longer for a key ends with `key_not_found`, any other check with `overloaded`.',
          ),
        meshTimeout: duration({ from: '125ms', to: '1h' })
          .prefault('2s')
          .describe(
            "The `timeout` of the mesh's entry for this authorizer, the shortest if there are several. `limits.checkDeadline` and `shadow.timeout` must be at least 20 % below it, because Envoy applies its failure mode to a later response. The end of a login and a refresh wait for the issuer at most 75 % of it, and at most 4.8 s.",
          ),
        maxVerificationsInFlight: wholeNumber(1, 65_536)
          .default(256)
          .describe(
            'Maximum number of signatures that wait for verification. A token counts once for each key that may be tried. A check beyond the limit ends with `overloaded`. Tokens that several keys may have signed can use half of the limit. It also limits the checks that wait for a key of one issuer; a check beyond it ends with `key_not_found`.',
          ),
      })
      .prefault({}),
    shutdown: z
      .strictObject({
        delay: duration({ from: '0s', to: '10m' })
          .prefault('5s')
          .describe(
            'How long checks are still answered after SIGTERM, so that every proxy stops using this replica first.',
          ),
        timeout: duration({ from: '1s', to: '15m' })
          .prefault('25s')
          .describe('Maximum time from SIGTERM to exit; at least `shutdown.delay`.'),
      })
      .prefault({}),
  })
  .superRefine(checkAcrossSections, { when: () => true });

type Parsed = Output<typeof configSchema>;

/** One issuer. Its name is always set. */
export type IssuerConfig = Parsed['issuers'][number] & { readonly name: string };

/** The validated configuration. Durations are in milliseconds, sizes in bytes. */
export type Config = Omit<Parsed, 'issuers'> & { readonly issuers: readonly IssuerConfig[] };

/** TLS files of a listener, or undefined for plain text. */
export type TlsFiles = NonNullable<Config['admin']['tls']>;
