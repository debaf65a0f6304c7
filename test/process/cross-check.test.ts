/** The cross-check in the process: when jose is loaded, and several workers. */
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../support/app.ts';
import { audience, startFakeIssuer } from '../support/fake-issuer.ts';
import { exchange, request } from '../support/http1.ts';
import { startProcess } from '../support/process.ts';

/** Prints each module that a process loads. */
const printModules = `import { registerHooks } from 'node:module';
registerHooks({ load: (url, context, next) => { console.log('module', url); return next(url, context); } });`;

async function start(...flags: string[]) {
  const issuer = await startFakeIssuer();
  onTestFinished(() => issuer.close());
  const free = ['http', 'grpc', 'admin'].flatMap((one) => [
    `--${one}-host`,
    '127.0.0.1',
    `--${one}-port`,
    '0',
  ]);
  const service = startProcess(
    ['--issuer', issuer.url, '--audience', audience, '--shutdown-delay', '0s', ...free, ...flags],
    { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(printModules)}` },
  );
  await service.record(({ state }) => state === 'ready');
  const [http, admin] = [await service.port('http'), await service.port('admin')];
  return {
    service,
    check: async (subject: string) => {
      const token = await issuer.mint({ claims: { sub: subject } });
      const answer = await exchange(http, request('GET', '/', [`authorization: Bearer ${token}`]));
      return answer?.status;
    },
    agreed: async () => {
      const metrics = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
      return Number(/^oidc_authz_cross_checks_total\{result="agreed"\} (\d+)$/m.exec(metrics)?.[1]);
    },
  };
}

const comparison = /^module .*(\/node_modules\/jose\/|\/compare-verdicts\.ts)/m;

test('a service without crossCheck never loads jose', async () => {
  const { service, check, agreed } = await start();
  expect(await check('alice')).toBe(200);
  expect(await agreed()).toBe(0);
  service.child.kill('SIGTERM');
  expect(await service.exit).toBe(0);
  expect(service.output()).toMatch(/^module .*\/verifier\.ts$/m);
  expect(service.output()).not.toMatch(comparison);
});

test('a service with crossCheck loads jose with its first new token', async () => {
  const { service, check, agreed } = await start('--cross-check', '1');
  expect(service.output()).not.toMatch(comparison);
  expect(await check('alice')).toBe(200);
  await until(async () => (await agreed()) === 1);
  expect(service.output()).toMatch(comparison);
});

test('each worker cross-checks its own tokens, and the metric is their sum', async () => {
  const { check, agreed } = await start('--cross-check', '1', '--workers', '2');
  for (const subject of ['a', 'b', 'c', 'd', 'e', 'f']) expect(await check(subject)).toBe(200);
  await until(async () => (await agreed()) === 6);
});
