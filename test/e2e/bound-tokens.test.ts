/** Tokens that are bound to a key or a certificate, through a real Envoy with Istio's configuration. */
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findEnvoy, startEnvoy } from '../../tools/envoy.ts';
import { istioSidecar } from '../../tools/istio.ts';
import { startWorkload } from '../../tools/workload.ts';
import { fileFor, startApp } from '../support/app.ts';
import { type CertificateFiles, createAuthority } from '../support/certificates.ts';
import { exchange, request } from '../support/http1.ts';
import { createSigningKey } from '../support/keys.ts';
import { makeProof, thumbprint } from '../support/proofs.ts';
import { describeWith } from '../support/real-servers.ts';

describeWith('a real Envoy', await findEnvoy(), (path) => {
  test.each(['http', 'grpc'] as const)(
    'forwards proofs over %s, and each proof is accepted once',
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

  describe.each(['http', 'grpc'] as const)('that terminates the TLS of clients, over %s', (transport) => {
    test.each(['SANITIZE_SET', 'APPEND_FORWARD'] as const)(
      '%s: a token is allowed only with its client certificate, with any x-forwarded-client-cert header of the client',
      async (forwardClientCert) => {
        const authority = createAuthority();
        const [server, alice, mallory] = ['envoy', 'alice', 'mallory'].map((name) =>
          authority.issue(name),
        ) as [CertificateFiles, CertificateFiles, CertificateFiles];
        const file = `${fileFor('ISSUER').replace('name: main', 'name: main, boundTokens: verify')}${transport === 'http' ? 'clientCertificates: {trustedHops: 1}\n' : ''}`;
        const service = await startApp({ file });
        const workload = await startWorkload();
        const authorizers = [transport === 'http' ? service.httpPort : service.grpcPort];
        const envoy = await startEnvoy(path, (ports) =>
          istioSidecar(
            {
              transport,
              authorizers,
              workload: workload.port,
              includeRequestHeadersInCheck: ['authorization', 'x-forwarded-client-cert'],
              clientTls: { ...server, caFile: authority.caFile, forwardClientCert },
            },
            ports,
          ),
        );
        onTestFinished(async () => {
          await envoy.stop();
          await workload.close();
        });
        const certificate = new X509Certificate(readFileSync(alice.certFile));
        const bound = await service.issuer.mint({
          claims: { cnf: { 'x5t#S256': createHash('sha256').update(certificate.raw).digest('base64url') } },
        });
        const ask = (client: CertificateFiles, headers: Record<string, string> = {}) =>
          new Promise<number | undefined>((resolve, reject) => {
            const options = {
              host: '127.0.0.1',
              port: envoy.port,
              ca: authority.ca,
              cert: readFileSync(client.certFile),
              key: readFileSync(client.keyFile),
              headers: { host: 'orders.example.com', authorization: `Bearer ${bound}`, ...headers },
              agent: false,
            } as const;
            https
              .get({ ...options, servername: 'localhost' }, (response) => {
                response.resume();
                resolve(response.statusCode);
              })
              .on('error', reject);
          });
        const forged = {
          'x-forwarded-client-cert': `Hash=${certificate.fingerprint256.replaceAll(':', '').toLowerCase()}`,
        };
        expect(await ask(alice)).toBe(200);
        expect(await ask(alice, { 'x-forwarded-client-cert': 'Hash=00' })).toBe(200);
        expect(await ask(mallory)).toBe(401);
        expect(await ask(mallory, forged)).toBe(401);
        expect(workload.requests()).toBe(2);
      },
    );
  });
});
