/** The service: every object is built here, once, in the order in which it is needed. */
import { hash } from 'node:crypto';
import { createAdminServer, type Readiness } from './admin/server.ts';
import { type Authorizer, createAuthorizer } from './authorizer.ts';
import type { Config } from './config/options.ts';
import { createGrpcServer } from './grpc/server.ts';
import { createHttpServer } from './http/server.ts';
import { planIssuer } from './issuer/plan.ts';
import { createIssuerRegistry } from './issuer/registry.ts';
import type { BoundAddress, Listener } from './listener/listener.ts';
import { createIssuerEvents } from './observe/issuer-events.ts';
import type { Logger } from './observe/logger.ts';
import { createMetrics } from './observe/metrics.ts';
import type { Clock } from './time/clock.ts';
import { sleep } from './time/deadline.ts';
import { createTokenCache } from './token/cache.ts';
import { version } from './version.ts';

/** What the service needs of the process it runs in. */
export interface Surroundings {
  readonly logger: Logger;
  readonly clock: Clock;
  /** A number from 0 to 1, for jitter. */
  readonly random: () => number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => string;
}

/** Where the listeners listen. */
export type Addresses = Readonly<Partial<Record<Listener['name'], BoundAddress>>>;

/** The service. */
export interface App {
  /** Binds every listener, then begins to fetch keys; rejects where a listener cannot be bound. */
  readonly start: () => Promise<Addresses>;
  /** Takes another configuration, at once for all checks to come. */
  readonly reload: (next: Config) => Promise<void>;
  /** Notes that a configuration could not be taken; the one in use goes on. */
  readonly reloadFailed: (error: Error) => void;
  /** Drains and ends, within `shutdown.timeout`. */
  readonly stop: () => Promise<void>;
}

/** The longest time that what is under way gets to end, once nothing new is taken, in milliseconds. */
const closingTime = 5_000;

/** Makes the service. */
export function createApp(initial: Config, surroundings: Surroundings): App {
  const { logger, clock } = surroundings;
  let config = initial;
  let cache = createTokenCache(config.cache);
  let isDraining = false;
  let hasBeenReady = false;
  const healthListeners = new Set<() => void>();

  const registry = createIssuerRegistry(clock);
  const metrics = createMetrics(
    {
      cacheEntries: () => cache.size(),
      issuers: () => registry.issuers().map(({ issuer }) => issuer.status()),
    },
    { version, node: process.versions.node },
  );
  const isReady = () => hasBeenReady && !isDraining;
  const readiness = (): Readiness => ({
    ready: isReady(),
    draining: isDraining,
    issuers: registry.issuers().map(({ issuer }) => issuer.status()),
  });

  const keysChanged = () => {
    hasBeenReady ||= registry.issuers().some(({ issuer }) => issuer.hasKeys());
    cache.keepOnly(({ key }) => registry.issuers().some(({ issuer }) => issuer.holds(key)));
    for (const tell of healthListeners) tell();
  };
  const eventsOf = (name: string) => createIssuerEvents(name, logger, metrics, keysChanged);
  const plan = (next: Config) =>
    next.issuers.map((issuer) => planIssuer(issuer, next, { ...surroundings, eventsOf }));

  const onDefect = (error: unknown) =>
    logger.error({ error }, 'an answer could not be made; the request is refused');
  const authorize = () =>
    createAuthorizer({ config, issuers: registry.issuers(), cache, metrics, logger, clock, onDefect });
  let authorizer: Authorizer = authorize();

  const onTlsReload = (listener: Listener['name']) => (error: Error | undefined) => {
    if (error === undefined) logger.info({ listener }, 'the certificate was replaced');
    else logger.error({ listener, error }, 'the new certificate is not usable; the old one goes on');
  };
  const health = {
    isServing: isReady,
    onChange: (tell: () => void) => {
      healthListeners.add(tell);
      return () => healthListeners.delete(tell);
    },
  };
  const checkListeners: Listener[] = [];
  if (config.http.enabled) {
    const { http: options } = config;
    checkListeners.push(
      createHttpServer({
        options,
        authorizer: () => authorizer.http,
        clock,
        onTlsReload: onTlsReload('http'),
        onDefect,
      }),
    );
  }
  if (config.grpc.enabled) {
    const { grpc: options, limits } = config;
    const maxMessageBytes = limits.maxGrpcMessageSize;
    checkListeners.push(
      createGrpcServer({
        options,
        maxMessageBytes,
        authorizer: () => authorizer.grpc,
        health,
        clock,
        onTlsReload: onTlsReload('grpc'),
      }),
    );
  }
  const admin = createAdminServer({
    options: config.admin,
    readiness,
    metrics,
    clock,
    onTlsReload: onTlsReload('admin'),
  });
  const listeners = [...checkListeners, admin];

  const loaded = (next: Config) =>
    metrics.configLoaded(hash('sha256', JSON.stringify(next)).slice(0, 16), clock.now() / 1000);
  const take = async (next: Config) => {
    const putInPlace = await registry.prepare(plan(next));
    if (isDraining) return;
    const unchanged = JSON.stringify(next.cache) === JSON.stringify(config.cache);
    putInPlace();
    if (!unchanged) cache = createTokenCache(next.cache);
    config = next;
    authorizer = authorize();
    loaded(next);
    keysChanged();
  };

  return {
    start: async () => {
      // Before anything is asked: without its issuers, it would call every token one of an unknown issuer.
      await take(config);
      const addresses: Partial<Record<Listener['name'], BoundAddress>> = {};
      for (const listener of listeners) {
        const address = await listener.start();
        addresses[listener.name] = address;
        logger.info({ listener: listener.name, ...address }, 'listening');
      }
      return addresses;
    },
    reload: async (next) => {
      if (isDraining) return;
      const restart = needsRestart(config, next);
      logger.level = next.log.level;
      await take(next);
      if (isDraining) return;
      metrics.configReloaded(true);
      if (restart.length > 0)
        logger.warn({ options: restart }, 'these options have changed, and change only with a restart');
      logger.info({ issuers: next.issuers.map(({ name }) => name) }, 'the configuration was reloaded');
    },
    reloadFailed: (error) => {
      metrics.configReloaded(false);
      logger.error({ problem: error.message }, 'the configuration was not reloaded; the one in use goes on');
    },
    stop: async () => {
      const { delay, timeout } = config.shutdown;
      const end = clock.monotonic() + timeout;
      isDraining = true;
      logger.info({ delayMs: delay, timeoutMs: timeout }, 'draining');
      for (const tell of healthListeners) tell();
      for (const listener of checkListeners) listener.drain();
      await sleep(delay, clock);
      // A little is left for the process to end in.
      const grace = Math.max(0, Math.min(closingTime, end - clock.monotonic() - 500));
      await Promise.all(checkListeners.map((listener) => listener.close(grace)));
      registry.stop();
      await admin.close(0);
      logger.info('drained');
    },
  };
}

/** What a running process cannot change. */
function needsRestart(before: Config, after: Config): string[] {
  const fixed = (config: Config) => ({
    http: config.http,
    grpc: config.grpc,
    admin: config.admin,
    'limits.maxGrpcMessageSize': config.limits.maxGrpcMessageSize,
  });
  const [old, next] = [fixed(before), fixed(after)];
  return Object.keys(old).filter((name) => {
    const key = name as keyof typeof old;
    return JSON.stringify(old[key]) !== JSON.stringify(next[key]);
  });
}
