/** oidc-provider as an issuer for browsers: its own forms, PKCE, refresh tokens that work once. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type Configuration } from 'oidc-provider';
import type { Page } from 'playwright-core';
import { type IssuerFront, startIssuerFront } from './issuer-front.ts';
import { client } from './keycloak.ts';
import type { SignIn } from './sign-in.ts';

/** A running issuer. */
export interface LoginProvider {
  readonly issuer: string;
  readonly front: IssuerFront;
  readonly signIn: SignIn;
  readonly stop: () => Promise<void>;
}

/** Groups by person. */
const groupsOf: Readonly<Record<string, readonly string[]>> = {
  anna: ['staff', 'admins'],
  // A session with these needs more than three cookies.
  greta: Array.from({ length: 600 }, (_, index) => `group-number-${String(index).padStart(10, '0')}`),
};

/**
 * Starts it.
 *
 * @param origins the origins of redirect URIs
 * @param callbacks the paths of redirect URIs
 */
export async function startLoginProvider(
  origins: readonly string[],
  callbacks: readonly string[] = ['/.oidc-authz/callback'],
  more: Configuration = {},
): Promise<LoginProvider> {
  const server = http.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const front = await startIssuerFront((url) => {
    const provider = new Provider(url, { ...configurationFor(origins, callbacks), ...more });
    const handle = provider.callback();
    server.on('request', (request, response) => void handle(request, response));
    return (server.address() as AddressInfo).port;
  });
  return {
    issuer: front.url,
    front,
    signIn: signInAtProvider,
    stop: async () => {
      await front.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function configurationFor(origins: readonly string[], callbacks: readonly string[]): Configuration {
  return {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: origins.flatMap((origin) => callbacks.map((path) => origin + path)),
        post_logout_redirect_uris: origins.map((origin) => `${origin}/.oidc-authz/signed-out`),
      },
    ],
    pkce: { required: () => true },
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    claims: {
      openid: ['sub', 'groups'],
      profile: ['preferred_username', 'name'],
      email: ['email', 'email_verified'],
    },
    conformIdTokenClaims: false,
    cookies: { keys: ['a key for cookies of the issuer'] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        name: id,
        preferred_username: id,
        email: `${id}@example.com`,
        email_verified: true,
        groups: [...(groupsOf[id] ?? [])],
      }),
    }),
    features: { devInteractions: { enabled: true }, revocation: { enabled: true } },
    rotateRefreshToken: true,
    issueRefreshToken: () => true,
    // Consent is not a part of these tests.
    loadExistingGrant: async (ctx) => {
      const { client: asking, session, provider } = ctx.oidc;
      if (asking === undefined || session?.accountId === undefined) return undefined;
      const grant = new provider.Grant({ clientId: asking.clientId, accountId: session.accountId });
      grant.addOIDCScope('openid profile email offline_access');
      for (const resource of Object.keys(ctx.oidc.resourceServers ?? {}))
        grant.addResourceScope(resource, 'openid profile email');
      await grant.save();
      return grant;
    },
  };
}

async function signInAtProvider(page: Page, name: string): Promise<void> {
  await page.locator('input[name=login]').fill(name);
  await page.locator('input[name=password]').fill(name);
  await page.locator('button[type=submit]').click();
}
