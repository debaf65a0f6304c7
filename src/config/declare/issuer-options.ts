/** The options of one issuer. The names are those of Istio's RequestAuthentication, if it has the same option. */
import type { RefinementCtx } from 'zod';
import { issuerLoginOptions } from '../login/issuer-login-options.ts';
import { checkIssuerLogin } from '../login/issuer-login-problems.ts';
import { type Input, z } from '../schema/schema.ts';
import { quoteValue } from '../values/quote-value.ts';
import {
  boolean,
  claimKey,
  claimName,
  claimRequirement,
  duration,
  fetchUrl,
  filePath,
  multilineText,
  oneOf,
  scopeToken,
  text,
} from '../values/schemas.ts';
import { isLoopback, urlProblem, writtenUrlPattern, writtenUrlProblem } from '../values/urls.ts';
import { emailOptions, groupsOptions } from './identity-options.ts';

/** Supported signature algorithms (RFC 7518 section 3.1, RFC 8037); never HS* or none. */
export const supportedAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

/** A supported signature algorithm. */
export type Algorithm = (typeof supportedAlgorithms)[number];

const keySources = ['jwksUri', 'jwks', 'jwksFile', 'publicKeyFiles', 'discoveryUri'] as const;

const issuerFields = z.strictObject({
  issuer: text('the exact `iss` of the tokens').describe(
    'The exact `iss` of the tokens, compared byte by byte and never normalized. The keys come from OpenID discovery at this URL, unless you set `jwksUri`, `jwks`, `jwksFile`, `publicKeyFiles` or `discoveryUri`.',
  ),
  name: text('a name of at most 128 characters, other than `none`')
    .max(128)
    .refine(
      (name) => name !== 'none',
      'must not be `none`, the label for tokens of an unknown issuer; use another name',
    )
    .optional()
    .describe("Label of this issuer in metrics, logs and `/readyz`. Default: the issuer's host."),
  audiences: z
    .array(text('an audience'))
    .min(1)
    .optional()
    .meta({ title: 'a list of at least one audience' })
    .describe(
      'Accepted audiences. A token must have at least one of them (RFC 7519 section 4.1.3). Required unless `anyAudience` is true.',
    ),
  anyAudience: boolean()
    .default(false)
    .describe('Accept tokens with any audience. Any service that receives such a token can replay it here.'),
  audienceClaims: z
    .array(claimName())
    .min(1)
    .default(['aud'])
    .meta({ title: 'a list of claim names' })
    .describe(
      'Claims that contain the audience, for example `[aud, client_id]` for issuers whose tokens have no `aud`. Each is a name, a dotted path, or a list with the name at each level.',
    ),
  audienceClaimsUsed: oneOf('all', 'first')
    .default('all')
    .describe(
      'Whether the audiences come from all `audienceClaims`, or only from the first one that the token has.',
    ),
  jwksUri: fetchUrl().optional().describe('URL of the key set; skips discovery.'),
  // A document may have line breaks and a byte order mark.
  jwks: multilineText('a JSON Web Key Set as JSON text')
    .optional()
    .describe('The key set itself, as JSON text (RFC 7517 section 5). Nothing is fetched.'),
  jwksFile: filePath().optional().describe('A file with the key set; reloaded when it changes.'),
  publicKeyFiles: z
    .array(filePath())
    .min(1)
    .optional()
    .meta({ title: 'a list of file paths' })
    .describe(
      'PEM files with public keys; reloaded when they change. The keys have no `kid`: a token is valid if one of them verifies it, regardless of its `kid`.',
    ),
  discoveryUri: fetchUrl()
    .optional()
    .describe(
      'URL of the discovery document, if it is not below the issuer. Its `issuer` must still equal the configured issuer. If the issuer uses `https://`, its `jwks_uri` must use `https://` too, or be on the server of `discoveryUri`.',
    ),
  algorithms: z
    .array(z.enum(supportedAlgorithms).meta({ title: `one of ${supportedAlgorithms.join(', ')}` }))
    .min(1)
    .default(['RS256', 'PS256', 'ES256', 'EdDSA'])
    .describe(
      'Accepted signature algorithms. `EdDSA` includes `Ed25519` (RFC 9864). HMAC and `none` are never accepted.',
    ),
  keyUses: z
    .array(
      text('a value of `use`').refine(
        (use) => use !== 'enc',
        'must not be `enc`, because such keys only encrypt (RFC 7517 section 4.2); remove it',
      ),
    )
    .min(1)
    .default(['sig', 'jwt-svid'])
    .describe(
      'Values of `use` that mark a key for token signatures. A key without `use` is always accepted; a key with another value is ignored. SPIFFE uses `jwt-svid`.',
    ),
  tokenTypes: z
    .array(text('a token type'))
    .min(1)
    .default(['JWT', 'at+jwt'])
    .describe(
      'Accepted values of the `typ` header, in any case, with or without `application/`. A token without `typ` counts as `JWT`.',
    ),
  requiredScopes: z
    .array(scopeToken())
    .default([])
    .describe('Scopes that a token must have, all of them, in `scope`, `scp` or `scopes`.'),
  requiredClaims: z
    .record(claimKey(), claimRequirement())
    .default({})
    .describe(
      'Claims that a token must have. The claim must equal the value or one of the listed values; a claim that is a list must contain one. A claim is looked up by its name first, then as a dotted path; `["kubernetes.io", "namespace"]` has the name at each level.',
    ),
  email: emailOptions,
  groups: groupsOptions,
  login: issuerLoginOptions,
  clockTolerance: duration({ from: '0s', to: '2m' })
    .prefault('30s')
    .describe('Allowed clock difference to the issuer when `exp`, `nbf` and `iat` are checked.'),
  boundTokens: oneOf('refuse', 'verify', 'asBearer')
    .default('refuse')
    .describe(
      'How to treat a token that is bound to a client key or certificate (`cnf`, RFC 7800). `refuse` denies it. `verify` verifies the DPoP proof or the client certificate (see `dpop` and `clientCertificates`). `asBearer` accepts it from any client.',
    ),
  caFile: z
    .union([filePath(), z.array(filePath()).min(1)])
    .optional()
    .meta({ title: 'a file path, or a list of file paths' })
    .describe(
      "PEM files with certificates to trust for this issuer's endpoints, in addition to the system's; reloaded when they change. Each certificate is trusted directly: an intermediate or the server's own certificate is enough.",
    ),
  trustSystemCas: boolean()
    .default(true)
    .describe("Whether the system's CA certificates are trusted for this issuer's endpoints."),
  httpsProxy: z
    .string()
    .refine(
      (value) => value === '' || value === 'env' || isProxyUrl(value),
      'must be "", env or the http:// URL of a proxy',
    )
    .default('')
    .meta({ title: '"", `env`, or the URL of a proxy', pattern: '^(env|[Hh][Tt][Tt][Pp][Ss]?://\\S+)?$' })
    .describe(
      "Egress proxy for this issuer's endpoints. `env` uses HTTPS_PROXY, HTTP_PROXY and NO_PROXY from the environment. Without `env`, these variables are ignored. NO_PROXY may contain names, addresses and networks (`.svc`, `10.0.0.0/8`, `fd00::/8`). The proxy resolves host names, so the proxy must block names of internal addresses.",
    ),
  insecureHttp: boolean()
    .default(false)
    .describe(
      'Allow `http://` endpoints. Without it only `https://` is allowed, and `http://` on a loopback address. Even with it, a document from an `https://` issuer cannot lead to another server on `http://`.',
    ),
});

/** The part of {@link checkAcrossFields} that a JSON Schema can express. */
const acrossFieldsSchema = {
  allOf: [
    {
      anyOf: [
        { required: ['audiences'] },
        { required: ['anyAudience'], properties: { anyAudience: { const: true } } },
      ],
    },
    { not: { required: ['audiences', 'anyAudience'], properties: { anyAudience: { const: true } } } },
    { oneOf: [{ not: { anyOf: anySource() } }, ...anySource()] },
    {
      if: { not: { anyOf: anySource() } },
      // biome-ignore lint/suspicious/noThenProperty: JSON Schema calls it so
      then: { properties: { issuer: { pattern: writtenUrlPattern.source } } },
    },
  ],
};

/** The schema of one issuer. */
export const issuerOptions = issuerFields
  .superRefine(checkAcrossFields, { when: () => true })
  .meta(acrossFieldsSchema);

function anySource() {
  return keySources.map((source) => ({ required: [source] }));
}

/** Checks the fields of one issuer together. It also runs if single fields are invalid, so it must not trust any type. */
function checkAcrossFields(
  issuer: Partial<Record<keyof Input<typeof issuerFields>, unknown>> | null,
  context: RefinementCtx,
) {
  // Another problem already reports a value that is not a mapping.
  if (typeof issuer !== 'object' || issuer === null || Array.isArray(issuer)) return;
  const problem = (field: string, message: string) =>
    context.addIssue({ code: 'custom', path: [field], message });

  if (issuer.audiences === undefined && issuer.anyAudience !== true) {
    problem(
      'audiences',
      'must have at least one audience, or `anyAudience: true` to accept tokens for any audience',
    );
  }
  if (issuer.audiences !== undefined && issuer.anyAudience === true) {
    problem('anyAudience', 'contradicts `audiences`; keep one of the two');
  }

  if (issuer.trustSystemCas === false && issuer.caFile === undefined)
    problem(
      'trustSystemCas',
      "nothing is trusted without the system's CA certificates and without `caFile`; set `caFile`, or remove this option",
    );

  checkIssuerLogin(issuer, (path, message) =>
    context.addIssue({ code: 'custom', path: ['login', ...path], message }),
  );

  const [first, ...others] = keySources.filter((source) => issuer[source] !== undefined);
  for (const other of others) problem(other, `${first} already configures the keys; keep one of the two`);

  const fetched = first === undefined ? 'issuer' : first;
  const url = issuer[fetched];
  if (typeof url !== 'string') return;
  // One problem about the text is enough.
  const hasTextProblem = context.issues.some(({ path }) => path?.[0] === 'issuer');
  const discovery = fetched === 'issuer' && !hasTextProblem ? discoverableProblem(url) : undefined;
  if (discovery !== undefined) problem('issuer', discovery);
  else if (issuer.insecureHttp !== true && isPlainHttp(url)) {
    problem(fetched, 'plain http:// is not safe; use https://, or set `insecureHttp: true`');
  }
}

/** Whether a URL has no TLS and is not on this machine. */
function isPlainHttp(url: string): boolean {
  return URL.canParse(url) && new URL(url).protocol === 'http:' && !isLoopback(new URL(url));
}

function discoverableProblem(issuer: string): string | undefined {
  // The option already reports an empty text.
  if (issuer === '') return undefined;
  const problem = writtenUrlProblem(issuer);
  if (problem !== undefined) {
    // A text with @ may contain a password, in a place that only its author recognizes.
    const isShown = !issuer.includes('@') && !problem.includes(', got ');
    const got = isShown ? `, got ${quoteValue(issuer)}` : '';
    return `${problem}${got}; write the exact iss of its tokens, or set jwksUri, jwks, jwksFile or publicKeyFiles`;
  }
  if (new URL(issuer).pathname.includes('/.well-known/')) {
    return 'must be the issuer, not the URL of its discovery document; remove /.well-known/ and all text after it';
  }
  return new URL(issuer).search === ''
    ? undefined
    : 'must not have a query (?…), see OpenID Connect Discovery section 2; remove it';
}

function isProxyUrl(text: string): boolean {
  const url = /^\S+:\/\/\S+$/.test(text) ? URL.parse(text) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return false;
  // Unlike an issuer, a proxy may need a user name and a password.
  return urlProblem(url.origin) === undefined;
}
