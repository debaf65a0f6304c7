/** Two real processes of the service that share a store, an issuer that accepts a refresh token once, and people who sign in. */
import { readFileSync } from 'node:fs';
import type https from 'node:https';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { createAuthority } from '../certificates.ts';
import { type FakeMesh, startFakeMesh } from '../fake-mesh.ts';
import { createLoginBrowser, type LoginBrowser } from '../login-browser.ts';
import { temporaryFile } from '../login-issuer.ts';
import { type LoginProvider, loginResource, signIn, startLoginProvider } from '../login-provider.ts';
import { newSessionKey } from '../session-key.ts';
import { type Replica, type ReplicaOptions, startReplica } from './replica.ts';

/** The host of the workload. */
export const shop = 'shop.example.com';

const secret = 'a-secret-that-is-long-enough-for-tests';

/** A person with a session. */
export interface Person {
  readonly name: string;
  readonly browser: LoginBrowser;
  /** The `cookie` header of the browser for the workload. */
  readonly cookie: () => string;
  /** Signs out. The browser follows no redirect. */
  readonly signOut: () => Promise<number>;
}

/** A running fleet. */
export interface Fleet {
  readonly provider: LoginProvider;
  readonly replicas: readonly Replica[];
  /** Signs a person in at a replica, the first one by default. */
  readonly signIn: (name: string, at?: number) => Promise<Person>;
  /** Families of refresh tokens that the issuer has revoked, because a token was used again. */
  readonly revokedFamilies: () => number;
  /** The requests that renewed tokens: those that the issuer accepted, and those that it refused. */
  readonly renewals: () => { readonly accepted: number; readonly refused: number };
  readonly stop: () => Promise<void>;
}

/** A fleet. */
export interface FleetOptions {
  /** The options of each replica. */
  readonly replicas: readonly ReplicaOptions[];
  /** The seconds that access tokens and ID tokens live. */
  readonly tokenLife?: number;
  /** More options of `sessions`, such as `grace: 2s`. */
  readonly sessions?: string;
  /** More lines of the configuration of every replica. */
  readonly more?: string;
}

/** Starts the issuer and the replicas. All replicas have the same keys. */
export async function startFleet({
  replicas,
  tokenLife = 300,
  sessions,
  more = '',
}: FleetOptions): Promise<Fleet> {
  const provider = await startIssuer(tokenLife);
  const [renewals, revoked] = [{ accepted: 0, refused: 0 }, { families: 0 }];
  const isRenewal = ({ oidc }: KoaContextWithOIDC) => oidc.params?.grant_type === 'refresh_token';
  provider.provider.on('grant.success', (context) => {
    if (isRenewal(context)) renewals.accepted++;
  });
  provider.provider.on('grant.error', (context) => {
    if (isRenewal(context)) renewals.refused++;
  });
  provider.provider.on('grant.revoked', () => {
    revoked.families++;
  });
  const authority = createAuthority();
  const { certFile, keyFile } = authority.issueFor('shop', { subject: [['CN', shop]], dnsNames: [shop] });
  const tls: https.ServerOptions = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
  const file = `
issuers:
  - issuer: "${provider.url}"
    name: main
    audiences: ["${loginResource}"]
    login: {clientId: shop, clientSecretFile: ${temporaryFile('secret', secret)}, scopes: [openid, email]}
login: {hosts: [${shop}]}
sessions: {keysFile: ${temporaryFile('keys', newSessionKey())}${sessions === undefined ? '' : `, ${sessions}`}}
outputClaimToHeaders: [{header: x-user, claim: sub}]
${more}`;
  const running: Replica[] = [];
  const meshes: FakeMesh[] = [];
  for (const options of replicas) {
    const replica = await startReplica(file, options);
    running.push(replica);
    meshes.push(await startFakeMesh({ transport: 'http', checkPort: replica.httpPort, tls }));
  }
  return {
    provider,
    replicas: running,
    signIn: async (name, at = 0) => {
      const port = meshes[at]?.port;
      const browser = createLoginBrowser({
        portOf: (host) => (host === shop ? port : undefined),
        ca: authority.ca,
      });
      const first = await browser.open(`https://${shop}/orders`, (url) => url.origin === provider.url);
      const page = await signIn(browser, first.headers.location ?? '', name);
      if (page.status !== 200) throw new Error(`${name} is not signed in: ${page.status} ${page.body}`);
      return {
        name,
        browser,
        cookie: () => [...browser.cookies(shop)].map(([cookie, value]) => `${cookie}=${value}`).join('; '),
        signOut: async () => (await browser.request(`https://${shop}/.oidc-authz/sign-out`)).status,
      };
    },
    revokedFamilies: () => revoked.families,
    renewals: () => ({ ...renewals }),
    stop: async () => {
      for (const mesh of meshes) await mesh.close();
      for (const { service } of running) service.child.kill('SIGKILL');
      await provider.close();
    },
  };
}

function startIssuer(tokenLife: number): Promise<LoginProvider> {
  const hour = 3_600;
  const life = { AccessToken: tokenLife, IdToken: tokenLife };
  return startLoginProvider({
    clients: [
      { client_id: 'shop', client_secret: secret, token_endpoint_auth_method: 'client_secret_basic' },
    ],
    algorithm: 'ES256',
    configuration: {
      ttl: { ...life, RefreshToken: hour, Session: hour, Grant: hour, Interaction: 600 },
      features: {
        resourceIndicators: {
          enabled: true,
          useGrantedResource: () => true,
          getResourceServerInfo: () => ({
            scope: 'openid email',
            audience: loginResource,
            accessTokenFormat: 'jwt',
            accessTokenTTL: tokenLife,
            jwt: { sign: { alg: 'ES256' } },
          }),
        },
      },
    },
  });
}
