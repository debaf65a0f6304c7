/** `docs/login.md`: its configuration, its rules and the commands of its steps work as written. */
import { execFile } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { blocksOf, readPage } from '../support/pages.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const blocks = blocksOf(readPage('login.md'));
const [configuration, rules] = blocks.filter(({ language }) => language === 'yaml').map(({ text }) => text);
const [createFiles, checkConfig] = blocks.filter(({ language }) => language === 'sh').map(({ text }) => text);

test('check-config accepts the configuration and the rules, with the files that step 2 creates', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'oidc-authz.yaml');
  const run = (script = '') =>
    promisify(execFile)(
      'sh',
      ['-e', '-c', script.replace('npm start --silent --', `'${process.execPath}' '${main}'`)],
      {
        cwd: folder,
      },
    );
  const codeOf = (running: Promise<unknown>) =>
    running.then(
      () => 0,
      ({ code }) => code,
    );
  expect(checkConfig).toContain('npm start --silent -- check-config oidc-authz.yaml');

  writeFileSync(file, configuration ?? '');
  expect(await codeOf(run(checkConfig))).not.toBe(0);
  await run(createFiles);
  const { stdout } = await run(checkConfig);
  expect(stdout).toContain('https://shop.example.com/.oidc-authz/callback');

  appendFileSync(file, rules ?? '');
  expect(rules).toContain('rules:');
  expect((await run(checkConfig)).stdout).toContain('https://shop.example.com/.oidc-authz/callback');
});
