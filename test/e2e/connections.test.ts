/** More checks at once than the connection limit: Envoy gets a response to each, and never applies its failure mode. */
import { expect, onTestFinished, test } from 'vitest';
import { findEnvoy } from '../../tools/envoy.ts';
import { fileFor, startApp } from '../support/app.ts';
import type { FakeIssuer } from '../support/fake-issuer.ts';
import { type ClientRequest, sendThrough, startGateway, storm } from '../support/hostile-mesh.ts';
import { createSigningKey } from '../support/keys.ts';
import { describeWith } from '../support/real-servers.ts';

describeWith('a listener that may hold ten connections', await findEnvoy(), (envoyPath) => {
  async function attack(
    authorizationOf: (issuer: FakeIssuer) => Promise<string>,
    more: Omit<ClientRequest, 'headers'> = {},
  ): Promise<void> {
    const { httpPort, issuer } = await startApp({
      file: fileFor('ISSUER').replace('http: {', 'http: {maxConnections: 10, '),
    });
    const gateway = await startGateway(envoyPath, {
      transport: 'http',
      failOpen: true,
      authorizers: [httpPort],
      requestBody: { maxBytes: 1024 * 1024, asBytes: true, allowPartial: true },
    });
    onTestFinished(() => gateway.stop());
    // It leaves an idle connection, which Envoy uses again while it opens others.
    const good = { authorization: `Bearer ${await issuer.mint()}` };
    expect(await sendThrough(gateway.port, { headers: good })).toBe(200);
    const headers = { authorization: await authorizationOf(issuer) };
    const failures = await gateway.failures();
    const statuses = await storm(gateway.port, 60, () => ({ ...more, headers }));
    expect([await gateway.failures(), gateway.workload.requests()]).toEqual([failures, 1]);
    expect((statuses[401] ?? 0) + (statuses[403] ?? 0)).toBe(60);
  }

  test('responds to each of many pending checks', () =>
    attack((issuer) => {
      issuer.jwks = () => {};
      return issuer.mint({ header: { kid: 'unknown' } }).then((token) => `Bearer ${token}`);
    }));

  test('responds to each of many checks with large bodies', () =>
    attack(async (issuer) => `Bearer ${await issuer.mint({ key: await createSigningKey('k1') })}`, {
      method: 'POST',
      body: Buffer.alloc(200_000, 'a'),
    }));
});
