/** The cost of a check by a session cookie, next to one by a bearer token and to a real oauth2-proxy. */
import { client } from '../../test/support/login/keycloak.ts';
import { answersWell } from '../../tools/child.ts';
import { freePort } from '../../tools/free-port.ts';
import { findOauth2Proxy } from '../../tools/oauth2-proxy.ts';
import { type CpuCase, measureCpu } from '../cpu.ts';
import { httpRequest } from '../load/messages.ts';
import { bareHttp, startPinned } from '../servers.ts';
import { cpuChart, cpuTable, type Group, required } from './group.ts';
import { configuration, cookieOf, origin, startPeople, withCookie } from './signed-in.ts';

/** CPU per check over HTTP of a browser that has signed in. */
export const session: Group = {
  name: 'session',
  title: 'A check by a session cookie',
  run: async (bench) => {
    const { mint: tokens, pool } = bench;
    const path = required('oauth2-proxy', await findOauth2Proxy());
    const provider = pool.add(await startPeople());
    const bare = await pool.script(bareHttp);
    const service = await pool.service(['--config', configuration(provider.issuer, tokens.issuer.url)]);
    const startProxy = async (logs: boolean) => {
      const port = await freePort();
      const flags = [...flagsFor(provider.issuer, logs), `--http-address=127.0.0.1:${port}`];
      const isReady = () => answersWell(`http://127.0.0.1:${port}/ping`);
      return { ...pool.add(await startPinned('oauth2-proxy', [path, ...flags], isReady)), port };
    };
    const [proxy, silent] = [await startProxy(true), await startProxy(false)];

    bench.say('signing in');
    const [small, large] = [
      await cookieOf(provider, service.port, 'anna'),
      await cookieOf(provider, service.port, 'large'),
    ];
    const theirs = await cookieOf(provider, proxy.port, 'anna');
    const [token = ''] = tokens.mint(1);
    const bearer = 'a bearer token';
    const common = { protocol: 'http', tokens: undefined, expected: 'allowed', server: service } as const;
    const ours = `a session cookie of ${small.length} bytes`;
    const cases: CpuCase[] = [
      { ...common, name: 'bare node:http', server: bare, requests: [httpRequest(token)], against: bearer },
      { ...common, name: bearer, requests: [httpRequest(token)], against: bearer },
      { ...common, name: ours, requests: [withCookie(small)], against: bearer, target: 'smallSession' },
      {
        ...common,
        name: `a session cookie of ${large.length} bytes`,
        requests: [withCookie(large)],
        against: bearer,
        target: 'largeSession',
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
    return {
      tables: [
        cpuTable(
          'CPU of the process per request over HTTP',
          rows,
          'Both services log as they do by default: oauth2-proxy logs each request. Its session keeps all tokens.',
        ),
      ],
      charts: [cpuChart('performance-session.svg', 'A check by a session cookie', rows, bearer)],
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
