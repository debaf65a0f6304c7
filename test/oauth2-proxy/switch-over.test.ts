/**
 * The switch-over from oauth2-proxy and back, with a real oauth2-proxy and a real Envoy: no step allows a request that
 * was denied.
 */
import { expect, onTestFinished, test } from 'vitest';
import { findEnvoy, startEnvoy } from '../../tools/envoy.ts';
import { istioSidecar } from '../../tools/istio.ts';
import { findOauth2Proxy, startOauth2Proxy } from '../../tools/oauth2-proxy.ts';
import { startWorkload } from '../../tools/workload.ts';
import { configOf, startApp, until } from '../support/app.ts';
import { comparisonsOf } from '../support/comparisons.ts';
import { audience, startFakeIssuer } from '../support/fake-issuer.ts';
import { exchange, request } from '../support/http1.ts';
import { createSigningKey } from '../support/keys.ts';
import { describeWith } from '../support/real-servers.ts';
import { dropped, goldenCases, publishWhole } from './golden.ts';
import { migratedConfiguration, seedFlags } from './seed.ts';

const [foundProxy, foundEnvoy] = [await findOauth2Proxy(), await findEnvoy()];

/** Headers of every request through this machine. */
const listeners = `
http: {host: 127.0.0.1, port: 0}
grpc: {enabled: false}
admin: {host: 127.0.0.1, port: 0}
shutdown: {delay: 0s, timeout: 5s}
`;

async function start(proxyPath: string) {
  const issuer = publishWhole(await startFakeIssuer());
  const flags = seedFlags(issuer.url, audience);
  const proxy = await startOauth2Proxy(proxyPath, [...flags, '--email-domain=*']);
  onTestFinished(async () => {
    await proxy.stop();
    await issuer.close();
  });
  const own = `${migratedConfiguration(flags)}${listeners}`;
  const shadowed = `${own}shadow: {authorizer: "http://127.0.0.1:${proxy.port}"}\n`;
  return { issuer, proxy, own, shadowed };
}

describeWith('a real oauth2-proxy as the incumbent', foundProxy, (proxyPath) => {
  test('with shadow, every response is that of the incumbent, and each difference of the table is counted', async () => {
    const { issuer, proxy, shadowed } = await start(proxyPath);
    const service = await startApp({ issuer, file: shadowed });
    const context = { issuer, keyless: issuer, foreign: await createSigningKey('k1') };
    const cases = goldenCases.filter(
      ({ installation = 'seed', theirs }) => installation === 'seed' && theirs !== dropped,
    );
    let differences = 0;
    for (const { method = 'GET', target = '/', headers, ours, theirs } of cases) {
      const bytes = Buffer.from(request(method, target, await headers(context)), 'latin1');
      const [direct, through] = [await exchange(proxy.port, bytes), await exchange(service.httpPort, bytes)];
      const of = (answer: typeof direct) => {
        const { date: _, connection: __, 'keep-alive': ___, ...rest } = answer?.headers ?? {};
        return { status: answer?.status, headers: rest, body: answer?.body };
      };
      expect(of(through)).toEqual(of(direct));
      if (ours !== undefined && theirs !== dropped && ours.answer.status !== theirs.status) differences++;
    }
    const { same = 0, ...others } = await comparisonsOf(service);
    const counted = Object.values(others).reduce((sum, count) => sum + count, 0);
    expect([counted, same]).toEqual([differences, cases.length - differences]);
    expect(differences).toBeGreaterThan(10);
  });

  describeWith('and a real Envoy', foundEnvoy, (envoyPath) => {
    test('with shadow, alone, and back: valid tokens are allowed and invalid ones denied at every step', async () => {
      const { issuer, proxy, own, shadowed } = await start(proxyPath);
      const service = await startApp({ issuer, file: shadowed });
      const workload = await startWorkload();
      const meshWith = (authorizer: number) =>
        startEnvoy(envoyPath, (ports) =>
          istioSidecar(
            {
              transport: 'http',
              authorizers: [authorizer],
              workload: workload.port,
              headersToUpstreamOnAllow: ['x-auth-request-*'],
              includeRequestHeadersInCheck: ['x-forwarded-for', 'cookie', 'authorization'],
            },
            ports,
          ),
        );
      const [before, after] = [await meshWith(proxy.port), await meshWith(service.httpPort)];
      onTestFinished(async () => {
        await before.stop();
        await after.stop();
        await workload.close();
      });
      const good = [`authorization: Bearer ${await issuer.mint({ claims: { groups: ['a'] } })}`];
      const expired = [`authorization: Bearer ${await issuer.mint({ claims: { exp: 1 } })}`];
      const outcomes = async (port: number) => {
        const answers = [];
        for (const lines of [good, expired, []])
          answers.push(await exchange(port, request('GET', '/', lines)));
        return answers.map((answer) => ({
          status: answer?.status,
          groups: /"x-auth-request-groups","(\w+)"/.exec(answer?.body ?? '')?.[1],
          body: answer?.status === 200 ? '' : answer?.body,
        }));
      };
      const expected = [
        { status: 200, groups: 'a', body: '' },
        { status: 401, groups: undefined, body: '{}' },
        { status: 401, groups: undefined, body: '{}' },
      ];
      expect(await outcomes(before.port)).toEqual(expected);
      // The mesh asks oidc-authz, and the incumbent decides.
      expect(await outcomes(after.port)).toEqual(expected);
      expect((await comparisonsOf(service)).same).toBe(3);

      // Both agree: `shadow` is removed, and the incumbent can be removed.
      await service.app.reload(await configOf(own));
      expect(await outcomes(after.port)).toEqual(expected);
      expect((await comparisonsOf(service)).same).toBe(3);

      // Back again.
      await service.app.reload(await configOf(shadowed));
      expect(await outcomes(after.port)).toEqual(expected);
      expect((await comparisonsOf(service)).same).toBe(6);

      // Without the incumbent, `shadow` denies all requests; oidc-authz alone decides as before.
      await proxy.stop();
      const [passed] = await outcomes(after.port);
      expect(passed?.status).toBe(403);
      await service.app.reload(await configOf(own));
      await until(async () => (await outcomes(after.port))[0]?.status === 200);
      expect(await outcomes(after.port)).toEqual(expected);
    });
  });
});
