/** Processes that cannot be started, and a process that sends no messages. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createForkWorker } from '../../../src/cli/serve/fork-worker.ts';
import type { Worker } from '../../../src/service/workers/protocol.ts';

const exitOf = (worker: Worker) => new Promise<number | string>((resolve) => worker.onExit(resolve));

function program(code: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-fork-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'program.mjs'), code);
  return join(folder, 'program.mjs');
}

test('a process that cannot be started is reported as exited with the cause, and ignores messages', async () => {
  const { execPath } = process;
  onTestFinished(() => {
    process.execPath = execPath;
  });
  process.execPath = '/nowhere/node';
  const worker = createForkWorker('main.js', () => {})();
  worker.send({ kind: 'report' });
  worker.kill();
  expect(await exitOf(worker)).toMatch(/ENOENT/);
});

test('a start that throws is reported as exited', async () => {
  const { execPath } = process;
  onTestFinished(() => {
    process.execPath = execPath;
  });
  process.execPath = 'no\0path';
  const worker = createForkWorker('main.js', () => {})();
  worker.send({ kind: 'report' });
  worker.kill();
  expect(await exitOf(worker)).toMatch(/null bytes/);
});

test('a process that closes its channel and keeps running is killed', async () => {
  const worker = createForkWorker(program('setInterval(() => {}, 1000); process.disconnect();'), () => {})();
  expect(await exitOf(worker)).toBe('SIGKILL');
});

test('a process that exits reports how, and gets no signals of this process group', async () => {
  const code = `
    import { readFileSync } from 'node:fs';
    const group = readFileSync('/proc/self/stat', 'utf8').split(' ')[4];
    process.exit(Number(group) === process.pid ? 7 : 8);`;
  expect(await exitOf(createForkWorker(program(code), () => {})())).toBe(7);
});

test('a process that does not listen yet exits with its parent', async () => {
  let end = () => {};
  const start = createForkWorker(program('setInterval(() => {}, 1000);'), (atEnd) => {
    end = atEnd;
  });
  const workers = [start(), start()];
  end();
  expect(await Promise.all(workers.map(exitOf))).toEqual(['SIGKILL', 'SIGKILL']);
});
