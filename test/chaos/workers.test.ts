/** Several workers on a busy core, under all faults at once. No worker ends, and a regular client gets only 200. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../support/app.ts';
import { connectGrpc } from '../support/grpc-client.ts';
import { createSigningKey } from '../support/keys.ts';
import { forgedToken, freshToken, startGuard } from './guard.ts';
import { askOnce } from './load.ts';

/** Processes that keep the core of the service busy. */
const busyProcesses = 12;

const restarted = 'oidc_authz_worker_restarts_total';
const listening = 'oidc_authz_workers';

/** Starts a service with two workers and busy processes on one core. They stop after the test. */
async function startOnBusyCore() {
  const guard = await startGuard(
    [
      '--workers',
      '2',
      '--keys-refresh-interval',
      '500ms',
      '--shutdown-delay',
      '0s',
      '--shutdown-timeout',
      '60s',
    ],
    'taskset -pc 0 $$ >&2;',
  );
  await guard.service.port('admin');
  // Each has its own session, because the scheduler divides the core by sessions.
  const busy = Array.from({ length: busyProcesses }, () =>
    spawn('taskset', ['-c', '0', 'sh', '-c', 'while :; do :; done'], { detached: true, stdio: 'ignore' }),
  );
  onTestFinished(() => {
    for (const process of busy) process.kill('SIGKILL');
  });
  const { pid } = guard.service;
  const workers = () =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  return { ...guard, workers };
}

test('LW1: 300 SIGHUPs, rotations, scrapes and unknown keys at once', { timeout: 300_000 }, async () => {
  const { issuer, httpPort, grpcPort, adminPort, service, workers, metric } = await startOnBusyCore();
  const [first] = issuer.keys;
  const headers = { authorization: `Bearer ${freshToken(issuer)}` };
  const grpc = connectGrpc(grpcPort);
  onTestFinished(() => grpc.close());
  const ask = async () => [await askOnce(httpPort, headers), (await grpc.check({ headers })).status?.code];
  // Each worker has cached the token.
  for (let check = 0; check < 6; check++) expect(await ask()).toEqual([200, 0]);
  const before = workers();

  let isOver = false;
  const answers = new Set<string>();
  const wellBehaved = (async () => {
    while (!isOver) answers.add(String(await ask()));
  })();
  const storms = [
    async (round: number) => {
      for (let signal = 0; signal < 30; signal++) service.child.kill('SIGHUP');
      issuer.keys = [first as NonNullable<typeof first>, await createSigningKey(`round-${round}`, 'EdDSA')];
    },
    async () => {
      const scrape = async () => (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
      await Promise.all(Array.from({ length: 20 }, scrape));
    },
    async (round: number) => {
      const unknown = (_: unknown, index: number) =>
        askOnce(httpPort, { authorization: `Bearer ${forgedToken(issuer, `unknown-${round}-${index}`)}` });
      expect(await Promise.all(Array.from({ length: 20 }, unknown))).not.toContain(200);
    },
  ];
  await Promise.all(
    storms.map(async (storm) => {
      for (let round = 0; round < 10; round++) await storm(round);
    }),
  );
  isOver = true;
  await wellBehaved;

  expect(answers).toEqual(new Set(['200,0']));
  expect(workers()).toEqual(before);
  expect([await metric(listening), await metric(restarted)]).toEqual([2, 0]);
  await until(() => service.output().includes('the configuration was reloaded'), 60);
});

test('LW2: all workers that are killed on a busy core are replaced', {
  timeout: 300_000,
}, async () => {
  const { issuer, httpPort, service, workers, metric } = await startOnBusyCore();
  const headers = { authorization: `Bearer ${freshToken(issuer)}` };
  const before = workers();
  for (const pid of before) process.kill(pid, 'SIGKILL');
  await until(async () => {
    service.child.kill('SIGHUP');
    return (await metric(listening)) === 2;
  }, 240);
  expect(workers().filter((pid) => before.includes(pid))).toEqual([]);
  expect(await metric(restarted)).toBe(2);
  expect(await askOnce(httpPort, headers)).toBe(200);
});

test('LW3: a stopped worker is replaced, and the other one stays', {
  timeout: 300_000,
}, async () => {
  const { issuer, httpPort, service, metric, workers } = await startGuardWithWorkers();
  const [stopped = 0, other = 0] = workers();
  process.kill(stopped, 'SIGSTOP');
  const token = `Bearer ${freshToken(issuer)}`;
  await service.record(
    ({ msg, pid }) => pid === stopped && String(msg).endsWith('another worker has replaced it'),
  );
  await until(async () => (await metric(listening)) === 2, 60);
  expect(workers()).toContain(other);
  expect(workers()).not.toContain(stopped);
  expect(await metric(restarted)).toBe(1);
  for (let check = 0; check < 4; check++) expect(await askOnce(httpPort, { authorization: token })).toBe(200);
});

async function startGuardWithWorkers() {
  const guard = await startGuard(['--workers', '2']);
  await guard.service.port('admin');
  const { pid } = guard.service;
  const workers = () =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  return { ...guard, workers };
}
