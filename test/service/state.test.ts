/** The store of a whole service: /readyz, metrics, logs, and a service that does not depend on it. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/runtime/time/clock.ts';
import { restartOptions } from '../../src/service/restart-options.ts';
import { findRedis } from '../../tools/redis.ts';
import { configOf, fileFor, type RunningApp, startApp, until } from '../support/app.ts';
import { describeWith } from '../support/real-servers.ts';
import { startRedis } from '../support/redis/server.ts';
import { createMemoryServer } from '../support/state/memory-store.ts';

/** A configuration with a store, for its deny list. */
function withStore(url: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const keysFile = join(folder, 'keys');
  writeFileSync(keysFile, randomBytes(32).toString('base64'));
  return `${fileFor('ISSUER')}
denyList: {store: true}
state: {keysFile: ${keysFile}, valkey: {urls: ["${url}"]}}
`;
}

const stateOf = async ({ adminPort }: RunningApp) => {
  const response = await fetch(`http://127.0.0.1:${adminPort}/readyz`);
  const { state } = (await response.json()) as { state?: { store: string; problem: string | null } };
  return { status: response.status, state };
};
const metricsOf = async ({ adminPort }: RunningApp) =>
  (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
const bearer = async ({ issuer, httpPort }: RunningApp) => {
  const authorization = `Bearer ${await issuer.mint()}`;
  return (await fetch(`http://127.0.0.1:${httpPort}/`, { headers: { authorization } })).status;
};

describeWith('a service with a store', await findRedis(), (path) => {
  test('reports it, and checks bearer tokens without it', async () => {
    const server = await startRedis(path);
    onTestFinished(server.stop);
    const app = await startApp({ file: withStore(server.url) });
    expect(await stateOf(app)).toMatchObject({ status: 200, state: { store: 'ready', problem: null } });
    await until(async () => /operation="feed_read",result="success"/.test(await metricsOf(app)));
    const metrics = await metricsOf(app);
    expect(metrics).toMatch(/^oidc_authz_store_up 1$/m);
    expect(metrics).toMatch(/^oidc_authz_store_connections_total\{result="success"\} 2$/m);

    await server.kill();
    await until(async () => (await stateOf(app)).state?.store === 'away');
    await until(() =>
      app.records.some(
        ({ msg, problem }) =>
          msg === 'the store is not connected' && /no server listens/.test(String(problem)),
      ),
    );
    expect((await stateOf(app)).status).toBe(200);
    expect(await bearer(app)).toBe(200);
    expect(await metricsOf(app)).toMatch(/^oidc_authz_store_up 0$/m);

    await server.start();
    await until(async () => (await stateOf(app)).state?.store === 'ready');
    await until(() => app.records.some(({ msg }) => msg === 'the store is connected again'));
    // Each attempt fails, and each reason is once in the log.
    const problems = app.records.filter(({ msg }) => msg === 'the store is not connected');
    expect(new Set(problems.map(({ problem }) => problem)).size).toBe(problems.length);
    expect(problems.at(-1)?.problem).toMatch(/^localhost:\d+: no server listens there;/);
  });

  test('starts without it', async () => {
    const server = await startRedis(path);
    onTestFinished(server.stop);
    await server.kill();
    const app = await startApp({ file: withStore(server.url) });
    expect((await stateOf(app)).state).toMatchObject({
      store: 'connecting',
      problem: expect.stringMatching(/^localhost:\d+: no server listens there; .*\(ECONNREFUSED\)$/),
    });
    expect(await bearer(app)).toBe(200);
    await server.start();
    await until(async () => (await stateOf(app)).state?.store === 'ready');
  });

  test('leaves it when it stops', async () => {
    const server = await startRedis(path);
    onTestFinished(server.stop);
    const app = await startApp({ file: withStore(server.url) });
    expect(await server.info('connected_clients')).toBe(3);
    await app.stop();
    await until(async () => (await server.info('connected_clients')) === 1);
  });
});

test('a service without a store says nothing of one', async () => {
  const app = await startApp();
  expect(await stateOf(app)).toEqual({ status: 200, state: undefined });
  expect(await metricsOf(app)).not.toContain('oidc_authz_store');
});

test('a store that is added by a reload is used without a restart', async () => {
  const app = await startApp({ store: createMemoryServer(systemClock).connect() });
  await app.app.reload(await configOf(withStore('redis://127.0.0.1').replaceAll('ISSUER', app.issuer.url)));
  expect((await stateOf(app)).state).toMatchObject({ store: 'ready' });
  expect(app.records.map(({ msg }) => msg)).not.toContain(
    'these options have changed; restart to apply them',
  );
});

test('a reload without the store, and one with another server, which needs a restart', async () => {
  const app = await startApp({ store: createMemoryServer(systemClock).connect() });
  const reload = async (file: string) =>
    app.app.reload(await configOf(file.replaceAll('ISSUER', app.issuer.url)));
  const warning = () =>
    app.records.findLast(({ msg }) => msg === 'these options have changed; restart to apply them');
  await reload(withStore('redis://127.0.0.1'));
  await reload(fileFor('ISSUER'));
  expect(await stateOf(app)).toEqual({ status: 200, state: undefined });
  expect(warning()).toBeUndefined();
  await reload(withStore('redis://127.0.0.2'));
  expect(warning()).toMatchObject({ options: ['state.valkey'] });
});

test('another server needs a restart', async () => {
  const configWith = (url: string) =>
    configOf(withStore(url).replaceAll('ISSUER', 'https://issuer.example.com'));
  const [one, other] = [await configWith('redis://a'), await configWith('redis://b')];
  const { valkey: opened } = one.state ?? {};
  expect(restartOptions(one, other, opened)).toEqual(['state.valkey']);
  expect(restartOptions(one, structuredClone(one), opened)).toEqual([]);
  const { state: _, ...without } = one;
  expect(restartOptions(one, without, opened)).toEqual([]);
  expect(restartOptions(without, one)).toEqual([]);
  expect(restartOptions(without, one, opened)).toEqual([]);
  expect(restartOptions(without, other, opened)).toEqual(['state.valkey']);
  // Back to the server that is in use.
  expect(restartOptions(other, one, opened)).toEqual([]);
});
