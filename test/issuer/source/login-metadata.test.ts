import { describe, expect, onTestFinished, test } from 'vitest';
import type { Config, IssuerConfig } from '../../../src/config/declare/options.ts';
import { createIssuer } from '../../../src/issuer/issuer.ts';
import { createKeySource, type KeySource } from '../../../src/issuer/source/key-source.ts';
import { createLoginEndpoints } from '../../../src/issuer/source/login-endpoints.ts';
import { type DiscoveryDocument, readLoginMetadata } from '../../../src/issuer/source/login-metadata.ts';
import { configOf } from '../../support/app.ts';
import { createTestClock, settled } from '../../support/clock.ts';
import { createIssuerMirror } from '../../support/issuer-mirror.ts';
import { createSigningKey } from '../../support/keys.ts';
import { temporaryFile } from '../../support/login-issuer.ts';

const issuer = 'https://issuer.example.com';
const url = `${issuer}/.well-known/openid-configuration`;
const endpoints = {
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  end_session_endpoint: `${issuer}/end`,
  revocation_endpoint: `${issuer}/revoke`,
  pushed_authorization_request_endpoint: `${issuer}/par`,
};

const read = (
  content: Readonly<Record<string, unknown>>,
  more: { readonly repeated?: readonly string[]; readonly usesCertificate?: boolean } = {},
) =>
  readLoginMetadata(
    { url, issuer, content: { issuer, ...endpoints, ...content }, repeated: more.repeated ?? [] },
    more.usesCertificate ?? false,
  );

describe('the metadata of a login', () => {
  test('has what a login needs', () => {
    expect(
      read({
        require_pushed_authorization_requests: true,
        authorization_response_iss_parameter_supported: true,
        code_challenge_methods_supported: ['plain', 'S256'],
        token_endpoint_auth_methods_supported: ['client_secret_basic', 7],
        token_endpoint_auth_signing_alg_values_supported: 'RS256',
        id_token_signing_alg_values_supported: ['RS256', 'ES256'],
      }),
    ).toEqual({
      metadata: {
        endpoints: {
          authorization: `${issuer}/authorize`,
          token: `${issuer}/token`,
          endSession: `${issuer}/end`,
          revocation: `${issuer}/revoke`,
          pushedRequest: `${issuer}/par`,
        },
        requiresPushedRequests: true,
        sendsIssuer: true,
        clientAuthentications: ['client_secret_basic'],
        assertionAlgorithms: undefined,
        idTokenAlgorithms: ['RS256', 'ES256'],
        from: url,
      },
    });
  });

  test('has safe values for what the document does not say, or says with another type', () => {
    expect(read({ require_pushed_authorization_requests: 'true' }).metadata).toMatchObject({
      requiresPushedRequests: false,
      sendsIssuer: false,
      idTokenAlgorithms: undefined,
    });
  });

  test.each([
    ['no S256', { code_challenge_methods_supported: ['plain'] }, 'PKCE with S256'],
    ['an empty list of methods', { code_challenge_methods_supported: [] }, 'PKCE with S256'],
    ['no authorization endpoint', { authorization_endpoint: undefined }, 'no authorization_endpoint'],
    ['no token endpoint', { token_endpoint: null }, 'no token_endpoint'],
    ['a token endpoint that is a number', { token_endpoint: 1 }, 'must be a string'],
    [
      'a required endpoint for pushed requests that is missing',
      { require_pushed_authorization_requests: true, pushed_authorization_request_endpoint: undefined },
      'pushed_authorization_request_endpoint',
    ],
  ])('is not usable with %s', (_, content, text) => {
    const { metadata, problem } = read(content);
    expect(metadata).toBeUndefined();
    expect(problem).toContain(text);
  });

  test('without a list of methods is usable: older issuers support S256 without saying so', () => {
    expect(read({ code_challenge_methods_supported: undefined }).metadata).toBeDefined();
  });

  test.each([...Object.keys(endpoints), 'id_token_signing_alg_values_supported', 'mtls_endpoint_aliases'])(
    'is not usable with two members %s',
    (name) => {
      expect(read({}, { repeated: [name] })).toEqual({
        problem: expect.stringContaining(`two members named ${name}`),
      });
    },
  );

  test('is usable with two members that no login reads', () => {
    expect(read({}, { repeated: ['claims_supported'] }).metadata).toBeDefined();
  });
});

describe('LG-21: an endpoint', () => {
  const odd = [
    'http://issuer.example.com/token',
    'http://169.254.169.254/token',
    'https://169.254.169.254/token',
    'https://[fe80::1]/token',
    'https://[::ffff:169.254.169.254]/token',
    'https://localhost/token',
    'https://127.0.0.1:8443/token',
    'https://user:password@issuer.example.com/token',
    'https://issuer.example.com/token#fragment',
    'file:///etc/passwd',
    'javascript:alert(1)',
    '//issuer.example.com/token',
    '/token',
    '',
  ];

  test.each(odd)('for tokens must not be %s', (token_endpoint) => {
    expect(read({ token_endpoint })).toEqual({ problem: expect.stringContaining('token_endpoint') });
  });

  test.each(odd)('for the browser must not be %s', (authorization_endpoint) => {
    expect(read({ authorization_endpoint }).metadata).toBeUndefined();
  });

  test.each(odd)('for revocation is not used if it is %s, and the login continues', (revocation_endpoint) => {
    const { metadata, problem } = read({ revocation_endpoint });
    expect(metadata?.endpoints.revocation).toBeUndefined();
    expect(problem).toContain('revocation_endpoint');
  });

  test('for mutual TLS replaces the usual one only if there is a client certificate, and is checked too', () => {
    const mtls_endpoint_aliases = {
      token_endpoint: 'https://mtls.example.com/token',
      authorization_endpoint: 'https://mtls.example.com/authorize',
    };
    expect(read({ mtls_endpoint_aliases }).metadata?.endpoints.token).toBe(`${issuer}/token`);
    const { endpoints: used } = read({ mtls_endpoint_aliases }, { usesCertificate: true }).metadata ?? {};
    expect(used?.token).toBe('https://mtls.example.com/token');
    expect(used?.authorization).toBe(`${issuer}/authorize`);
    const bad = { mtls_endpoint_aliases: { token_endpoint: 'http://mtls.example.com/token' } };
    expect(read(bad, { usesCertificate: true }).metadata).toBeUndefined();
  });
});

const documentOf = (content: Readonly<Record<string, unknown>>): DiscoveryDocument => ({
  url,
  issuer,
  content: { issuer, ...endpoints, ...content },
  repeated: [],
});

async function configWith(more: Readonly<Record<string, unknown>> = {}, login: object = {}): Promise<Config> {
  return configOf(
    JSON.stringify({
      issuers: [
        {
          issuer,
          name: 'main',
          audiences: ['a'],
          login: { clientId: 'shop', clientSecretFile: temporaryFile('secret', 'x'), ...login },
          ...more,
        },
      ],
      login: { hosts: ['shop.example.com'] },
      sessions: { keysFile: temporaryFile('keys', `${Buffer.alloc(32, 7).toString('base64')}\n`) },
    }),
  );
}

async function issuerConfigWith(...more: Parameters<typeof configWith>): Promise<IssuerConfig> {
  const [config] = (await configWith(...more)).issuers;
  if (config === undefined) throw new TypeError('no issuer');
  return config;
}

describe('the hosts of endpoints', () => {
  const elsewhere = 'https://other.example.com/token';

  test.each([
    ['the token endpoint', { token_endpoint: elsewhere }, 'token_endpoint'],
    ['the authorization endpoint', { authorization_endpoint: elsewhere }, 'authorization_endpoint'],
    ['another port', { token_endpoint: 'https://issuer.example.com:8443/token' }, 'token_endpoint'],
  ])('are fixed until a reload: %s', async (_, moved, member) => {
    const known = createLoginEndpoints(await issuerConfigWith());
    known?.update(documentOf({}), true);
    const before = known?.state().metadata;
    known?.update(documentOf(moved), false);
    expect(known?.state()).toEqual({
      metadata: before,
      problem: expect.stringContaining(`the ${member} moved from issuer.example.com to`),
    });
    known?.update(documentOf({}), false);
    expect(known?.state().problem).toBeUndefined();
    known?.update(documentOf(moved), true);
    expect(Object.values(known?.state().metadata?.endpoints ?? {})).toContain(Object.values(moved)[0]);
  });

  test('are fixed for a new endpoint too, which would get the secret of the client', async () => {
    const known = createLoginEndpoints(await issuerConfigWith());
    known?.update(documentOf({ revocation_endpoint: undefined }), true);
    known?.update(documentOf({ revocation_endpoint: elsewhere }), false);
    expect(known?.state().metadata?.endpoints.revocation).toBeUndefined();
    expect(known?.state().problem).toContain('moved from nowhere');
    known?.update(documentOf({}), false);
    expect(known?.state().metadata?.endpoints.revocation).toBe(`${issuer}/revoke`);
  });

  test('stay known while the document is not usable', async () => {
    const known = createLoginEndpoints(await issuerConfigWith());
    known?.update(documentOf({}), true);
    known?.update(documentOf({ token_endpoint: undefined }), false);
    expect(known?.state()).toMatchObject({
      metadata: { sendsIssuer: false },
      problem: expect.stringContaining('no token_endpoint'),
    });
  });
});

describe('an issuer without discovery', () => {
  const jwks = { jwksUri: `${issuer}/jwks` };

  test('has the endpoints of the configuration', async () => {
    const config = await issuerConfigWith(jwks, {
      authorizationEndpoint: `${issuer}/a`,
      tokenEndpoint: `${issuer}/t`,
      endSessionEndpoint: `${issuer}/e`,
    });
    expect(createLoginEndpoints(config)?.state()).toMatchObject({
      metadata: {
        endpoints: { authorization: `${issuer}/a`, token: `${issuer}/t`, endSession: `${issuer}/e` },
        from: undefined,
      },
    });
  });

  test('is a problem without them', async () => {
    const config = { ...(await issuerConfigWith()), ...jwks } as IssuerConfig;
    expect(createLoginEndpoints(config)?.state()).toEqual({
      problem: expect.stringContaining('`login.authorizationEndpoint`'),
    });
  });

  test('that does not sign people in has no metadata', async () => {
    const { login: _, ...config } = await issuerConfigWith();
    expect(createLoginEndpoints(config as IssuerConfig)).toBeUndefined();
  });
});

describe('the keys of the issuer', () => {
  const key = createSigningKey('k1');

  interface Source {
    readonly source: KeySource;
    /** The document that the issuer serves. */
    document: Readonly<Record<string, unknown>>;
    readonly config: IssuerConfig;
    readonly whole: Config;
  }

  async function sourceOf(): Promise<Source> {
    const whole = await configWith();
    const [config] = whole.issuers;
    if (config === undefined) throw new TypeError('no issuer');
    const { publicJwk } = await key;
    const made: Source = {
      document: { issuer, jwks_uri: `${issuer}/jwks`, ...endpoints },
      config,
      whole,
      source: createKeySource(config, {
        fetch: async (asked) => ({
          body: JSON.stringify(asked === url ? made.document : { keys: [publicJwk] }),
          headers: {},
        }),
        readFile: () => '',
        clock: createTestClock(),
        onFetched: () => {},
      }),
    };
    return made;
  }
  const load = async ({ source }: Source) => {
    let text: string | undefined;
    await source.load(false, (loaded) => {
      text = loaded;
    });
    return text;
  };

  test('come with the metadata', async () => {
    const made = await sourceOf();
    expect(made.source.login()).toEqual({ problem: expect.stringContaining('not loaded yet') });
    expect(await load(made)).toContain('k1');
    expect(made.source.login()?.metadata?.endpoints.token).toBe(`${issuer}/token`);
  });

  test.each([
    ['odd endpoints', { token_endpoint: 'http://169.254.169.254/' }],
    ['no endpoints', { token_endpoint: undefined, authorization_endpoint: undefined }],
    ['no S256', { code_challenge_methods_supported: ['plain'] }],
  ])('load all the same with %s', async (_, content) => {
    const made = await sourceOf();
    made.document = { ...made.document, ...content };
    expect(await load(made)).toContain('k1');
    expect(made.source.login()?.metadata).toBeUndefined();
    expect(made.source.warning()).toBeUndefined();
  });

  test('of an owner are ready while its login has a problem, which its status shows; workers get both', async () => {
    const made = await sourceOf();
    const { config, whole } = made;
    const { code_challenge_methods_supported: _, ...good } = made.document;
    const clock = createTestClock();
    let changes = 0;
    const owner = createIssuer(config, {
      source: made.source,
      timing: whole.keys,
      maxKeys: 10,
      clock,
      random: () => 0.5,
      onStateChange: () => {},
      onProblem: () => {},
      onUnusedKeys: () => {},
      onKeysChange: () => {},
      onLoginChange: () => {
        changes++;
      },
    });
    onTestFinished(owner.stop);
    made.document = { ...good, code_challenge_methods_supported: ['plain'] };
    owner.start();
    await owner.firstKeys;
    await settled();
    expect(owner.status()).toMatchObject({ state: 'ready', problem: expect.stringContaining('S256') });
    expect(owner.describeKeys()).toMatchObject({ problem: undefined });
    expect(owner.loginMetadata()).toEqual({ problem: expect.stringContaining('S256') });
    expect(changes).toBe(1);
    const mirror = createIssuerMirror(owner, config, whole, clock);
    expect(mirror.loginMetadata()).toEqual(owner.loginMetadata());

    made.document = good;
    await owner.refresh();
    expect(owner.status().problem).toBeUndefined();
    expect(changes).toBe(2);
    mirror.update(owner.snapshot());
    expect(mirror.loginMetadata()?.metadata?.endpoints.token).toBe(`${issuer}/token`);
    expect(structuredClone(owner.snapshot())).toEqual(owner.snapshot());
    await owner.refresh();
    expect(changes).toBe(2);
  });
});
