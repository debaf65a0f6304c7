/** A certified OpenID provider in this process that signs people in with a form: any name, any password. */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { exportJWK, generateKeyPair } from 'jose';
import type { ClientMetadata, Configuration, Provider as OidcProvider } from 'oidc-provider';
import type { LoginBrowser, Page } from './login-browser.ts';

/** Answers a request instead of the provider. Returns whether it did. */
export type Intercept = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;

/** A provider that runs. */
export interface LoginProvider {
  readonly url: string;
  readonly provider: OidcProvider;
  /** The requests so far, by method and path. */
  readonly requests: string[];
  /** Answers requests instead of the provider; tests may replace it. */
  intercept: Intercept;
  /** The number of requests to a path. */
  readonly count: (path: string) => number;
  readonly close: () => Promise<void>;
}

/** The settings of a provider. */
export interface LoginProviderOptions {
  readonly clients: readonly ClientMetadata[];
  readonly configuration?: Configuration;
  /** TLS; the provider is `http://` without it. */
  readonly tls?: https.ServerOptions;
  /** The signing algorithm of ID tokens and access tokens. */
  readonly algorithm?: 'RS256' | 'ES256' | 'EdDSA';
}

/** The resource that access tokens are JWTs for. Without it they are opaque. */
export const loginResource = 'https://orders.example.com';

/** Starts a provider on a free port of this machine. Refresh tokens are used once, and reuse ends the whole login. */
export async function startLoginProvider(options: LoginProviderOptions): Promise<LoginProvider> {
  const { clients, configuration = {}, tls, algorithm = 'RS256' } = options;
  const server = tls === undefined ? http.createServer() : https.createServer(tls);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: 'login', alg: algorithm, use: 'sig' };
  const { Provider } = await quietly(() => import('oidc-provider'));
  const { features, ...others } = configuration;
  const provider = await quietly(
    async () =>
      new Provider(url, {
        clients: clients.map((client) => ({
          redirect_uris: ['https://shop.example.com/.oidc-authz/callback'],
          post_logout_redirect_uris: ['https://shop.example.com/.oidc-authz/signed-out'],
          grant_types: ['authorization_code', 'refresh_token'],
          id_token_signed_response_alg: algorithm,
          ...client,
        })),
        jwks: { keys: [key] },
        cookies: { keys: ['test'] },
        rotateRefreshToken: true,
        issueRefreshToken: async (_, client) => client.grantTypeAllowed('refresh_token'),
        claims: {
          openid: ['sub', 'sid'],
          email: ['email', 'email_verified'],
          profile: ['name'],
          groups: ['groups'],
        },
        scopes: ['openid', 'offline_access', 'email', 'profile', 'groups'],
        conformIdTokenClaims: false,
        findAccount: (_, id) => ({
          accountId: id,
          claims: async () => ({
            sub: id,
            name: id,
            email: `${id}@example.com`,
            email_verified: true,
            groups: ['staff'],
          }),
        }),
        ttl: {
          AccessToken: 300,
          IdToken: 300,
          RefreshToken: 3600,
          Session: 3600,
          Grant: 3600,
          Interaction: 600,
        },
        ...others,
        features: {
          devInteractions: { enabled: true },
          rpInitiatedLogout: { enabled: true },
          revocation: {
            enabled: true,
            allowedPolicy: (_, client, token) => client.clientId === token.clientId,
          },
          resourceIndicators: {
            enabled: true,
            useGrantedResource: () => true,
            getResourceServerInfo: () => ({
              scope: 'openid email profile groups',
              audience: loginResource,
              accessTokenFormat: 'jwt',
              accessTokenTTL: 300,
              jwt: { sign: { alg: algorithm } },
            }),
          },
          ...features,
        },
      }),
  );
  const handle = provider.callback();
  const login: LoginProvider = {
    url,
    provider,
    requests: [],
    intercept: () => false,
    count: (path) => login.requests.filter((one) => one.endsWith(` ${path}`)).length,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  server.on('request', async (request: IncomingMessage, response: ServerResponse) => {
    login.requests.push(`${request.method} ${(request.url ?? '').replace(/\?.*$/, '')}`);
    if (!(await login.intercept(request, response))) await handle(request, response);
  });
  return login;
}

/** The client certificate of a request over TLS. */
export function certificateOf(request: IncomingMessage): ReturnType<TLSSocket['getPeerX509Certificate']> {
  return (request.socket as TLSSocket).getPeerX509Certificate();
}

/**
 * Signs a person in at a provider: fills in its form and agrees, as far as it asks.
 *
 * @param stopAt an address that must not be opened, such as the callback of this service
 * @returns the last page; if `stopAt` matched, the redirect to it
 */
export async function signIn(
  browser: LoginBrowser,
  authorizationUrl: string,
  person: string,
  stopAt: (url: URL) => boolean = () => false,
): Promise<Page> {
  let page = await browser.open(authorizationUrl, stopAt);
  for (let forms = 0; forms < 3 && page.status === 200 && page.body.includes('name="prompt"'); forms++) {
    const isLogin = page.body.includes('name="login"');
    page = await browser.submit(page, isLogin ? { login: person, password: 'any' } : {}, stopAt);
  }
  return page;
}

/** Suppresses the provider's advice for production. */
async function quietly<T>(start: () => Promise<T>): Promise<T> {
  const { info, warn } = console;
  Object.assign(console, { info: () => {}, warn: () => {} });
  try {
    return await start();
  } finally {
    Object.assign(console, { info, warn });
  }
}
