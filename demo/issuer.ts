/** A certified OpenID provider in this process. It issues access tokens to clients with a secret, and signs people in. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import type { ClientMetadata, Configuration } from 'oidc-provider';
import { answerLoginForm, interactionPath } from './login-form.ts';

/** The audience of the tokens. */
export const audience = 'https://orders.example.com';

/** An issuer that runs. */
export interface DemoIssuer {
  readonly url: string;
  /** A shell command that prints an access token. */
  readonly tokenCommand: string;
  /** Requests an access token with the client credentials grant (RFC 6749 section 4.4). */
  readonly token: (client: 'orders-client' | 'short-lived-client') => Promise<string>;
  readonly close: () => Promise<void>;
}

/** The secret of every client. */
export const secret = 'demo-secret';

/** The client that signs people in. */
export const loginClient = 'orders-shop';

/** The lifetime of each client's tokens, in seconds. */
const lifetimes: Readonly<Record<string, number>> = { 'orders-client': 3600, 'short-lived-client': 1 };

/** Starts the issuer on a free port of this machine. */
export async function startIssuer(): Promise<DemoIssuer> {
  const server = http.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const signingKey = { ...(await exportJWK(privateKey)), kid: 'demo', alg: 'RS256', use: 'sig' };

  const { Provider, interactionPolicy } = await quietly(() => import('oidc-provider'));
  const policy = interactionPolicy.base();
  // The form asks only for a name.
  policy.get('consent')?.checks.remove('native_client_prompt');
  const configuration: Configuration = {
    clients: [
      ...Object.keys(lifetimes).map((clientId) => ({
        client_id: clientId,
        client_secret: secret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      })),
      shop,
    ],
    jwks: { keys: [signingKey] },
    cookies: { keys: ['demo'] },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: true, logoutSource: signOutAtOnce },
      revocation: {
        enabled: true,
        allowedPolicy: async (_, client, token) => token.clientId === client.clientId,
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: (_, __, { clientId }) => ({
          scope: 'orders.read',
          audience,
          accessTokenFormat: 'jwt',
          accessTokenTTL: lifetimes[clientId] ?? 300,
        }),
      },
    },
    extraTokenClaims: (_, token) =>
      'accountId' in token ? {} : { email: 'orders-client@example.com', groups: ['demo', 'orders'] },
    ttl: {
      ClientCredentials: (_, token) => token.resourceServer?.accessTokenTTL ?? 60,
      AccessToken: 300,
      IdToken: 300,
      Interaction: 600,
      Session: 3600,
      Grant: 3600,
      RefreshToken: 3600,
    },
    scopes: ['openid', 'profile', 'email'],
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['preferred_username', 'groups'],
    },
    conformIdTokenClaims: false,
    findAccount: (_, name) => ({ accountId: name, claims: async () => person(name) }),
    // The person agrees to everything.
    loadExistingGrant: async ({ oidc }) => {
      const { client, session, provider: own } = oidc;
      const grant = new own.Grant({ clientId: client?.clientId, accountId: session?.accountId });
      grant.addOIDCScope('openid profile email');
      grant.addResourceScope(audience, 'orders.read');
      await grant.save();
      return grant;
    },
    issueRefreshToken: async () => true,
    interactions: { policy, url: (_, { uid }) => `${interactionPath}${uid}` },
  };
  const provider = await quietly(async () => new Provider(url, configuration));
  const handle = provider.callback();
  server.on('request', async (request, response) => {
    if (!(await answerLoginForm(provider, request, response))) await handle(request, response);
  });

  const form = (client: string) =>
    `grant_type=client_credentials&client_id=${client}&client_secret=${secret}&scope=orders.read`;
  return {
    url,
    tokenCommand: `curl -s ${url}/token -d '${form('orders-client')}' | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/'`,
    token: async (client) => {
      const response = await fetch(`${url}/token`, {
        method: 'POST',
        body: new URLSearchParams(form(client)),
      });
      const body = (await response.json()) as { readonly access_token?: string };
      if (body.access_token === undefined)
        throw new Error(`the issuer returned no token: ${JSON.stringify(body)}`);
      return body.access_token;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The gateway has another port at each run; a native client may use every port of this machine (RFC 8252 section 7.3). */
const shop: ClientMetadata = {
  client_id: loginClient,
  client_secret: secret,
  application_type: 'native',
  grant_types: ['authorization_code', 'refresh_token'],
  redirect_uris: ['http://localhost/.oidc-authz/callback'],
  post_logout_redirect_uris: ['http://localhost/.oidc-authz/signed-out'],
};

/** The claims of a person. */
function person(name: string) {
  const email = `${name.toLowerCase().replaceAll(' ', '.')}@example.com`;
  return { sub: name, preferred_username: name, email, email_verified: true, groups: ['people'] };
}

/** Signs the person out without a question: sends the form of the provider automatically. */
const signOutAtOnce: NonNullable<
  NonNullable<NonNullable<Configuration['features']>['rpInitiatedLogout']>['logoutSource']
> = (context, form) => {
  context.body = `<!doctype html><title>Sign out</title>${form}<script>
    const form = document.forms[0];
    form.insertAdjacentHTML('beforeend', '<input type="hidden" name="logout" value="yes">');
    form.submit();
  </script>`;
};

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
