import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { demoLines, demoPicture, linesOfPicture, shapeOf } from '../../scripts/terminal-picture.ts';
import { findEnvoy } from '../../tools/envoy.ts';
import { until } from '../support/app.ts';
import { describeWith } from '../support/real-servers.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The processes of a demo, by the mark in their environment. */
function processesOf(mark: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const fields = readFileSync(`/proc/${name}/environ`, 'latin1');
        return fields.includes(`DEMO_TEST=${mark}\0`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Starts the demo as a terminal does: through npm, in a separate process group. */
function startDemo(mark: number, command = 'npm run demo') {
  const child = spawn('bash', ['-c', `exec ${command}`], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DEMO_TEST: String(mark) },
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  onTestFinished(() => {
    for (const pid of processesOf(mark)) process.kill(pid, 'SIGKILL');
  });
  return { child, output: () => output };
}

test('the demo runs its requests, stays up for the printed commands, and leaves no process on Ctrl-C', async () => {
  const mark = process.pid;
  const { child, output } = startDemo(mark);
  await until(() => output().includes('Press Ctrl-C to stop everything.'), 60_000);
  expect(output()).toContain('Every result is as expected.');
  const [, decision] = /\(x-oidc-authz-decision: ([a-z2-7]{13})\)$/m.exec(output()) ?? [];
  expect(output()).toContain(`-- explain ${decision} --admin http://127.0.0.1:`);
  expect(output()).toMatch(/^ {2}decision +deny: token_expired$/m);
  expect(output()).toMatch(new RegExp(`^ {2}id +${decision}$`, 'm'));
  expect(output()).toMatch(/^ {2}http:\/\/localhost:\d+\/orders\/1$/m);
  expect(processesOf(mark).length).toBeGreaterThan(1);

  const token = /TOKEN=(\$\(.*\))$/m.exec(output())?.[1];
  const command = output().match(/^ {2}(curl -i .* -H "authorization: Bearer \$TOKEN")$/m)?.[1];
  const pasted = spawn('bash', ['-c', `TOKEN=${token}\n${command}`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let answer = '';
  pasted.stdout.on('data', (chunk) => {
    answer += chunk;
  });
  await once(pasted, 'close');
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK/);

  const exit = once(child, 'exit');
  process.kill(-(child.pid ?? 0), 'SIGINT');
  await exit;
  await until(() => processesOf(mark).length === 0);
});

test('without a program on the PATH, a client signs in instead of Chromium', async () => {
  const { child, output } = startDemo(
    process.pid + 70_000_000,
    `env PATH=/nowhere '${process.execPath}' demo/main.ts --once`,
  );
  const [exitCode] = await once(child, 'close');
  expect([exitCode, output()]).toEqual([0, expect.stringContaining('Every result is as expected.')]);
  expect(output()).toMatch(/^ {2}browser {5}none; a client that keeps cookies takes its place$/m);
});

test('Ctrl-C during the requests leaves no process', async () => {
  const mark = process.pid + 10_000_000;
  const { child, output } = startDemo(mark);
  await until(() => output().includes('authorizer  HTTP'), 60_000);
  const exit = once(child, 'exit');
  process.kill(-(child.pid ?? 0), 'SIGINT');
  await exit;
  await until(() => processesOf(mark).length === 0);
  expect(output()).not.toContain('Press Ctrl-C to stop everything.');
  expect(output()).not.toContain('Error');
});

test.each([
  ['its first lines', 'bash -c "npm run demo | head -8"'],
  ['one line of a result', 'bash -c "npm run demo -- --once | grep -m1 x-auth-request-user"'],
])('stops if its reader takes only %s, and leaves no process', async (_, command) => {
  const mark = process.pid + 20_000_000;
  const { child, output } = startDemo(mark, command);
  await once(child, 'close');
  await until(() => processesOf(mark).length === 0);
  expect(output()).toMatch(/issuer {6}http|x-auth-request-user/);
  expect(output()).not.toContain('EPIPE');
});

test('stops if its terminal closes, and leaves no process', async () => {
  const mark = process.pid + 30_000_000;
  const { child, output } = startDemo(mark);
  await until(() => output().includes('Press Ctrl-C to stop everything.'), 60_000);
  const exit = once(child, 'exit');
  process.kill(-(child.pid ?? 0), 'SIGHUP');
  await exit;
  await until(() => processesOf(mark).length === 0);
});

test.each([
  ['--help', 0, /^npm run demo \[-- --once\]$/m],
  ['-h', 0, /--once {4}exit after the requests/],
  ['--onec', 2, /^demo: unknown argument "--onec"$/m],
  ['once', 2, /^demo: unknown argument "once"$/m],
])('with %s starts nothing and prints its usage', async (word, code, message) => {
  const mark = process.pid + 40_000_000;
  const { child, output } = startDemo(mark, `npm run --silent demo -- ${word}`);
  const [exitCode] = await once(child, 'close');
  expect(exitCode).toBe(code);
  expect(output()).toMatch(message);
  expect(output()).not.toContain('authorizer  HTTP');
  expect(
    Math.max(
      ...output()
        .split('\n')
        .map((line) => line.length),
    ),
  ).toBeLessThanOrEqual(82);
});

test('without the `--` of npm starts nothing and prints the correct command', async () => {
  const { child, output } = startDemo(process.pid + 50_000_000, 'npm run --silent demo --once');
  const [exitCode] = await once(child, 'close');
  expect(exitCode).toBe(2);
  expect(output()).toContain('npm took the flag --once; write `npm run demo -- …`');
  expect(output()).not.toContain('authorizer  HTTP');
});

describeWith('with a real Envoy', await findEnvoy(), () => {
  test('the picture of the README shows what the demo prints (if not: npm run picture)', async () => {
    const { child, output } = startDemo(
      process.pid + 60_000_000,
      'npm run --silent demo -- --once 2>/dev/null',
    );
    await once(child, 'close');
    const svg = readFileSync(`${root}${demoPicture}`, 'utf8');
    const [, ...pictured] = linesOfPicture(svg);
    const printed = demoLines(output()).filter((line) => line !== '');
    expect(shapeOf(pictured)).toEqual(shapeOf(printed));
  });
});
