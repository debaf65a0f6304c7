/** Logins of a service process: with one process and with workers, over a reload, and with new keys. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../support/app.ts';
import { signIn } from '../support/login-provider.ts';
import { shop, startLoginParts } from '../support/login-service.ts';
import { startProcess } from '../support/process.ts';
import { newSessionKey } from '../support/session-key.ts';

async function start(workers: number, sessions?: string) {
  const parts = await startLoginParts(sessions);
  onTestFinished(() => parts.provider.close());
  const file = join(mkdtempSync(join(tmpdir(), 'oidc-authz-')), 'oidc-authz.yaml');
  const write = (more = '') =>
    writeFileSync(
      file,
      `${parts.file}
rules: [{name: shop, match: {}, require: {login: [main]}}]
http: {host: 127.0.0.1, port: 0}
grpc: {host: 127.0.0.1, port: 0}
admin: {host: 127.0.0.1, port: 0}
workers: ${workers}
shutdown: {delay: 0s, timeout: 5s}
${more}`,
    );
  write();
  const service = startProcess(['--config', file]);
  await service.record(({ state }) => state === 'ready');
  const [http, admin] = [await service.port('http'), await service.port('admin')];
  const mesh = await parts.mesh('http', http);
  onTestFinished(() => mesh.close());
  const keyIds = async () =>
    ((await (await fetch(`http://127.0.0.1:${admin}/readyz`)).json()) as { sessionKeys: string[] })
      .sessionKeys;
  return { ...parts, write, service, mesh, keyIds };
}

describe.each([1, 2])('with %s process(es)', (workers) => {
  test('people stay signed in over a reload and a new key, until the key of their session is removed', async () => {
    const { browser: newBrowser, mesh, keysFile, write, service, keyIds } = await start(workers);
    const browser = newBrowser(mesh);
    const late = newBrowser(mesh);
    const open = (by = browser) => by.open(`https://${shop}/cart`, (url) => url.host !== shop);
    await signIn(late, `https://${shop}/cart`, 'bob');
    const page = await signIn(browser, `https://${shop}/cart`, 'alice');
    expect(JSON.parse(page.body).headers).toMatchObject({ 'x-user': 'alice' });
    // Each check has a connection of its own, so with workers each of them answers some.
    for (let times = 0; times < 4; times++) expect((await open()).status).toBe(200);

    write('realm: shop');
    await service.record(({ msg }) => msg === 'the configuration was reloaded');
    expect((await open()).status).toBe(200);

    const [first, ...none] = await keyIds();
    expect(none).toEqual([]);
    const old = readFileSync(keysFile, 'utf8').trim();
    const key = newSessionKey();
    writeFileSync(keysFile, `${key}${old}\n`);
    await service.record(({ msg, keys }) => msg === 'the session keys were reloaded' && keys === 2);
    expect((await keyIds())[1]).toBe(first);
    for (let times = 0; times < 4; times++) expect((await open()).status).toBe(200);

    writeFileSync(keysFile, key);
    await service.record(({ msg, keys }) => msg === 'the session keys were reloaded' && keys === 1);
    await until(async () => (await open(late)).status === 302);
    for (let times = 0; times < 4; times++) {
      expect((await open(late)).status).toBe(302);
      // The session of this browser was sealed again with the new key.
      expect((await open()).status).toBe(200);
    }
  });
});

test('a warning says that several workers can refresh the same session', async () => {
  const { service } = await start(2, 'refresh: true');
  await service.record(({ option, workers }) => option === 'sessions.refresh' && workers === 2);
});

test('logins can be added to a running service', async () => {
  const { provider, file, mesh: startMesh, browser } = await startLoginParts();
  onTestFinished(() => provider.close());
  const path = join(mkdtempSync(join(tmpdir(), 'oidc-authz-')), 'oidc-authz.yaml');
  const listeners = `
http: {host: 127.0.0.1, port: 0}
grpc: {enabled: false}
admin: {host: 127.0.0.1, port: 0}
workers: 2
shutdown: {delay: 0s, timeout: 5s}
`;
  writeFileSync(path, `issuers: [{issuer: "${provider.url}", name: main, audiences: [a]}]\n${listeners}`);
  const service = startProcess(['--config', path]);
  await service.record(({ state }) => state === 'ready');
  const mesh = await startMesh('http', await service.port('http'));
  onTestFinished(() => mesh.close());
  const open = () => browser(mesh).open(`https://${shop}/`, (url) => url.host !== shop);
  expect((await open()).status).toBe(401);
  writeFileSync(path, file + listeners);
  await service.record(({ msg }) => msg === 'the configuration was reloaded');
  await until(async () => (await open()).status === 302);
  const page = await signIn(browser(mesh), `https://${shop}/x`, 'bob');
  expect(JSON.parse(page.body).headers).toMatchObject({ 'x-user': 'bob' });
});
