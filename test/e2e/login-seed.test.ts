/** The host of the Kyma tutorial, whose machines send bearer tokens: a login next to it, or on it, changes no answer to a token. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runSteps } from '../../demo/steps.ts';
import { findEnvoy, startEnvoy } from '../../tools/envoy.ts';
import { istioSidecar } from '../../tools/istio.ts';
import { startWorkload } from '../../tools/workload.ts';
import { dropped, goldenCases, publishWhole } from '../oauth2-proxy/golden.ts';
import { migratedConfiguration, seedFlags } from '../oauth2-proxy/seed.ts';
import { fileFor, startApp } from '../support/app.ts';
import { audience, type FakeIssuer, startFakeIssuer } from '../support/fake-issuer.ts';
import { exchange, request } from '../support/http1.ts';
import { createSigningKey } from '../support/keys.ts';
import { listsFor, transports } from '../support/login/stack.ts';
import { describeWith } from '../support/real-servers.ts';
import { newSessionKey } from '../support/session-key.ts';

const listeners = `
http: {host: 127.0.0.1, port: 0}
grpc: {host: 127.0.0.1, port: 0}
admin: {host: 127.0.0.1, port: 0}
shutdown: {delay: 0s, timeout: 5s}
`;

/** Adds an issuer that signs people in, and a login on a host. */
function withLogin(configuration: string, people: FakeIssuer, host: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-seed-'));
  writeFileSync(join(folder, 'keys'), newSessionKey());
  writeFileSync(join(folder, 'secret'), 'secret');
  const issuer = `  - {issuer: "${people.url}", name: people, audiences: [people], login: {clientId: people, clientSecretFile: ${folder}/secret}}`;
  const added = configuration.replace(/^issuers:\n/m, `issuers:\n${issuer}\n`);
  expect(added).not.toBe(configuration);
  return `${added}
login: {hosts: ["${host}"]}
sessions: {keysFile: ${folder}/keys}
`;
}

async function startPeople(): Promise<FakeIssuer> {
  const people = publishWhole(await startFakeIssuer());
  onTestFinished(() => people.close());
  return people;
}

test.each([
  ['beside it', 'people.example.com'],
  ['on the same host', 'orders.example.com'],
])('with a login %s, each token gets the same answer as without', async (place, host) => {
  const issuer = publishWhole(await startFakeIssuer());
  onTestFinished(() => issuer.close());
  const people = await startPeople();
  const plain = `${migratedConfiguration(seedFlags(issuer.url, audience))}${listeners}`;
  const without = await startApp({ issuer, file: plain });
  const beside = await startApp({ issuer, file: withLogin(plain, people, host) });
  const context = { issuer, keyless: issuer, foreign: await createSigningKey('k1') };
  const cases = goldenCases.filter(
    ({ installation = 'seed', theirs }) => installation === 'seed' && theirs !== dropped,
  );
  let compared = 0;
  for (const { name, method = 'GET', target = '/', headers } of cases) {
    const lines = await headers(context);
    if (place === 'on the same host' && !lines.some((line) => /^authorization:/i.test(line))) continue;
    const bytes = Buffer.from(request(method, target, lines), 'latin1');
    const answers = [await exchange(without.httpPort, bytes), await exchange(beside.httpPort, bytes)];
    const [expected, found] = answers.map((answer) => {
      const { date: _, 'x-oidc-authz-decision': __, ...rest } = answer?.headers ?? {};
      return { status: answer?.status, headers: rest, body: answer?.body };
    });
    if (place === 'on the same host' && /\/\.{1,2}(\/|$)|\/\//.test(target)) {
      // If a login has paths of its own, a path has one reading.
      expect(found?.status, name).toBe(400);
      continue;
    }
    expect(found, name).toEqual(expected);
    compared++;
  }
  expect(compared).toBeGreaterThan(20);
  const page = await exchange(beside.httpPort, request('GET', '/', ['accept: text/html']));
  expect(page?.status).toBe(place === 'on the same host' ? 302 : 401);
});

describeWith('a real Envoy', await findEnvoy(), (path) => {
  test.each(transports)('guards machines over %s, with a login on their host', async (transport) => {
    const people = await startPeople();
    const issuer = await startFakeIssuer();
    onTestFinished(() => issuer.close());
    const base = fileFor(issuer.url).replace(/^issuers: \[(.*)\]$/m, 'issuers:\n  - $1');
    const file = `${withLogin(base, people, '127.0.0.1')}hosts: {ports: ignore}\n`;
    const { httpPort, grpcPort } = await startApp({ issuer, file });
    const workload = await startWorkload();
    const lists = await listsFor(file);
    const envoy = await startEnvoy(path, (ports) =>
      istioSidecar(
        {
          ...lists,
          transport,
          authorizers: [transport === 'http' ? httpPort : grpcPort],
          workload: workload.port,
        },
        ports,
      ),
    );
    onTestFinished(async () => {
      await envoy.stop();
      await workload.close();
    });
    const lines: string[] = [];
    const { failures } = await runSteps({
      port: envoy.port,
      validToken: await issuer.mint({
        claims: { sub: 'orders-client', email: 'orders-client@example.com', groups: ['demo', 'orders'] },
      }),
      expiredToken: await issuer.mint({ claims: { exp: Math.floor(Date.now() / 1000) - 100 } }),
      print: (line) => void lines.push(line),
    });
    expect([failures, lines.filter((line) => line.includes('✗'))]).toEqual([0, []]);
    const page = await exchange(
      envoy.port,
      request('GET', '/', ['accept: text/html']).replace(/host: .*/, 'host: 127.0.0.1'),
    );
    expect([page?.status, new URL(page?.headers.location ?? 'none:').origin]).toEqual([302, people.url]);
  });
});
