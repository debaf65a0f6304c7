/** The token of `admin.tokenFile` in a running service. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readAdminToken } from '../../src/config/load/admin-token.ts';
import { systemFiles } from '../../src/runtime/files/file-snapshot.ts';
import { followFiles } from '../../src/runtime/files/follow.ts';
import { createAdminToken } from '../../src/service/admin-token.ts';
import { createTestClock } from '../support/clock.ts';

test('a changed file replaces the token; an invalid one is a problem, and the previous token stays', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'token');
  writeFileSync(file, 'first-first-first\n');
  const clock = createTestClock();
  const problems: (string | undefined)[] = [];
  const log: unknown[] = [];
  const logger = {
    info: (_: unknown, message: string) => log.push(message),
    error: (_: unknown, message: string) => log.push(message),
  };
  const token = createAdminToken(file, {
    files: followFiles(systemFiles, clock),
    logger: logger as never,
    problems: { adminTokenReloaded: (_, problem) => problems.push(problem) },
  });
  token.start();
  onTestFinished(token.stop);
  expect(token.current()).toBe('first-first-first');

  writeFileSync(file, 'second-second-second  \n');
  await clock.advance(2_000);
  expect(token.current()).toBe('second-second-second');

  writeFileSync(file, ' \n');
  await clock.advance(2_000);
  expect(token.current()).toBe('second-second-second');

  writeFileSync(file, 'third-third-third');
  await clock.advance(2_000);
  expect(token.current()).toBe('third-third-third');
  expect(problems).toEqual([undefined, expect.stringContaining('the file is empty'), undefined]);
  expect(log).toEqual([
    'the admin token was reloaded',
    'the admin token was not reloaded; the previous one stays in use',
    'the admin token was reloaded',
  ]);
  expect(JSON.stringify([problems, log])).not.toMatch(/first|second|third/);
});

test('a file without a token, or with several words or lines, is an error', () => {
  expect(() => readAdminToken(' \n')).toThrow('the file is empty');
  for (const text of ['a b', 'a\nb', ' a', 'é'])
    expect(() => readAdminToken(text)).toThrow('one line of visible ASCII characters');
  expect(readAdminToken('a~!-a~!-a~!-a~!-\r\n')).toBe('a~!-a~!-a~!-a~!-');
});

test('a token that can be guessed is an error', () => {
  expect(() => readAdminToken('fifteen-letters\n')).toThrow('has 15 characters, and must have at least 16');
});
