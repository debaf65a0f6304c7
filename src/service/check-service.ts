/** Answers checks in this process: the check listeners, the token cache and the current authorizer. */

import type { ConfirmProof } from '../check/binding/confirm-proof.ts';
import { createReplayStore } from '../check/binding/used-proofs.ts';
import type { Config } from '../config/declare/options.ts';
import type { DenyListEntry } from '../config/load/deny-list.ts';
import { createCrossCheck } from '../credential/cross-check/cross-check.ts';
import { createObserve } from '../credential/cross-check/observe.ts';
import { createTokenCache } from '../credential/token/cache.ts';
import { createDecisionIds } from '../observe/decision-ids.ts';
import type { Logger } from '../observe/logger.ts';
import type { Metrics } from '../observe/metrics.ts';
import { createRecentDenials } from '../observe/recent-denials.ts';
import type { Report } from '../observe/worker-metrics.ts';
import type { Clock } from '../runtime/time/clock.ts';
import { sleep } from '../runtime/time/deadline.ts';
import type { StateStore } from '../state/state-store.ts';
import { createGrpcServer } from '../transport/grpc/server.ts';
import { createHttpServer } from '../transport/http/server.ts';
import { listen } from '../transport/shared/listen.ts';
import type { BoundAddress, Listen, Listener } from '../transport/shared/listener.ts';
import type { RejectionCause, ReportRejected } from '../transport/shared/rejections.ts';
import { createTlsEvents } from '../transport/shared/tls-events.ts';
import { type Authorizer, createAuthorizer } from './authorizer.ts';
import type { CheckParts } from './configured-check.ts';
import { createCrossCheckEvents } from './cross-check-events.ts';
import type { Explain } from './explain/explain.ts';
import type { createFleetProofs, FleetProofs } from './fleet-proofs.ts';
import { createLoginListener } from './login-listener.ts';
import type { Answers, Ask } from './questions.ts';
import type { LoginsOf, ServiceLogins, ServiceLoginsDependencies } from './service-logins.ts';
import type { ServiceState } from './service-state.ts';

/** The addresses of the bound listeners. */
export type CheckAddresses = Readonly<Partial<Record<Listener['name'], BoundAddress>>>;

/** The issuers of a configuration with their keys. */
type Issuers = LoginsOf['issuers'];

/** Answers checks, in this process or in worker processes. */
export interface CheckService<Owners = Issuers> {
  /** Loads the code that a configuration needs; undefined if it is loaded. Call it before `take`. */
  readonly prepare: (config: Config) => Promise<void> | undefined;
  /** Replaces the configuration, the owners of its issuers' keys and the deny list for all later checks. */
  readonly take: (config: Config, issuers: Owners, denyList: readonly DenyListEntry[]) => void;
  /** Replaces the deny list for all later checks. It costs less than `take`, and logins and waiting checks continue. */
  readonly denyListChanged: (denyList: readonly DenyListEntry[]) => void;
  /** Binds the check listeners. Rejects if a listener cannot be bound. Call `take` first. */
  readonly start: () => Promise<CheckAddresses>;
  /** Call after keys change, or after `isServing` changes. */
  readonly changed: () => void;
  /** Asks every client to disconnect, answers checks for `shutdown.delay` more, then closes the listeners. */
  readonly stop: () => Promise<void>;
  /** The metrics of all processes in the Prometheus text format. */
  readonly scrape: () => Promise<string>;
  /** The metrics of all processes in prom-client's JSON form. */
  readonly report: () => Promise<Report>;
  readonly ask: Ask;
  /** The number of cached tokens in this process. */
  readonly cacheEntries: () => number;
  /** The number of stored DPoP proofs in this process. */
  readonly proofs: () => number;
  /** The number of opened sessions that this process remembers. */
  readonly sessions: () => number;
  /** The number of processes that answer checks. */
  readonly workers: () => number;
  /** The configured number of processes that answer checks. */
  readonly workersWanted: number;
}

/** The dependencies of a check service. */
export interface CheckServiceDependencies
  extends Pick<ServiceLoginsDependencies, 'files' | 'environment' | 'sessionKeys'> {
  readonly initial: Config;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Returns a number from 0 to 1, to select tokens for the cross-check. */
  readonly random: () => number;
  /** Returns cryptographically random bytes. */
  readonly randomBytes: (size: number) => Uint8Array;
  /** The store of this process. Its owner stops it after this service. */
  readonly state: ServiceState;
  /** Whether the gRPC health service reports SERVING. */
  readonly isServing: () => boolean;
  /** Returns how a listener gets its connections. By default, it binds its own port. */
  readonly listenFor?: (name: Listener['name']) => Listen;
  /** Resolves when the draining listeners may close. By default, after `shutdown.delay`. */
  readonly untilClosing?: () => Promise<void>;
  /** Reports connections that were closed because the client uses another protocol. */
  readonly reportRejected: ReportRejected;
  /** Called after a listener's certificate changed. `problem` is undefined if the new one is in use. */
  readonly certificateReloaded: (listener: Listener['name'], problem: string | undefined) => void;
}

/** The longest wait for running requests while the listeners close, in milliseconds. */
const maxClosingTime = 5_000;

/** Creates the check service of this process. */
export function createCheckService(dependencies: CheckServiceDependencies): CheckService {
  const { initial, metrics, logger, clock, random, randomBytes } = dependencies;
  const { isServing, reportRejected, certificateReloaded, state } = dependencies;
  const { listenFor = () => listen, untilClosing = () => sleep(config.shutdown.delay, clock) } = dependencies;
  let config = initial;
  let issuers: Issuers = [];
  let denyList: readonly DenyListEntry[] = [];
  let cache = createTokenCache(config.cache);
  let authorizer: Authorizer | undefined;
  const replays = createReplayStore();
  let createProofs: typeof createFleetProofs | undefined;
  let fleetProofs: FleetProofs | undefined;
  const newDecisionId = createDecisionIds(randomBytes);
  const denials = createRecentDenials();
  let logins: ServiceLogins | undefined;
  let parts: CheckParts | undefined;
  let explain: Promise<Explain> | undefined;
  const answers: Answers = {
    denials: denials.find,
    explain: async (request) => {
      explain ??= loadExplain(parts);
      return (await explain)(request);
    },
  };
  const crossCheck = createCrossCheck({ clock, ...createCrossCheckEvents(metrics, logger, clock) });
  const healthListeners = new Set<() => void>();

  const prepareLogins = (next: Config): Promise<void> | undefined => {
    if (next.login === undefined) return undefined;
    if (logins !== undefined) return logins.prepare(next);
    return loadLogins(dependencies).then(async (loaded) => {
      await loaded.prepare(next);
      logins = loaded;
    });
  };
  const prepareProofs = ({ dpop }: Config): Promise<void> | undefined =>
    dpop.store === 'off' || createProofs !== undefined
      ? undefined
      : loadFleetProofs().then((create) => {
          createProofs = create;
        });
  const proofsFor = (next: Config, store: StateStore | undefined): ConfirmProof | undefined => {
    if (next.dpop.store === 'off' || store === undefined) return undefined;
    if (createProofs === undefined) throw new TypeError('the code for dpop.store is not loaded');
    fleetProofs ??= createProofs(store, { metrics, logger, clock });
    return fleetProofs(next);
  };
  const onDefect = (error: unknown) =>
    logger.error({ error }, 'cannot build the response; the request is denied');
  const currentAuthorizer = (): Authorizer => {
    if (authorizer === undefined) throw new TypeError('the check service has no configuration yet');
    return authorizer;
  };
  const health = {
    isServing,
    onChange: (listener: () => void) => {
      healthListeners.add(listener);
      return () => healthListeners.delete(listener);
    },
  };
  const rejectedBy = (listener: Listener['name']) => (cause: RejectionCause, detail?: string) => {
    metrics.connectionRejected(listener, cause);
    reportRejected(listener, cause, 1, detail);
  };
  const tlsReloadedBy = (listener: Listener['name']) => {
    const onReload = createTlsEvents(listener, logger, metrics);
    return (error: Error | undefined) => {
      onReload(error);
      certificateReloaded(listener, error?.message);
    };
  };
  const listeners: Listener[] = [];
  if (config.http.enabled) {
    listeners.push(
      createHttpServer({
        options: config.http,
        authorizer: () => currentAuthorizer().http,
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
        authorizer: () => currentAuthorizer().grpc,
        health,
        clock,
        onTlsReload: tlsReloadedBy('grpc'),
        onRejected: rejectedBy('grpc'),
        listen: listenFor('grpc'),
      }),
    );
  }
  if (config.login?.listener.enabled === true) {
    listeners.push(
      createLoginListener({
        options: config.login.listener,
        answer: (request) => currentAuthorizer().login?.(request),
        logout: () => currentAuthorizer().logout,
        challenge: () => config,
        clock,
        onTlsReload: tlsReloadedBy('login'),
        onRejected: rejectedBy('login'),
        onDefect: (error) =>
          logger.error({ error }, 'a request to the listener of the login cannot be answered'),
        listen: listenFor('login'),
      }),
    );
  }

  return {
    prepare: (next) => {
      const loading = [state.prepare(next), prepareLogins(next), prepareProofs(next)];
      return loading.every((one) => one === undefined)
        ? undefined
        : Promise.all(loading).then(() => undefined);
    },
    denyListChanged: (next) => {
      denyList = next;
    },
    take: (next, owners, nextDenyList) => {
      const store = state.store(next);
      if (
        (next.login !== undefined && logins === undefined) ||
        (next.state !== undefined && store === undefined)
      )
        throw new TypeError('the code for logins or the store is not loaded');
      if (JSON.stringify(next.cache) !== JSON.stringify(config.cache)) cache = createTokenCache(next.cache);
      [config, issuers, denyList] = [next, owners, nextDenyList];
      parts = {
        ...{ config, issuers, denyList: () => denyList, cache, replays, clock, state: store },
        confirmProof: proofsFor(config, store),
        logins: logins?.take({ config, issuers, denyList: () => denyList, state: store }),
      };
      explain = undefined;
      const observe = createObserve(config.crossCheck, { clock, random, onJudged: crossCheck });
      authorizer = createAuthorizer({
        ...parts,
        observe,
        metrics,
        denials,
        newDecisionId,
        logger,
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
      for (const listener of healthListeners) listener();
    },
    stop: async () => {
      const end = clock.monotonic() + config.shutdown.timeout;
      for (const listener of listeners) listener.drain();
      await untilClosing();
      // 500 ms are reserved for the exit of the process.
      const grace = Math.max(0, Math.min(maxClosingTime, end - clock.monotonic() - 500));
      await Promise.all(listeners.map((listener) => listener.close(grace)));
      await logins?.drain(Math.max(0, Math.min(maxClosingTime, end - clock.monotonic() - 500)));
      logins?.stop();
    },
    scrape: () => metrics.scrape(),
    report: () => metrics.report(),
    ask: async (name, question) => [await answers[name](question)],
    cacheEntries: () => cache.size(),
    proofs: () => replays.size(),
    sessions: () => logins?.sessions() ?? 0,
    workers: () => 1,
    workersWanted: 1,
  };
}

async function loadLogins(dependencies: CheckServiceDependencies): Promise<ServiceLogins> {
  const { createServiceLogins } = await import('./service-logins.ts');
  return createServiceLogins(dependencies);
}

async function loadFleetProofs(): Promise<typeof createFleetProofs> {
  return (await import('./fleet-proofs.ts')).createFleetProofs;
}

/** Loads the code that explains requests, at the first request for it. */
async function loadExplain(parts: CheckParts | undefined): Promise<Explain> {
  if (parts === undefined) throw new TypeError('the check service has no configuration yet');
  const { createExplain } = await import('./explain/explain.ts');
  return createExplain(parts);
}
