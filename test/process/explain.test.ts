/** `oidc-authz explain` and the service, each as a process of its own. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { fileFor, until } from '../support/app.ts';
import { createAuthority } from '../support/certificates.ts';
import { type FakeIssuer, startFakeIssuer } from '../support/fake-issuer.ts';
import { startCommand, startProcess } from '../support/process.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-explain-'));

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

async function issuerForTest(): Promise<FakeIssuer> {
  const issuer = await startFakeIssuer();
  onTestFinished(() => issuer.close());
  return issuer;
}

/** Runs the command as a process. */
function run(args: readonly string[], input = ''): Promise<{ code: number; output: string; errors: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [`${root}src/main.ts`, 'explain', ...args],
      (error, output, errors) => resolve({ code: Number(error?.code ?? 0), output, errors }),
    );
    child.stdin?.end(input);
  });
}

test('every mode explains a denial by a service with two workers', async () => {
  const issuer = await issuerForTest();
  const config = write('workers.yaml', `${fileFor(issuer.url)}workers: 2\n`);
  const service = startProcess(['--config', config]);
  const [http, grpc, admin] = [
    await service.port('http'),
    await service.port('grpc'),
    await service.port('admin'),
  ];
  const token = await issuer.mint({ claims: { aud: 'account', sub: 'canary-subject' } });
  const outputs: string[] = [];
  for (const mode of [
    [config],
    ['--admin', `http://127.0.0.1:${admin}`],
    ['--grpc', `127.0.0.1:${grpc}`],
    ['--http', `http://127.0.0.1:${http}`],
  ]) {
    const { code, output, errors } = await run([...mode, '--token-file', '-', '--path', '/orders/1'], token);
    expect([mode[0], code, errors]).toEqual([mode[0], 1, '']);
    expect(output).toMatch(/^decision {2,}deny/m);
    expect(output).not.toMatch(/canary-subject/);
    for (const part of token.split('.')) expect(output).not.toContain(part);
    outputs.push(output);
  }
  const [offline = '', online = '', overGrpc = '', overHttp = ''] = outputs;
  for (const output of [offline, online, overGrpc]) expect(output).toContain('deny: audience_mismatch');
  expect(online).toContain('one of 2 workers explained the request');
  const hash = /configuration ([0-9a-f]{16})/;
  expect(hash.exec(online)?.[1]).toBe(hash.exec(offline)?.[1]);
  const [, id = ''] = /^id {2,}([a-z2-7]{13})$/m.exec(overHttp) ?? [];
  const found = await run([id, '--admin', `http://127.0.0.1:${admin}`]);
  expect(found.code).toBe(1);
  expect(found.output).toContain('deny: audience_mismatch');
  const unknown = await run(['aaaaaaaaaaaaa', '--admin', `http://127.0.0.1:${admin}`]);
  expect(unknown.code).toBe(2);
  expect(unknown.errors).toContain('does not have the decision ID aaaaaaaaaaaaa');
});

test('the answer of a service with an invalid new configuration is from the old one, and says so', async () => {
  const issuer = await issuerForTest();
  const config = write('reload.yaml', fileFor(issuer.url));
  const service = startProcess(['--config', config]);
  const admin = await service.port('admin');
  await service.record(({ state }) => state === 'ready');
  write('reload.yaml', readFileSync(config, 'utf8').replace('audiences', 'audience'));
  service.child.kill('SIGHUP');
  await service.record(({ msg }) => String(msg).startsWith('the configuration was not reloaded'));
  const { code, output } = await run(
    ['--admin', `http://127.0.0.1:${admin}`, '--token-file', '-'],
    await issuer.mint(),
  );
  expect(code).toBe(0);
  expect(output).toMatch(
    /^note {2,}the configuration \(.*reload\.yaml\) has changed but is invalid since .*: the service still uses the old one/m,
  );
  expect(output).toContain('audience');
});

test('the listeners of the service can require TLS, a client certificate or a token', async () => {
  const issuer = await issuerForTest();
  const authority = createAuthority();
  const { certFile, keyFile } = authority.issue('server');
  const ca = authority.caFile;
  const secret = write('secret.txt', 'a-secret-of-the-admin-listener-0123456789\n');
  const tls = `tls: {certFile: ${certFile}, keyFile: ${keyFile}}`;
  const config = write(
    'tls.yaml',
    fileFor(issuer.url)
      .replace(/^http: .*$/m, `http: {host: 127.0.0.1, port: 0, ${tls}}`)
      .replace(/^grpc: .*$/m, `grpc: {host: 127.0.0.1, port: 0, ${tls}}`)
      .replace(/^admin: .*$/m, `admin: {host: 127.0.0.1, port: 0, tokenFile: ${secret}, ${tls}}`),
  );
  const service = startProcess(['--config', config]);
  await service.record(({ state }) => state === 'ready');
  const token = await issuer.mint();
  for (const mode of [
    ['--admin', `https://localhost:${await service.port('admin')}`, '--admin-token-file', secret],
    ['--grpc', `localhost:${await service.port('grpc')}`],
    ['--grpc', `127.0.0.1:${await service.port('grpc')}`],
    ['--http', `https://localhost:${await service.port('http')}`],
  ]) {
    const args = [...mode, '--token-file', '-', '--ca-file', ca];
    expect(await run(args, token)).toMatchObject({ code: 0, errors: '' });
  }
});

test('the process of a service loads nothing of explain until the first request for it', async () => {
  const issuer = await issuerForTest();
  const config = write('loads.yaml', fileFor(issuer.url));
  const record = `import { registerHooks } from 'node:module';
  registerHooks({ load: (url, context, next) => { console.log('module', url); return next(url, context); } });`;
  const service = startCommand(process.execPath, [
    '--import',
    `data:text/javascript,${encodeURIComponent(record)}`,
    'src/main.ts',
    '--config',
    config,
  ]);
  await service.record(({ state }) => state === 'ready');
  const [http, admin] = [await service.port('http'), await service.port('admin')];
  await fetch(`http://127.0.0.1:${http}/`, { headers: { authorization: `Bearer ${await issuer.mint()}` } });
  const loaded = () => [...service.output().matchAll(/^module (.*)$/gm)].map(([, url = '']) => url);
  const ofExplain = () =>
    loaded().filter((url) =>
      /\/explain\/(explain|request|jose)\.ts|\/tools\/explain\/|\/node_modules\/(jose|@grpc)\//.test(url),
    );
  expect(loaded().length).toBeGreaterThan(100);
  expect(ofExplain()).toEqual([]);
  const response = await fetch(`http://127.0.0.1:${admin}/explain`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: await issuer.mint() }),
  });
  expect(response.status).toBe(200);
  await until(() => ofExplain().some((url) => url.includes('/jose/')));
  expect(ofExplain().filter((url) => url.includes('/tools/explain/'))).toEqual([]);
});

test('--grpc names the flag of Node that forbids it to compile the protos', async () => {
  const issuer = await issuerForTest();
  const service = startProcess(['--config', write('flags.yaml', fileFor(issuer.url))]);
  const grpc = await service.port('grpc');
  const command = startCommand(process.execPath, [
    '--disallow-code-generation-from-strings',
    'src/main.ts',
    'explain',
    '--grpc',
    `127.0.0.1:${grpc}`,
  ]);
  expect(await command.exit).toBe(2);
  expect(command.errors()).toContain('Node runs with --disallow-code-generation-from-strings');
});
