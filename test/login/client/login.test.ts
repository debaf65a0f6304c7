import { describe, expect, onTestFinished, test } from 'vitest';
import type { AuthorizationStart, LoginProblem, Tokens } from '../../../src/login/login-client.ts';
import { createLoginBrowser } from '../../support/login-browser.ts';
import {
  loginStart,
  startLoginIssuer,
  type TestLoginIssuer,
  temporaryFile,
} from '../../support/login-issuer.ts';
import {
  type LoginProvider,
  type LoginProviderOptions,
  loginResource,
  signIn,
  startLoginProvider,
} from '../../support/login-provider.ts';

const secret = 'a-secret-of-the-client';
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

describe('a login', () => {
  test('with a secret, PKCE, state, nonce and iss', async () => {
    const login = await start();
    const begun = loginStart();
    const to = await login.client.authorizationUrl(begun);
    const { searchParams } = new URL('url' in to ? to.url : '');
    expect(Object.fromEntries(searchParams)).toEqual({
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
    const result = tokens(await login.client.finish(await callbackOf(login), loginStart()));
    expect(result.isAccessTokenVerified).toBe(true);
    expect(
      JSON.parse(Buffer.from(result.accessToken?.split('.')[1] ?? '', 'base64url').toString()),
    ).toMatchObject({
      aud: loginResource,
      sub: 'alice',
    });
  });
});
