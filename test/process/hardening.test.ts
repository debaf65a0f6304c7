/** The service with the Node flags of the image. */
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../support/app.ts';
import { audience, startFakeIssuer } from '../support/fake-issuer.ts';
import { exchange, request } from '../support/http1.ts';
import { type ServiceProcess, startCommand } from '../support/process.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const [, list = '[]'] = /^ENTRYPOINT (\[.*\])$/m.exec(readFileSync(`${root}Dockerfile`, 'utf8')) ?? [];
const flags = (JSON.parse(list) as string[])
  .filter((word) => word.startsWith('--'))
  .map((flag) => flag.replace('=/app', `=${root.slice(0, -1)}`));

const listeners = ['http', 'grpc', 'admin'].flatMap((name) => [
  `--${name}-host`,
  '127.0.0.1',
  `--${name}-port`,
  '0',
]);

async function startHardened(
  more: readonly string[] = [],
  options: readonly string[] = [],
): Promise<{ service: ServiceProcess; port: number; admin: number; token: string }> {
  const issuer = await startFakeIssuer();
  onTestFinished(() => issuer.close());
  const service = startCommand(process.execPath, [
    ...flags,
    ...more,
    'src/main.ts',
    '--issuer',
    issuer.url,
    '--audience',
    audience,
    ...listeners,
    ...options,
  ]);
  await service.record(({ state }) => state === 'ready');
  const [port, admin] = [await service.port('http'), await service.port('admin')];
  return { service, port, admin, token: await issuer.mint() };
}

describe('with the flags of the image, the service', () => {
  test('has restricted permissions, no `__proto__`, no `eval`, and no debugger', () => {
    for (const flag of [
      '--permission',
      '--disable-proto=delete',
      '--disable-sigusr1',
      '--disallow-code-generation-from-strings',
    ])
      expect(flags).toContain(flag);
    expect(flags.filter((flag) => /allow-(child-process|worker|addons|wasi|fs-write)/.test(flag))).toEqual(
      [],
    );
  });

  test('answers checks', async () => {
    const { port, token } = await startHardened();
    expect((await exchange(port, request('GET', '/', [`authorization: Bearer ${token}`])))?.status).toBe(200);
    expect((await exchange(port, request('GET', '/')))?.status).toBe(401);
  });

  test('has jose verify a new token, with crossCheck', async () => {
    const { port, admin, token } = await startHardened([], ['--cross-check', '1']);
    expect((await exchange(port, request('GET', '/', [`authorization: Bearer ${token}`])))?.status).toBe(200);
    await until(async () => {
      const metrics = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
      return metrics.includes('oidc_authz_cross_checks_total{result="agreed"} 1');
    });
  });

  test('writes a support bundle to standard output', async () => {
    const { admin } = await startHardened();
    const words = ['support-bundle', '--admin', `http://127.0.0.1:${admin}`, '--output', '-'];
    const bundle = startCommand(process.execPath, [...flags, 'src/main.ts', ...words]);
    expect(await bundle.exit).toBe(0);
    const { environment, services } = JSON.parse(bundle.output());
    expect(environment).toMatchObject({ hasPermissionModel: true, cores: expect.any(Number) });
    expect(services).toEqual([expect.objectContaining({ denials: [], readiness: expect.anything() })]);
  });

  test('opens no debugger on SIGUSR1', async () => {
    const { service, port, token } = await startHardened(['--inspect-port=0']);
    service.child.kill('SIGUSR1');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(service.errors()).not.toMatch(/Debugger|inspector/i);
    expect((await exchange(port, request('GET', '/', [`authorization: Bearer ${token}`])))?.status).toBe(200);
    expect(service.child.exitCode).toBeNull();
    expect(await isOpen(9229)).toBe(false);
  });
});

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
