/** Real processes of the service whose issuer can end sessions, and people who sign in. */
import { readFileSync } from 'node:fs';
import { createAuthority } from '../certificates.ts';
import { type FakeMesh, startFakeMesh } from '../fake-mesh.ts';
import { createLoginBrowser, type LoginBrowser } from '../login-browser.ts';
import { temporaryFile } from '../login-issuer.ts';
import { newSessionKey } from '../session-key.ts';
import { type Answer, askReplica } from './ask.ts';
import { shop } from './fleet.ts';
import { type Replica, startReplica } from './replica.ts';

/** The issuer of a fleet. */
export interface LogoutIssuer {
  readonly url: string;
  readonly client: { readonly id: string; readonly secret: string };
}

/** A running fleet. */
export interface LogoutFleet {
  readonly replicas: readonly Replica[];
  /** The port of the listener of the login of a replica. */
  readonly loginPorts: readonly number[];
  /** A new browser for which the shop is at a replica. */
  readonly browser: (at: number) => LoginBrowser;
  /** The answer of each replica to a request with a cookie. */
  readonly ask: (cookie: string) => Promise<readonly Answer[]>;
  readonly stop: () => Promise<void>;
}

/** The differences of a fleet. */
export interface LogoutFleetOptions {
  readonly issuer: LogoutIssuer;
  /** The address of the store. */
  readonly store: string;
  /** More options of `sessions`. */
  readonly sessions: string;
  readonly replicas?: number;
  /** The options of a replica. */
  readonly workers?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts the replicas. All of them have the same keys. */
export async function startLogoutFleet(options: LogoutFleetOptions): Promise<LogoutFleet> {
  const { issuer, store, sessions, replicas = 3, workers = 1, environment = {} } = options;
  const authority = createAuthority();
  const { certFile, keyFile } = authority.issueFor('shop', { subject: [['CN', shop]], dnsNames: [shop] });
  const tls = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
  const { id, secret } = issuer.client;
  const file = `
issuers:
  - issuer: "${issuer.url}"
    name: main
    audiences: [orders-api]
    login: {clientId: ${id}, clientSecretFile: ${temporaryFile('secret', secret)}, forward: none}
login: {hosts: [${shop}], listener: {enabled: true, host: 127.0.0.1, port: 0}}
sessions: {keysFile: ${temporaryFile('keys', newSessionKey())}, ${sessions}}
outputClaimToHeaders: [{header: x-user, claim: sub}]
limits: {meshTimeout: 30s}
`;
  const running: Replica[] = [];
  const meshes: FakeMesh[] = [];
  const loginPorts: number[] = [];
  for (let count = 0; count < replicas; count++) {
    const replica = await startReplica(file, { valkey: `urls: ["${store}"]`, workers, environment });
    running.push(replica);
    loginPorts.push(await replica.service.port('login'));
    meshes.push(await startFakeMesh({ transport: 'http', checkPort: replica.httpPort, tls }));
  }
  return {
    replicas: running,
    loginPorts,
    browser: (at) =>
      createLoginBrowser({
        portOf: (host) => (host === shop ? meshes[at]?.port : undefined),
        ca: authority.ca,
      }),
    ask: (cookie) =>
      Promise.all(running.map(async ({ httpPort }) => (await askReplica(httpPort, cookie)).answer)),
    stop: async () => {
      for (const mesh of meshes) await mesh.close();
      for (const { service } of running) service.child.kill('SIGKILL');
    },
  };
}

/** The `cookie` header of a browser for the shop. */
export function cookieOf(browser: LoginBrowser): string {
  return [...browser.cookies(shop)].map(([name, value]) => `${name}=${value}`).join('; ');
}
