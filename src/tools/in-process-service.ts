/** Runs the service of a configuration in this process, for a command that sends it a few requests. */

import { randomBytes } from 'node:crypto';
import { type AskIncumbent, createAskIncumbent } from '../check/incumbent/incumbent.ts';
import type { Config } from '../config/declare/options.ts';
import type { ConfigSources } from '../config/load/load.ts';
import { ConfigError, type Problem } from '../config/validate/problems.ts';
import type { CheckRequest } from '../model/check-request.ts';
import { createLogger, type Logger } from '../observe/logger.ts';
import { systemFiles } from '../runtime/files/file-snapshot.ts';
import { followFiles } from '../runtime/files/follow.ts';
import { systemClock } from '../runtime/time/clock.ts';
import { sleep } from '../runtime/time/deadline.ts';
import { createApp } from '../service/app.ts';

/** A service that runs. */
export interface InProcessService {
  /** The address of its HTTP listener. */
  readonly url: string;
  /** The issuers whose keys could not be fetched, if the service may start without them. */
  readonly problems: readonly Problem[];
  readonly stop: () => Promise<void>;
}

/** The options of a service that can start without the keys of some issuers. */
export interface StartOptions {
  readonly logger: Logger;
  /** Whether to wait for the keys of an issuer, by its name. If they cannot be fetched, the service still starts. */
  readonly needs: (name: string) => boolean;
}

/** The longest wait for an answer, and for the keys of all issuers, in milliseconds. */
const answerTimeout = 5_000;
const readyTimeout = 15_000;

/**
 * Starts the service on a free port of 127.0.0.1, and waits for the keys of its issuers.
 *
 * @param start if absent, the keys of every issuer are required
 * @throws ConfigError if keys that are required cannot be fetched
 */
export async function startInProcess(
  config: Config,
  { environment }: ConfigSources,
  start?: StartOptions,
): Promise<InProcessService> {
  const { tls: _, ...http } = config.http;
  const local = { host: '127.0.0.1', port: 0 };
  const app = createApp(
    {
      ...config,
      workers: 1,
      shadow: { ...config.shadow, authorizer: '' },
      http: { ...http, ...local, enabled: true, pathPrefix: '' },
      grpc: { ...config.grpc, enabled: false },
      admin: { ...local, console: { enabled: false } },
      shutdown: { delay: 0, timeout: 1_000 },
    },
    {
      logger: start?.logger ?? createLogger('silent', { write: () => {} }),
      clock: systemClock,
      random: () => 0,
      randomBytes,
      environment,
      files: followFiles(systemFiles, systemClock),
      forkWorker: () => {
        throw new TypeError('workers is 1, so the service starts no process');
      },
      giveUp: (error) => {
        throw error;
      },
    },
  );
  const { http: bound, admin } = await app.start();
  const readyz = createAskIncumbent(
    { authorizer: `http://127.0.0.1:${admin?.port}`, timeout: answerTimeout },
    systemClock,
  );
  const stop = () => app.stop();
  const waiting = await issuersWithoutKeys(readyz, start?.needs ?? (() => true));
  const problems = waiting.map(({ name, problem: why }) => ({
    path: '',
    source: `issuer ${name}`,
    message: `its keys cannot be fetched: ${why ?? 'no answer yet'}`,
  }));
  if (problems.length > 0 && start === undefined) {
    await stop();
    throw new ConfigError(problems);
  }
  return { url: `http://127.0.0.1:${bound?.port}`, problems, stop };
}

interface IssuerReadiness {
  readonly name: string;
  readonly state: string;
  readonly problem: string | null;
}

/** Waits until every issuer that is needed has keys, at most `readyTimeout`; returns the issuers without keys. */
async function issuersWithoutKeys(
  readyz: AskIncumbent,
  needs: (name: string) => boolean,
): Promise<readonly IssuerReadiness[]> {
  const end = systemClock.monotonic() + readyTimeout;
  for (;;) {
    const { body } = await readyz(requestOf('GET', '/readyz', 'localhost', ''));
    const { issuers } = JSON.parse(body) as { issuers: readonly IssuerReadiness[] };
    const waiting = issuers.filter(({ name, state }) => needs(name) && state === 'waiting');
    if (waiting.length === 0 || systemClock.monotonic() > end) return waiting;
    await sleep(100, systemClock);
  }
}

/** Makes a request with a token; without one if the token is empty. */
export function requestOf(method: string, target: string, host: string, token: string): CheckRequest {
  const authorization = token === '' ? [] : [`Bearer ${token}`];
  return {
    method,
    host,
    path: target,
    authorization,
    dpop: [],
    forwardedClientCert: '',
    peerCertificate: '',
    source: { address: '', principal: '' },
    requestId: '',
    policy: undefined,
    original: () => ({
      target,
      headers: [['host', host], ...authorization.map((value) => ['authorization', value] as const)],
    }),
    header: () => [],
  };
}
