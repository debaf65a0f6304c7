/** The service of a configuration in this process, for a command that asks it a few questions. */

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
export interface PrivateService {
  /** Where its checks are. */
  readonly url: string;
  /** Issuers whose keys cannot be had, where the service was to start without them. */
  readonly problems: readonly Problem[];
  readonly stop: () => Promise<void>;
}

/** How a service is started, where it is not for comparing. */
export interface PrivateStart {
  readonly logger: Logger;
  /** Whether the keys of an issuer, by its name, are waited for; where they cannot be had, the service starts all the same. */
  readonly needs: (name: string) => boolean;
}

/** The longest wait for an answer, and for the keys of every issuer, in milliseconds. */
const answerTimeout = 5_000;
const readyTimeout = 15_000;

/**
 * Starts the service of a configuration on a port of this machine that nobody else knows of, and waits for the keys of its issuers.
 *
 * @param start absent: the keys of every issuer are needed
 * @throws ConfigError where keys that are needed cannot be had
 */
export async function startPrivately(
  config: Config,
  { environment }: ConfigSources,
  start?: PrivateStart,
): Promise<PrivateService> {
  const { tls: _, ...http } = config.http;
  const here = { host: '127.0.0.1', port: 0 };
  const app = createApp(
    {
      ...config,
      workers: 1,
      shadow: { ...config.shadow, authorizer: '' },
      http: { ...http, ...here, enabled: true, pathPrefix: '' },
      grpc: { ...config.grpc, enabled: false },
      admin: here,
      shutdown: { delay: 0, timeout: 1_000 },
    },
    {
      logger: start?.logger ?? createLogger('silent', { write: () => {} }),
      clock: systemClock,
      random: () => 0,
      environment,
      files: followFiles(systemFiles, systemClock),
      forkWorker: () => {
        throw new TypeError('one process is enough to compare');
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
    message: `its keys cannot be had: ${why ?? 'no answer yet'}`,
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

/** Waits until every issuer that is needed has keys, for as long as that may take. */
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

/** A request with one token, or none. */
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
