/** A central host for two policies, answered by the check of any policy, or by the listener of the login. No rule covers the central host. */
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

const hosts = ['shop.example.com', 'portal.example.org'] as const;
const central = 'auth.example.net';
const all: readonly string[] = [...hosts, central];
const policyOf = (host: string) => host.replace(/\..*/, '');
const secret = 'a-secret-that-is-long-enough-for-tests';
const authority = createAuthority();
const { certFile, keyFile } = authority.issueFor('all', { subject: [['CN', 'all']], dnsNames: [...all] });

let provider: LoginProvider;
let service: RunningApp;
let mesh: FakeMesh;
/** The policy that the mesh names for the central host. */
let centralPolicy = '';

beforeAll(async () => {
  provider = await startLoginProvider({
    clients: [
      {
        client_id: 'both',
        client_secret: secret,
        token_endpoint_auth_method: 'client_secret_basic',
        redirect_uris: [`https://${central}/.oidc-authz/callback`],
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
  hosts: [${all}]
  host: ${central}
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
    prefixOf: (host) => `/${host === central ? centralPolicy : policyOf(host)}`,
  });
});

afterAll(async () => {
  await mesh.close();
  await service.stop();
  await service.issuer.close();
  await provider.close();
});

const open = (isListener: boolean) =>
  createLoginBrowser({
    portOf: (host) => {
      if (isListener && host === central) return service.loginPort;
      return all.includes(host) ? mesh.port : undefined;
    },
    ca: authority.ca,
  });

describe.each([
  ['the check of the first policy', 'shop', false],
  ['the check of the second policy', 'portal', false],
  ['the listener of the login', 'portal', true],
])('if %s answers the central host', (_, policy, isListener) => {
  test('a person signs in once for both hosts, with a session of each policy', async () => {
    centralPolicy = policy;
    const browser = open(isListener);
    const first = await signIn(browser, `https://${hosts[0]}/cart`, 'alice');
    expect([first.status, first.url.href]).toEqual([200, `https://${hosts[0]}/cart`]);
    const second = await browser.open(`https://${hosts[1]}/reports`);
    expect([second.status, second.url.href]).toEqual([200, `https://${hosts[1]}/reports`]);
    for (const host of hosts)
      expect([...browser.cookies(host).keys()]).toContain(`__Host-oidc-authz-${policyOf(host)}`);
    expect([...browser.cookies(central).keys()]).toEqual(['__Host-oidc-authz']);
  });
});

test('another path of the central host is not answered by the login', async () => {
  centralPolicy = 'shop';
  expect((await open(false).request(`https://${central}/`)).status).toBe(401);
  expect((await open(true).request(`https://${central}/`)).status).toBe(404);
});

test('the metrics count the hand-overs', async () => {
  const text = await (await fetch(`http://127.0.0.1:${service.adminPort}/metrics`)).text();
  for (const result of ['requested', 'granted', 'completed'])
    expect(text).toMatch(new RegExp(`oidc_authz_session_hand_overs_total\\{result="${result}"\\} [1-9]`));
  expect(text).toContain('oidc_authz_session_hand_overs_total{result="refused"} 0');
});
