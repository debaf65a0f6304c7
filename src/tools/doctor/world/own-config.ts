/** The configuration of the service: a file that the operator names, or the one in the manifests. */
import type { Config } from '../../../config/declare/options.ts';
import { type ConfigSources, loadConfig } from '../../../config/load/load.ts';
import { type CommandLineFlag, configFlags } from '../../../config/load/settings.ts';
import { ConfigError, type Problem } from '../../../config/validate/problems.ts';
import type { Place } from '../finding.ts';
import { type KubeObject, mappingsOf, textOf, textsOf } from '../read/objects.ts';
import type { Workload } from './workloads.ts';

/** The key of the configuration in the ConfigMap of the chart. */
const configKey = 'oidc-authz.yaml';

/** The configuration of the service, or the reason for its absence. */
export interface OwnConfig {
  readonly config?: Config;
  /** The place where it was found, for example `ConfigMap oidc-authz/oidc-authz`. */
  readonly source: string;
  readonly place?: Place;
  /** The place of a problem, if the configuration is in the manifests. */
  readonly placeOf?: (problem: Problem) => Place;
  /** The problems of a configuration in the manifests. */
  readonly problems: readonly Problem[];
  /** Sentences about settings that were not read. */
  readonly notes: readonly string[];
}

/** The ConfigMaps that hold a configuration of the service. */
function configMapsWithConfig(objects: readonly KubeObject[]): readonly KubeObject[] {
  return objects.filter(
    (object) => object.kind === 'ConfigMap' && object.group === '' && object.text('data', configKey) !== '',
  );
}

/**
 * Loads the configuration that manifests contain: the ConfigMap, and the arguments and variables of the workload.
 *
 * @param own the workloads of the service
 */
export async function configInManifests(
  objects: readonly KubeObject[],
  own: readonly Workload[],
): Promise<OwnConfig | undefined> {
  const [configMap, ...more] = configMapsWithConfig(objects);
  if (configMap === undefined) return undefined;
  const source = `${configMap.kind} ${configMap.namespace}/${configMap.name}`;
  const place = configMap.at('data', configKey);
  const notes =
    more.length === 0
      ? []
      : [
          `${more.length + 1} ConfigMaps hold a configuration of oidc-authz; only ${source} was read. Name another one with --config FILE.`,
        ];
  const workload = own.find(({ namespace }) => namespace === configMap.namespace);
  const { sources, notes: unread } =
    workload === undefined ? { sources: {}, notes: [] } : podSettings(workload);
  const text = configMap.text('data', configKey);
  const first = configMap.textLine('data', configKey);
  const placeOf = ({ path, source: written }: Problem): Place => {
    const [, line] = /^oidc-authz\.yaml:(\d+):/.exec(written) ?? [];
    const at = path === '' ? place.path : `${place.path}: ${path}`;
    return line === undefined ? place : { ...place, line: first + Number(line) - 1, path: at };
  };
  try {
    const config = await loadConfig({
      environment: sources.environment ?? {},
      flags: [{ name: '--config', value: configKey }, ...(sources.flags ?? [])],
      readFile: () => text,
    });
    return { config, source, place, problems: [], notes: [...notes, ...unread] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { source, place, placeOf, problems: error.problems, notes: [...notes, ...unread] };
  }
}

/** The flags and variables of the service's container. */
function podSettings({ containers, object }: Workload): {
  readonly sources: Partial<ConfigSources>;
  readonly notes: readonly string[];
} {
  const [container = {}] = containers;
  const known = new Set(configFlags());
  const flags: CommandLineFlag[] = textsOf(container.args).flatMap((argument, index, all) => {
    if (!argument.startsWith('--')) return [];
    const equals = argument.indexOf('=');
    const name = equals < 0 ? argument : argument.slice(0, equals);
    if (name === '--config' || !known.has(name)) return [];
    const next = all[index + 1];
    const value = equals < 0 ? (next?.startsWith('--') ? undefined : next) : argument.slice(equals + 1);
    return [{ name, value }];
  });
  const variables = mappingsOf(container.env).filter(({ name }) => textOf(name).startsWith('OIDC_AUTHZ_'));
  const valued = variables.filter(({ name, value }) => name !== 'OIDC_AUTHZ_CONFIG' && value !== undefined);
  const referring = variables.filter(({ value }) => value === undefined);
  const label = `${object.kind} ${object.namespace}/${object.name}`;
  return {
    sources: {
      flags,
      environment: Object.fromEntries(valued.map(({ name, value }) => [textOf(name), textOf(value)])),
    },
    notes: referring.map(
      ({ name }) => `${label} sets ${textOf(name)} from a Secret or ConfigMap; its value was not read.`,
    ),
  };
}
