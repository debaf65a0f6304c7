/** A shell session that runs the commands of a page one after another, like a reader. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A shell session. */
export interface ShellSession {
  /**
   * Runs commands. Resolves with their stdout, and the exit code of the last one.
   *
   * @throws Error with all output if the shell exits before they end
   */
  readonly run: (commands: string) => Promise<{ readonly output: string; readonly code: number }>;
  /** All output on stderr. */
  readonly errors: () => string;
  /** Stops the shell and all of its processes. */
  readonly stop: () => Promise<void>;
}

/** Starts a shell in the root of the project. */
export function openShellSession(env: NodeJS.ProcessEnv = process.env): ShellSession {
  const cwd = fileURLToPath(new URL('../../', import.meta.url));
  const child = spawn('bash', ['--noprofile', '--norc'], { cwd, env, stdio: 'pipe', detached: true });
  let [output, errors, turn] = ['', '', 0];
  let look = () => {};
  child.stdout.on('data', (chunk) => {
    output += chunk;
    look();
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    run: (commands) =>
      new Promise((resolve, reject) => {
        const end = `end of turn ${++turn}:`;
        look = () => {
          const [written = '', code] = output.split(end);
          if (code === undefined || !code.includes('\n')) return;
          output = '';
          resolve({ output: written, code: Number(code) });
        };
        void exited.then(() => reject(new Error(`the shell ended: ${output}${errors}`)));
        child.stdin.write(`${commands}\necho "${end}$?"\n`);
      }),
    errors: () => errors,
    stop: async () => {
      // Its processes are in the same process group.
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
      await exited;
    },
  };
}
