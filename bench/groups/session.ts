/** The cost of a check by a session cookie, next to one by a bearer token and to a real oauth2-proxy. */
import { spawnSync } from 'node:child_process';
import { client } from '../../test/support/login/keycloak.ts';
import { findOauth2Proxy, startOauth2Proxy } from '../../tools/oauth2-proxy.ts';
import { type CpuCase, measureCpu } from '../cpu.ts';
import { httpRequest } from '../load/messages.ts';
import { canPin, startServer, startService } from '../servers.ts';
import { cpuChart, cpuTable, type Group } from './group.ts';
import { configuration, cookieOf, origin, startPeople, withCookie } from './signed-in.ts';

/** CPU per check over HTTP of a browser that has signed in. */
export const session: Group = {
  name: 'session',
  title: 'A check by a session cookie',
  run: async (bench) => {
    const found = await findOauth2Proxy();
    if ('missing' in found) throw new Error(found.missing);
    const { issuer, mint } = bench.mint;
    const provider = await startPeople();
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
