/** Preflight requests through a real Envoy: those of a browser, from a model of the Fetch standard, and similar requests. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { entryHeaders } from '../../src/config/rules/entry-headers.ts';
import { findEnvoy, startEnvoy } from '../../tools/envoy.ts';
import { istioSidecar } from '../../tools/istio.ts';
import { startWorkload } from '../../tools/workload.ts';
import { fileFor, startApp } from '../support/app.ts';
import { exchange, request } from '../support/http1.ts';
import { describeWith } from '../support/real-servers.ts';

const rules = `rules:
  - {name: open, match: {paths: ["/open/{**}"], methods: [GET, OPTIONS]}, allow: anonymous}
  - {name: shop, match: {paths: ["/shop/{**}"], methods: [GET, POST]}, require: {}, allowPreflight: true}
  - {name: admin, match: {paths: ["/shop/{**}"], methods: [DELETE]}, require: {}}
  - {name: guarded, match: {paths: ["/guarded/{**}"], methods: [GET, OPTIONS]}, require: {}}
  - {name: closed, match: {paths: ["/closed/{**}"], methods: [OPTIONS]}, deny: true}
  - {name: any, match: {paths: ["/any/{**}"]}, require: {}, allowPreflight: true}
  - {name: rest, match: {paths: ["/guarded/{**}", "/closed/{**}"]}, allow: anonymous}
`;

/** The methods that a browser may send after its preflight request, as in docs/rules.md. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  '/open/a': ['GET'],
  '/shop/a': ['GET', 'POST'],
  '/guarded/a': [],
  '/closed/a': [],
  '/any/a': ['GET', 'POST', 'PUT', 'DELETE', 'patch'],
  '/none/a': [],
};

const origin = 'origin: https://shop.example.com';
const asking = (method: string) => `access-control-request-method: ${method}`;

/** The lines of the preflight request for a method (Fetch standard). These methods are converted to upper case. */
function preflightOf(method: string): readonly string[] {
  const isNormalized = /^(delete|get|head|options|post|put)$/i.test(method);
  return [
    origin,
    asking(isNormalized ? method.toUpperCase() : method),
    'access-control-request-headers: authorization',
  ];
}

/** Requests that no browser sends, and that some servers treat as a preflight request for DELETE. */
const odd: readonly (readonly string[])[] = [
  [origin, asking('GET'), asking('DELETE')],
  [origin, asking('DELETE'), asking('GET')],
  [origin, asking('GET, DELETE')],
  [origin, asking('GET,DELETE')],
  [origin, asking('delete ,get')],
  [origin, asking('')],
  [origin, asking(''), asking('DELETE')],
];

/** Without an origin or with two, the same requests are allowed as with one. */
const originless: readonly (readonly string[])[] = [
  [asking('DELETE')],
  [origin, 'origin: https://b', asking('DELETE')],
  [asking('delete')],
];

describeWith('a real Envoy', await findEnvoy(), (path) => {
  describe.each(['http', 'grpc'] as const)('over %s', (transport) => {
    async function mesh() {
      const service = await startApp({ file: `${fileFor('ISSUER')}${rules}` });
      const workload = await startWorkload();
      const envoy = await startEnvoy(path, (ports) =>
        istioSidecar(
          {
            transport,
            authorizers: [transport === 'http' ? service.httpPort : service.grpcPort],
            workload: workload.port,
            // The headers that the entry needs for this configuration.
            includeRequestHeadersInCheck: entryHeaders(service.config).include,
          },
          ports,
        ),
      );
      onTestFinished(async () => {
        await envoy.stop();
        await workload.close();
      });
      const ask = async (method: string, target: string, lines: readonly string[]) =>
        (await exchange(envoy.port, request(method, target, lines)))?.status ?? 0;
      return { ask, workload, mint: () => service.issuer.mint() };
    }

    test('a browser may send the methods of the rule', async () => {
      const { ask, workload, mint } = await mesh();
      const token = `authorization: Bearer ${await mint()}`;
      let passed = 0;
      for (const [target, methods] of Object.entries(allowed)) {
        const may: string[] = [];
        for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'patch'])
          if ((await ask('OPTIONS', target, preflightOf(method))) === 200) may.push(method);
        expect([target, may]).toEqual([target, methods]);
        passed += may.length;
        // With a token, which no browser sends, the result is the same. A rule for all methods guards all of them.
        if (target === '/any/a') continue;
        for (const method of ['DELETE', 'PUT'])
          expect([target, method, await ask('OPTIONS', target, [token, ...preflightOf(method)])]).toEqual([
            target,
            method,
            403,
          ]);
      }
      expect(workload.requests()).toBe(passed);
    });

    test('a request that only looks like a preflight for DELETE is allowed only on paths that allow DELETE', async () => {
      const { ask, workload, mint } = await mesh();
      const token = `authorization: Bearer ${await mint()}`;
      for (const target of Object.keys(allowed).filter((name) => name !== '/any/a')) {
        for (const lines of [...odd, ...originless]) {
          expect([target, lines, await ask('OPTIONS', target, lines)]).toEqual([target, lines, 401]);
          expect([target, lines, await ask('OPTIONS', target, [token, ...lines])]).toEqual([
            target,
            lines,
            403,
          ]);
        }
      }
      expect(workload.requests()).toBe(0);
      expect(await ask('OPTIONS', '/open/a', [])).toBe(200);
      expect(await ask('OPTIONS', '/guarded/a', [token])).toBe(200);
      expect(await ask('OPTIONS', '/closed/a', [token])).toBe(403);
    });
  });
});
