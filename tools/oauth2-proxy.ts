/** A real oauth2-proxy, in whose place this project stands: what tests compare with. */
import { spawn } from 'node:child_process';
import { freePort } from './envoy.ts';
import { type FoundProgram, goProgram } from './programs.ts';

/** The version that tests compare with. */
export const oauth2ProxyVersion = 'v7.15.6';

/** Looks for oauth2-proxy; builds it where it must be had. */
export function findOauth2Proxy(): Promise<FoundProgram> {
  return goProgram('oauth2-proxy', `github.com/oauth2-proxy/oauth2-proxy/v7@${oauth2ProxyVersion}`);
}

/** An oauth2-proxy that runs. */
export interface RunningOauth2Proxy {
  readonly port: number;
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

/** Starts it and waits until it answers. */
export async function startOauth2Proxy(path: string, flags: readonly string[]): Promise<RunningOauth2Proxy> {
  const port = await freePort();
  const child = spawn(path, [...flags, `--http-address=127.0.0.1:${port}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {},
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (log += chunk));
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  const end = performance.now() + 20_000;
  while (!(await answers(port))) {
    if (child.exitCode !== null || performance.now() > end) {
      await stop();
      throw new Error(`oauth2-proxy did not start: ${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { port, log: () => log, stop };
}

async function answers(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/ping`).then(
    ({ status }) => status === 200,
    () => false,
  );
}
