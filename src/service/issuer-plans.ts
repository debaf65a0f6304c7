/** Plans the issuers of a configuration. Their events log and count the changes of their keys. */
import type { Config } from '../config/declare/options.ts';
import { type IssuerContext, planIssuer } from '../issuer/issuer-plan.ts';
import type { IssuerPlan } from '../issuer/registry.ts';
import { createIssuerEvents } from '../observe/issuer-events.ts';
import type { Logger } from '../observe/logger.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { ReloadProblems } from './reload-problems.ts';

/** The dependencies of the plans. */
export interface IssuerPlansDependencies extends Omit<IssuerContext, 'eventsOf'> {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly problems: ReloadProblems;
  readonly onKeysChange: () => void;
}

/** Creates the function that plans the issuers of a configuration. */
export function createIssuerPlans(
  dependencies: IssuerPlansDependencies,
): (config: Config) => readonly IssuerPlan[] {
  const { logger, metrics, problems, onKeysChange } = dependencies;
  const eventsOf: IssuerContext['eventsOf'] = (name, caFiles) => {
    const events = createIssuerEvents(name, logger, metrics, onKeysChange);
    return {
      ...events,
      onTrustReload: (error) => {
        events.onTrustReload(error);
        problems.caFilesReloaded(caFiles, error?.message);
      },
    };
  };
  return (config) =>
    config.issuers.map((issuer) => planIssuer(issuer, config, { ...dependencies, eventsOf }));
}
