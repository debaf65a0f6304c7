/** The admin listener with the state of the service. */
import type { Config } from '../config/declare/options.ts';
import { hasShadowMode } from '../config/rules/shadow-mode.ts';
import type { IssuerRegistry } from '../issuer/registry.ts';
import type { ExplainRequest } from '../model/explanation.ts';
import { mergeDenials } from '../observe/recent-denials.ts';
import type { FollowedFiles } from '../runtime/files/follow.ts';
import { decisionRoutes, type FindDenials } from '../transport/admin/decisions.ts';
import type { Readiness } from '../transport/admin/readiness.ts';
import type { Guard } from '../transport/admin/respond.ts';
import { createAdminServer } from '../transport/admin/server.ts';
import type { BoundAddress, Listener } from '../transport/shared/listener.ts';
import { createTlsEvents } from '../transport/shared/tls-events.ts';
import { createAdminToken } from './admin-token.ts';
import type { CheckService, CheckServiceDependencies } from './check-service.ts';
import type { RunningConsole } from './console.ts';
import { createExplainRoute } from './explain/route.ts';
import { serviceState } from './explain/state.ts';
import type { ReloadProblems } from './reload-problems.ts';
import { createRevocationRoutes } from './revocation-routes.ts';
import type { Revocations } from './revocations/revocations.ts';
import type { ServiceState } from './service-state.ts';

/** The dependencies of the admin listener. */
export interface AdminDependencies
  extends Pick<
    CheckServiceDependencies,
    'initial' | 'metrics' | 'logger' | 'clock' | 'isServing' | 'reportRejected'
  > {
  readonly registry: Pick<IssuerRegistry, 'issuers'>;
  readonly problems: ReloadProblems;
  readonly files: FollowedFiles;
  readonly checks: Pick<CheckService, 'workers' | 'workersWanted' | 'scrape' | 'report' | 'ask'>;
  /** The current configuration. */
  readonly config: () => Config;
  /** The IDs of the keys that seal sessions. */
  readonly sessionKeys: () => readonly string[];
  readonly state: Pick<ServiceState, 'store'>;
  /** The deny list in the store; undefined without one. */
  readonly revocations: () => Revocations | undefined;
  /** When the current configuration was loaded, in milliseconds since the epoch. */
  readonly loadedAt: () => number;
  /** The addresses of the listeners that are bound. */
  readonly addresses: () => Readonly<Partial<Record<Listener['name'], BoundAddress>>>;
  readonly isDraining: () => boolean;
}

/** Creates the admin listener. */
export function createAdmin(dependencies: AdminDependencies): Listener {
  const { initial, metrics, logger, clock, isServing, reportRejected } = dependencies;
  const { registry, problems, files, checks, config, isDraining } = dependencies;
  const onTlsReload = createTlsEvents('admin', logger, metrics);
  const startedAt = clock.monotonic();
  const token = createAdminToken(initial.admin.tokenFile, { files, logger, problems });

  const explain = async (request: ExplainRequest) => (await checks.ask('explain', request, 1))[0];

  const readiness = (): Readiness => ({
    ready: isServing() && checks.workers() > 0,
    draining: isDraining(),
    issuers: registry.issuers().map(({ issuer }) => issuer.status()),
    problems: problems.list(),
    sessionKeys: dependencies.sessionKeys(),
    state: dependencies.state.store(config())?.status(),
    shadow: {
      tried: hasShadowMode(config()),
      authorizer: config().shadow.authorizer === '' ? undefined : config().shadow.authorizer,
    },
  });

  const findDenials: FindDenials = async (filter) =>
    mergeDenials(await checks.ask('denials', filter), filter.limit);
  let console: RunningConsole | undefined;
  const loadConsole = async (guard: Guard) => {
    // Loaded only here: fastify takes memory, and compiles code.
    const { startConsole } = await import('./console.ts');
    console = await startConsole({
      ...dependencies,
      guard,
      adminToken: token.current,
      readiness,
      explain,
      findDenials,
      readFile: files.read,
    });
    return console.handle;
  };

  const state = () => serviceState(readiness(), config(), checks.workers(), clock.monotonic() - startedAt);
  const listener = createAdminServer({
    options: initial.admin,
    readiness,
    metrics: { contentType: metrics.contentType, scrape: checks.scrape },
    routes: [
      ...decisionRoutes(findDenials, state, clock),
      createExplainRoute({
        explain,
        state,
        logger,
        clock,
      }),
      ...createRevocationRoutes(dependencies),
    ],
    loadConsole: initial.admin.console.enabled ? loadConsole : undefined,
    token: token.current,
    clock,
    onTlsReload: (error) => {
      onTlsReload(error);
      problems.certificateReloaded('admin', error?.message);
    },
    onRejected: (cause) => {
      metrics.connectionRejected('admin', cause);
      reportRejected('admin', cause, 1, undefined);
    },
    onDefect: (error) => logger.error({ error }, 'a request to the admin listener failed'),
  });
  return {
    ...listener,
    start: async () => {
      token.start();
      return listener.start();
    },
    close: async (grace) => {
      token.stop();
      console?.stop();
      await listener.close(grace);
    },
  };
}
