/** The console with the state of the service. Loaded only if `admin.console.enabled` is true. */
import type { Config } from '../config/declare/options.ts';
import { listenerTls } from '../config/describe/listener-tls.ts';
import { hasShadowMode } from '../config/rules/shadow-mode.ts';
import type { IssuerRegistry } from '../issuer/registry.ts';
import type { ExplainRequest, Explanation } from '../model/explanation.ts';
import type { Logger } from '../observe/logger.ts';
import { createCheckSampler } from '../observe/recent-checks.ts';
import type { Clock } from '../runtime/time/clock.ts';
import { version } from '../runtime/version.ts';
import type { FindDenials } from '../transport/admin/decisions.ts';
import type { Readiness } from '../transport/admin/readiness.ts';
import { accessHelp, type Guard } from '../transport/admin/respond.ts';
import type { ConsoleContent, ConsoleState, RuleView } from '../transport/console/content.ts';
import { mostDenials } from '../transport/console/denials-page.ts';
import { createConsole } from '../transport/console/server.ts';
import type { BoundAddress, Listener } from '../transport/shared/listener.ts';
import type { RequestHandler } from '../transport/shared/web-server.ts';
import { certificatesOf } from './certificate-ends.ts';
import type { CheckService } from './check-service.ts';
import { explainEvalError } from './code-generation.ts';
import { configHash } from './config-hash.ts';
import { checkedRequest, InvalidRequest } from './explain/request.ts';

/** The dependencies of the console. */
export interface ConsoleDependencies {
  readonly guard: Guard;
  readonly adminToken: () => string | undefined;
  readonly config: () => Config;
  /** When the current configuration was loaded, in milliseconds since the epoch. */
  readonly loadedAt: () => number;
  readonly readiness: () => Readiness;
  readonly addresses: () => Readonly<Partial<Record<Listener['name'], BoundAddress>>>;
  readonly registry: Pick<IssuerRegistry, 'issuers'>;
  readonly checks: Pick<CheckService, 'workers' | 'workersWanted' | 'report'>;
  readonly findDenials: FindDenials;
  /** Explains a request in one process that answers checks; undefined if none answers in time. */
  readonly explain: (request: ExplainRequest) => Promise<Explanation | undefined>;
  readonly readFile: (path: string) => string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A running console. */
export interface RunningConsole {
  readonly handle: RequestHandler;
  readonly stop: () => void;
}

/**
 * Creates the console, and starts to sample the metrics.
 *
 * @throws Error if Node may not compile code, which fastify does
 */
export async function startConsole(dependencies: ConsoleDependencies): Promise<RunningConsole> {
  const { guard, adminToken, config, checks, clock, logger } = dependencies;
  const sampler = createCheckSampler(checks.report, clock);
  const startedAt = clock.now();
  const content: ConsoleContent = {
    state: () => stateOf(dependencies, startedAt),
    issuers: () =>
      dependencies.registry.issuers().map(({ issuer }) => {
        const { keysAge, ...status } = issuer.status();
        const { keys, nextFetch } = issuer.details();
        return { ...status, keys, nextFetch, age: keysAge === undefined ? undefined : keysAge * 1000 };
      }),
    fetchNow: (name) => {
      const found = dependencies.registry.issuers().find(({ config }) => config.name === name);
      if (found === undefined) return 'unknown issuer';
      return found.issuer.fetchNow() ? 'started' : 'too early';
    },
    checks: sampler.read,
    rules: () => rulesOf(config()),
    denials: async ({ reason, host, rule }) => {
      const filter = {
        ...(reason !== '' && { reason }),
        ...(host !== '' && { host }),
        ...(rule !== '' && { rule }),
        limit: mostDenials,
      };
      return dependencies.findDenials(filter);
    },
    denial: async (id) => (await dependencies.findDenials({ id, limit: 1 }))[0],
    explain: async (request) => {
      const invalid = problemOf(request);
      if (invalid !== undefined) return { problem: invalid };
      return (await dependencies.explain(request)) ?? { problem: noAnswer };
    },
  };
  const handle = await createConsole({
    content,
    accessOf: guard,
    adminToken,
    accessHelp,
    isTls: config().admin.tls !== undefined,
    clock,
    logger,
  }).catch(explainEvalError('admin.console.enabled', 'the console'));
  sampler.start();
  logger.warn('the console is enabled; this process may compile code at run time, which fastify needs');
  return { handle, stop: sampler.stop };
}

const noAnswer = 'No process that answers checks explained the request within 1 second. Try again.';

function problemOf(request: ExplainRequest): string | undefined {
  try {
    checkedRequest(request);
    return undefined;
  } catch (error) {
    if (error instanceof InvalidRequest) return error.message;
    throw error;
  }
}

function stateOf(dependencies: ConsoleDependencies, startedAt: number): ConsoleState {
  const { loadedAt, readiness, addresses, checks, readFile } = dependencies;
  const config = dependencies.config();
  const { ready, draining, problems } = readiness();
  return {
    version,
    node: process.versions.node,
    since: startedAt,
    isReady: ready && !draining,
    isDraining: draining,
    configuration: { hash: configHash(config), loadedAt: loadedAt() },
    problems,
    workers: { running: checks.workers(), wanted: checks.workersWanted },
    isShadow: hasShadowMode(config),
    incumbent: config.shadow.authorizer === '' ? undefined : config.shadow.authorizer,
    listeners: Object.entries(addresses()).map(([name, { host, port }]) => ({
      name,
      address: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
      security: securityOf(listenerTls(config).find((listener) => listener.name === name)?.tls),
    })),
    certificates: certificatesOf(config, readFile),
  };
}

function securityOf(tls: Config['admin']['tls']): ConsoleState['listeners'][number]['security'] {
  if (tls === undefined) return 'plain text';
  return tls.clientCaFile === undefined ? 'TLS' : 'TLS with client certificates';
}

/** The rules with the names that the metrics use. */
function rulesOf({ rules = [], policies = [], mode }: Config): readonly RuleView[] {
  return [
    ...rules.map((rule) => ({
      name: rule.name,
      policy: undefined,
      isShadow: (rule.mode ?? mode) === 'shadow',
    })),
    ...policies.flatMap((policy) =>
      policy.rules.map((rule) => ({
        name: `${policy.name}/${rule.name}`,
        policy: policy.name,
        isShadow: (rule.mode ?? policy.mode ?? mode) === 'shadow',
      })),
    ),
  ];
}
