/** The console of a running process: when it is loaded, and which Node flags it needs. */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../support/app.ts';
import { audience, startFakeIssuer } from '../support/fake-issuer.ts';
import { type ServiceProcess, startCommand, startProcess } from '../support/process.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const listeners = ['http', 'grpc', 'admin'].flatMap((name) => [
  `--${name}-host=127.0.0.1`,
  `--${name}-port=0`,
]);

/** The arguments of a service whose issuer runs. */
async function argumentsOf(...more: readonly string[]): Promise<string[]> {
  const issuer = await startFakeIssuer();
  onTestFinished(() => issuer.close());
  return [`--issuer=${issuer.url}`, `--audience=${audience}`, '--shutdown-delay=0s', ...listeners, ...more];
}

/** The flags of the image, for this folder. */
function imageFlags(): string[] {
  const [, list = '[]'] = /^ENTRYPOINT (\[.*\])$/m.exec(readFileSync(`${root}Dockerfile`, 'utf8')) ?? [];
  return (JSON.parse(list) as string[])
    .filter((word) => word.startsWith('--'))
    .map((flag) => flag.replace('=/app', `=${root.slice(0, -1)}`));
}

async function get(service: ServiceProcess, path: string, options: http.RequestOptions = {}) {
  const port = await service.port('admin');
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    http
      .get({ host: '127.0.0.1', port, path, agent: false, ...options }, (response) => {
        let body = '';
        response.on('data', (chunk) => {
          body += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      })
      .on('error', reject);
  });
}

/** Prints the URL of each loaded module. */
const printModules = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({ load: (url, context, next) => { console.log('module', url); return next(url, context); } });`)}`;

describe('without admin.console.enabled', () => {
  test('the service loads no fastify and no page, and /console is 404', async () => {
    const service = startCommand(process.execPath, [
      '--import',
      printModules,
      'src/main.ts',
      ...(await argumentsOf()),
    ]);
    await service.record(({ state }) => state === 'ready');
    expect((await get(service, '/console')).status).toBe(404);
    expect((await get(service, '/console/explain')).status).toBe(404);
    expect(service.output()).toContain('/src/transport/admin/server.ts');
    expect(service.output()).not.toMatch(/\/fastify\/|transport\/console|service\/console|recent-checks/);
  });
});

describe('with admin.console.enabled', () => {
  test('the console shows the checks of all workers', async () => {
    const service = startProcess(await argumentsOf('--admin-console-enabled', '--workers=2'));
    await service.record(({ state }) => state === 'ready');
    const port = await service.port('http');
    await service.record(({ msg }) => String(msg).startsWith('the console is enabled'));
    for (let index = 0; index < 20; index++)
      await new Promise((resolve, reject) => {
        const options = { host: '127.0.0.1', port, path: '/orders', agent: false };
        http.get(options, (response) => response.resume().on('end', resolve)).on('error', reject);
      });
    await until(async () => {
      const { body } = await get(service, '/console/checks');
      return /token_missing<\/a><\/th><td>.*?<\/td><td class="number">20<\/td>/.test(body);
    });
    expect((await get(service, '/console')).body).toContain('2 of 2');
  });

  test('the check listeners answer /console as a check', async () => {
    const service = startProcess(await argumentsOf('--admin-console-enabled'));
    const port = await service.port('http');
    const { status, body } = await get(service, '/console', { port });
    expect([status, body.includes('<html')]).toEqual([401, false]);
  });

  test('the console is denied to 127.0.0.6, from which a sidecar delivers the requests of other machines', async () => {
    const service = startProcess(await argumentsOf('--admin-console-enabled'));
    expect((await get(service, '/console')).status).toBe(200);
    const answer = await get(service, '/console', { localAddress: '127.0.0.6' });
    expect([answer.status, answer.body]).toEqual([403, expect.stringContaining('kubectl port-forward')]);
  });

  test('the service does not start with the flags of the image, and says which flag is in the way', async () => {
    const args = await argumentsOf('--admin-console-enabled');
    const service = startCommand(process.execPath, [...imageFlags(), 'src/main.ts', ...args]);
    expect(await service.exit).toBe(1);
    expect(service.errors()).toBe(
      'oidc-authz: admin.console.enabled: the console cannot start, because Node may not compile code; start Node without --disallow-code-generation-from-strings, or set admin.console.enabled to false\n',
    );
  });

  test('the service starts with all other flags of the image', async () => {
    const flags = imageFlags().filter((flag) => flag !== '--disallow-code-generation-from-strings');
    const args = await argumentsOf('--admin-console-enabled');
    const service = startCommand(process.execPath, [...flags, 'src/main.ts', ...args]);
    await service.record(({ state }) => state === 'ready');
    for (const path of ['', '/issuers', '/checks', '/denials', '/explain'])
      expect((await get(service, `/console${path}`)).status).toBe(200);
    service.child.kill('SIGTERM');
    expect(await service.exit).toBe(0);
  });
});
