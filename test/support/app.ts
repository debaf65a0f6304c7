/** Runs the whole service in this process, on free ports, with its own issuer. */
import { randomBytes } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type { Config } from '../../src/config/declare/options.ts';
import { loadConfig } from '../../src/config/load/load.ts';
import { createLogger } from '../../src/observe/logger.ts';
import { systemFiles } from '../../src/runtime/files/file-snapshot.ts';
import { followFiles } from '../../src/runtime/files/follow.ts';
import { type Clock, systemClock } from '../../src/runtime/time/clock.ts';
import { type App, createApp } from '../../src/service/app.ts';
import type { StateStore } from '../../src/state/state-store.ts';
import type { ValkeyStoreDependencies } from '../../src/state/valkey/create-valkey-store.ts';
import type { TestClock } from './clock.ts';
import { audience, type FakeIssuer, startFakeIssuer } from './fake-issuer.ts';

/** A service under test. */
export interface RunningApp {
  readonly app: App;
  readonly issuer: FakeIssuer;
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly adminPort: number;
  /** 0 without `login.listener.enabled`. */
  readonly loginPort: number;
  /** All log records. */
  readonly records: Record<string, unknown>[];
  readonly logText: () => string;
  readonly config: Config;
  readonly stop: () => Promise<void>;
}

/** The settings of a test. */
export interface TestAppOptions {
  /** YAML in addition to the defaults. `ISSUER` is replaced with the issuer's URL. */
  readonly file?: string;
  readonly flags?: readonly string[];
  readonly issuer?: FakeIssuer;
  readonly clock?: Clock;
  /** The clock for polling files, if it is not the clock of the service. */
  readonly filesClock?: Clock;
  /** The store of `state`, such as a client of `createMemoryServer`. */
  readonly store?: StateStore | ((dependencies: ValkeyStoreDependencies) => StateStore);
  /** Whether to wait until the issuer has keys. */
  readonly untilReady?: boolean;
}

/** Reads a configuration from YAML and flags. */
export function configOf(file: string, flags: readonly string[] = []): Promise<Config> {
  const flagValues = flags.map((flag) => {
    const [name = '', value] = flag.split(/=(.*)/s);
    return { name, value };
  });
  return loadConfig({
    flags: [{ name: '--config', value: 'test.yaml' }, ...flagValues],
    environment: {},
    readFile: () => file,
  });
}

/** The smallest configuration for an issuer, on free ports of this machine. */
export function fileFor(issuer: string): string {
  return `
issuers: [{issuer: "${issuer}", audiences: [${audience}], name: main}]
http: {host: 127.0.0.1, port: 0}
grpc: {host: 127.0.0.1, port: 0}
admin: {host: 127.0.0.1, port: 0}
shutdown: {delay: 0s, timeout: 5s}
`;
}

/** Starts the service. It stops after the test. */
export async function startApp(options: TestAppOptions = {}): Promise<RunningApp> {
  const running = await runApp(options);
  onTestFinished(running.stop);
  return running;
}

/** Stops the service after the test. Its test clock advances until it has stopped. */
export function stopByClock({ stop }: Pick<RunningApp, 'stop'>, clock: TestClock): void {
  onTestFinished(async () => {
    let hasEnded = false;
    void stop().then(() => {
      hasEnded = true;
    });
    await until(async () => {
      await clock.advance(1_000);
      return hasEnded;
    });
  });
}

/** Starts the service. The caller stops it. */
export async function runApp(options: TestAppOptions = {}): Promise<RunningApp> {
  const issuer = options.issuer ?? (await startFakeIssuer());
  const file = (options.file ?? fileFor('ISSUER')).replaceAll('ISSUER', issuer.url);
  const config = await configOf(file, options.flags);
  const records: Record<string, unknown>[] = [];
  const lines: string[] = [];
  const logger = createLogger(config.log.level, {
    write: (line: string) => {
      lines.push(line);
      records.push(JSON.parse(line));
    },
  });
  const { store } = options;
  const app = createApp(config, {
    logger,
    clock: options.clock ?? systemClock,
    random: () => 0.5,
    randomBytes,
    environment: {},
    files: followFiles(systemFiles, options.filesClock ?? options.clock ?? systemClock),
    forkWorker: () => {
      throw new TypeError('no worker was expected');
    },
    ...(store !== undefined && { openStore: typeof store === 'function' ? store : () => store }),
    giveUp: (error) => {
      throw error;
    },
  });
  const addresses = await app.start();
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    await app.stop();
    if (options.issuer === undefined) await issuer.close();
  };
  if (options.untilReady !== false) await until(() => records.some(({ state }) => state === 'ready'));
  return {
    app,
    issuer,
    httpPort: addresses.http?.port ?? 0,
    grpcPort: addresses.grpc?.port ?? 0,
    adminPort: addresses.admin?.port ?? 0,
    loginPort: addresses.login?.port ?? 0,
    records,
    logText: () => lines.join(''),
    config,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

/** Polls until a condition is true. Fails after a limited time. */
export async function until(isSo: () => boolean | Promise<boolean>, seconds = 45): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`waited ${seconds} s without success for ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
