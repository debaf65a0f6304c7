/** The commands of the documentation that run `doctor` and `explain` in a pod. A shell runs each one with a `kubectl` that runs the real command. */
import { execFile } from 'node:child_process';
import { chmodSync, globSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { declarations } from '../../src/tools/doctor/declarations.ts';
import { fileFor, type RunningApp, runApp } from '../support/app.ts';
import { decisionIdOf } from '../support/decision-ids.ts';
import { type FakeIssuer, startFakeIssuer } from '../support/fake-issuer.ts';
import { exchange, request } from '../support/http1.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-tools-'));
const pages = globSync(['docs/runbooks/*.md', 'docs/troubleshoot.md', 'docs/doctor-live.md'], {
  cwd: root,
}).map((page) => ({ page: basename(page, '.md'), text: readFileSync(join(root, page), 'utf8') }));
const commands = pages.flatMap(({ page, text }) =>
  [
    ...text
      .replaceAll('\\\n', '')
      .matchAll(/^ *(?:.* \| xargs -I\{\} +)?(kubectl [^|\n]* exec [^|\n]*\/app\/dist\/main\.js .*)$/gm),
  ].map(([, command = '']) => ({ page, command })),
);

let issuer: FakeIssuer;
let service: RunningApp;
let id: string;

beforeAll(async () => {
  issuer = await startFakeIssuer();
  service = await runApp({ issuer });
  writeFileSync(join(folder, 'oidc-authz.yaml'), fileFor(issuer.url));
  writeFileSync(join(folder, 'token.txt'), await issuer.mint({ claims: { aud: 'account' } }));
  id = decisionIdOf(await exchange(service.httpPort, request('GET', '/')));
  writeFileSync(
    join(folder, 'kubectl'),
    `#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift 3\nexec '${process.execPath}' '${root}src/main.ts' "$@"\n`,
  );
  chmodSync(join(folder, 'kubectl'), 0o755);
});
afterAll(async () => {
  await service.stop();
  await issuer.close();
});

function run(command: string): Promise<{ code: number; output: string }> {
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}`, NS: 'oidc-authz', pod: 'pod/a' };
  return new Promise((resolve) => {
    execFile('bash', ['-c', command], { env, cwd: folder }, (error, output, errors) =>
      resolve({ code: Number(error?.code ?? 0), output: `${output}${errors}` }),
    );
  });
}

test('finds the commands', () => {
  expect(commands.length).toBeGreaterThan(12);
});

test.each(commands)('$page: $command', async ({ command }) => {
  const { code, output } = await run(
    command
      .replaceAll(/\bID\b/g, id)
      .replaceAll('127.0.0.1:8081', `127.0.0.1:${service.adminPort}`)
      .replaceAll('/etc/oidc-authz/config/oidc-authz.yaml', 'oidc-authz.yaml'),
  );
  const isExplain = command.includes('main.js explain');
  expect(output).toMatch(
    isExplain ? /^decision +deny: (token_missing|audience_mismatch)$/m : /^# Asked the /m,
  );
  expect(code, output).toBe(isExplain ? 1 : 0);
});

test('each finding that a page names exists', () => {
  const ids = new Set(declarations.map((declaration) => declaration.id));
  const named = pages.flatMap(({ text }) => [...text.matchAll(/\bK\d\d\b/g)].map(([name]) => name));
  expect(named.filter((name) => !ids.has(name))).toEqual([]);
});
