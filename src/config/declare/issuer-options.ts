/** The options of one issuer. The names are those of Istio's RequestAuthentication where it has them. */
import * as z from 'zod';
import {
  claimKey,
  claimName,
  claimRequirement,
  duration,
  fetchUrl,
  filePath,
  flag,
  lines,
  oneOf,
  scopeToken,
  text,
} from '../values/schemas.ts';
import { isLoopback, urlProblem, writtenUrlPattern, writtenUrlProblem } from '../values/urls.ts';
import { emailOptions, groupsOptions } from './identity-options.ts';

/** The signature algorithms that can be allowed (RFC 7518 section 3.1, RFC 8037); never HS* or none. */
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

/** An algorithm that can be allowed. */
export type Algorithm = (typeof supportedAlgorithms)[number];

const keySources = ['jwksUri', 'jwks', 'jwksFile', 'publicKeyFiles', 'discoveryUri'] as const;

const issuerFields = z.strictObject({
  issuer: text('the exact string of the `iss` claim').describe(
    'The exact string of the `iss` claim, compared byte for byte and never normalised. Its keys are found through OpenID discovery below this URL, unless one of `jwksUri`, `jwks`, `jwksFile`, `publicKeyFiles` or `discoveryUri` says otherwise.',
  ),
  name: text('a short name other than `none`')
    .max(128)
    .refine((name) => name !== 'none', 'the name `none` stands for tokens of no known issuer')
    .optional()
    .describe("Label of this issuer in metrics, logs and `/readyz`. Default: the issuer's host."),
  audiences: z
    .array(text('an audience'))
    .min(1)
    .optional()
    .meta({ title: 'a list of at least one audience' })
    .describe(
      'A token must be meant for at least one of these (RFC 7519 section 4.1.3). Required, unless `anyAudience` is true.',
    ),
  anyAudience: flag()
    .default(false)
    .describe(
      'Accept tokens that were meant for anybody. Any service that receives such a token can replay it here.',
    ),
  audienceClaims: z
    .array(claimName())
    .min(1)
    .default(['aud'])
    .meta({ title: 'a list of names of claims' })
    .describe(
      'Claims that the audience is read from, e.g. `[aud, client_id]` for issuers whose tokens carry no `aud`. Each is a name, a dotted path, or a list of names.',
    ),
  audienceClaimsUsed: oneOf('all', 'first')
    .default('all')
    .describe(
      'Whether the audiences are those of all `audienceClaims` together, or of the first one that the token has.',
    ),
  jwksUri: fetchUrl().optional().describe('Where the key set is; skips discovery.'),
  // A document, and not one value: it may have line breaks and a byte order mark.
  jwks: lines('a JSON Web Key Set as JSON text')
    .optional()
    .describe('The key set itself, as JSON (RFC 7517 section 5); nothing is fetched.'),
  jwksFile: filePath().optional().describe('A file that holds the key set; read again when it changes.'),
  publicKeyFiles: z
    .array(filePath())
    .min(1)
    .optional()
    .meta({ title: 'a list of paths of files' })
    .describe(
      'PEM files of public keys, read again when they change. They have no names: a token is good if one of them signed it, whatever its `kid`.',
    ),
  discoveryUri: fetchUrl()
    .optional()
    .describe(
      'Where the discovery document is, when it is not below the issuer. Its `issuer` must still be the configured string. For an issuer on `https://`, its `jwks_uri` is on `https://` too, or on the very server that `discoveryUri` names.',
    ),
  algorithms: z
    .array(z.enum(supportedAlgorithms).meta({ title: `one of ${supportedAlgorithms.join(', ')}` }))
    .min(1)
    .default(['RS256', 'PS256', 'ES256', 'EdDSA'])
    .describe(
      'Accepted signature algorithms. `EdDSA` covers `Ed25519` (RFC 9864). HMAC and `none` cannot be accepted.',
    ),
  keyUses: z
    .array(
      text('a value of `use`').refine(
        (use) => use !== 'enc',
        'keys of `use: enc` are for encryption, and sign no tokens (RFC 7517 section 4.2)',
      ),
    )
    .min(1)
    .default(['sig', 'jwt-svid'])
    .describe(
      'Values of `use` of a published key that mean signatures of tokens. A key without `use` is always one of them; a key with another value is not used. `jwt-svid` is that of SPIFFE.',
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
    .describe('Scopes that a token must carry, all of them, in `scope`, `scp` or `scopes`.'),
  requiredClaims: z
    .record(claimKey(), claimRequirement())
    .default({})
    .describe(
      'Claims that a token must carry with exactly this value, with one of these, or with a list that holds it. A name is looked up as it stands first, then as a dotted path; `["kubernetes.io", "namespace"]` as a name is a list of names, taken one by one.',
    ),
  email: emailOptions,
  groups: groupsOptions,
  clockTolerance: duration({ from: '0s', to: '2m' })
    .prefault('30s')
    .describe('How far the clock of the issuer may be off when `exp`, `nbf` and `iat` are checked.'),
  boundTokens: oneOf('refuse', 'verify', 'asBearer')
    .default('refuse')
    .describe(
      'What to do with a token that is bound to its client (`cnf`, RFC 7800): refuse it, verify the binding by DPoP or the client certificate (see `dpop` and `clientCertificates`), or accept it from anybody who bears it.',
    ),
  caFile: z
    .union([filePath(), z.array(filePath()).min(1)])
    .optional()
    .meta({ title: 'the path of a file, or a list of them' })
    .describe(
      "PEM certificates to trust for this issuer's endpoints, beside the system's; read again when they change. Each is trusted as it stands: an intermediate, or the server's own, needs nothing above it.",
    ),
  trustSystemCas: flag()
    .default(true)
    .describe("Whether the system's certificates are trusted for this issuer's endpoints too."),
  httpsProxy: z
    .string()
    .refine(
      (value) => value === '' || value === 'env' || isProxyUrl(value),
      'expected "", env, or the http:// URL of a proxy',
    )
    .default('')
    .meta({ title: '"", `env`, or the URL of a proxy', pattern: '^(env|[Hh][Tt][Tt][Pp][Ss]?://\\S+)?$' })
    .describe(
      "Egress proxy for this issuer's endpoints. `env` takes HTTPS_PROXY, HTTP_PROXY and NO_PROXY from the environment, which are otherwise ignored; NO_PROXY may hold names, addresses and networks (`.svc`, `10.0.0.0/8`, `fd00::/8`). A proxy looks names up by itself, so it is the one that must refuse names of internal addresses.",
    ),
  insecureHttp: flag()
    .default(false)
    .describe(
      'Allow `http://` endpoints. Without it only `https://` is allowed, and `http://` on a loopback address. Even with it, a document of an issuer on `https://` leads to no other server on `http://`.',
    ),
});

/** What a JSON Schema can say about several fields of an issuer; {@link acrossFields} says all of it. */
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

/** One issuer as the file describes it. */
export const issuerOptions = issuerFields
  .superRefine(acrossFields, { when: () => true })
  .meta(acrossFieldsSchema);

function anySource() {
  return keySources.map((source) => ({ required: [source] }));
}

/** Finds what no field can know alone; runs beside problems of single fields, so nothing has a sure type yet. */
function acrossFields(
  issuer: Partial<Record<keyof z.input<typeof issuerFields>, unknown>> | null,
  context: z.RefinementCtx,
) {
  // What is no issuer at all has its own problem already.
  if (typeof issuer !== 'object' || issuer === null || Array.isArray(issuer)) return;
  const problem = (field: string, message: string) =>
    context.addIssue({ code: 'custom', path: [field], message });

  if (issuer.audiences === undefined && issuer.anyAudience !== true) {
    problem(
      'audiences',
      'expected at least one audience; or say `anyAudience: true` to accept tokens meant for anybody',
    );
  }
  if (issuer.audiences !== undefined && issuer.anyAudience === true) {
    problem(
      'anyAudience',
      'audiences are listed, so `anyAudience: true` contradicts them; keep one of the two',
    );
  }

  if (issuer.trustSystemCas === false && issuer.caFile === undefined)
    problem('trustSystemCas', "without the system's certificates and without caFile, nothing is trusted");

  const [first, ...others] = keySources.filter((source) => issuer[source] !== undefined);
  for (const other of others) problem(other, `${first} already says where the keys are; keep one of the two`);

  const fetched = first === undefined ? 'issuer' : first;
  const url = issuer[fetched];
  if (typeof url !== 'string') return;
  // What is wrong with it as a text is all that has to be said of it as an address.
  const isToldOf = context.issues.some(({ path }) => path?.[0] === 'issuer');
  const discovery = fetched === 'issuer' && !isToldOf ? discoverableProblem(url) : undefined;
  if (discovery !== undefined) problem('issuer', discovery);
  else if (issuer.insecureHttp !== true && isPlainHttp(url)) {
    problem(fetched, 'plain http:// is not safe here; use https://, or say `insecureHttp: true`');
  }
}

/** The scheme of a fetch that anybody on the way can change. */
function isPlainHttp(url: string): boolean {
  return URL.canParse(url) && new URL(url).protocol === 'http:' && !isLoopback(new URL(url));
}

function discoverableProblem(issuer: string): string | undefined {
  // That it is empty is said of the option already.
  if (issuer === '') return undefined;
  const problem = writtenUrlProblem(issuer);
  if (problem !== undefined) return `${problem}; or name jwksUri, jwks, jwksFile or publicKeyFiles`;
  if (new URL(issuer).pathname.includes('/.well-known/')) {
    return 'this is the address of a discovery document; give the issuer itself, the part before /.well-known/';
  }
  return new URL(issuer).search === ''
    ? undefined
    : 'an issuer has no query (?…); see OpenID Connect Discovery section 2';
}

function isProxyUrl(text: string): boolean {
  const url = /^\S+:\/\/\S+$/.test(text) ? URL.parse(text) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return false;
  // A proxy may ask for a name and a password, as no issuer does.
  return urlProblem(url.origin) === undefined;
}
