/** `oidc-authz compare`: the same to an oauth2-proxy and to a configuration, and every difference told. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../tools/envoy.ts';
import { findOauth2Proxy, startOauth2Proxy } from '../../tools/oauth2-proxy.ts';
import { fileFor, startApp } from '../support/app.ts';
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

/** An authorizer that lets everybody pass as somebody else, or only those with a token. */
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

describeWith('a real oauth2-proxy', await findOauth2Proxy(), (path) => {
  test('and what its settings became are answered alike, token by token', async () => {
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
    expect(lines).toEqual(['20 of 20 requests are answered alike']);
    expect(code).toBe(0);

    // With answers of our own only what is documented differs, and it is told once for all requests.
    const ownWay = write(
      'own-way.yaml',
      `${migratedConfiguration(flags)}compat: none\n`.replace(/^compat: oauth2-proxy\n/m, ''),
    );
    const other = await compare(
      ...[ownWay, '--oauth2-proxy', `http://127.0.0.1:${proxy.port}`, '--tokens', file, ...more],
    );
    expect(other.lines.slice(0, 3)).toEqual([
      '20 of 20 requests are answered alike, but for what is below',
      '',
      'expected, as docs/migrating-from-oauth2-proxy.md says:',
    ]);
    expect(other.lines.length).toBeLessThan(10);
    expect(other.code).toBe(0);
  });
});

describe('differences', () => {
  test('are told one by one, by the line of the token, and never with a token', async () => {
    const issuer = await issuerOfTest();
    const [url, token] = [await startLax(), await issuer.mint()];
    const config = write('own.yaml', `${fileFor(issuer.url)}outputTokenToHeader: x-token\n`);
    const asked = ['--config', config, '--oauth2-proxy', url, '--tokens', write('one', `\n${token}`)];
    const { code, lines } = await compare(...asked);
    expect(lines).toEqual([
      '0 of 2 requests are answered alike',
      '',
      'decided otherwise:',
      '  no token, GET /: outcome: oauth2-proxy 200, oidc-authz 401',
      '',
      'another caller is named:',
      '  line 2, GET /: x-auth-request-user: another value',
      '  line 2, GET /: x-token: only oidc-authz has it',
      '',
      'expected, as docs/migrating-from-oauth2-proxy.md says:',
      '  gap-auth: only oauth2-proxy has it (1 request); nobody is named there but with `compat: oauth2-proxy`',
    ]);
    expect(code).toBe(1);
    const shown = await compare(...asked, '--show-values');
    expect(shown.lines).toContain(
      '  line 2, GET /: x-auth-request-user: another value: oauth2-proxy "mallory", oidc-authz "alice"',
    );
    expect(shown.lines).toContain('  line 2, GET /: x-token: only oidc-authz has it: "<the token>"');
    expect(shown.lines.join()).not.toContain(token.slice(20));
  });

  test('only of the caller that is named are enough to fail', async () => {
    const issuer = await issuerOfTest();
    const url = await startLax({ needsToken: true });
    const config = write('own-caller.yaml', fileFor(issuer.url));
    const tokens = write('caller', await issuer.mint());
    const { code, lines } = await compare('--config', config, '--oauth2-proxy', url, '--tokens', tokens);
    expect(lines.slice(0, 4)).toEqual([
      '1 of 2 requests are answered alike, but for what is below',
      '',
      'another caller is named:',
      '  line 1, GET /: x-auth-request-user: another value',
    ]);
    expect(code).toBe(1);
  });

  test('with a service that runs already', async () => {
    const service = await startApp();
    const own = `http://127.0.0.1:${service.httpPort}`;
    const tokens = write('good', await service.issuer.mint());
    expect(await compare('--oauth2-proxy', own, '--oidc-authz', own, '--tokens', tokens)).toMatchObject({
      code: 0,
      lines: ['2 of 2 requests are answered alike'],
    });
  });

  test('nobody who answers is a difference', async () => {
    const issuer = await issuerOfTest();
    const url = `http://127.0.0.1:${await freePort()}`;
    const config = write('silent.yaml', fileFor(issuer.url));
    const { code, lines } = await compare(config, '--oauth2-proxy', url, '--tokens', write('none', ''));
    expect(code).toBe(1);
    expect(lines[3]).toMatch(
      /^ {2}no token, GET \/: oauth2-proxy: no answer from http:\S+ \(connect ECONNREFUSED/,
    );
  });
});

test.each([
  [[], 'flag --oauth2-proxy'],
  [['--oauth2-proxy', 'http://127.0.0.1:1'], 'flag --tokens'],
  [
    ['--oauth2-proxy', 'http://127.0.0.1:1/oauth2/auth', '--tokens', write('any', '')],
    'with nothing behind it',
  ],
  [['--oauth2-proxy', 'nowhere', '--tokens', write('empty', '')], 'expected a URL'],
  [['--oauth2-proxy', 'http://127.0.0.1:1', '--tokens', '/nowhere/tokens'], 'ENOENT'],
  [
    ['--oauth2-proxy', 'http://127.0.0.1:1', '--tokens', write('two words', 'a.b.c d')],
    ':1): expected one token',
  ],
  [['--oauth2-proxy', 'http://127.0.0.1:1', '--tokens', write('empty2', '')], 'at least one issuer'],
  [
    [
      '--oauth2-proxy',
      'http://127.0.0.1:1',
      '--tokens',
      write('empty3', ''),
      '--oidc-authz',
      'http://127.0.0.1:1',
      '--issuer',
      'x',
    ],
    'its own configuration',
  ],
])('%j is told what is wrong', async (args, message) => {
  const { code, errors } = await compare(...args);
  expect(errors).toContain(message);
  expect(errors).not.toContain('a.b.c');
  expect(code).toBe(2);
});
