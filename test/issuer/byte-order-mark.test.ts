/** A byte order mark before a discovery document or a key set, compressed or not. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { planIssuer } from '../../src/issuer/issuer-plan.ts';
import { systemFiles } from '../../src/runtime/files/file-snapshot.ts';
import { followFiles } from '../../src/runtime/files/follow.ts';
import { fileProblems } from '../../src/service/referenced-files.ts';
import { configOf, fileFor } from '../support/app.ts';
import { createTestClock } from '../support/clock.ts';
import { quietContext } from '../support/core.ts';
import { startFakeIssuer } from '../support/fake-issuer.ts';
import { createSigningKey } from '../support/keys.ts';

const mark = Buffer.from('efbbbf', 'hex');
const marked = (document: unknown) => Buffer.concat([mark, Buffer.from(JSON.stringify(document))]);

async function keysOf(file: string): Promise<number> {
  const config = await configOf(file);
  const [issuerConfig] = config.issuers;
  if (issuerConfig === undefined) throw new TypeError('no issuer');
  const issuer = planIssuer(issuerConfig, config, quietContext(createTestClock())).create();
  onTestFinished(issuer.stop);
  issuer.start();
  await issuer.firstKeys;
  return issuer.status().keys;
}

test.each([
  ['plain', (response: ServerResponse, body: Buffer) => response.end(body)],
  [
    'compressed',
    (response: ServerResponse, body: Buffer) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(body)),
  ],
])('before the discovery document and the key set, %s', async (_, send) => {
  const fake = await startFakeIssuer();
  onTestFinished(fake.close);
  fake.discovery = (_request, response) =>
    send(response, marked({ issuer: fake.url, jwks_uri: `${fake.url}/jwks` }));
  fake.jwks = (_request, response) =>
    send(response, marked({ keys: fake.keys.map(({ publicJwk }) => publicJwk) }));
  expect(await keysOf(fileFor(fake.url))).toBe(1);
});

test('before the key set in a file, for the service and for check-config', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'oidc-authz-')), 'keys.json');
  const { publicJwk } = await createSigningKey('k1', 'ES256');
  writeFileSync(path, marked({ keys: [publicJwk] }));
  const file = fileFor('https://i.example.com').replace('name: main', `name: main, jwksFile: "${path}"`);
  expect(await keysOf(file)).toBe(1);
  const { read } = followFiles(systemFiles, createTestClock());
  expect(await fileProblems(await configOf(file), read)).toEqual([]);
});
