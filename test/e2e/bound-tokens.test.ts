/** Tokens that are bound to a key, through a real Envoy that is configured as Istio configures it. */
import { expect, onTestFinished, test } from 'vitest';
import { findEnvoy, startEnvoy } from '../../tools/envoy.ts';
import { istioSidecar } from '../../tools/istio.ts';
import { startWorkload } from '../../tools/workload.ts';
import { fileFor, startApp } from '../support/app.ts';
import { exchange, request } from '../support/http1.ts';
import { createSigningKey } from '../support/keys.ts';
import { makeProof, thumbprint } from '../support/proofs.ts';
import { describeWith } from '../support/real-servers.ts';

describeWith('a real Envoy', await findEnvoy(), (path) => {
  test.each(['http', 'grpc'] as const)(
    'hands proofs on over %s, and each is good once',
    async (transport) => {
      const file = `${fileFor('ISSUER').replace('name: main', 'name: main, boundTokens: verify')}dpop: {origins: ["http://orders.example.com"]}\n`;
      const service = await startApp({ file });
      const workload = await startWorkload();
      const authorizers = [transport === 'http' ? service.httpPort : service.grpcPort];
      const envoy = await startEnvoy(path, (ports) =>
        istioSidecar(
          {
            transport,
            authorizers,
            workload: workload.port,
            includeRequestHeadersInCheck: ['authorization', 'dpop'],
          },
          ports,
        ),
      );
      onTestFinished(async () => {
        await envoy.stop();
        await workload.close();
      });

      const key = await createSigningKey('c', 'ES256');
      const token = await service.issuer.mint({ claims: { cnf: { jkt: await thumbprint(key) } } });
      const claims = { htu: 'http://orders.example.com/orders/1' };
      const ask = (scheme: string, proofs: readonly string[], target = '/orders/1?q=2') =>
        exchange(
          envoy.port,
          request('GET', target, [
            `authorization: ${scheme} ${token}`,
            ...proofs.map((proof) => `dpop: ${proof}`),
          ]),
        );

      const proof = await makeProof(key, token, { claims });
      expect((await ask('DPoP', [proof]))?.status).toBe(200);
      const again = await ask('DPoP', [proof]);
      expect([again?.status, again?.headers['www-authenticate']]).toEqual([
        401,
        expect.stringMatching(/^DPoP error="invalid_token"/),
      ]);
      expect((await ask('DPoP', [await makeProof(key, token, { claims })], '/orders/2'))?.status).toBe(401);
      expect(
        (
          await ask('DPoP', [
            await makeProof(key, token, { claims }),
            await makeProof(key, token, { claims }),
          ])
        )?.status,
      ).toBe(401);
      expect((await ask('DPoP', []))?.status).toBe(401);
      expect((await ask('Bearer', [await makeProof(key, token, { claims })]))?.status).toBe(401);
      expect(workload.requests()).toBe(1);
    },
  );
});
