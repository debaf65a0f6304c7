/** The measured servers: separate processes, on the first core if processes can be pinned. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { audience } from '../test/support/fake-issuer.ts';

/** Whether servers and load can each have a core. */
export const canPin = cpus().length > 1 && spawnSync('taskset', ['--version']).status === 0;

/** A running server. */
export interface Server {
  readonly pid: number;
  readonly port: number;
  /** Ports by the name of the listener. */
  readonly ports: Readonly<Record<string, number>>;
  /** Milliseconds from its start until it listened, and until it was ready. */
  readonly listeningAfter: number;
  readonly readyAfter: number;
  readonly stop: () => Promise<void>;
}

/** How a server is started. */
export interface ServerOptions {
  /** The listener whose port is `port`. */
  readonly listener?: string;
  /** Whether it shares the cores with the load. */
  readonly isFree?: boolean;
}

/** The longest time to wait for a server, in milliseconds. */
const patience = 20_000;

/**
 * Starts a script and waits until it is ready.
 *
 * @param script a path relative to this folder, or absolute
 */
export async function startServer(
  script: string,
  args: readonly string[],
  { listener = 'bare', isFree = false }: ServerOptions = {},
): Promise<Server> {
  const command = [process.execPath, fileURLToPath(new URL(script, import.meta.url)), ...args];
  const [program = '', ...rest] = canPin && !isFree ? ['taskset', '-c', '0', ...command] : command;
  const started = performance.now();
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [text, errors] = ['', ''];
  let listeningAfter: number | undefined;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error(`${script} did not listen in time`)), patience);
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  child.once('exit', (code) => reject(new Error(`${script} exited with code ${code}: ${errors}`)));
  child.stdout.on('data', (chunk) => {
    if (listeningAfter !== undefined && portsIn(text)[listener] !== undefined && isReady(text)) return;
    text += chunk;
    if (text.includes('"listener"')) listeningAfter ??= performance.now() - started;
    if (portsIn(text)[listener] !== undefined && isReady(text)) resolve();
  });
  await promise;
  clearTimeout(timer);
  const ports = portsIn(text);
  return {
    pid: child.pid ?? 0,
    port: ports[listener] ?? 0,
    ports,
    listeningAfter: listeningAfter ?? 0,
    readyAfter: performance.now() - started,
    stop: async () => {
      child.removeAllListeners('exit');
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

/** Starts the service from its compiled JavaScript, on free ports. */
export function startService(
  args: readonly string[],
  options: ServerOptions,
  main = '../dist/main.js',
): Promise<Server> {
  const ports = ['http', 'grpc', 'admin'].flatMap((name) => [
    `--${name}-host`,
    '127.0.0.1',
    `--${name}-port`,
    '0',
  ]);
  return startServer(main, [...args, ...ports], options);
}

/** The flags for one issuer. */
export function trusting(issuer: string): string[] {
  return ['--issuer', issuer, '--audience', audience];
}

function portsIn(text: string): Record<string, number> {
  const found = [...text.matchAll(/"listener":"(\w+)".*?"port":(\d+)/g)];
  return Object.fromEntries(found.map(([, name = '', port]) => [name, Number(port)]));
}

/** A bare server is ready when it listens, the service when it also has keys. */
function isReady(text: string): boolean {
  return (
    text.includes('"listener":"bare"') ||
    (text.includes('"state":"ready"') && text.includes('"listener":"admin"'))
  );
}
