/** The cost of a check by a session cookie, next to one by a bearer token and to a real oauth2-proxy. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { client } from '../../test/support/login/keycloak.ts';
import type { LoginProvider } from '../../test/support/login/oidc-provider.ts';
import { createScriptedBrowser } from '../../test/support/login/scripted-browser.ts';
import { newSessionKey } from '../../test/support/session-key.ts';
import { findOauth2Proxy, startOauth2Proxy } from '../../tools/oauth2-proxy.ts';
import { type CpuCase, measureCpu } from '../cpu.ts';
import { httpRequest, httpRequestWith } from '../load/messages.ts';
import { canPin, startServer, startService } from '../servers.ts';
import { cpuChart, cpuTable, type Group } from './group.ts';

const origin = 'https://orders.example.com';

/** Groups that make a session of about 4 KiB. */
const manyGroups = Array.from(
  { length: 100 },
  (_, index) => `group-number-${String(index).padStart(10, '0')}`,
);

/** CPU per check over HTTP of a browser that has signed in. */
export const session: Group = {
  name: 'session',
  title: 'A check by a session cookie',
  run: async (bench) => {
    const found = await findOauth2Proxy();
    if ('missing' in found) throw new Error(found.missing);
    const { issuer, mint } = bench.mint;
    // Only this group loads an OpenID provider into the process of the load.
    const { startLoginProvider } = await import('../../test/support/login/oidc-provider.ts');
    const provider = await startLoginProvider([origin], ['/.oidc-authz/callback', '/oauth2/callback'], {
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
    const bare = await startServer('servers/http.ts', ['node:http']);
    const service = await startService(['--config', configuration(provider.issuer, issuer.url)], {
      listener: 'http',
    });
    const startProxy = async (logs: boolean) => {
      const proxy = await startOauth2Proxy(found.path, flagsFor(provider.issuer, logs));
      if (canPin) spawnSync('taskset', ['-apc', '0', String(proxy.pid)]);
      return proxy;
    };
    const [proxy, silent] = [await startProxy(true), await startProxy(false)];

    bench.say('signing in');
    const [small, large] = [
      await cookieOf(provider, service.port, 'anna'),
      await cookieOf(provider, service.port, 'large'),
    ];
    const theirs = await cookieOf(provider, proxy.port, 'anna');
    const [token = ''] = mint(1);
    const bearer = 'a bearer token';
    const common = { protocol: 'http', tokens: undefined, expected: 'allowed', server: service } as const;
    const ours = `a session cookie of ${small.length} bytes`;
    const cases: CpuCase[] = [
      { ...common, name: 'bare node:http', server: bare, requests: [httpRequest(token)], against: bearer },
      { ...common, name: bearer, requests: [httpRequest(token)], against: bearer },
      { ...common, name: ours, requests: [withCookie(small)], against: bearer, target: 1.15 },
      {
        ...common,
        name: `a session cookie of ${large.length} bytes`,
        requests: [withCookie(large)],
        against: bearer,
        target: 1.5,
      },
      {
        ...common,
        name: `oauth2-proxy, a session cookie of ${theirs.length} bytes`,
        server: proxy,
        requests: [withCookie(theirs)],
        against: ours,
      },
      {
        ...common,
        name: 'oauth2-proxy, the same cookie, without its logs',
        server: silent,
        requests: [withCookie(theirs)],
        against: ours,
      },
    ];
    const rows = await measureCpu(cases, bench);
    for (const { stop } of [proxy, silent]) await stop();
    for (const server of [bare, service]) await server.stop();
    await provider.stop();
    return {
      tables: [
        cpuTable(
          'CPU of the process per request over HTTP',
          rows,
          'Both services log as they do by default: oauth2-proxy logs each request. Its session keeps all tokens.',
        ),
      ],
      charts: [cpuChart('performance-session.svg', 'A check by a session cookie', rows)],
    };
  },
};

/** Signs a person in and returns the `cookie` header. */
async function cookieOf(provider: LoginProvider, port: number, person: string): Promise<string> {
  const browser = createScriptedBrowser((of) => (of === origin ? port : undefined));
  const form = await browser.open(`${origin}/orders`);
  if (form.url.origin !== provider.issuer)
    throw new Error(`no login began: ${form.status} ${form.url} ${form.body}`);
  const answer = await browser.submit(form, { login: person, password: person });
  if (answer.status !== 200) throw new Error(`${person} is not signed in: ${answer.status} ${answer.body}`);
  return browser.cookiesOf(origin);
}

function withCookie(cookie: string): Buffer {
  return httpRequestWith([`cookie: ${cookie}`, 'accept: text/html']);
}

/** A service for tokens of one issuer and sessions of another. */
function configuration(provider: string, issuer: string): string {
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
`;
  writeFileSync(file, text);
  return file;
}

/** The same login, with the flags of the Kyma tutorial that matter here. */
function flagsFor(issuer: string, logs: boolean): string[] {
  return [
    '--provider=oidc',
    `--oidc-issuer-url=${issuer}`,
    `--client-id=${client.id}`,
    `--client-secret=${client.secret}`,
    '--code-challenge-method=S256',
    '--scope=openid profile email',
    `--redirect-url=${origin}/oauth2/callback`,
    '--cookie-secret=0123456789abcdef0123456789abcdef',
    '--email-domain=*',
    '--reverse-proxy=true',
    '--upstream=static://200',
    '--set-xauthrequest=true',
    '--skip-provider-button=true',
    `--request-logging=${logs}`,
    `--auth-logging=${logs}`,
    `--standard-logging=${logs}`,
  ];
}
