/**
 * `oidc-authz compare`: the same requests to oauth2-proxy and to a configuration, and the report of every difference.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findOauth2Proxy, startOauth2Proxy } from '../../tools/oauth2-proxy.ts';
import { fileFor, startApp } from '../support/app.ts';
import { closedPort } from '../support/closed-port.ts';
import { audience, type FakeIssuer, startFakeIssuer } from '../support/fake-issuer.ts';
import { startProcess } from '../support/process.ts';
import { describeWith } from '../support/real-servers.ts';
import { publishWhole } from './golden.ts';
import { migratedConfiguration, seedFlags } from './seed.ts';

const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-compare-'));

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

async function issuerOfTest(): Promise<FakeIssuer> {
  const issuer = publishWhole(await startFakeIssuer());
  onTestFinished(issuer.close);
  return issuer;
}

async function compare(...args: string[]) {
  const run = startProcess(['compare', ...args]);
  const code = await run.exit;
  return { code, lines: run.output().trimEnd().split('\n'), errors: run.errors() };
}

/** An authorizer that allows all requests as another caller, or only those with a token. */
async function startLax({ needsToken = false } = {}): Promise<string> {
  const server = createServer(({ headers }, response) =>
    needsToken && headers.authorization === undefined
      ? response.writeHead(401).end()
      : response
          .writeHead(200, { 'x-auth-request-user': 'mallory', 'gap-auth': 'mallory' })
          .end('Authenticated'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that gives every request the same response. */
async function startAnswering(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An authorizer that redirects to the cleaned path, as a Go router does, and allows all other requests. */
function startCleaning(): Promise<string> {
  return startAnswering(({ url = '', headers }, response) =>
    url.includes('//')
      ? response.writeHead(301, { location: url.replaceAll(/\/+/g, '/') }).end()
      : response
          .writeHead(200, headers.authorization === undefined ? {} : { 'x-auth-request-user': 'alice' })
          .end(),
  );
}

function startRefusing(): Promise<string> {
  return startAnswering((_, response) => response.writeHead(401).end());
}

/** A server that writes the same text to every connection and closes it. */
async function startRaw(text: string): Promise<string> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => (text === '' ? socket.resetAndDestroy() : socket.end(text)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describeWith('a real oauth2-proxy', await findOauth2Proxy(), (path) => {
  test('and its migrated settings give the same responses, token by token', async () => {
    const issuer = await issuerOfTest();
    const flags = seedFlags(issuer.url, audience);
    const proxy = await startOauth2Proxy(path, [...flags, '--email-domain=*']);
    onTestFinished(proxy.stop);
    const tokens = [
      await issuer.mint({ claims: { email: 'a@example.com', groups: ['a', 'b'] } }),
      `Bearer ${await issuer.mint()}`,
      await issuer.mint({ claims: { exp: 1 } }),
      'garbage',
    ];
    const config = write('same.yaml', migratedConfiguration(flags));
    const file = write('tokens', `# some tokens\n${tokens.join('\n\n')}\n`);
    const more = ['--path', '/', '--path', '/orders?x=1', '--method', 'GET', '--method', 'POST'];
    const { code, lines } = await compare(
      ...[config, '--oauth2-proxy', `http://127.0.0.1:${proxy.port}`, '--tokens', file, ...more],
    );
    expect(lines).toEqual([
      '20 of 20 requests have the same answer',
      'allowed: 8 by oauth2-proxy, 8 by oidc-authz',
    ]);
    expect(code).toBe(0);

    // Without `compat` only documented differences remain, each reported once for all requests.
    const ownWay = write(
      'own-way.yaml',
      `${migratedConfiguration(flags)}compat: none\n`.replace(/^compat: oauth2-proxy\n/m, ''),
    );
    const other = await compare(
      ...[ownWay, '--oauth2-proxy', `http://127.0.0.1:${proxy.port}`, '--tokens', file, ...more],
    );
    expect(other.lines.slice(0, 4)).toEqual([
      '20 of 20 requests have the same answer, except for the differences below',
      'allowed: 8 by oauth2-proxy, 8 by oidc-authz',
      '',
      'expected differences (see docs/migrating-compat.md):',
    ]);
    expect(other.lines.length).toBeLessThan(11);
    expect(other.code).toBe(0);
  });
});

describe('differences', () => {
  test('are listed one by one, by the line of the token and without the token', async () => {
    const issuer = await issuerOfTest();
    const [url, token] = [await startLax(), await issuer.mint()];
    const config = write('own.yaml', `${fileFor(issuer.url)}outputTokenToHeader: x-token\n`);
    const flags = ['--config', config, '--oauth2-proxy', url, '--tokens', write('one', `\n${token}`)];
    const { code, lines } = await compare(...flags);
    expect(lines).toEqual([
      '0 of 2 requests have the same answer',
      'allowed: 2 by oauth2-proxy, 1 by oidc-authz',
      '',
      'different decision:',
      '  no token, GET /: outcome: oauth2-proxy 200, oidc-authz 401',
      '',
      'different caller:',
      '  line 2, GET /: x-auth-request-user: another value',
      '  line 2, GET /: x-token: only oidc-authz has it',
      '',
      'expected differences (see docs/migrating-compat.md):',
      '  gap-auth: only oauth2-proxy has it (1 request); only `compat: oauth2-proxy` sets this header',
    ]);
    expect(code).toBe(1);
    const withValues = await compare(...flags, '--show-values');
    expect(withValues.lines).toContain(
      '  line 2, GET /: x-auth-request-user: another value: oauth2-proxy "mallory", oidc-authz "alice"',
    );
    expect(withValues.lines).toContain('  line 2, GET /: x-token: only oidc-authz has it: "<the token>"');
    expect(withValues.lines.join()).not.toContain(token.slice(20));
  });

  test('in only the named caller are enough to fail', async () => {
    const issuer = await issuerOfTest();
    const url = await startLax({ needsToken: true });
    const config = write('own-caller.yaml', fileFor(issuer.url));
    const tokens = write('caller', await issuer.mint());
    const { code, lines } = await compare('--config', config, '--oauth2-proxy', url, '--tokens', tokens);
    expect(lines.slice(0, 5)).toEqual([
      '1 of 2 requests have the same answer, except for the differences below',
      'allowed: 1 by oauth2-proxy, 1 by oidc-authz',
      '',
      'different caller:',
      '  line 1, GET /: x-auth-request-user: another value',
    ]);
    expect(code).toBe(1);
  });

  test('with a service that already runs', async () => {
    const service = await startApp();
    const own = `http://127.0.0.1:${service.httpPort}`;
    const tokens = write('good', await service.issuer.mint());
    expect(await compare('--oauth2-proxy', own, '--oidc-authz', own, '--tokens', tokens)).toMatchObject({
      code: 0,
      lines: ['2 of 2 requests have the same answer', 'allowed: 1 by oauth2-proxy, 1 by oidc-authz'],
    });
  });

  test('of an ambiguous path, and of a valid token on an open path, are expected', async () => {
    const issuer = await issuerOfTest();
    const url = await startCleaning();
    const rules = 'rules:\n- {name: open, match: {paths: [/open]}, allow: anonymous}\nnoRuleMatches: token\n';
    const config = write('cleaned.yaml', `${fileFor(issuer.url)}${rules}`);
    const tokens = write('cleaned', await issuer.mint());
    const paths = ['--path', '/open', '--path', '//orders'];
    const flags = ['--config', config, '--oauth2-proxy', url, '--tokens', tokens];
    const { code, lines } = await compare(...flags, ...paths);
    expect(lines.slice(0, 2)).toEqual([
      '4 of 4 requests have the same answer, except for the differences below',
      'allowed: 2 by oauth2-proxy, 2 by oidc-authz',
    ]);
    const differences = lines.filter((line) => line.startsWith('  '));
    const cleaned =
      'oauth2-proxy redirects to the path without `//`, `/./` and `/../`; oidc-authz denies an ambiguous path';
    const open = 'on an open path, oidc-authz ignores the token and names no caller';
    expect(differences).toContain(`  status: oauth2-proxy 301, oidc-authz 400 (2 requests); ${cleaned}`);
    expect(differences).toContain(`  location: only oauth2-proxy has it (2 requests); ${cleaned}`);
    expect(differences).toContain(`  x-auth-request-user: only oauth2-proxy has it (1 request); ${open}`);
    expect(lines.join('\n')).not.toContain('compatInvalidTokenStatus');
    expect(code).toBe(0);
  });

  test('without any allowed request are marked as weak', async () => {
    const issuer = await issuerOfTest();
    const config = write('refusing.yaml', fileFor(issuer.url));
    const flags = [
      '--config',
      config,
      '--oauth2-proxy',
      await startRefusing(),
      '--tokens',
      write('bad', 'x'),
    ];
    const { code, lines } = await compare(...flags);
    expect(lines.slice(1, 3)).toEqual([
      'allowed: 0 by oauth2-proxy, 0 by oidc-authz',
      expect.stringMatching(/^WARNING: neither allowed any request, /),
    ]);
    expect(code).toBe(0);
  });
});

describe('without a response', () => {
  test.each([
    ['nothing listens', async () => `http://127.0.0.1:${closedPort}`, 'nothing listens at this URL'],
    [
      'it does not use TLS',
      async () => (await startRefusing()).replace('http', 'https'),
      'try http:// instead of https://',
    ],
    ['it does not use HTTP', () => startRaw('hello\r\n'), 'the server does not use HTTP'],
    ['it closes every connection', () => startRaw(''), 'the server closes the connection without an answer'],
    [
      'it uses TLS, and answers as a server in Go',
      () =>
        startRaw(
          'HTTP/1.0 400 Bad Request\r\nContent-Length: 48\r\n\r\nClient sent an HTTP request to an HTTPS server.\n',
        ),
      'try https:// instead of http://',
    ],
  ])('%s is reported once, with exit code 2', async (_, start, message) => {
    const issuer = await issuerOfTest();
    const config = write('silent.yaml', fileFor(issuer.url));
    const tokens = write('three', 'x\ny\nz');
    const { code, errors, lines } = await compare(
      config,
      '--oauth2-proxy',
      await start(),
      '--tokens',
      tokens,
    );
    expect(errors).toContain('(flag --oauth2-proxy): ');
    expect(errors).toContain(message);
    expect(errors.match(/--oauth2-proxy/g)).toHaveLength(1);
    expect([code, lines]).toEqual([2, ['']]);
  });
});

test.each([
  [[], 'flag --oauth2-proxy'],
  [['--oauth2-proxy', 'http://127.0.0.1:1'], 'flag --tokens'],
  [['--oauth2-proxy', 'http://127.0.0.1:1/oauth2/auth', '--tokens', write('any', 'x')], 'without a path'],
  [['--oauth2-proxy', 'nowhere', '--tokens', write('empty', 'x')], 'expected a URL'],
  [['--oauth2-proxy', 'http://127.0.0.1:1', '--tokens', '/nowhere/tokens'], 'ENOENT'],
  [
    ['--oauth2-proxy', 'http://127.0.0.1:1', '--tokens', write('no token', '\n# none\n')],
    'the file has no token',
  ],
  [
    ['--oauth2-proxy', 'http://127.0.0.1:1', '--tokens', write('two words', 'a.b.c d')],
    ':1): expected one token',
  ],
  [['--oauth2-proxy', 'http://127.0.0.1:1', '--tokens', write('empty2', 'x')], 'at least one issuer'],
  [
    [
      '--oauth2-proxy',
      'http://127.0.0.1:1',
      '--tokens',
      write('empty3', 'x'),
      '--oidc-authz',
      'http://127.0.0.1:1',
      '--issuer',
      'x',
    ],
    'its own configuration',
  ],
])('%j is rejected', async (args, message) => {
  const { code, errors } = await compare(...args);
  expect(errors).toContain(message);
  expect(errors).not.toContain('a.b.c');
  expect(code).toBe(2);
});
