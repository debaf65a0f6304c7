/** Servers under measurement: processes of their own, on the first core where they can be pinned to it. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

/** Whether servers and load can have a core each. */
export const canPin = cpus().length > 1 && spawnSync('taskset', ['--version']).status === 0;

/** A server that runs. */
export interface Server {
  readonly pid: number;
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/**
 * Starts a script and waits until it says that it is ready.
 *
 * @param script below this folder
 * @param listener the listener whose port is wanted
 */
export async function startServer(
  script: string,
  args: readonly string[],
  listener = 'bare',
): Promise<Server> {
  const command = [process.execPath, fileURLToPath(new URL(script, import.meta.url)), ...args];
  const [program = '', ...rest] = canPin ? ['taskset', '-c', '0', ...command] : command;
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise<number>((resolve) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      const found = new RegExp(`"listener":"${listener}".*?"port":(\\d+)`).exec(text);
      if (found !== null && (listener === 'bare' || text.includes('"state":"ready"')))
        resolve(Number(found[1]));
    });
  });
  return {
    pid: child.pid ?? 0,
    port,
    stop: async () => {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}
