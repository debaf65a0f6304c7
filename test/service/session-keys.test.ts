/** The keys of `sessions.keysFile` in a running service. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemFiles } from '../../src/runtime/files/file-snapshot.ts';
import { followFiles } from '../../src/runtime/files/follow.ts';
import { createSessionKeys } from '../../src/service/session-keys.ts';
import { createTestClock } from '../support/clock.ts';

const key = () => randomBytes(32).toString('base64');

function start() {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'keys');
  const clock = createTestClock();
  const events: unknown[] = [];
  const note = (...event: unknown[]) => events.push(event);
  const keys = createSessionKeys({
    files: followFiles(systemFiles, clock),
    logger: {
      info: (_: unknown, message: string) => note(message),
      error: (fields: object, message: string) => note(message, fields),
    } as never,
    problems: { sessionKeysReloaded: (_, problem) => note('problem', problem) },
    metrics: {
      sessionKeysLoaded: (count) => note('loaded', count),
      sessionKeysFailed: () => note('failed'),
    },
    onChange: () => note('changed'),
  });
  onTestFinished(keys.stop);
  return { file, clock, keys, events };
}

test('a changed file replaces the keys; an invalid one is a problem, and the previous keys stay', async () => {
  const { file, clock, keys, events } = start();
  const [first, second] = [key(), key()];
  writeFileSync(file, first);
  keys.use(file);
  const before = keys.current();
  expect(keys.ids()).toHaveLength(1);
  expect(keys.current()).toBe(before);
  expect(events.splice(0)).toEqual([['loaded', 1], ['changed']]);

  writeFileSync(file, `${second}\n${first}\n`);
  await clock.advance(2_000);
  expect(keys.ids()).toEqual([expect.any(String), before[0]?.id]);
  expect(keys.text()).toBe(`${second}\n${first}\n`);
  expect(events.splice(0)).toEqual([
    ['loaded', 2],
    ['changed'],
    ['problem', undefined],
    ['the session keys were reloaded'],
  ]);

  writeFileSync(file, first.slice(1));
  await clock.advance(2_000);
  expect(keys.ids()).toHaveLength(2);
  expect(keys.text()).toContain(second);
  const failed = events.splice(0);
  expect(failed).toEqual([
    ['failed'],
    ['problem', expect.stringContaining('line 1')],
    ['the session keys were not reloaded; the previous ones stay in use', expect.anything()],
  ]);
  expect(JSON.stringify(failed)).not.toContain(first.slice(1, 12));
});

test('another file replaces the first one; one that cannot be used does not', async () => {
  const { file, clock, keys } = start();
  const [first, second] = [key(), key()];
  writeFileSync(file, first);
  writeFileSync(`${file}2`, 'nothing');
  keys.use(file);
  const [id] = keys.ids();
  expect(() => keys.use(`${file}2`)).toThrow('line 1');
  expect(() => keys.use(`${file}3`)).toThrow('ENOENT');
  expect(keys.ids()).toEqual([id]);

  writeFileSync(`${file}2`, second);
  keys.use(`${file}2`);
  expect(keys.text()).toBe(second);
  writeFileSync(file, key());
  await clock.advance(2_000);
  expect(keys.text()).toBe(second);

  keys.use(undefined);
  expect(keys.current()).toEqual([]);
  expect(keys.text()).toBe('');
});
