/** The files of a running service, while they are overwritten in place. */
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../support/app.ts';
import { audience, type FakeIssuer, startFakeIssuer } from '../support/fake-issuer.ts';
import { exchange, request } from '../support/http1.ts';
import { startProcess } from '../support/process.ts';

function folderForTest(): string {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function issuerForTest(): Promise<FakeIssuer> {
  const issuer = await startFakeIssuer();
  onTestFinished(() => issuer.close());
  return issuer;
}

function configFor({ url }: FakeIssuer, more = ''): string {
  return `issuers: [{issuer: "${url}", audiences: [${audience}]}]
http: {host: 127.0.0.1, port: 0}
grpc: {enabled: false}
admin: {host: 127.0.0.1, port: 0}
shutdown: {delay: 0s}
${more}`;
}

/** Starts a service with a configuration file. */
async function start(config: string, ...flags: string[]) {
  const service = startProcess(['--config', config, ...flags]);
  await service.record(({ state }) => state === 'ready');
  const [http, admin] = [await service.port('http'), await service.port('admin')];
  return {
    service,
    ask: async (token: string) =>
      (await exchange(http, request('GET', '/', [`authorization: Bearer ${token}`])))?.status,
    readyz: async () => (await fetch(`http://127.0.0.1:${admin}/readyz`)).json() as Promise<object>,
    metric: async (name: string) => {
      const text = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
      return Number(new RegExp(`^oidc_authz_${name.replaceAll(/[{}]/g, '\\$&')} (.+)$`, 'm').exec(text)?.[1]);
    },
  };
}

test.each([1, 2])(
  'a token stays revoked at every moment while its deny list is overwritten, with %i workers',
  async (workers) => {
    const [folder, issuer] = [folderForTest(), await issuerForTest()];
    const [config, list] = [join(folder, 'config.yaml'), join(folder, 'denied.json')];
    const subjects = ['bob', 'carol', 'alice'];
    const text = JSON.stringify(subjects.map((sub) => ({ issuer: issuer.url, sub })));
    writeFileSync(list, text);
    writeFileSync(config, configFor(issuer, `workers: ${workers}\ndenyList: {file: ${list}}\n`));
    const { ask, metric } = await start(config);
    const [alice, dora] = [await issuer.mint(), await issuer.mint({ claims: { sub: 'dora' } })];
    const failures = () => metric('deny_list_reloads_total{result="failure"}');
    // While it waits, no revoked token is allowed. There are enough connections for each worker.
    const untilTrue = (isSo: () => Promise<boolean>) =>
      until(async () => {
        const answers = await Promise.all([ask(alice), ask(dora), ask(alice), ask(dora)]);
        expect(answers).toEqual([401, 200, 401, 200]);
        return isSo();
      }, 20);

    const file = openSync(list, 'r+');
    onTestFinished(() => closeSync(file));
    ftruncateSync(file, 0);
    await untilTrue(async () => (await failures()) === 1);
    const cut = text.indexOf('},') + 1;
    writeSync(file, text.slice(0, cut), 0);
    await untilTrue(async () => (await failures()) === 2);
    writeSync(file, text.slice(cut), cut);
    await untilTrue(async () => (await metric('deny_list_last_reload_successful')) === 1);
    rmSync(list);
    await untilTrue(async () => (await failures()) === 3);
    mkdirSync(list);
    await untilTrue(async () => (await failures()) === 4);
    rmSync(list, { recursive: true });
    writeFileSync(list, text);
    await untilTrue(async () => (await metric('deny_list_last_reload_successful')) === 1);
    expect(await metric('deny_list_entries_removed_total')).toBe(0);
  },
);

describe('a configuration', () => {
  test('that is empty, or has only a comment, is rejected, also on SIGHUP, and the old one stays in use', async () => {
    const [folder, issuer] = [folderForTest(), await issuerForTest()];
    const config = join(folder, 'config.yaml');
    writeFileSync(config, configFor(issuer));
    // The flags alone would be a complete configuration.
    const { service, ask, metric, readyz } = await start(
      config,
      '--issuer',
      issuer.url,
      '--audience',
      audience,
    );
    const token = await issuer.mint();
    const failures = () => metric('config_reloads_total{result="failure"}');
    for (const [index, text] of ['', '# nothing\n', 'null\n', '---\n'].entries()) {
      writeFileSync(config, text);
      service.child.kill('SIGHUP');
      await until(async () => (await failures()) > index);
      expect([await ask(token), await metric('config_last_reload_successful')]).toEqual([200, 0]);
      expect(await readyz()).toMatchObject({
        ready: true,
        problems: [{ what: 'configuration', files: [config], since: expect.stringMatching(/^\d{4}-.*Z$/) }],
      });
    }
    const before = await failures();
    service.child.kill('SIGHUP');
    await until(async () => (await failures()) > before);
    expect(await metric('config_reloads_total{result="success"}')).toBe(0);
    expect(await ask(token)).toBe(200);
    writeFileSync(config, configFor(issuer));
    await until(async () => (await metric('config_last_reload_successful')) === 1);
    expect(await readyz()).not.toHaveProperty('problems');
  });

  test('that changes is loaded once on SIGHUP', async () => {
    const [folder, issuer] = [folderForTest(), await issuerForTest()];
    const config = join(folder, 'config.yaml');
    writeFileSync(config, configFor(issuer));
    const { service, ask, metric } = await start(config);
    const token = await issuer.mint();
    writeFileSync(config, configFor(issuer).replace(audience, 'other'));
    service.child.kill('SIGHUP');
    await until(async () => (await ask(token)) === 401);
    const hits = issuer.hits.jwks;
    service.child.kill('SIGHUP');
    await until(async () => (await metric('config_reloads_total{result="success"}')) === 2);
    await until(() => issuer.hits.jwks > hits);
  });

  test('that names a missing file is loaded when the file appears', async () => {
    const [folder, issuer] = [folderForTest(), await issuerForTest()];
    const [config, list] = [join(folder, 'config.yaml'), join(folder, 'denied.json')];
    writeFileSync(config, configFor(issuer));
    const { ask, metric } = await start(config);
    const token = await issuer.mint();
    writeFileSync(config, configFor(issuer, `denyList: {file: ${list}}\n`));
    await until(async () => (await metric('config_reloads_total{result="failure"}')) === 1);
    expect(await ask(token)).toBe(200);
    writeFileSync(list, JSON.stringify([{ issuer: issuer.url, sub: 'alice' }]));
    await until(async () => (await ask(token)) === 401);
    expect(await metric('config_last_reload_successful')).toBe(1);
  });
});

test.each<[string, (at: (name: string) => string, issuer: FakeIssuer) => void, RegExp]>([
  ['an empty configuration', (at) => writeFileSync(at('config.yaml'), ''), /the file is empty/],
  ['a configuration of a comment', (at) => writeFileSync(at('config.yaml'), '# soon\n'), /the file is empty/],
  ['a folder', (at) => mkdirSync(at('config.yaml')), /cannot read the file: it is a directory \(EISDIR\)/],
  ['no configuration', () => {}, /cannot read the file: it does not exist \(ENOENT\)/],
  ...(['', '# soon\n', 'null'] as const).map(
    (text): [string, (at: (name: string) => string, issuer: FakeIssuer) => void, RegExp] => [
      `a deny list of ${JSON.stringify(text)}`,
      (at, issuer) => {
        writeFileSync(at('denied.yaml'), text);
        writeFileSync(at('config.yaml'), configFor(issuer, `denyList: {file: ${at('denied.yaml')}}\n`));
      },
      /denyList\.file.*the file is empty/,
    ],
  ),
])('a start with %s exits with code 2', async (_, prepare, message) => {
  const [folder, issuer] = [folderForTest(), await issuerForTest()];
  prepare((name) => join(folder, name), issuer);
  const service = startProcess([
    ...['--config', join(folder, 'config.yaml'), '--issuer', issuer.url, '--audience', audience],
  ]);
  expect(await service.exit).toBe(2);
  expect(service.errors()).toMatch(message);
});
