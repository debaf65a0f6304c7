import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { watchFiles } from '../../src/files/watch.ts';
import { createTestClock } from '../support/clock.ts';

function watched() {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-watch-'));
  const clock = createTestClock();
  const file = join(folder, 'file');
  let changes = 0;
  const watch = () =>
    watchFiles([file], clock, () => {
      changes++;
    });
  return { folder, file, clock, watch, changes: () => changes };
}

test('a file that is written anew is a change, once', async () => {
  const { file, clock, watch, changes } = watched();
  writeFileSync(file, 'one');
  watch();
  await clock.advance(5_000);
  expect(changes()).toBe(0);
  writeFileSync(file, 'another');
  await clock.advance(5_000);
  expect(changes()).toBe(1);
});

test('a link that is swapped two levels above is a change, as Kubernetes mounts a ConfigMap', async () => {
  const { folder, file, clock, watch, changes } = watched();
  const publish = (version: string) => {
    mkdirSync(join(folder, version));
    writeFileSync(join(folder, version, 'file'), 'same size');
    symlinkSync(version, join(folder, '..next'));
    renameSync(join(folder, '..next'), join(folder, '..data'));
  };
  publish('..1');
  symlinkSync('..data/file', file);
  watch();
  publish('..2');
  await clock.advance(1_000);
  expect(changes()).toBe(1);
});

test('a file that goes is no change, and its return is one', async () => {
  const { file, clock, watch, changes } = watched();
  writeFileSync(file, 'one');
  watch();
  rmSync(file);
  await clock.advance(3_000);
  expect(changes()).toBe(0);
  writeFileSync(file, 'one');
  await clock.advance(3_000);
  expect(changes()).toBe(1);
});

test('a file that cannot even be looked at ends nothing', async () => {
  const { folder, file, clock, watch, changes } = watched();
  writeFileSync(file, 'one');
  watch();
  rmSync(file);
  symlinkSync('file', join(folder, 'file'));
  await clock.advance(3_000);
  expect(changes()).toBe(0);
  rmSync(file);
  writeFileSync(file, 'two');
  await clock.advance(3_000);
  expect(changes()).toBe(1);
});

test('who stops hears no more', async () => {
  const { file, clock, watch, changes } = watched();
  const stop = watch();
  stop();
  writeFileSync(file, 'one');
  await clock.advance(3_000);
  expect(changes()).toBe(0);
});
