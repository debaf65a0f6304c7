/** Two policies with logins on different hosts: each host is answered by its own policy, by the check and by the listener of the login. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningApp, runApp } from '../support/app.ts';
import { createAuthority } from '../support/certificates.ts';
import { startFakeIssuer } from '../support/fake-issuer.ts';
import { type FakeMesh, startFakeMesh } from '../support/fake-mesh.ts';
import { createLoginBrowser } from '../support/login-browser.ts';
import { temporaryFile } from '../support/login-issuer.ts';
import { type LoginProvider, signIn, startLoginProvider } from '../support/login-provider.ts';
import { newSessionKey } from '../support/session-key.ts';

const hosts = ['shop.example.com', 'portal.example.com'] as const;
const policyOf = (host: string) => host.replace('.example.com', '');
const secret = 'a-secret-that-is-long-enough-for-tests';
const authority = createAuthority();
const { certFile, keyFile } = authority.issueFor('both', { subject: [['CN', 'both']], dnsNames: [...hosts] });

let provider: LoginProvider;
let service: RunningApp;
let mesh: FakeMesh;

beforeAll(async () => {
  provider = await startLoginProvider({
    clients: [
      {
        client_id: 'both',
        client_secret: secret,
        token_endpoint_auth_method: 'client_secret_basic',
        redirect_uris: hosts.map((host) => `https://${host}/.oidc-authz/callback`),
      },
    ],
  });
  service = await runApp({
    issuer: await startFakeIssuer(),
    file: `
issuers:
  - issuer: "${provider.url}"
    name: main
    audiences: [api]
    login: {clientId: both, clientSecretFile: ${temporaryFile('secret', secret)}}
login:
  hosts: [${hosts}]
  listener: {enabled: true, host: 127.0.0.1, port: 0, tls: {certFile: ${certFile}, keyFile: ${keyFile}}}
sessions: {keysFile: ${temporaryFile('keys', newSessionKey())}, refresh: false}
policies:
${hosts.map((host) => `  - {name: ${policyOf(host)}, pathPrefix: /${policyOf(host)}, rules: [{name: all, match: {hosts: [${host}]}, require: {login: [main]}}]}`).join('\n')}
http: {host: 127.0.0.1, port: 0}
grpc: {enabled: false}
admin: {host: 127.0.0.1, port: 0}
shutdown: {delay: 0s, timeout: 5s}
`,
  });
  mesh = await startFakeMesh({
    transport: 'http',
    checkPort: service.httpPort,
    tls: { cert: readFileSync(certFile), key: readFileSync(keyFile) },
    prefixOf: (host) => `/${policyOf(host)}`,
  });
});

afterAll(async () => {
  await mesh.close();
  await service.stop();
  await service.issuer.close();
  await provider.close();
});

const isCallback = (url: URL) => url.pathname === '/.oidc-authz/callback';

describe.each(['check', 'listener'] as const)('if the %s answers the callback', (answeredBy) => {
  test('a person signs in on each host, with the session of its policy', async () => {
    let callbackPort = mesh.port;
    const browser = createLoginBrowser({
      portOf: (host) => (hosts.some((one) => one === host) ? callbackPort : undefined),
      ca: authority.ca,
    });
    for (const host of hosts) {
      const stopped = await signIn(browser, `https://${host}/cart`, 'alice', isCallback);
      callbackPort = answeredBy === 'check' ? mesh.port : service.loginPort;
      const callback = new URL(stopped.headers.location ?? '', stopped.url);
      const finished = await browser.request(callback);
      callbackPort = mesh.port;
      expect([finished.status, finished.headers.location]).toEqual([302, '/cart']);
      expect([...browser.cookies(host).keys()]).toContain(`__Host-oidc-authz-${policyOf(host)}`);
      expect((await browser.request(`https://${host}/cart`)).status).toBe(200);
    }
  });
});
