/** The authorizer of the demo, in a separate process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../tools/free-port.ts';
import { audience, loginClient, secret } from './issuer.ts';

/** An authorizer that runs. */
export interface Authorizer {
  readonly ports: Readonly<Record<'http' | 'grpc' | 'admin', number>>;
  readonly stop: () => Promise<void>;
}

/** Starts the authorizer and waits until it is ready. It accepts tokens on every host, and people sign in on localhost. */
export async function startAuthorizer(issuer: string, folder: string): Promise<Authorizer> {
  const [http, grpc, admin] = [await freePort(), await freePort(), await freePort()];
  const [file, secretFile, keysFile] = ['config.yaml', 'secret', 'keys'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  writeFileSync(secretFile, secret);
  writeFileSync(keysFile, `${randomBytes(32).toString('base64')}\n`);
  // Without a clock tolerance, the short-lived token expires after 1 s.
  writeFileSync(
    file,
    `issuers:
  - issuer: ${issuer}
    audiences: [${audience}]
    clockTolerance: 0s
    login: {clientId: ${loginClient}, clientSecretFile: ${secretFile}}
login: {hosts: [localhost], httpHosts: [localhost]}
sessions: {keysFile: ${keysFile}}
hosts: {ports: ignore}
limits: {meshTimeout: 5s}
shutdown: {delay: 0s}
`,
  );
  const listeners = { http, grpc, admin };
  const flags = Object.entries(listeners).flatMap(([name, port]) => [
    `--${name}-host`,
    '127.0.0.1',
    `--${name}-port`,
    String(port),
  ]);
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  // In a separate process group, because Ctrl-C must reach only the demo, which then stops the authorizer.
  const child = spawn(process.execPath, [main, '--config', file, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const stop = async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  };
  try {
    await untilReady(child, admin);
  } catch (error) {
    await stop();
    throw error;
  }
  return { ports: listeners, stop };
}

async function untilReady(child: ChildProcess, admin: number): Promise<void> {
  child.stdout?.resume();
  const end = performance.now() + 10_000;
  for (;;) {
    const status = await fetch(`http://127.0.0.1:${admin}/readyz`).then(
      (response) => response.status,
      () => 0,
    );
    if (status === 200) return;
    if (child.exitCode !== null || performance.now() > end)
      throw new Error('the authorizer did not become ready within 10 s');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
