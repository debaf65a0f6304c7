/** A certified OpenID provider in this process. It issues access tokens to clients with a secret. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import type { Configuration } from 'oidc-provider';

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

const secret = 'demo-secret';

/** The lifetime of each client's tokens, in seconds. */
const lifetimes: Readonly<Record<string, number>> = { 'orders-client': 3600, 'short-lived-client': 1 };

/** Starts the issuer on a free port of this machine. */
export async function startIssuer(): Promise<DemoIssuer> {
  const server = http.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const signingKey = { ...(await exportJWK(privateKey)), kid: 'demo', alg: 'RS256', use: 'sig' };

  const { Provider } = await quietly(() => import('oidc-provider'));
  const configuration: Configuration = {
    clients: Object.keys(lifetimes).map((clientId) => ({
      client_id: clientId,
      client_secret: secret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    })),
    jwks: { keys: [signingKey] },
    cookies: { keys: ['demo'] },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        getResourceServerInfo: (_, __, { clientId }) => ({
          scope: 'orders.read',
          audience,
          accessTokenFormat: 'jwt',
          accessTokenTTL: lifetimes[clientId] ?? 60,
        }),
      },
    },
    extraTokenClaims: () => ({ email: 'orders-client@example.com', groups: ['demo', 'orders'] }),
    ttl: { ClientCredentials: (_, token) => token.resourceServer?.accessTokenTTL ?? 60 },
  };
  const provider = await quietly(async () => new Provider(url, configuration));
  server.on('request', provider.callback());

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
