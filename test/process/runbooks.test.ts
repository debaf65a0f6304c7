/**
 * The commands of the documentation that search the log. A shell runs each one unchanged, with a `kubectl` that prints the real
 * log of a service in the state of the alert. For states that continue, the log starts at the command's `--since`.
 */
import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, globSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import type { LoginEvents } from '../../src/login/login-events.ts';
import { createLogger } from '../../src/observe/logger.ts';
import { createLoginEvents } from '../../src/observe/login-events.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import { systemClock } from '../../src/runtime/time/clock.ts';
import { createCrossCheckEvents } from '../../src/service/cross-check-events.ts';
import { fileFor, type RunningApp, runApp, startApp, stopByClock, until } from '../support/app.ts';
import { type CertificateFiles, createAuthority } from '../support/certificates.ts';
import { createTestClock, settled } from '../support/clock.ts';
import { type FakeIssuer, sendJson, startFakeIssuer } from '../support/fake-issuer.ts';
import { exchange, request } from '../support/http1.ts';
import { readPage, rowsOf } from '../support/pages.ts';
import { startProcess } from '../support/process.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-runbooks-'));

const commands = globSync(['docs/runbooks/*.md', 'docs/kyma.md', 'docs/what-now.md'], { cwd: root }).flatMap(
  (page) =>
    [
      ...readFileSync(join(root, page), 'utf8').matchAll(
        /^kubectl [^|\n]* logs [^|\n]*oidc-authz[^|\n]*\| grep .*$/gm,
      ),
    ].map(([command]) => ({ page: basename(page, '.md'), command })),
);

/** The `--since` of a command in milliseconds; an hour if the command reads the whole log. */
function sinceOf(command: string): number {
  const [, amount = '1', unit = 'h'] = /--since=(\d+)([mh])/.exec(command) ?? [];
  return Number(amount) * (unit === 'h' ? 3_600_000 : 60_000);
}

/** Runs a command with a log, and returns its output. */
async function outputOf(command: string, log: string): Promise<string> {
  const [bin, file] = [mkdtempSync(join(folder, 'bin-')), join(folder, 'log')];
  // With --all-pods, kubectl writes the name of the pod before each line.
  const lines = log.split('\n').filter((line) => line !== '');
  writeFileSync(file, `${lines.map((line) => `[pod/oidc-authz-7d9c-x/oidc-authz] ${line}`).join('\n')}\n`);
  writeFileSync(join(bin, 'kubectl'), `#!/bin/sh\ncat '${file}'\n`);
  chmodSync(join(bin, 'kubectl'), 0o755);
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, NS: 'oidc-authz', REQUEST_ID: 'r-1' };
  const { stdout } = await promisify(execFile)('bash', ['-c', `${command} || true`], { env });
  return stdout;
}

const plain = fileFor('ISSUER').replace('grpc: {', 'grpc: {enabled: false, ');

const newKey = () => `${randomBytes(32).toString('base64')}\n`;

/** A configuration with a login. */
const withLogin = (keysFile: string) =>
  `${plain.replace('name: main', 'name: main, login: {clientId: shop, clientAuthentication: none}')}
login: {hosts: [orders.example.com]}
sessions: {keysFile: ${keysFile}}
`;

/** Starts a service whose issuer fails for longer than the command's `--since`; `recent` is its log within that time. */
async function withFailingIssuer(
  command: string,
  begin: (issuer: FakeIssuer) => void,
  hasKeysFirst: boolean,
) {
  const issuer = await startFakeIssuer();
  onTestFinished(issuer.close);
  if (!hasKeysFirst) begin(issuer);
  const clock = createTestClock();
  const running = await runApp({ issuer, clock, file: plain, untilReady: hasKeysFirst });
  stopByClock(running, clock);
  await until(() => running.records.some(({ state }) => state !== undefined));
  begin(issuer);
  const pass = async (milliseconds: number) => {
    for (let passed = 0; passed < milliseconds; passed += 20_000) {
      const requests = issuer.hits.jwks + issuer.hits.discovery;
      await clock.advance(20_000);
      // The issuer is a real server, which answers in real time.
      if (issuer.hits.jwks + issuer.hits.discovery > requests) await settled();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  await pass(30 * 60_000);
  const written = running.logText().length;
  await pass(sinceOf(command));
  return { ...running, clock, recent: () => running.logText().slice(written) };
}

const fail: FakeIssuer['jwks'] = (_, response) => void response.writeHead(500).end();
const jwksFail = (issuer: FakeIssuer) => {
  issuer.jwks = fail;
};
const keysMove = (issuer: FakeIssuer) => {
  issuer.discovery = (_, response) =>
    sendJson(response, { issuer: issuer.url, jwks_uri: `http://localhost:${issuer.port}/jwks` });
};
const everythingFails = (issuer: FakeIssuer) => {
  [issuer.jwks, issuer.discovery] = [fail, fail];
};

async function logAfterRequest(
  service: RunningApp,
  lines: readonly string[] = [],
  path = '/',
): Promise<string> {
  await exchange(service.httpPort, request('GET', path, lines));
  return service.logText();
}

/** The log of a process after a file was overwritten with invalid content. */
async function logAfterOverwrite(
  configOf: (file: string) => string,
  contents: readonly [string, string],
  message: string,
) {
  const issuer = await startFakeIssuer();
  onTestFinished(issuer.close);
  const [config, file] = [join(folder, 'config.yaml'), join(folder, 'file')];
  const [before, after] = contents;
  writeFileSync(file, before);
  writeFileSync(config, configOf(file).replaceAll('ISSUER', issuer.url));
  const service = startProcess(['--config', config]);
  await service.record(({ state }) => state === 'ready');
  writeFileSync(configOf(file).includes(file) ? file : config, after);
  await service.record(({ msg }) => String(msg).includes(message));
  return service.output();
}

/** The log of a service in the state that a page describes, by the name of the page. */
const states: Readonly<Record<string, (command: string) => Promise<string>>> = {
  OidcAuthzDenialsJump: async () => logAfterRequest(await startApp()),
  OidcAuthzCrossCheckDiffers: async () => {
    const lines: string[] = [];
    const logger = createLogger('info', { write: (line: string) => void lines.push(line) });
    const { onDifference } = createCrossCheckEvents({ crossChecked: () => {} }, logger, systemClock);
    onDifference({ reason: 'allowed', jose: 'ERR_JWT_EXPIRED', issuer: 'main', kid: 'k1', alg: 'RS256' });
    return lines.join('');
  },
  OidcAuthzStoreAway: async () => {
    const keys = join(folder, 'keys-with-store');
    writeFileSync(keys, newKey());
    const service = await startApp({
      file: `${withLogin(keys)}state: {valkey: {urls: ["redis://127.0.0.1:9"]}}\n`,
    });
    await until(() => service.records.some(({ msg }) => msg === 'the store is not connected'));
    return service.logText();
  },
  OidcAuthzLoginsFail: async () => logOfLogins((events) => events.loginFinished('main', 'failed', {})),
  OidcAuthzLoginsLost: async () => {
    const keys = join(folder, 'keys');
    writeFileSync(keys, newKey());
    const service = await startApp({ file: withLogin(keys) });
    const state = `again.${randomBytes(32).toString('base64url')}`;
    const path = `/.oidc-authz/callback?code=x&state=${state}`;
    return logAfterRequest(service, ['accept: text/html'], path);
  },
  OidcAuthzLoginUnavailable: async () =>
    logOfLogins((events) => events.loginFinished('main', 'unavailable', { detail: 'no connection' })),
  OidcAuthzSessionRefreshesFailing: async () =>
    logOfLogins((events) => events.refreshed('main', 'unavailable', 'no connection')),
  OidcAuthzSessionCookiesNotDelivered: async () =>
    logOfLogins((events) => events.cookieNotDelivered('shop.example.com')),
  OidcAuthzLogoutsFail: async () =>
    logOfLogins((events) => events.logoutToken('main', 'rejected', 'has no jti')),
  OidcAuthzSessionEndsLost: async () => logOfLogins((events) => events.endLost('list_full')),
  OidcAuthzSessionsTooLarge: async () =>
    logOfLogins((events) => events.sessionTooLarge('main', 'claim groups', 15_000)),
  OidcAuthzDenyListNotReloaded: () =>
    logAfterOverwrite(
      (file) => `${plain}denyList: {file: ${file}}\n`,
      ['[]', '[{issuer: 1}]'],
      'was not reloaded',
    ),
  OidcAuthzSessionKeysNotReloaded: () =>
    logAfterOverwrite(withLogin, [newKey(), 'not a key\n'], 'were not reloaded'),
  OidcAuthzReloadFailed: () => logAfterOverwrite(() => plain, ['', 'issuers: []\n'], 'was not reloaded'),
  OidcAuthzIncumbentUnavailable: async () =>
    logAfterRequest(await startApp({ file: `${plain}shadow: {authorizer: "http://127.0.0.1:9"}\n` })),
  OidcAuthzIssuerWithoutKeys: async (command) =>
    (await withFailingIssuer(command, everythingFails, false)).recent(),
  OidcAuthzNoReadyIssuer: async (command) =>
    (await withFailingIssuer(command, everythingFails, false)).recent(),
  OidcAuthzRefreshesFailing: async (command) => (await withFailingIssuer(command, jwksFail, true)).recent(),
  OidcAuthzKeysStale: async (command) => {
    const service = await withFailingIssuer(command, jwksFail, true);
    const claims = {
      iat: Math.floor(service.clock.now() / 1000),
      exp: Math.floor(service.clock.now() / 1000) + 300,
    };
    const token = await service.issuer.mint({ header: { kid: 'new' }, claims });
    const answer = exchange(service.httpPort, request('GET', '/', [`authorization: Bearer ${token}`]));
    await until(async () => {
      await service.clock.advance(100);
      return service.records.some(({ reason }) => reason === 'key_not_found');
    });
    await answer;
    return service.recent();
  },
  OidcAuthzKeysMoved: async (command) => {
    // If the keys cannot be fetched, the document is fetched again within a minute.
    const moveAway = (issuer: FakeIssuer) => {
      keysMove(issuer);
      jwksFail(issuer);
    };
    return (await withFailingIssuer(command, moveAway, true)).recent();
  },
  OidcAuthzConnectionsRejected: async () => {
    const service = await startApp({ file: plain });
    const socket = connect({ port: service.httpPort, host: '127.0.0.1' });
    await once(socket, 'error');
    await until(() => service.records.some(({ cause }) => cause === 'tls'));
    return service.logText();
  },
  OidcAuthzWorkersDying: () => logAfterWorkerExit(),
  OidcAuthzWorkersMissing: () => logAfterWorkerExit(),
  OidcAuthzCertificatesNotReloaded: () =>
    logAfterOverwrite(
      (file) => plain.replace('name: main', `name: main, caFile: ${file}`),
      [createAuthority().ca, 'no certificate'],
      'were not reloaded',
    ),
  OidcAuthzShadowModeLasts: async () => logAfterRequest(await startApp({ file: `${plain}mode: shadow\n` })),
  kyma: async () => logAfterRequest(await startApp(), ['x-request-id: r-1']),
  'what-now': async () => logAfterRequest(await startApp()),
};

/** The log of events of logins. */
function logOfLogins(happen: (events: LoginEvents) => void): string {
  const lines: string[] = [];
  const logger = createLogger('info', { write: (line: string) => void lines.push(line) });
  const metrics = createMetrics(
    { cacheEntries: () => 0, proofs: () => 0, issuers: () => [], workers: () => 1 },
    { version: '1', node: '2' },
  );
  happen(createLoginEvents({ logger, metrics, clock: systemClock, issuers: ['main'] }));
  return lines.join('');
}

async function logAfterWorkerExit(): Promise<string> {
  const issuer = await startFakeIssuer();
  onTestFinished(issuer.close);
  const ports = ['http', 'grpc', 'admin'].flatMap((name) => [
    `--${name}-port`,
    '0',
    `--${name}-host`,
    '127.0.0.1',
  ]);
  const words = ['--issuer', issuer.url, '--audience', 'orders-api', '--workers', '2', ...ports];
  const service = startProcess(words);
  await service.record(({ state }) => state === 'ready');
  await service.port('http');
  const children = () =>
    readFileSync(`/proc/${service.pid}/task/${service.pid}/children`, 'utf8').trim().split(' ').map(Number);
  await until(() => children().filter((pid) => pid > 0).length === 2);
  process.kill(children()[0] ?? 0, 'SIGKILL');
  await service.record(({ msg }) => String(msg).startsWith('a worker exited'));
  return service.output();
}

/** The problem of an issuer for each cause that the runbook names. */
const problems: Readonly<Record<string, () => Promise<string>>> = {
  'does not exist': () => problemOf('https://issuer.invalid'),
  'cannot be resolved': () => problemOf('https://issuer.invalid'),
  'no connection to': () => problemOf('http://127.0.0.1:9'),
  'was closed': async () => {
    const issuer = await startIssuer();
    issuer.discovery = (request) => void request.socket.destroy();
    return problemOf(issuer.url);
  },
  'its certificate is not valid for': async () => {
    const certificate = selfSigned(1);
    const url = await startSecure(certificate);
    return problemOf(url.replace('127.0.0.1', 'localhost'), `, caFile: ${certificate.certFile}`);
  },
  'does not use TLS': async () => problemOf((await startIssuer()).url.replace('http:', 'https:')),
  'uses TLS': async () => problemOf((await startSecure(selfSigned(1))).replace('https:', 'http:')),
  'the proxy …': () => problemOf('https://issuer.invalid', ', httpsProxy: "http://127.0.0.1:9"'),
  'an HTML or XML page': async () => {
    const issuer = await startIssuer();
    issuer.discovery = (_, response) => void response.writeHead(200).end('<html><body>Sign in</body></html>');
    return problemOf(issuer.url);
  },
  ENOTFOUND: () => problemOf('https://issuer.invalid'),
  EAI_AGAIN: () => problemOf('https://issuer.invalid'),
  ECONNREFUSED: () => problemOf('http://127.0.0.1:9'),
  'did not respond within': async () => {
    const issuer = await startIssuer();
    issuer.discovery = () => {};
    return problemOf(issuer.url);
  },
  'not trusted': async () => problemOf(await startSecure(createAuthority().issue('signed'))),
  'self-signed': async () => problemOf(await startSecure(selfSigned(1))),
  'has expired': async () => {
    const certificate = selfSigned(-1);
    return problemOf(await startSecure(certificate), `, caFile: ${certificate.certFile}`);
  },
  'status 5…': async () => {
    const issuer = await startIssuer();
    issuer.discovery = fail;
    return problemOf(issuer.url);
  },
  'status 4…': async () => problemOf(`${(await startIssuer()).url}/elsewhere`),
  'names the issuer "…"': async () => problemOf(`${(await startIssuer()).url}/`),
  'the jwks_uri moved from … to …': async () => {
    const { adminPort } = await withFailingIssuer('', keysMove, true);
    return readProblem(adminPort);
  },
  'no usable key': async () => {
    const issuer = await startIssuer();
    issuer.keys = [];
    return problemOf(issuer.url);
  },
};

async function startIssuer(): Promise<FakeIssuer> {
  const issuer = await startFakeIssuer();
  onTestFinished(issuer.close);
  return issuer;
}

/** Starts an HTTPS server with a certificate, and returns its URL. */
async function startSecure({ certFile, keyFile }: CertificateFiles): Promise<string> {
  const server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A self-signed certificate, valid for some days from now, or until some days ago. */
function selfSigned(days: number): CertificateFiles {
  const at = mkdtempSync(join(folder, 'own-'));
  const [certFile, keyFile, requestFile, names] = ['cert', 'key', 'request', 'names'].map((name) =>
    join(at, name),
  ) as [string, string, string, string];
  writeFileSync(names, 'subjectAltName = IP:127.0.0.1\n');
  const openssl = (words: string) => execFileSync('openssl', words.split(' '), { stdio: 'pipe' });
  openssl(
    `req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=own -keyout ${keyFile} -out ${requestFile}`,
  );
  openssl(
    `x509 -req -in ${requestFile} -signkey ${keyFile} -days ${days} -extfile ${names} -out ${certFile}`,
  );
  return { certFile, keyFile };
}

/** The problem of an issuer in `/readyz`. */
async function problemOf(issuer: string, more = ''): Promise<string> {
  const file = `${plain.replace('ISSUER', issuer).replace('name: main', `name: main${more}`)}keys: {timeout: 500ms}\n`;
  const service = await startApp({
    file,
    issuer: { url: '', close: async () => {} } as unknown as FakeIssuer,
    untilReady: false,
  });
  await until(() => service.records.some(({ problem }) => problem !== undefined));
  return readProblem(service.adminPort);
}

async function readProblem(adminPort: number): Promise<string> {
  const answer = await (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).json();
  return String((answer as { issuers: { problem: unknown }[] }).issuers[0]?.problem);
}

const named = rowsOf(readPage('runbooks/OidcAuthzNoReadyIssuer.md'), 'Diagnose').flatMap(([cell = '']) =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text),
);

test('covers every problem that the runbook of the issuers names', () => {
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((text) => problems[text] === undefined)).toEqual([]);
});

const unresolved = [
  ['ENOTFOUND', 'EAI_AGAIN'],
  ['does not exist', 'cannot be resolved'],
];

test.each(named)('the problem of the issuer contains: %s', async (text) => {
  const problem = await problems[text]?.();
  const [start = '', end = ''] = text.split('…');
  // Without a network, an unknown name may look like a DNS server that does not answer.
  const texts = unresolved.find((pair) => pair.includes(text)) ?? [start];
  expect(
    texts.some((one) => problem?.includes(one)),
    problem,
  ).toBe(true);
  expect(problem).toContain(end);
});

test('finds the commands', () => {
  expect(commands.length).toBeGreaterThan(12);
});

test.each(commands)(
  '$page: $command',
  async ({ page, command }) => {
    const log = await states[page]?.(command);
    expect(log).toBeDefined();
    expect(await outputOf(command, log ?? '')).toMatch(/\{"level":/);
  },
  120_000,
);

test('detects a command that finds nothing', async () => {
  expect(
    await outputOf('kubectl -n $NS logs deployment/oidc-authz | grep \'"state"\'', '{"level":"info"}'),
  ).toBe('');
});

test('the source contains each text that a command searches for', () => {
  const sources = globSync('src/**/*.ts', { cwd: root })
    .map((path) => readFileSync(join(root, path), 'utf8'))
    .join('');
  const alternatives = commands
    .flatMap(({ command }) =>
      [...command.matchAll(/grep -E '([^']+)'/g)].flatMap(([, text = '']) => text.split('|')),
    )
    .filter((text) => !sources.includes(text));
  expect(alternatives).toEqual([]);
});
