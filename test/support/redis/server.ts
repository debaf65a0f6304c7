/** A real redis-server with a port and a folder of its own. Tests stop it, kill it, start it again and break it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningChild, startChild } from '../../../tools/child.ts';
import { freePort } from '../../../tools/free-port.ts';
import { redisEnvironment } from '../../../tools/redis.ts';
import type { CertificateFiles } from '../certificates.ts';
import { askRedis, type RedisAnswer } from './client.ts';

/** A server. */
export interface RedisOptions {
  /** With TLS: its certificate, and the authority that signed it. Client certificates are checked if a client sends one. */
  readonly tls?: CertificateFiles & { readonly caFile: string };
  /** The password of the user `default`. */
  readonly password?: string;
  /** ACL users: a name, and its rules, such as `on >secret ~oidc-authz:* &* +@all`. */
  readonly users?: Readonly<Record<string, string>>;
  /** The user that sends the commands of the test, if `default` is off. It must be in `users`. */
  readonly as?: { readonly username: string; readonly password: string };
  /** More lines of the configuration. */
  readonly lines?: readonly string[];
  /** More of the environment, such as LD_PRELOAD. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A running server. Its port and data stay the same when it starts again. */
export interface RedisServer {
  readonly port: number;
  /** Its address for `state.valkey.urls`. */
  readonly url: string;
  readonly pid: () => number;
  readonly log: () => string;
  /** Sends a command as the user `default`, or the one of `as`, on a new connection. */
  readonly command: (...words: readonly (string | number)[]) => Promise<RedisAnswer>;
  /** One number of INFO, such as `connected_clients`. */
  readonly info: (field: string) => Promise<number>;
  /** Kills it with SIGKILL. */
  readonly kill: () => Promise<void>;
  /** Starts it again, on the same port and data. */
  readonly start: () => Promise<void>;
  /** Stops the process with SIGSTOP: connections stay open, and nothing is answered. */
  readonly freeze: () => void;
  /** Continues a frozen process. */
  readonly thaw: () => void;
  /** Changes the password of the user `default`, and closes the connections of clients. */
  readonly changePassword: (password: string) => Promise<void>;
  /** Leaves no memory for writes. Reads still work. */
  readonly fill: () => Promise<void>;
  /** Removes the limit of {@link fill}. */
  readonly drain: () => Promise<void>;
  /** Closes the connections of all clients. */
  readonly disconnectClients: () => Promise<void>;
  /** Kills it and removes its data. */
  readonly stop: () => Promise<void>;
}

/** Starts a server, which writes each change to its disk (AOF). */
export async function startRedis(path: string, options: RedisOptions = {}): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-redis-'));
  const port = await freePort();
  const ca = options.tls === undefined ? undefined : readFileSync(options.tls.caFile, 'utf8');
  let { password } = options;
  let running: RunningChild | undefined;
  let earlier = '';
  const command = (...words: readonly (string | number)[]) =>
    askRedis(
      { port, ...(ca !== undefined && { ca }), ...(password !== undefined && { password }), ...options.as },
      ...words,
    );
  const start = async () => {
    const file = join(folder, 'redis.conf');
    writeFileSync(file, configuration(port, folder, options, password), { mode: 0o600 });
    const isReady = () => command('PING').then(isPong, () => false);
    const env = { ...redisEnvironment(path), ...options.environment };
    running = await startChild('redis-server', path, [file], isReady, env);
  };
  const kill = async () => {
    earlier += running?.log() ?? '';
    await running?.stop();
    running = undefined;
  };
  const pid = () => {
    if (running === undefined) throw new Error('the server does not run');
    return running.pid;
  };
  const disconnectClients = async () =>
    void (await command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'));
  await start();
  return {
    port,
    url: `${ca === undefined ? 'redis' : 'rediss'}://localhost:${port}`,
    pid,
    log: () => earlier + (running?.log() ?? ''),
    command,
    info: async (field) => {
      const text = String(await command('INFO'));
      return Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(text)?.[1]);
    },
    kill,
    start,
    freeze: () => void process.kill(pid(), 'SIGSTOP'),
    thaw: () => void process.kill(pid(), 'SIGCONT'),
    changePassword: async (next) => {
      await command('CONFIG', 'SET', 'requirepass', next);
      password = next;
      await disconnectClients();
    },
    fill: async () => void (await command('CONFIG', 'SET', 'maxmemory', '1')),
    drain: async () => void (await command('CONFIG', 'SET', 'maxmemory', '0')),
    disconnectClients,
    stop: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function isPong(answer: RedisAnswer): boolean {
  return answer === 'PONG';
}

function configuration(
  port: number,
  folder: string,
  { tls, users = {}, lines = [] }: RedisOptions,
  password: string | undefined,
): string {
  return [
    'bind 127.0.0.1',
    `port ${tls === undefined ? port : 0}`,
    ...(tls === undefined
      ? []
      : [
          `tls-port ${port}`,
          `tls-cert-file ${tls.certFile}`,
          `tls-key-file ${tls.keyFile}`,
          `tls-ca-cert-file ${tls.caFile}`,
          'tls-auth-clients optional',
          'tls-replication yes',
        ]),
    `dir ${folder}`,
    'appendonly yes',
    'appendfsync always',
    'save ""',
    'maxmemory-policy noeviction',
    ...(password === undefined ? [] : [`requirepass ${password}`]),
    ...Object.entries(users).map(([name, rules]) => `user ${name} ${rules}`),
    ...lines,
    '',
  ].join('\n');
}
