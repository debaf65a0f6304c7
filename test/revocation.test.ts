/** The deny list in a service that runs. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { fileFor, type RunningApp, startApp, until } from './support/app.ts';
import { connectGrpc } from './support/grpc-client.ts';
import { exchange, request } from './support/http1.ts';
import { startProcess } from './support/process.ts';

interface Guard {
  readonly service: RunningApp;
  /** Replaces the list, as a mounted ConfigMap does. */
  readonly deny: (text: string) => void;
  readonly remove: () => void;
  readonly ask: (token: string) => Promise<number | undefined>;
  readonly reasonOf: (token: string) => Promise<unknown>;
  readonly metric: (name: string) => Promise<number>;
}

async function startGuard(list: string): Promise<Guard> {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'denied.yaml');
  writeFileSync(file, list);
  const service = await startApp({ file: `${fileFor('ISSUER')}denyList: {file: ${file}}\n` });
  const grpc = connectGrpc(service.grpcPort);
  onTestFinished(grpc.close);
  return {
    service,
    deny: (text) => {
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
    },
    remove: () => rmSync(file),
    ask: async (token) =>
      (await exchange(service.httpPort, request('GET', '/', [`authorization: Bearer ${token}`])))?.status,
    reasonOf: async (token) =>
      (await grpc.check({ headers: { authorization: `Bearer ${token}` } })).dynamicMetadata?.fields?.reason
        ?.stringValue,
    metric: async (name) => {
      const text = await (await fetch(`http://127.0.0.1:${service.adminPort}/metrics`)).text();
      return Number(new RegExp(`^oidc_authz_${name} (.+)$`, 'm').exec(text)?.[1]);
    },
  };
}

test('a token that is remembered is refused as soon as the list names it, and let in when it does no more', async () => {
  const { service, deny, ask, reasonOf, metric } = await startGuard('');
  const [alice, bob] = [
    await service.issuer.mint({ claims: { jti: '1' } }),
    await service.issuer.mint({ claims: { jti: '2' } }),
  ];
  expect([await ask(alice), await ask(bob), await metric('deny_list_entries')]).toEqual([200, 200, 0]);

  deny(`- {issuer: "${service.issuer.url}", jti: "1"}`);
  await until(async () => (await ask(alice)) === 401);
  expect([await reasonOf(alice), await ask(bob)]).toEqual(['token_revoked', 200]);
  expect(await metric('deny_list_entries')).toBe(1);
  expect(
    await metric('checks_total{transport="grpc",outcome="deny",reason="token_revoked",issuer="main"}'),
  ).toBe(1);

  deny('[]');
  await until(async () => (await ask(alice)) === 200);
});

test('a list that is no good, or has gone, leaves the one before in use, and is counted', async () => {
  const { service, deny, remove, ask, metric } = await startGuard('');
  const token = await service.issuer.mint({ claims: { sid: 's' } });
  deny(`[{"issuer": "${service.issuer.url}", "sid": "s"}]`);
  await until(async () => (await ask(token)) === 401);

  for (const [attempt, spoil] of [() => deny('- {sid: s}'), () => remove()].entries()) {
    spoil();
    await until(async () => (await metric('deny_list_reloads_total{result="failure"}')) === attempt + 1);
    expect(await metric('deny_list_last_reload_successful')).toBe(0);
    expect(await ask(token)).toBe(401);
  }
  expect(
    service.records.filter(({ msg }) => String(msg).includes('deny list was not reloaded')),
  ).toHaveLength(2);

  deny('');
  await until(async () => (await ask(token)) === 200);
  expect(await metric('deny_list_last_reload_successful')).toBe(1);
});

test('an entry of an issuer that is not configured is told', async () => {
  const { service } = await startGuard('- {issuer: "https://other.example.com", sub: alice}');
  expect(service.records.find(({ msg }) => String(msg).includes('not configured'))?.issuers).toEqual([
    'https://other.example.com',
  ]);
});

test.each([
  ['is missing', undefined, 'denyList.file'],
  ['is wrong', '- {issuer: https://a}\n- {sub: alice}\n', 'denied.yaml:2:3'],
])('a start with a list that %s ends with exit code 2', async (_, text, told) => {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'denied.yaml');
  if (text !== undefined) writeFileSync(file, text);
  const args = ['--issuer', 'https://a', '--audience', 'a', '--deny-list-file', file];
  const service = startProcess(args);
  expect(await service.exit).toBe(2);
  expect(service.errors()).toContain(told);
});
