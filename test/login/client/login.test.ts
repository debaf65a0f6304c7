import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { exportJWK, SignJWT } from 'jose';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AuthorizationStart, LoginProblem, Tokens } from '../../../src/login/login-client.ts';
import { until } from '../../support/app.ts';
import { createAuthority } from '../../support/certificates.ts';
import { createLoginBrowser } from '../../support/login-browser.ts';
import {
  loginStart,
  startLoginIssuer,
  type TestLoginIssuer,
  temporaryFile,
} from '../../support/login-issuer.ts';
import {
  certificateOf,
  type LoginProvider,
  type LoginProviderOptions,
  loginResource,
  signIn,
  startLoginProvider,
} from '../../support/login-provider.ts';

/** With characters that `client_secret_basic` must encode (RFC 6749 section 2.3.1). */
const secret = 'a secret/of+the:client%20';
const confidential = { client_id: 'shop', client_secret: secret };
const withSecret = () => ({ clientId: 'shop', clientSecretFile: temporaryFile('secret', `${secret}\n`) });

async function start(
  options: Partial<LoginProviderOptions> = {},
  login: Record<string, unknown> = withSecret(),
  more: Record<string, unknown> = {},
): Promise<TestLoginIssuer & { readonly provider: LoginProvider }> {
  const provider = await startLoginProvider({ clients: [confidential], ...options });
  const issuer = await startLoginIssuer(provider.url, { login, more });
  onTestFinished(async () => {
    issuer.stop();
    await provider.close();
  });
  return { ...issuer, provider };
}

const isCallback = ({ origin }: URL) => origin === 'https://shop.example.com';

/** Signs in and returns the address of the callback. */
async function callbackOf(
  { client }: TestLoginIssuer,
  begun: AuthorizationStart = loginStart(),
  browser = createLoginBrowser(),
): Promise<URL> {
  const to = await client.authorizationUrl(begun);
  if (!('url' in to)) throw new Error(to.detail);
  const page = await signIn(browser, to.url, 'alice', isCallback);
  return new URL(page.headers.location ?? '');
}

function tokens(result: Tokens | LoginProblem): Tokens {
  if ('kind' in result) throw new Error(`${result.kind}: ${result.detail}`);
  return result;
}

async function logIn(login: TestLoginIssuer): Promise<Tokens> {
  return tokens(await login.client.finish(await callbackOf(login), loginStart()));
}

async function authorizationParameters(
  { client }: TestLoginIssuer,
  begun: AuthorizationStart,
): Promise<URLSearchParams> {
  const to = await client.authorizationUrl(begun);
  if (!('url' in to)) throw new Error(to.detail);
  return new URL(to.url).searchParams;
}

describe('a login', () => {
  test('with a secret, PKCE, state, nonce and iss', async () => {
    const login = await start();
    const begun = loginStart();
    expect(Object.fromEntries(await authorizationParameters(login, begun))).toEqual({
      client_id: 'shop',
      redirect_uri: begun.redirectUri,
      response_type: 'code',
      scope: 'openid profile email',
      state: begun.state,
      nonce: begun.nonce,
      code_challenge: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      code_challenge_method: 'S256',
    });
    const callback = await callbackOf(login, begun);
    expect(callback.searchParams.get('iss')).toBe(login.provider.url);
    const result = tokens(await login.client.finish(callback, begun));
    expect(result.claims).toMatchObject({
      sub: 'alice',
      email: 'alice@example.com',
      nonce: begun.nonce,
      aud: 'shop',
    });
    expect(result.refreshToken).toBeTypeOf('string');
    expect(result.isAccessTokenVerified).toBe(false);
    expect(result.accessTokenEndsAt).toBeGreaterThan(Date.now() / 1000 + 200);
    expect(result.scopes).toEqual(expect.arrayContaining(['openid', 'profile', 'email']));
    expect(login.client.problem()).toBeUndefined();
  });

  test('with a resource: the access token is a JWT that the keys of the issuer verify', async () => {
    const login = await start({}, { ...withSecret(), resources: [loginResource] });
    const result = await logIn(login);
    expect(result.isAccessTokenVerified).toBe(true);
    const claims = JSON.parse(Buffer.from(result.accessToken?.split('.')[1] ?? '', 'base64url').toString());
    expect(claims).toMatchObject({ aud: loginResource, sub: 'alice' });
    expect(result.accessTokenEndsAt).toBe(claims.exp);
  });

  test('redeems a code with the verifier of its own start only', async () => {
    const login = await start();
    const callback = await callbackOf(login);
    const other = loginStart({ codeVerifier: 'verifier-2-abcdefghijklmnopqrstuvwxyz0123456' });
    expect(await login.client.finish(callback, other)).toEqual({
      kind: 'rejected',
      code: 'invalid_grant',
      detail: 'the token endpoint answered 400 invalid_grant',
    });
  });

  test('redeems a code once', async () => {
    const login = await start();
    const callback = await callbackOf(login);
    tokens(await login.client.finish(callback, loginStart()));
    expect(await login.client.finish(callback, loginStart())).toMatchObject({ kind: 'rejected' });
  });

  test('rejects an ID token with the nonce of another start', async () => {
    const login = await start();
    const callback = await callbackOf(login);
    const other = loginStart({ nonce: 'nonce-2-abcdefghijklmnopqrstuvwxyz012345678' });
    expect(await login.client.finish(callback, other)).toMatchObject({
      kind: 'rejected',
      detail: expect.stringContaining('nonce'),
    });
  });

  test('that the person aborts ends so', async () => {
    const login = await start();
    const to = await login.client.authorizationUrl(loginStart());
    const browser = createLoginBrowser();
    const form = await browser.open('url' in to ? to.url : '');
    const abort = /href="([^"]*abort)"/.exec(form.body)?.[1] ?? '';
    const page = await browser.open(new URL(abort, form.url), isCallback);
    const before = login.provider.count('/token');
    expect(await login.client.finish(new URL(page.headers.location ?? ''), loginStart())).toEqual({
      kind: 'cancelled',
      code: 'access_denied',
      detail: 'the issuer ended the login with access_denied',
    });
    expect(login.provider.count('/token')).toBe(before);
  });

  test('sends the parameters of the configuration, of a step-up and of the languages', async () => {
    const login = await start(
      {},
      { ...withSecret(), parameters: { prompt: 'select_account', kc_idp_hint: 'x' } },
    );
    const plain = await authorizationParameters(login, loginStart({ uiLocales: 'de en' }));
    expect(plain.get('prompt')).toBe('select_account');
    expect(plain.get('kc_idp_hint')).toBe('x');
    expect(plain.get('ui_locales')).toBe('de en');
    const stepUp = { acrValues: ['gold', 'silver'], maxAge: 0, prompt: 'login' };
    const stepped = await authorizationParameters(login, loginStart({ stepUp }));
    expect(stepped.get('acr_values')).toBe('gold silver');
    expect(stepped.get('max_age')).toBe('0');
    expect(stepped.getAll('prompt')).toEqual(['login']);
  });

  test('with max_age needs a sign-in that is recent', async () => {
    const login = await start();
    const begun = loginStart({ stepUp: { maxAge: 60 } });
    const recent = tokens(await login.client.finish(await callbackOf(login, begun), begun));
    expect(recent.claims?.auth_time).toBeGreaterThan(Date.now() / 1000 - 60);
  });
});

describe('pushed authorization requests', () => {
  const pushed = {
    features: { pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true } },
  };

  test('are used where the metadata requires them', async () => {
    const login = await start({ configuration: pushed });
    const parameters = await authorizationParameters(login, loginStart());
    expect([...parameters.keys()].toSorted()).toEqual(['client_id', 'request_uri']);
    expect((await logIn(login)).claims).toMatchObject({ sub: 'alice' });
  });

  test('are used on request', async () => {
    const optional = { features: { pushedAuthorizationRequests: { enabled: true } } };
    const login = await start({ configuration: optional }, { ...withSecret(), pushedRequests: 'always' });
    expect((await authorizationParameters(login, loginStart())).get('request_uri')).toBeTypeOf('string');
    expect((await logIn(login)).claims).toMatchObject({ sub: 'alice' });
  });

  test('are a problem if the issuer has no endpoint for them', async () => {
    const none = { features: { pushedAuthorizationRequests: { enabled: false } } };
    const login = await start({ configuration: none }, { ...withSecret(), pushedRequests: 'always' });
    expect(login.client.problem()).toContain('no endpoint for pushed requests');
    expect(await login.client.authorizationUrl(loginStart())).toMatchObject({ kind: 'unavailable' });
  });

  test('that the issuer rejects are a problem', async () => {
    const login = await start(
      { configuration: pushed },
      {
        ...withSecret(),
        clientSecretFile: temporaryFile('secret', 'another'),
      },
    );
    expect(await login.client.authorizationUrl(loginStart())).toMatchObject({
      kind: 'unavailable',
      code: 'invalid_client',
    });
  });
});

describe('authenticates with', () => {
  test('client_secret_post', async () => {
    const login = await start(
      { clients: [{ ...confidential, token_endpoint_auth_method: 'client_secret_post' }] },
      { ...withSecret(), clientAuthentication: 'client_secret_post' },
    );
    expect((await logIn(login)).claims).toMatchObject({ sub: 'alice' });
  });

  test('none, as a public client with PKCE', async () => {
    const client = { client_id: 'shop', token_endpoint_auth_method: 'none' as const };
    const login = await start({ clients: [client] }, { clientId: 'shop', clientAuthentication: 'none' });
    expect((await logIn(login)).claims).toMatchObject({ sub: 'alice' });
  });

  test.each([
    ['RS256', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['PS256', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['ES256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['ES384', () => generateKeyPairSync('ec', { namedCurve: 'P-384' })],
    ['ES512', () => generateKeyPairSync('ec', { namedCurve: 'P-521' })],
    ['EdDSA', () => generateKeyPairSync('ed25519')],
  ])('private_key_jwt and %s', async (algorithm, generate) => {
    const { publicKey, privateKey } = generate();
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const jwk = { ...(await exportJWK(publicKey)), kid: 'client-key', use: 'sig', alg: algorithm };
    const client = {
      client_id: 'shop',
      token_endpoint_auth_method: 'private_key_jwt' as const,
      token_endpoint_auth_signing_alg: algorithm as 'RS256',
      jwks: { keys: [jwk] },
    };
    const login = await start(
      {
        clients: [client],
        configuration: { enabledJWA: { clientAuthSigningAlgValues: [algorithm as 'RS256'] } },
      },
      { clientId: 'shop', privateKeyFile: temporaryFile('key.pem', pem), privateKeyId: 'client-key' },
    );
    expect((await logIn(login)).claims).toMatchObject({ sub: 'alice' });
  });

  test('client_assertion, which is read again for each request', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const client = {
      client_id: 'shop',
      token_endpoint_auth_method: 'private_key_jwt' as const,
      jwks: { keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256' }] },
    };
    const path = temporaryFile('assertion', 'not yet');
    const login = await start({ clients: [client] }, { clientId: 'shop', clientAssertionFile: path });
    expect(await login.client.finish(await callbackOf(login), loginStart())).toHaveProperty('kind');
    writeFileSync(path, await assertionFor(login.provider.url, privateKey));
    await until(async () => !('kind' in (await login.client.finish(await callbackOf(login), loginStart()))));
  });

  async function assertionFor(issuer: string, key: KeyObject): Promise<string> {
    return new SignJWT({ jti: crypto.randomUUID() })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer('shop')
      .setSubject('shop')
      .setAudience(issuer)
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(key);
  }

  test('tls_client_auth, over TLS that its CA file trusts', async () => {
    const authority = createAuthority();
    const [server, shop] = [authority.issue('server'), authority.issue('shop')];
    const shown: (string | undefined)[] = [];
    const login = await start(
      {
        tls: {
          cert: readFileSync(server.certFile),
          key: readFileSync(server.keyFile),
          ca: authority.ca,
          requestCert: true,
          rejectUnauthorized: false,
        },
        clients: [
          {
            client_id: 'shop',
            token_endpoint_auth_method: 'tls_client_auth' as const,
            tls_client_auth_subject_dn: 'CN=shop',
          },
        ],
        configuration: {
          clientAuthMethods: ['tls_client_auth'],
          features: {
            mTLS: {
              enabled: true,
              tlsClientAuth: true,
              getCertificate: ({ req }) => certificateOf(req),
              certificateAuthorized: ({ req }) =>
                'authorized' in req.socket && req.socket.authorized === true,
              certificateSubjectMatches: ({ req }, property, expected) => {
                const subject = certificateOf(req)?.subject;
                if (req.url?.startsWith('/token')) shown.push(subject);
                return property === 'tls_client_auth_subject_dn' && subject === expected;
              },
            },
          },
        },
      },
      { clientId: 'shop', certFile: shop.certFile, keyFile: shop.keyFile },
      { caFile: authority.caFile, trustSystemCas: false },
    );
    const begun = loginStart();
    const to = await login.client.authorizationUrl(begun);
    const browser = createLoginBrowser({ ca: authority.ca });
    const page = await signIn(browser, 'url' in to ? to.url : '', 'alice', isCallback);
    const result = await login.client.finish(new URL(page.headers.location ?? ''), begun);
    expect(tokens(result).claims).toMatchObject({ sub: 'alice' });
    expect(shown).toEqual(['CN=shop']);
  });

  test('a new secret as soon as its file has it', async () => {
    const path = temporaryFile('secret', 'the old secret');
    const login = await start({}, { clientId: 'shop', clientSecretFile: path });
    const callback = await callbackOf(login);
    expect(await login.client.finish(callback, loginStart())).toMatchObject({
      kind: 'unavailable',
      code: 'invalid_client',
      detail: expect.stringContaining('the token endpoint answered 401 invalid_client; check'),
    });
    writeFileSync(path, secret);
    await until(async () => !('kind' in (await login.client.finish(await callbackOf(login), loginStart()))));
  });

  test.each([
    ['a secret file that is missing', { clientSecretFile: '/nowhere/secret' }, /\/nowhere\/secret.*ENOENT/],
    ['an empty secret file', { clientSecretFile: temporaryFile('secret', ' \n') }, /is empty/],
    [
      'a key file without a key',
      { privateKeyFile: temporaryFile('key', 'PRIVATE THING') },
      /not a private key/,
    ],
  ])('nothing with %s, and says so', async (_, files, message) => {
    const login = await start({}, { clientId: 'shop', ...files });
    const before = login.provider.count('/token');
    const problem = await login.client.finish(await callbackOf(login), loginStart());
    expect(problem).toMatchObject({
      kind: 'unavailable',
      isUnsent: true,
      detail: expect.stringMatching(message),
    });
    expect(JSON.stringify(problem)).not.toContain('PRIVATE THING');
    expect(login.provider.count('/token')).toBe(before);
  });
});

describe('a refresh', () => {
  test('returns new tokens of the same person; the old refresh token is dead, and its use ends all', async () => {
    const login = await start();
    const first = await logIn(login);
    const second = tokens(await login.client.refresh(first.refreshToken ?? '', first.claims ?? {}));
    expect(second.claims).toMatchObject({ sub: 'alice', nonce: loginStart().nonce });
    expect(second.refreshToken).not.toBe(first.refreshToken);
    expect(await login.client.refresh(first.refreshToken ?? '', first.claims ?? {})).toEqual({
      kind: 'ended',
      code: 'invalid_grant',
      detail: 'the token endpoint answered 400 invalid_grant',
    });
    expect(await login.client.refresh(second.refreshToken ?? '', first.claims ?? {})).toMatchObject({
      kind: 'ended',
    });
  });

  test.each([
    ['another person', { sub: 'mallory' }],
    ['another issuer', { iss: 'https://other.example.com' }],
    ['another nonce', { nonce: 'another' }],
  ])('is rejected for the session of %s', async (_, claims) => {
    const login = await start();
    const { refreshToken = '', claims: before } = await logIn(login);
    expect(await login.client.refresh(refreshToken, { ...before, ...claims })).toMatchObject({
      kind: 'rejected',
    });
  });

  test('keeps the session if the secret is wrong', async () => {
    const path = temporaryFile('secret', secret);
    const login = await start({}, { clientId: 'shop', clientSecretFile: path });
    const { claims = {}, ...first } = await logIn(login);
    let { refreshToken = '' } = first;
    writeFileSync(path, 'wrong');
    let result: Tokens | LoginProblem | undefined;
    await until(async () => {
      result = await login.client.refresh(refreshToken, claims);
      if ('kind' in result) return true;
      refreshToken = result.refreshToken ?? '';
      return false;
    });
    expect(result).toMatchObject({ kind: 'unavailable', code: 'invalid_client' });
    writeFileSync(path, secret);
    await until(async () => !('kind' in (await login.client.refresh(refreshToken, claims))));
  });
});

describe('the end of a session', () => {
  test('revokes the refresh token', async () => {
    const login = await start();
    const { refreshToken = '', claims = {} } = await logIn(login);
    expect(await login.client.revoke(refreshToken)).toBeUndefined();
    expect(await login.client.refresh(refreshToken, claims)).toMatchObject({ kind: 'ended' });
  });

  test('at the issuer has an address with the hint, and without a hint that is too long', async () => {
    const login = await start();
    const after = { returnTo: 'https://shop.example.com/.oidc-authz/signed-out', state: 'abc' };
    const withHint = new URL((await login.client.endSessionUrl({ ...after, idToken: 'a.b.c' })) ?? '');
    expect(withHint.href.startsWith(`${login.provider.url}/session/end?`)).toBe(true);
    expect(Object.fromEntries(withHint.searchParams)).toEqual({
      client_id: 'shop',
      id_token_hint: 'a.b.c',
      post_logout_redirect_uri: after.returnTo,
      state: 'abc',
    });
    const long = new URL((await login.client.endSessionUrl({ ...after, idToken: 'a'.repeat(9_000) })) ?? '');
    expect(long.searchParams.get('id_token_hint')).toBeNull();
    expect(long.searchParams.get('client_id')).toBe('shop');
  });

  test('is local if the issuer has no endpoints for it', async () => {
    const off = { rpInitiatedLogout: { enabled: false }, revocation: { enabled: false } };
    const login = await start({ configuration: { features: off } });
    expect(
      await login.client.endSessionUrl({ returnTo: '/', state: 'a', idToken: undefined }),
    ).toBeUndefined();
    expect(await login.client.revoke('token')).toBeUndefined();
  });
});

describe('the signature of tokens', () => {
  test.each(['ES256', 'EdDSA'] as const)('can be %s', async (algorithm) => {
    const login = await start({ algorithm }, { ...withSecret(), resources: [loginResource] });
    expect(await logIn(login)).toMatchObject({ isAccessTokenVerified: true });
  });
});
