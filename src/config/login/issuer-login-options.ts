/** The options of an issuer that signs people in (OpenID Connect Core 1.0 section 3.1). */
import { z } from '../schema/schema.ts';
import { boolean, fetchUrl, filePath, oneOf, scopeToken, text } from '../values/schemas.ts';

/** Parameters of the authorization request that the login itself sets (RFC 6749 section 4.1.1, RFC 7636, OpenID Connect Core 1.0). */
const ownParameters = new Set([
  'client_id',
  'client_secret',
  'redirect_uri',
  'response_type',
  'response_mode',
  'scope',
  'state',
  'nonce',
  'code_challenge',
  'code_challenge_method',
  'request',
  'request_uri',
  'resource',
]);

const parameterName = () =>
  text('the name of a parameter').refine(
    (name) => !ownParameters.has(name),
    'must not be a parameter that the login sets itself; remove it',
  );

/** `issuers[].login`. */
export const issuerLoginOptions = z
  .strictObject({
    clientId: text('a client ID').describe('The client ID of this service at the issuer.'),
    clientAuthentication: oneOf(
      'client_secret_basic',
      'client_secret_post',
      'private_key_jwt',
      'tls_client_auth',
      'client_assertion',
      'none',
    )
      .optional()
      .describe(
        'How this service authenticates at the token endpoint (RFC 6749 section 2.3, RFC 7523, RFC 8705). `client_assertion` sends the content of `clientAssertionFile`. Absent: the method whose file is set; with `clientSecretFile`, `client_secret_basic`.',
      ),
    clientSecretFile: filePath()
      .optional()
      .describe(
        'A file with the client secret; reloaded when it changes. White space at its end is removed.',
      ),
    privateKeyFile: filePath()
      .optional()
      .describe('A PEM file with the private key for `private_key_jwt` (PKCS #8); reloaded when it changes.'),
    privateKeyId: text('a key ID')
      .optional()
      .describe('The `kid` of the key in `privateKeyFile`, if the issuer needs one.'),
    clientAssertionFile: filePath()
      .optional()
      .describe(
        'A file with a signed client assertion (RFC 7523), such as a projected service account token; read for each request.',
      ),
    certFile: filePath()
      .optional()
      .describe('A PEM file with the client certificate for `tls_client_auth`; reloaded when it changes.'),
    keyFile: filePath()
      .optional()
      .describe('A PEM file with the private key of `certFile`; reloaded when it changes.'),
    scopes: z
      .array(scopeToken())
      .min(1)
      .default(['openid', 'profile', 'email'])
      .describe('Scopes to request. `openid` must be one of them.'),
    resources: z
      .array(text('an absolute URI'))
      .default([])
      .describe('Resources to request access tokens for (RFC 8707).'),
    parameters: z
      .record(parameterName(), text('a value'))
      .default({})
      .describe('More parameters of each authorization request, for example `{prompt: select_account}`.'),
    pushedRequests: oneOf('auto', 'always')
      .default('auto')
      .describe(
        'Whether to push authorization requests to the issuer (RFC 9126). `auto`: if the metadata of the issuer requires it.',
      ),
    forward: oneOf('accessToken', 'idToken', 'none')
      .default('accessToken')
      .describe(
        'The token that the workload receives as `authorization: Bearer`. `accessToken`: only if it is a JWT that a key of this issuer signed; its `aud` is not verified. An ID token is meant for the client only; forward it if the workload asks for one.',
      ),
    signOut: z
      .strictObject({
        hint: z
          .union([z.literal('auto'), boolean()])
          .default('auto')
          .meta({ title: 'auto, true or false' })
          .describe(
            'Whether a session keeps the ID token, which most issuers need to sign a person out without a question. `auto`: if the session still fits into one cookie.',
          ),
      })
      .prefault({}),
    label: text('a label of at most 64 characters')
      .max(64)
      .optional()
      .describe('The name of this issuer on pages for people. Default: `issuers[].name`.'),
    authorizationEndpoint: fetchUrl()
      .optional()
      .describe('URL of the authorization endpoint, for an issuer without discovery (`jwksUri`).'),
    tokenEndpoint: fetchUrl()
      .optional()
      .describe('URL of the token endpoint, for an issuer without discovery (`jwksUri`).'),
    endSessionEndpoint: fetchUrl()
      .optional()
      .describe('URL of the end session endpoint, for an issuer without discovery (`jwksUri`).'),
    revocationEndpoint: fetchUrl()
      .optional()
      .describe('URL of the revocation endpoint, for an issuer without discovery (`jwksUri`).'),
  })
  // The part of the checks in `issuer-login-problems.ts` that a JSON Schema can express.
  .meta({
    dependentRequired: {
      certFile: ['keyFile'],
      keyFile: ['certFile'],
      privateKeyId: ['privateKeyFile'],
      authorizationEndpoint: ['tokenEndpoint'],
      tokenEndpoint: ['authorizationEndpoint'],
    },
  })
  .optional()
  .describe('How this issuer signs people in. Absent: it verifies tokens only.');
