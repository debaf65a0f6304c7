/** People who have signed in, for the benchmarks of sessions. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { client } from '../../test/support/login/keycloak.ts';
import type { LoginProvider } from '../../test/support/login/oidc-provider.ts';
import { createScriptedBrowser } from '../../test/support/login/scripted-browser.ts';
import { newSessionKey } from '../../test/support/session-key.ts';
import { httpRequestWith } from '../load/messages.ts';

/** The host of the workload. */
export const origin = 'https://orders.example.com';

/** Groups that make a session of about 4 KiB. */
const manyGroups = Array.from(
  { length: 100 },
  (_, index) => `group-number-${String(index).padStart(10, '0')}`,
);

/** Starts a provider whose tokens live for a day. The person `large` has 100 groups. */
export async function startPeople(): Promise<LoginProvider> {
  // Only these groups load an OpenID provider into the process of the load.
  const { startLoginProvider } = await import('../../test/support/login/oidc-provider.ts');
  return startLoginProvider([origin], ['/.oidc-authz/callback', '/oauth2/callback'], {
    features: {
      devInteractions: { enabled: true },
      // Access tokens are JWTs, as most issuers make them.
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'https://orders.example.com',
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: 'openid profile email',
          audience: 'orders-api',
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    ttl: { IdToken: 86_400, AccessToken: 86_400, Session: 86_400, Grant: 86_400, Interaction: 3_600 },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        email: `${id}@example.com`,
        email_verified: true,
        preferred_username: id,
        groups: id === 'large' ? manyGroups : ['orders', 'customers'],
      }),
    }),
  });
}

/** Signs a person in and returns the `cookie` header. */
export async function cookieOf(provider: LoginProvider, port: number, person: string): Promise<string> {
  const browser = createScriptedBrowser((of) => (of === origin ? port : undefined));
  const form = await browser.open(`${origin}/orders`);
  if (form.url.origin !== provider.issuer)
    throw new Error(`no login began: ${form.status} ${form.url} ${form.body}`);
  const answer = await browser.submit(form, { login: person, password: person });
  if (answer.status !== 200) throw new Error(`${person} is not signed in: ${answer.status} ${answer.body}`);
  return browser.cookiesOf(origin);
}

/** A request with a session. */
export function withCookie(cookie: string): Buffer {
  return httpRequestWith([`cookie: ${cookie}`, 'accept: text/html']);
}

/** A service for tokens of one issuer and sessions of another. @param more options at the end of the file */
export function configuration(provider: string, issuer: string, more = ''): string {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-bench-'));
  const [keys, secret, file] = [join(folder, 'keys'), join(folder, 'secret'), join(folder, 'config.yaml')];
  writeFileSync(keys, newSessionKey());
  writeFileSync(secret, client.secret);
  const text = `
issuers:
  - {issuer: "${issuer}", name: tokens, audiences: [orders-api]}
  - issuer: "${provider}"
    name: people
    audiences: [orders-api]
    login: {clientId: ${client.id}, clientSecretFile: ${secret}, forward: none, signOut: {hint: false}}
login: {hosts: [orders.example.com]}
sessions: {keysFile: ${keys}, refresh: false}
${more}
`;
  writeFileSync(file, text);
  return file;
}
