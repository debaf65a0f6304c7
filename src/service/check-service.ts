/** What answers checks in this process: the check listeners, the remembered tokens, and the authorizer in use. */

import { createReplayStore } from '../check/binding/used-proofs.ts';
import type { Config } from '../config/declare/options.ts';
import type { DenyListEntry } from '../config/load/deny-list.ts';
import { createTokenCache } from '../credential/token/cache.ts';
import type { VerifierDependencies } from '../credential/token/verifier.ts';
import type { Logger } from '../observe/logger.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Clock } from '../runtime/time/clock.ts';
import { sleep } from '../runtime/time/deadline.ts';
import { createGrpcServer } from '../transport/grpc/server.ts';
import { createHttpServer } from '../transport/http/server.ts';
import { listen } from '../transport/shared/listen.ts';
import type { BoundAddress, Listen, Listener } from '../transport/shared/listener.ts';
import type { RejectionCause, ReportRejected } from '../transport/shared/rejections.ts';
import { createTlsEvents } from '../transport/shared/tls-events.ts';
import { type Authorizer, createAuthorizer } from './authorizer.ts';

/** Where the check listeners listen. */
export type CheckAddresses = Readonly<Partial<Record<Listener['name'], BoundAddress>>>;

/** The issuers of a configuration, with their keys. */
type Issuers = VerifierDependencies['issuers'];

/** What answers checks, in this process or in others. */
export interface CheckService<Owners = Issuers> {
  /** Takes a configuration, the owners of its issuers' keys and its deny list, at once for all checks to come. */
  readonly take: (config: Config, issuers: Owners, denyList: readonly DenyListEntry[]) => void;
  /** Binds the check listeners; rejects where that is not possible. Something must have been taken before. */
  readonly start: () => Promise<CheckAddresses>;
  /** Hears that keys have changed, or whether checks are being served. */
  readonly changed: () => void;
  /** Asks every client to go elsewhere, answers for `shutdown.delay` more, and closes. */
  readonly stop: () => Promise<void>;
  /** All metrics, those of other processes included, in the Prometheus text format. */
  readonly scrape: () => Promise<string>;
  /** Verified tokens that are remembered in this process. */
  readonly cacheEntries: () => number;
  /** DPoP proofs that are remembered in this process. */
  readonly proofs: () => number;
  /** How many processes answer checks. */
  readonly workers: () => number;
}

/** What a check service needs. */
export interface CheckServiceDependencies {
  readonly initial: Config;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Whether checks are being served, as the gRPC health service says it. */
  readonly isServing: () => boolean;
  /** How a listener of that name gets its connections; binds a port of its own where nothing else is said. */
  readonly listenFor?: (name: Listener['name']) => Listen;
  /** What is waited for between draining and closing; `shutdown.delay` where nothing else is said. */
  readonly untilClosing?: () => Promise<void>;
  /** Is told of connections that come to nothing because something else is spoken on them. */
  readonly tellRejected: ReportRejected;
  /** Is told of the new certificate of a listener: why it cannot be used, or undefined where it can. */
  readonly certificateReloaded: (listener: Listener['name'], problem: string | undefined) => void;
}

/** The longest time that what is under way gets to end, once nothing new is taken, in milliseconds. */
const closingTime = 5_000;

/** Makes the check service of this process. */
export function createCheckService(dependencies: CheckServiceDependencies): CheckService {
  const { initial, metrics, logger, clock, isServing, tellRejected, certificateReloaded } = dependencies;
  const { listenFor = () => listen, untilClosing = () => sleep(config.shutdown.delay, clock) } = dependencies;
  let config = initial;
  let issuers: Issuers = [];
  let cache = createTokenCache(config.cache);
  let authorizer: Authorizer | undefined;
  const replays = createReplayStore();
  const healthListeners = new Set<() => void>();

  const onDefect = (error: unknown) =>
    logger.error({ error }, 'an answer could not be made; the request is refused');
  const inUse = (): Authorizer => {
    if (authorizer === undefined) throw new TypeError('nothing was taken yet');
    return authorizer;
  };
  const health = {
    isServing,
    onChange: (tell: () => void) => {
      healthListeners.add(tell);
      return () => healthListeners.delete(tell);
    },
  };
  const rejectedBy = (listener: Listener['name']) => (cause: RejectionCause) => {
    metrics.connectionRejected(listener, cause);
    tellRejected(listener, cause, 1);
  };
  const tlsReloadedBy = (listener: Listener['name']) => {
    const tell = createTlsEvents(listener, logger, metrics);
    return (error: Error | undefined) => {
      tell(error);
      certificateReloaded(listener, error?.message);
    };
  };
  const listeners: Listener[] = [];
  if (config.http.enabled) {
    listeners.push(
      createHttpServer({
        options: config.http,
        authorizer: () => inUse().http,
        clock,
        onTlsReload: tlsReloadedBy('http'),
        onRejected: rejectedBy('http'),
        onDefect,
        listen: listenFor('http'),
      }),
    );
  }
  if (config.grpc.enabled) {
    listeners.push(
      createGrpcServer({
        options: config.grpc,
        limits: { stored: config.limits.maxGrpcMessageSize, skipped: config.limits.maxGrpcBodySize },
        authorizer: () => inUse().grpc,
        health,
        clock,
        onTlsReload: tlsReloadedBy('grpc'),
        onRejected: rejectedBy('grpc'),
        listen: listenFor('grpc'),
      }),
    );
  }

  return {
    take: (next, owners, denyList) => {
      if (JSON.stringify(next.cache) !== JSON.stringify(config.cache)) cache = createTokenCache(next.cache);
      [config, issuers] = [next, owners];
      authorizer = createAuthorizer({
        config,
        issuers,
        denyList,
        cache,
        replays,
        metrics,
        logger,
        clock,
        onDefect,
      });
    },
    start: async () => {
      const addresses: Partial<Record<Listener['name'], BoundAddress>> = {};
      for (const listener of listeners) addresses[listener.name] = await listener.start();
      return addresses;
    },
    changed: () => {
      cache.keepOnly(({ key }) => issuers.some(({ issuer }) => issuer.holds(key)));
      for (const tell of healthListeners) tell();
    },
    stop: async () => {
      const end = clock.monotonic() + config.shutdown.timeout;
      for (const listener of listeners) listener.drain();
      await untilClosing();
      // A little is left for the process to end in.
      const grace = Math.max(0, Math.min(closingTime, end - clock.monotonic() - 500));
      await Promise.all(listeners.map((listener) => listener.close(grace)));
    },
    scrape: () => metrics.scrape(),
    cacheEntries: () => cache.size(),
    proofs: () => replays.size(),
    workers: () => 1,
  };
}
