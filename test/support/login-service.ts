/** The parts of a service with logins: an OpenID provider with a client, the file with its keys, and a certificate for its host. */
import { readFileSync } from 'node:fs';
import type https from 'node:https';
import { createAuthority } from './certificates.ts';
import { type FakeMesh, startFakeMesh } from './fake-mesh.ts';
import { createLoginBrowser, type LoginBrowser } from './login-browser.ts';
import { temporaryFile } from './login-issuer.ts';
import { type LoginProvider, startLoginProvider } from './login-provider.ts';
import { newSessionKey } from './session-key.ts';

/** The host of the workload. */
export const shop = 'shop.example.com';

const secret = 'a-secret-that-is-long-enough-for-tests';

/** The parts of a service with logins. */
export interface LoginServiceParts {
  readonly provider: LoginProvider;
  readonly keysFile: string;
  /** The configuration without rules and listeners. */
  readonly file: string;
  readonly mesh: (transport: 'http' | 'grpc', checkPort: number) => Promise<FakeMesh>;
  /** A new browser, for which the host is that of a mesh. */
  readonly browser: (mesh: FakeMesh) => LoginBrowser;
}

/** Starts the provider. The caller closes it. @param sessions more options of `sessions` */
export async function startLoginParts(sessions = 'refresh: false'): Promise<LoginServiceParts> {
  const authority = createAuthority();
  const { certFile, keyFile } = authority.issueFor('shop', { subject: [['CN', shop]], dnsNames: [shop] });
  const tls: https.ServerOptions = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
  const provider = await startLoginProvider({
    clients: [
      { client_id: 'shop', client_secret: secret, token_endpoint_auth_method: 'client_secret_basic' },
    ],
  });
  const keysFile = temporaryFile('keys', newSessionKey());
  return {
    provider,
    keysFile,
    file: `
issuers:
  - issuer: "${provider.url}"
    name: main
    audiences: ["https://orders.example.com"]
    login: {clientId: shop, clientSecretFile: ${temporaryFile('secret', secret)}, scopes: [openid, email, groups]}
login: {hosts: [${shop}]}
sessions: {keysFile: ${keysFile}, ${sessions}}
outputClaimToHeaders: [{header: x-user, claim: sub}, {header: x-groups, from: groups}]
`,
    mesh: (transport, checkPort) => startFakeMesh({ transport, checkPort, tls }),
    browser: ({ port }) =>
      createLoginBrowser({ portOf: (to) => (to === shop ? port : undefined), ca: authority.ca }),
  };
}
