/** The measured servers: separate processes, on the first core if processes can be pinned. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { audience } from '../test/support/fake-issuer.ts';
import { type RunningChild, startChild } from '../tools/child.ts';

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

/** The script of the bare server on node:http. */
export const bareHttp = 'servers/bare-http.mjs';

/** The longest time to wait for a server, in milliseconds. */
const patience = 20_000;

/** The command on the first core, if processes can be pinned. */
export function pinned(command: readonly string[]): [program: string, ...args: string[]] {
  const [program = '', ...args] = canPin ? ['taskset', '-c', '0', ...command] : command;
  return [program, ...args];
}

/** Moves a running process, with its threads, to the first core. */
export function pinToFirst(pid: number): void {
  if (canPin) spawnSync('taskset', ['-apc', '0', String(pid)]);
}

/** Moves this process, which creates the load, to the second core. */
export function pinLoad(): void {
  if (canPin) spawnSync('taskset', ['-apc', '1', String(process.pid)]);
}

/** Starts another program on the first core, and waits until it is ready. A Go program has one thread for its code. */
export function startPinned(
  name: string,
  command: readonly string[],
  isReady: () => Promise<boolean>,
): Promise<RunningChild> {
  const [program, ...args] = pinned(command);
  return startChild(name, program, args, isReady, { ...process.env, GOMAXPROCS: '1' });
}

/**
 * Starts a script and waits until it is ready.
 *
 * @param script a path relative to this folder, or absolute
 */
export function startServer(
  script: string,
  args: readonly string[] = [],
  options: ServerOptions = {},
): Promise<Server> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  return startListening([process.execPath, path, ...args], options);
}

/** Starts a program that prints its listeners as JSON, and waits until it is ready. */
export async function startListening(
  command: readonly string[],
  { listener = 'bare', isFree = false }: ServerOptions = {},
): Promise<Server> {
  const [program = '', ...rest] = isFree ? command : pinned(command);
  const script = command.slice(0, 2).join(' ');
  const started = performance.now();
  const env = { ...process.env, GOMAXPROCS: '1' };
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'], env });
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
  child.removeAllListeners('exit');
  child.once('exit', (code, signal) => {
    // Figures of a server that has ended would be wrong, so this error must end the run.
    throw new Error(`${script} ended with ${code ?? signal}: ${errors}`);
  });
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

/** The bundled program of a checkout, as its `package.json` names it. */
export function mainOf(folder: string): string {
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return join(folder, bin['oidc-authz']);
}

const root = fileURLToPath(new URL('../', import.meta.url));

/** Starts the service from its bundle, on free ports. */
export function startService(
  args: readonly string[],
  options: ServerOptions,
  main = mainOf(root),
): Promise<Server> {
  const ports = ['http', 'grpc', 'admin'].flatMap((name) => [
    `--${name}-host`,
    '127.0.0.1',
    `--${name}-port`,
    '0',
  ]);
  return startListening([process.execPath, main, ...args, ...ports], options);
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
