/** Collects a support bundle: everything that helps to find the cause of a problem, without secrets. */
import type { ConfigSources } from '../../config/load/load.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { version } from '../../runtime/version.ts';
import type { AdminAccess } from '../admin-client.ts';
import { type ConfigurationPart, configurationPart } from './configuration.ts';
import { type EnvironmentFacts, environmentFacts } from './environment.ts';
import { maskTexts } from './mask.ts';
import { isUnavailable, type Part, partOf } from './part.ts';
import { type ServicePart, servicePart } from './running-service.ts';

/** A bundle. */
export interface SupportBundle {
  readonly about: string;
  /** In ISO 8601. */
  readonly created: string;
  /** The version of the command. */
  readonly version: string;
  /** The machine on which the command ran. A running service can be elsewhere. */
  readonly environment: Part<EnvironmentFacts>;
  readonly configuration: Part<ConfigurationPart>;
  /** One for each `--admin`. */
  readonly services: readonly ServicePart[];
}

/** A bundle, and the parts that it does not have. */
export interface Collected {
  readonly bundle: SupportBundle;
  /** Each as `configuration: no configuration is named`. */
  readonly missing: readonly string[];
  /** Whether it has neither a configuration nor an answer of a service. */
  readonly isEmpty: boolean;
}

const about =
  'A support bundle of oidc-authz. It has no tokens, claim values, secrets, header values or queries. It has names of issuers, hosts and paths: read it before you publish it.';

/** Collects a bundle. */
export async function collectBundle(
  sources: ConfigSources,
  accesses: readonly AdminAccess[],
  clock: Clock,
): Promise<Collected> {
  const services: ServicePart[] = [];
  for (const access of accesses) services.push(await servicePart(access));
  const bundle = maskTexts({
    about,
    created: new Date(clock.now()).toISOString(),
    version,
    environment: await partOf(() => environmentFacts(sources.environment, sources.readFile)),
    configuration: await partOf(() => configurationPart(sources)),
    services,
  }) as SupportBundle;
  const parts: [string, object][] = [
    ['environment', bundle.environment],
    ['configuration', bundle.configuration],
    ...bundle.services.flatMap(({ admin, ...rest }) =>
      Object.entries(rest).map(([name, part]): [string, object] => [`${admin} ${name}`, part]),
    ),
  ];
  const missing = parts.flatMap(([name, part]) =>
    isUnavailable(part) ? [`${name}: ${part.unavailable}`] : [],
  );
  const isEmpty = parts.every(([name, part]) => name === 'environment' || isUnavailable(part));
  return { bundle, missing, isEmpty };
}
