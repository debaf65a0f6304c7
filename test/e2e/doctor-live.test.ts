/** `doctor --live --admin` asks a real service and real issuers. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { doctor } from '../../src/cli/doctor.ts';
import type { CommandLineFlag } from '../../src/config/load/settings.ts';
import { systemClock } from '../../src/runtime/time/clock.ts';
import type { Finding } from '../../src/tools/doctor/finding.ts';
import { startApp, until } from '../support/app.ts';
import { createAuthority } from '../support/certificates.ts';
import { sendJson, startFakeIssuer } from '../support/fake-issuer.ts';
import { createSigningKey } from '../support/keys.ts';
import { temporaryFile } from '../support/login-issuer.ts';
import { newSessionKey } from '../support/session-key.ts';

const flag = (name: string, value?: string) => ({ name, value });

async function diagnose(
  configuration: string,
  flags: readonly CommandLineFlag[],
  { ahead = 0, environment = {} as Record<string, string> } = {},
) {
  const { output, problems, exitCode } = await doctor({
    words: [],
    flags: [flag('--output', 'json'), flag('--config', 'oidc-authz.yaml'), ...flags],
    readFile: (path) => (path === 'oidc-authz.yaml' ? configuration : readFileSync(path, 'utf8')),
    readInput: () => '',
    environment,
    clock: { ...systemClock, now: () => Date.now() + ahead },
  });
  const report = output === '' ? { findings: [], notes: [] } : JSON.parse(output);
  return {
    problems,
    exitCode,
    notes: report.notes as string[],
    findings: report.findings as Finding[],
    ids: (report.findings as Finding[]).map(({ id, severity }) => `${id} ${severity}`),
  };
}

const listeners =
  'http: {host: 127.0.0.1, port: 0}\ngrpc: {host: 127.0.0.1, port: 0}\nadmin: {host: 127.0.0.1, port: 0}\n';

test('finds nothing about a healthy service, and its denial', async () => {
  const app = await startApp({
    file: `issuers: [{issuer: "ISSUER", audiences: [orders-api]}]\n${listeners}`,
  });
  const file = `issuers: [{issuer: "${app.issuer.url}", audiences: [orders-api]}]\n${listeners}`;
  const admin = `http://127.0.0.1:${app.adminPort}`;
  const live = [flag('--live'), flag('--admin', admin)];
  const healthy = await diagnose(file, live);
  expect([healthy.ids, healthy.problems, healthy.exitCode]).toEqual([[], '', 0]);
  expect(healthy.notes).toEqual([
    `Asked the service at ${admin}.`,
    `Asked the issuers ${new URL(app.issuer.url).host}.`,
  ]);

  const authorization = `Bearer ${await app.issuer.mint({ claims: { aud: 'another-api' } })}`;
  const denied = await fetch(`http://127.0.0.1:${app.httpPort}/orders?secret=1`, {
    headers: { authorization },
  });
  const id = denied.headers.get('x-oidc-authz-decision');
  const after = await diagnose(file, live);
  expect(after.ids).toEqual(['K89 note']);
  expect(after.findings[0]?.cause).toContain(`for GET 127.0.0.1:${app.httpPort}/orders, decision ID ${id}.`);
  expect(JSON.stringify(after)).not.toMatch(/secret|eyJ/);
});

test('finds replicas whose session keys differ', async () => {
  const start = async (key: string) => {
    const [keysFile, secret] = [temporaryFile('keys', `${key}\n`), temporaryFile('secret', 'a-secret')];
    return startApp({
      file: `issuers: [{issuer: "ISSUER", audiences: [a], login: {clientId: shop, clientSecretFile: ${secret}}}]
login: {hosts: [shop.example.com]}
sessions: {keysFile: ${keysFile}, refresh: false}
${listeners}`,
    });
  };
  const key = newSessionKey();
  const [first, same, other] = [await start(key), await start(key), await start(newSessionKey())];
  const admins = (apps: readonly { readonly adminPort: number }[]) =>
    apps.map(({ adminPort }) => flag('--admin', `http://127.0.0.1:${adminPort}`));
  const file = `issuers: [{issuer: "${first.issuer.url}", audiences: [a]}]\n${listeners}`;
  const found = await diagnose(file, admins([first, same, other]));
  expect(found.notes.length).toBeGreaterThanOrEqual(3);
  expect(found.findings.filter(({ id }) => id === 'K18').map(({ place }) => place.file)).toEqual([
    `http://127.0.0.1:${other.adminPort}`,
  ]);
  expect((await diagnose(file, admins([first, same]))).ids).not.toContain('K18 error');
});

test('finds another configuration, shadow mode, and a client with the wrong protocol', async () => {
  const app = await startApp({
    file: `issuers: [{issuer: "ISSUER", audiences: [orders-api]}]\nmode: shadow\nrules: [{name: all, require: {}}]\n${listeners}`,
  });
  const client = net.connect(app.grpcPort, '127.0.0.1');
  client.on('error', () => {});
  client.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  client.resume();
  await once(client, 'close');
  const file = `issuers: [{issuer: "${app.issuer.url}", audiences: [orders-api]}]\n${listeners}`;
  const { ids, exitCode } = await diagnose(file, [flag('--admin', `http://127.0.0.1:${app.adminPort}`)]);
  expect(ids).toEqual(['K85 warning', 'K86 warning', 'K87 warning']);
  expect(exitCode).toBe(0);
});

test('finds an issuer that the service cannot reach', async () => {
  const issuer = await startFakeIssuer();
  onTestFinished(issuer.close);
  issuer.jwks = (_, response) => response.writeHead(500).end();
  const app = await startApp({
    issuer,
    file: `issuers: [{issuer: "ISSUER", audiences: [orders-api]}]\n${listeners}`,
    untilReady: false,
  });
  await until(() => app.issuer.hits.jwks > 0);
  const file = `issuers: [{issuer: "${issuer.url}", audiences: [orders-api]}]\n${listeners}`;
  const { findings, ids, exitCode } = await diagnose(file, [
    flag('--live'),
    flag('--admin', `http://127.0.0.1:${app.adminPort}`),
  ]);
  expect([ids, exitCode]).toEqual([['K83 error', 'K91 warning'], 1]);
  for (const { cause } of findings) expect(cause).toContain('status 500 instead of 200');
});

test.each([
  [-20_000, ['K16 warning']],
  [120_000, ['K16 error']],
  [0, []],
])('finds a clock that differs by %i ms', async (ahead, expected) => {
  const issuer = await startFakeIssuer();
  onTestFinished(issuer.close);
  const file = `issuers: [{issuer: "${issuer.url}", audiences: [a]}]\n${listeners}`;
  expect((await diagnose(file, [flag('--live')], { ahead })).ids).toEqual(expected);
});

test('finds keys that are dropped, algorithms that are rejected, and an issuer with another name', async () => {
  const issuer = await startFakeIssuer();
  onTestFinished(issuer.close);
  const ec = await createSigningKey('e1', 'ES384');
  const { url } = issuer;
  issuer.keys = [...issuer.keys, ec];
  issuer.discovery = (_, response) =>
    sendJson(response, {
      issuer: url,
      jwks_uri: `${url}/jwks`,
      id_token_signing_alg_values_supported: ['ES384'],
    });
  const file = `issuers: [{issuer: "${url}", audiences: [a]}]\n${listeners}`;
  const { findings } = await diagnose(file, [flag('--live')]);
  expect(findings.map(({ id, cause }) => `${id} ${cause.replace(/127\S+/, 'X')}`)).toEqual([
    'K17 The issuer X publishes keys that are not used: e1: not_allowed.',
    'K17 The issuer X signs with ES384; none of them is in `algorithms`.',
  ]);
  issuer.keys = issuer.keys.slice(0, 1);
  issuer.discovery = (_, response) => sendJson(response, { issuer: `${url}/`, jwks_uri: `${url}/jwks` });
  const renamed = await diagnose(file, [flag('--live')]);
  expect(renamed.ids).toEqual(['K91 warning']);
  expect(renamed.findings[0]?.cause).toMatch(/The discovery document .*issuer/);
});

test('finds certificates that expire soon: of an issuer, and of a listener', async () => {
  const authority = createAuthority();
  const { certFile, keyFile } = authority.issue('server');
  const [key] = [await createSigningKey('k1')];
  const server = https.createServer(
    { cert: readFileSync(certFile), key: readFileSync(keyFile) },
    (_, response) => sendJson(response, { keys: [key.publicJwk] }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer = `issuers: [{issuer: "${url}", jwksUri: "${url}/jwks", caFile: ${certFile}, trustSystemCas: false, audiences: [a]}]`;
  const file = `${issuer}\nworkers: 64\nadmin: {tls: {certFile: ${certFile}, keyFile: ${keyFile}}}\n`;
  const { ids } = await diagnose(file, [flag('--live')]);
  expect(ids).toEqual(['K91 warning', 'K97 warning', 'K90 note']);
  const earlier = await diagnose(
    `${issuer}\nworkers: 1\nadmin: {tls: {certFile: ${certFile}, keyFile: ${keyFile}}}\n`,
    [],
    { ahead: -30 * 86_400_000 },
  );
  expect(earlier.ids).toEqual([]);
  const later = await diagnose(file, [], { ahead: 30 * 86_400_000 });
  expect(later.ids).toEqual(['K97 error', 'K90 note']);
});

test.each([
  [
    [flag('--admin', 'http://127.0.0.1:1')],
    2,
    /flag --admin.*no answer from http:\/\/127\.0\.0\.1:1.*ECONNREFUSED/s,
  ],
  [[flag('--envoy', 'http://127.0.0.1:1/config_dump')], 3, /flag --envoy.*without a path/],
  [[flag('--admin-token-file', 'x')], 3, /the flags for the admin listener need --admin URL/],
  [
    [flag('--admin', 'http://127.0.0.1:1'), flag('--ca-file', '/missing.pem')],
    2,
    /missing\.pem.*cannot read the file/,
  ],
  [[flag('--envy', 'x')], 3, /unknown flag.*--envoy/],
])('rejects %o', async (flags, code, problem) => {
  const result = await diagnose('issuers: [{issuer: "https://idp.example.com", audiences: [a]}]', flags);
  expect(result.exitCode).toBe(code);
  expect(result.problems).toMatch(problem);
});

test('rejects an environment that disables the verification of certificates', async () => {
  const { problems, exitCode } = await diagnose('', [], {
    environment: { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
  });
  expect([problems, exitCode]).toEqual([expect.stringContaining('unset it'), 3]);
});
