/** The listener of the login in a running process: when it is loaded, what it answers, and which Node flags it needs. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { exchange } from '../support/http1.ts';
import { temporaryFile } from '../support/login-issuer.ts';
import { shop, startLoginParts } from '../support/login-service.ts';
import { startCommand, startProcess } from '../support/process.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const codeFlag = '--disallow-code-generation-from-strings';

/** The configuration of a service that signs people in. */
async function fileOf({ workers = 1, listener = true } = {}): Promise<string> {
  const { provider, file } = await startLoginParts();
  onTestFinished(() => provider.close());
  const text = listener
    ? file.replace(
        `{hosts: [${shop}]}`,
        `{hosts: [${shop}], listener: {enabled: true, host: 127.0.0.1, port: 0}}`,
      )
    : file;
  return temporaryFile(
    'oidc-authz.yaml',
    `${text}
rules: [{name: shop, match: {}, require: {login: [main]}}]
http: {host: 127.0.0.1, port: 0}
grpc: {enabled: false}
admin: {host: 127.0.0.1, port: 0}
workers: ${workers}
log: {checks: all}
shutdown: {delay: 0s, timeout: 5s}
`,
  );
}

/** The flags of the image, for this folder and the temporary files. */
function imageFlags(): string[] {
  const [, list = '[]'] = /^ENTRYPOINT (\[.*\])$/m.exec(readFileSync(`${root}Dockerfile`, 'utf8')) ?? [];
  const flags = (JSON.parse(list) as string[]).filter((word) => word.startsWith('--'));
  return [...flags.map((flag) => flag.replace('=/app', `=${root.slice(0, -1)}`)), '--allow-fs-read=/tmp'];
}

const get = (port: number, path: string, headers: readonly string[] = [], method = 'GET') =>
  exchange(
    port,
    [`${method} ${path} HTTP/1.1`, `host: ${shop}`, ...headers, 'connection: close', '', ''].join('\r\n'),
    { headOnly: method === 'HEAD' },
  );

/** Prints the URL of each loaded module. */
const printModules = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({ load: (url, context, next) => { console.log('module', url); return next(url, context); } });`)}`;

describe('without login.listener.enabled', () => {
  test('people sign in with the flags of the image, and no fastify is loaded', async () => {
    const file = await fileOf({ listener: false });
    const service = startCommand(process.execPath, [
      ...imageFlags(),
      '--import',
      printModules,
      'src/main.ts',
      '--config',
      file,
    ]);
    await service.record(({ state }) => state === 'ready');
    const answer = await get(await service.port('http'), '/cart', ['accept: text/html']);
    expect(answer?.status).toBe(302);
    expect(service.output()).toContain('/src/login/pages/pages.ts');
    expect(service.output()).not.toMatch(/\/fastify\/|transport\/login\/server/);
  });
});

describe.each([1, 2])('with login.listener.enabled and %i process(es)', (workers) => {
  test('the paths of the login are answered with their own status, and nothing else is', async () => {
    const service = startProcess(['--config', await fileOf({ workers })]);
    await service.record(({ state }) => state === 'ready');
    const port = await service.port('login');

    const signedOut = await get(port, '/.oidc-authz/signed-out', ['accept-language: de']);
    expect(signedOut?.status).toBe(200);
    expect(signedOut?.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(signedOut?.headers['content-security-policy']).toContain("default-src 'none'");
    expect(signedOut?.body).toContain('<title>Sie sind abgemeldet</title>');

    const start = await get(port, '/.oidc-authz/start?rd=%2Fcart');
    expect(start?.status).toBe(302);
    expect(start?.headers.location).toContain('code_challenge_method=S256');
    expect(start?.headers['set-cookie']).toMatch(/^__Host-oidc-authz-login-/);

    const user = await get(port, '/.oidc-authz/user');
    expect(user?.status).toBe(401);
    expect(user?.headers['www-authenticate']).toBe('Bearer');

    const head = await get(port, '/.oidc-authz/signed-out', [], 'HEAD');
    expect([head?.status, head?.body]).toEqual([200, '']);

    for (const path of ['/', '/cart', '/.oidc-authz', '/.oidc-authzz/start', '/.well-known/jwks.json'])
      expect((await get(port, path))?.status, path).toBe(404);
    expect((await get(port, '/.oidc-authz/nothing'))?.status).toBe(404);
    expect((await get(port, '/.oidc-authz/%73tart'))?.status).toBe(400);
    const otherHost =
      'GET /.oidc-authz/start HTTP/1.1\r\nhost: evil.example.com\r\nconnection: close\r\n\r\n';
    expect((await exchange(port, otherHost))?.status).toBe(404);

    const failed = await get(port, '/.oidc-authz/callback?state=x&code=y', ['accept: text/html']);
    const id = failed?.headers['x-oidc-authz-decision'];
    expect(failed?.status).toBeGreaterThanOrEqual(302);
    expect(failed?.status).toBeLessThan(500);
    if (id !== undefined) await service.record(({ decision }) => decision === id);

    service.child.kill('SIGTERM');
    expect(await service.exit).toBe(0);
  });

  test('the service does not start with the flags of the image, and says which flag is in the way', async () => {
    const file = await fileOf({ workers });
    const service = startCommand(process.execPath, [
      ...imageFlags(),
      ...(workers > 1 ? ['--allow-child-process'] : []),
      'src/main.ts',
      '--config',
      file,
    ]);
    expect(await service.exit).toBe(1);
    expect(service.errors()).toContain(
      `login.listener.enabled: the listener of the login cannot start, because Node may not compile code; start Node without ${codeFlag}, or set login.listener.enabled to false\n`,
    );
  });

  test('the service starts with all other flags of the image', async () => {
    const service = startCommand(process.execPath, [
      ...imageFlags().filter((flag) => flag !== codeFlag),
      ...(workers > 1 ? ['--allow-child-process'] : []),
      'src/main.ts',
      '--config',
      await fileOf({ workers }),
    ]);
    await service.record(({ state }) => state === 'ready');
    expect((await get(await service.port('login'), '/.oidc-authz/signed-out'))?.status).toBe(200);
  });
});
