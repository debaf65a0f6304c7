/** Runs the service as a process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A running service. */
export interface ServiceProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Resolves with the first record that matches. */
  readonly record: (fits: (record: Record<string, unknown>) => boolean) => Promise<Record<string, unknown>>;
  readonly port: (listener: string) => Promise<number>;
  readonly output: () => string;
  readonly errors: () => string;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly exit: Promise<number | string>;
}

/** Starts `oidc-authz` from the sources. It stops after the test at the latest. */
export function startProcess(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): ServiceProcess {
  return startCommand(process.execPath, [`${root}src/main.ts`, ...args], environment);
}

/** Starts any command in the root of the project. */
export function startCommand(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): ServiceProcess {
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let [output, errors] = ['', ''];
  const waiting = new Set<() => void>();
  child.stdout.on('data', (chunk) => {
    output += chunk;
    for (const look of waiting) look();
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const exit = once(child, 'close').then(([code, signal]) => code ?? signal);

  const record = (fits: (record: Record<string, unknown>) => boolean) =>
    new Promise<Record<string, unknown>>((resolve, reject) => {
      const look = () => {
        const found = output
          .split('\n')
          .filter((line) => line.startsWith('{') && line.endsWith('}'))
          .map((line) => JSON.parse(line))
          .find(fits);
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      exit.then((code) => reject(new Error(`ended with ${code} instead: ${output}${errors}`)));
      look();
    });
  return {
    pid: child.pid ?? 0,
    child,
    record,
    port: async (listener) =>
      Number((await record((one) => one.listener === listener && one.port !== undefined)).port),
    output: () => output,
    errors: () => errors,
    exit,
  };
}
