/** The service of a login test: as a process from a file, or in this process with a clock that the test moves. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Clock, systemClock } from '../../../src/runtime/time/clock.ts';
import { answersWell, startChild } from '../../../tools/child.ts';
import { freePort } from '../../../tools/free-port.ts';
import { runApp } from '../app.ts';
import type { FakeIssuer } from '../fake-issuer.ts';
import { newSessionKey } from '../session-key.ts';

/** The service under test. Its ports stay the same when it starts again. */
export interface LoginService {
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly adminPort: number;
  readonly keysFile: string;
  /** All log lines since the first start. */
  readonly log: () => string;
  readonly restart: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** A clock ahead of the machine's. */
export interface MovableClock extends Clock {
  /** Moves it forward. Timers do not fire early. */
  readonly move: (milliseconds: number) => void;
  /** Sets the wall clock back to that of the machine. */
  readonly reset: () => void;
}

/** Creates the clock. */
export function createMovableClock(): MovableClock {
  let [ahead, elapsed] = [0, 0];
  return {
    now: () => systemClock.now() + ahead,
    monotonic: () => systemClock.monotonic() + elapsed,
    after: systemClock.after,
    move: (milliseconds) => {
      ahead += milliseconds;
      elapsed += milliseconds;
    },
    reset: () => {
      ahead = 0;
    },
  };
}

/** The files that a configuration names. */
export interface ServiceFiles {
  readonly folder: string;
  readonly keysFile: string;
  readonly secretFile: string;
}

/** The service of a test. */
export interface ServiceOptions {
  /** The YAML without listeners. */
  readonly configuration: (files: ServiceFiles) => string;
  readonly clientSecret: string;
  /** With a clock, the service runs in this process. */
  readonly clock?: Clock;
}

/** Starts the service with one session key. */
export async function startLoginService(options: ServiceOptions): Promise<LoginService> {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-login-'));
  const [keysFile, secretFile, file] = ['keys', 'secret', 'config.yaml'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  writeFileSync(keysFile, newSessionKey());
  writeFileSync(secretFile, options.clientSecret);
  const [httpPort, grpcPort, adminPort] = [await freePort(), await freePort(), await freePort()];
  const text = `${options.configuration({ folder, keysFile, secretFile })}
http: {host: 127.0.0.1, port: ${httpPort}}
grpc: {host: 127.0.0.1, port: ${grpcPort}}
admin: {host: 127.0.0.1, port: ${adminPort}}
log: {checks: all}
shutdown: {delay: 0s, timeout: 5s}
`;
  writeFileSync(file, text);
  let earlier = '';
  const start = () => (options.clock === undefined ? asProcess(file, adminPort) : asApp(text, options.clock));
  let running = await start();
  const stop = async () => {
    await running.stop();
    earlier += running.log();
  };
  return {
    httpPort,
    grpcPort,
    adminPort,
    keysFile,
    log: () => earlier + running.log(),
    restart: async () => {
      await stop();
      running = await start();
    },
    stop,
  };
}

interface Running {
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

function asProcess(file: string, adminPort: number): Promise<Running> {
  const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
  const isReady = () => answersWell(`http://127.0.0.1:${adminPort}/readyz`);
  return startChild('oidc-authz', process.execPath, [main, '--config', file], isReady);
}

async function asApp(file: string, clock: Clock): Promise<Running> {
  const issuer = { url: '', close: async () => {} } as unknown as FakeIssuer;
  const { logText, stop } = await runApp({ file, clock, issuer });
  return { log: logText, stop };
}
