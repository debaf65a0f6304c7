/** Starts another program, and waits until it answers. */
import { spawn } from 'node:child_process';

/** A running program. */
export interface RunningChild {
  readonly pid: number;
  /** The output so far. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

/**
 * Starts a program and waits until it is ready.
 *
 * @param env its whole environment. By default, it is the environment of this process.
 * @param timeout the longest time to wait for an answer, in milliseconds
 * @throws Error with its output, if it exits or is not ready in time
 */
export async function startChild(
  name: string,
  path: string,
  args: readonly string[],
  isReady: () => Promise<boolean>,
  env?: NodeJS.ProcessEnv,
  timeout = 20_000,
): Promise<RunningChild> {
  const child = spawn(path, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(env !== undefined && { env }),
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (log += chunk));
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  const end = performance.now() + timeout;
  while (!(await isReady())) {
    if (child.exitCode !== null || performance.now() > end) {
      await stop();
      throw new Error(`${name} did not start: ${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { pid: child.pid ?? 0, log: () => log, stop };
}

/** Whether a GET returns 200. */
export async function answersWell(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ status }) => status === 200,
    () => false,
  );
}
