/** A realm of a real Keycloak with people, groups and a client that must use PKCE. */
import type { Page } from 'playwright-core';
import { freePort } from '../../../tools/free-port.ts';
import { type RunningKeycloak, startKeycloak } from '../../../tools/keycloak.ts';
import { type IssuerFront, startIssuerFront } from './issuer-front.ts';
import type { SignIn } from './sign-in.ts';

/** The client of the service. */
export const client = { id: 'shop', secret: 'secret-of-shop' } as const;

/** People of the realm. The password is the user name. */
export const people = { anna: ['staff', 'admins'], ben: [] } as const;

/** A Keycloak for logins. */
export interface LoginKeycloak {
  readonly issuer: string;
  readonly front: IssuerFront;
  readonly admin: RunningKeycloak['admin'];
  /** The access token of a machine. */
  readonly token: () => Promise<string>;
  /** All tokens of a person. */
  readonly tokensOf: (name: keyof typeof people) => Promise<{ readonly id_token: string }>;
  readonly restart: () => Promise<void>;
  readonly signIn: SignIn;
  /** The ID of a person. */
  readonly idOf: (name: keyof typeof people) => Promise<string>;
  readonly stop: () => Promise<void>;
}

/** How the realm differs from Keycloak's defaults. */
export interface RealmOptions {
  /** Origins of redirect URIs. */
  readonly origins: readonly string[];
  /** More fields of the realm. */
  readonly realm?: object;
}

/** Starts Keycloak and creates the realm. */
export async function startLoginKeycloak(
  path: string,
  { origins, realm }: RealmOptions,
): Promise<LoginKeycloak> {
  const keycloak = await startKeycloak(path, await freePort());
  const front = await startIssuerFront(() => Number(new URL(keycloak.url).port));
  const { admin } = keycloak;
  await admin('POST', '', { realm: 'shop', enabled: true, accessTokenLifespan: 300, ...realm });
  for (const group of ['staff', 'admins']) await admin('POST', '/shop/groups', { name: group });
  for (const [name, groups] of Object.entries(people)) {
    await admin('POST', '/shop/users', {
      username: name,
      enabled: true,
      email: `${name}@example.com`,
      emailVerified: true,
      firstName: name,
      lastName: 'Example',
      groups: groups.map((group) => `/${group}`),
      credentials: [{ type: 'password', value: name, temporary: false }],
    });
  }
  const mapper = (name: string, protocolMapper: string, config: Record<string, string>) => ({
    name,
    protocol: 'openid-connect',
    protocolMapper,
    config,
  });
  const audience = mapper('audience', 'oidc-audience-mapper', {
    'included.custom.audience': 'orders-api',
    'access.token.claim': 'true',
  });
  const groups = mapper('groups', 'oidc-group-membership-mapper', {
    'claim.name': 'groups',
    'full.path': 'false',
    'id.token.claim': 'true',
    'access.token.claim': 'true',
    'userinfo.token.claim': 'true',
  });
  await admin('POST', '/shop/clients', {
    clientId: client.id,
    secret: client.secret,
    standardFlowEnabled: true,
    directAccessGrantsEnabled: true,
    redirectUris: origins.map((origin) => `${origin}/*`),
    webOrigins: [],
    attributes: {
      'pkce.code.challenge.method': 'S256',
      'post.logout.redirect.uris': origins.map((origin) => `${origin}/*`).join('##'),
    },
    protocolMappers: [audience, groups],
  });
  await admin('POST', '/shop/clients', {
    clientId: 'machine',
    secret: 'secret-of-machine',
    standardFlowEnabled: false,
    serviceAccountsEnabled: true,
    protocolMappers: [audience],
  });
  const idOf = async (name: string) => {
    const [user] = (await admin('GET', `/shop/users?exact=true&username=${name}`)) as { id: string }[];
    return user?.id ?? '';
  };
  const ask = async (form: Record<string, string>) => {
    const response = await fetch(`${front.url}/realms/shop/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
    });
    return (await response.json()) as { readonly access_token: string; readonly id_token: string };
  };
  return {
    issuer: `${front.url}/realms/shop`,
    front,
    admin,
    token: async () =>
      (
        await ask({
          grant_type: 'client_credentials',
          client_id: 'machine',
          client_secret: 'secret-of-machine',
        })
      ).access_token,
    tokensOf: (name) =>
      ask({
        grant_type: 'password',
        client_id: client.id,
        client_secret: client.secret,
        username: name,
        password: name,
        scope: 'openid profile email',
      }),
    restart: keycloak.restart,
    signIn: signInAtKeycloak,
    idOf,
    stop: async () => {
      await front.close();
      await keycloak.stop();
    },
  };
}

/** Types the name and the password, and clicks. */
async function signInAtKeycloak(page: Page, name: string): Promise<void> {
  await page.locator('#username').fill(name);
  await page.locator('#password').fill(name);
  await page.locator('#kc-login').click();
}
