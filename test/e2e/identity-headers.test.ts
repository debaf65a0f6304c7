/** With `identityHeaders: remove`, no identity header reaches the workload through a real Envoy, neither ours nor a client's. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { findEnvoy, startEnvoy } from '../../tools/envoy.ts';
import { istioSidecar } from '../../tools/istio.ts';
import { type Received, startWorkload } from '../../tools/workload.ts';
import { fileFor, startApp } from '../support/app.ts';
import { exchange, request } from '../support/http1.ts';
import { describeWith } from '../support/real-servers.ts';

const rules = `rules:
  - {name: open, match: {paths: [/open]}, allow: anonymous}
  - {name: preflight, match: {paths: [/preflight]}, require: {}, allowPreflight: true}
  - {name: tried, match: {paths: [/tried]}, require: {scopes: [none]}, mode: shadow}
  - {name: own, match: {paths: [/own]}, require: {}, outputClaimToHeaders: [{header: x-own-name, claim: sub}]}
  - {name: rest, require: {}}
`;

/** Every name of an identity header, in every spelling that workloads accept. */
const spellings = [
  'gap-auth',
  'x-auth-request-user',
  'x-auth-request-email',
  'x-auth-request-groups',
  'x-auth-request-preferred-username',
  'x-auth-request-access-token',
].flatMap((name) => {
  const parts = name.split('-');
  return parts
    .slice(1)
    .reduce(
      (heads, part) => heads.flatMap((head) => [`${head}-${part}`, `${head}_${part}`]),
      [parts[0] ?? ''],
    );
});
/** Split into two requests, because Envoy accepts 100 headers. */
const forgeries = [
  spellings.map((name) => `${name}: forged`),
  spellings.map((name) => `${name.toUpperCase()}: forged`),
];

const settings = [
  ['without rules', ''],
  ['with rules', rules],
  ['with rules, in shadow mode', `${rules}mode: shadow\n`],
  ['without rules, in shadow mode', 'mode: shadow\n'],
] as const;

describeWith('a real Envoy', await findEnvoy(), (path) => {
  describe.each(['http', 'grpc'] as const)('over %s', (transport) => {
    async function mesh(more: string) {
      const service = await startApp({ file: `${fileFor('ISSUER')}compat: oauth2-proxy\n${more}` });
      const workload = await startWorkload();
      const envoy = await startEnvoy(path, (ports) =>
        istioSidecar(
          {
            transport,
            authorizers: [transport === 'http' ? service.httpPort : service.grpcPort],
            workload: workload.port,
            // The longest list that an entry can have.
            headersToUpstreamOnAllow: ['gap*', 'x-auth*', 'x_auth*', 'x-own*', 'authorization'],
            includeRequestHeadersInCheck: ['authorization', 'origin', 'access-control-request-method'],
          },
          ports,
        ),
      );
      onTestFinished(async () => {
        await envoy.stop();
        await workload.close();
      });
      const token = await service.issuer.mint({ claims: { sub: 'alice', email: 'alice@example.com' } });
      /** The identity headers that the workload received. */
      const received = async (method: string, target: string, lines: readonly string[]) => {
        const got: (readonly [string, string])[] = [];
        for (const forged of forgeries) {
          const response = await exchange(envoy.port, request(method, target, [...lines, ...forged]));
          expect([target, response?.status]).toEqual([target, 200]);
          const { headers } = JSON.parse(response?.body ?? '') as Received;
          got.push(...headers.filter(([name]) => /gap|auth.request|own/.test(name)));
        }
        return got;
      };
      return { received, token };
    }

    test.each(settings)('remove: no identity header reaches the workload, %s', async (_, more) => {
      const { received, token } = await mesh(`identityHeaders: remove\n${more}`);
      const bearer = [`authorization: Bearer ${token}`];
      for (const target of ['/', '/own', '/open', '/tried', '/preflight'])
        expect(await received('GET', target, bearer)).toEqual([]);
      const isShadow = more.endsWith('mode: shadow\n');
      for (const target of isShadow ? ['/', '/tried'] : ['/tried'])
        if (more !== '') expect(await received('GET', target, [])).toEqual([]);
      if (!more.includes('rules')) return;
      expect(await received('GET', '/open', [])).toEqual([]);
      const preflight = ['origin: https://shop.example.com', 'access-control-request-method: GET'];
      expect(await received('OPTIONS', '/preflight', preflight)).toEqual([]);
    });

    test('set: only our identity headers reach the workload', async () => {
      const { received, token } = await mesh(rules);
      const own = Object.fromEntries(await received('GET', '/', [`authorization: Bearer ${token}`]));
      expect(own).toEqual({
        ...(transport === 'http' && { 'gap-auth': 'alice@example.com' }),
        'x-auth-request-user': 'alice',
        'x-auth-request-email': 'alice@example.com',
        'x-auth-request-access-token': token,
      });
      for (const target of ['/open', '/tried']) expect(await received('GET', target, [])).toEqual([]);
    });
  });
});
