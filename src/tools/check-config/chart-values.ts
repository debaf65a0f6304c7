/** Resolves values of the Helm chart to the configuration that the chart makes of them. */

import { configSchema } from '../../config/declare/options.ts';
import { type ConfigFile, parseConfigFile } from '../../config/load/file.ts';
import { shapeOf } from '../../config/schema/schema.ts';
import { ConfigError, type Problem, suggestion } from '../../config/validate/problems.ts';
import { isMapping, type Mapping } from '../../config/values/mapping.ts';
import { quoteValue } from '../../config/values/quote-value.ts';
import { isSet, loginFiles, stateFiles } from './chart-secrets.ts';
import { chartValueNames } from './chart-value-names.ts';

/** The configuration in values of the chart. */
export interface ChartConfig {
  readonly file: ConfigFile;
  /** The environment variables of the pod whose values are in the file. */
  readonly environment: Readonly<Record<string, string>>;
  /** A line for each value that the result depends on, and for each value that was not read. */
  readonly notes: readonly string[];
}

/** The defaults of the chart. */
const defaultTimeout = '2s';
const defaultCaKey = 'ca.crt';
const caFolder = '/etc/oidc-authz/ca';

/** Names of values that are not options of the service. They distinguish values without `config` from a configuration. */
export const chartOnlyNames: readonly string[] = [
  'affinity',
  'autoscaling',
  'caBundle',
  'envFrom',
  'extraArgs',
  'extraEnv',
  'fullnameOverride',
  'global',
  'image',
  'imagePullSecrets',
  'istio',
  'kyma',
  'loginSecrets',
  'nameOverride',
  'networkPolicy',
  'nodeSelector',
  'podAnnotations',
  'podDisruptionBudget',
  'podLabels',
  'podSecurityContext',
  'replicaCount',
  'resources',
  'securityContext',
  'service',
  'serviceAccount',
  'stateSecrets',
  'tolerations',
];

/**
 * Reads values of the chart, or of a chart that has it as a subchart.
 *
 * @returns undefined if the file does not hold such values
 * @throws ConfigError if the configuration is in another object, or is not a map
 */
export function readChartValues(file: ConfigFile): ChartConfig | undefined {
  const found = valuesIn(file.content);
  if (found === undefined) return undefined;
  const { values, at } = found;
  const place = (path: readonly PropertyKey[]) => file.place([...at, ...path]);
  if (typeof values.existingConfigMap === 'string' && values.existingConfigMap !== '')
    throw new ConfigError([
      {
        path: 'existingConfigMap',
        source: place(['existingConfigMap']),
        message: `the configuration is in the ConfigMap ${values.existingConfigMap}, which cannot be read here; check its file oidc-authz.yaml instead`,
      },
    ]);
  const { config: written } = values;
  if (written !== undefined && written !== null && !isMapping(written))
    throw new ConfigError([
      {
        path: [...at, 'config'].join('.'),
        source: place(['config']),
        message: `\`config\` must be a map in values of the chart: expected names with values, not ${typeof written === 'string' ? 'a text; remove the `|` or the quotes' : quoteValue(written)}`,
      },
    ]);

  const config: Mapping = isMapping(values.config) ? structuredClone(values.config) : {};
  const { environment, notes } = podEnvironment(values);
  const derived = [
    ...meshTimeout(config, values),
    ...ports(config, values),
    ...caFiles(config, values),
    ...loginFiles(config, values),
    ...stateFiles(config, values),
  ];
  const where = [...at, 'config'].join('.');
  return {
    file: { content: config, place: (path) => place(['config', ...path]) },
    environment,
    notes: [
      'config' in values
        ? `the file has values of the chart: the configuration is below \`${where}\``
        : `the file seems to have values of the chart, but no \`${where}\`; write the configuration below it`,
      ...derived,
      ...notes,
      ...unknownValues(values),
    ],
  };
}

/** Makes the problem for a file with values of the chart; undefined if it has none, or cannot be parsed. */
export function chartValuesProblem(text: string, path: string): Problem | undefined {
  return holdsValues(text, path)
    ? {
        path: '',
        source: path,
        message: `the file has values of the chart, but the service reads only a configuration; copy the part below \`config\` into a file of its own. \`oidc-authz check-config ${path}\` checks the values themselves`,
      }
    : undefined;
}

function holdsValues(text: string, path: string): boolean {
  try {
    return valuesIn(parseConfigFile(text, path).content) !== undefined;
  } catch (error) {
    if (error instanceof ConfigError) return false;
    throw error;
  }
}

function valuesIn(
  document: Mapping,
): { readonly values: Mapping; readonly at: readonly string[] } | undefined {
  if ('issuers' in document) return undefined;
  if ('config' in document || 'existingConfigMap' in document) return { values: document, at: [] };
  const parts = Object.entries(document).filter(([, part]) => isMapping(part) && isMapping(part.config));
  // Other charts may have a `config` too.
  const own = parts.filter(
    ([, part]) => isMapping(part) && isMapping(part.config) && 'issuers' in part.config,
  );
  const [only, ...more] = own.length > 0 ? own : parts;
  if (only === undefined && isWithoutConfig(document)) return { values: document, at: [] };
  return only === undefined || more.length > 0 ? undefined : { values: only[1] as Mapping, at: [only[0]] };
}

/** Helm rejects values that the chart does not have. */
function unknownValues(values: Mapping): string[] {
  return Object.keys(values)
    .filter((name) => !chartValueNames.includes(name))
    .map(
      (name) =>
        `helm rejects the value ${name}: the chart does not have it${suggestion(name, chartValueNames)}`,
    );
}

function isWithoutConfig(document: Mapping): boolean {
  const names = Object.keys(document);
  return (
    names.some((name) => chartOnlyNames.includes(name)) &&
    !names.some((name) => name in (shapeOf(configSchema) ?? {}))
  );
}

/** The chart sets the timeout of the mesh, which limits the deadlines of the service. */
function meshTimeout(config: Mapping, { authorizer }: Mapping): string[] {
  const limits = isMapping(config.limits) ? config.limits : {};
  if (isSet(limits.meshTimeout) || (config.limits !== undefined && !isMapping(config.limits))) return [];
  const timeout = isMapping(authorizer) && isSet(authorizer.timeout) ? authorizer.timeout : defaultTimeout;
  config.limits = { ...limits, meshTimeout: timeout };
  return [`limits.meshTimeout is ${String(timeout)}, from authorizer.timeout`];
}

/** Istio ignores the port of a host when it routes a request. */
function ports(config: Mapping, { istio, kyma }: Mapping): string[] {
  const switches: readonly (readonly [string, unknown])[] = [
    ['istio.enabled', isMapping(istio) && istio.enabled],
    ['kyma.enabled', isMapping(kyma) && kyma.enabled],
    ['kyma.apiRules', isMapping(kyma) && kyma.apiRules],
  ];
  const cause = switches.find(([, value]) => isSet(value))?.[0];
  const hosts = config.hosts ?? {};
  if (cause === undefined || !isMapping(hosts) || isSet(hosts.ports)) return [];
  config.hosts = { ...hosts, ports: 'ignore' };
  return [`hosts.ports is ignore, because of ${cause}`];
}

function caFiles(config: Mapping, { caBundle }: Mapping): string[] {
  if (!isMapping(caBundle) || !(isSet(caBundle.configMap) || isSet(caBundle.secret))) return [];
  const path = `${caFolder}/${isSet(caBundle.key) ? String(caBundle.key) : defaultCaKey}`;
  const without = Array.isArray(config.issuers)
    ? config.issuers.filter((issuer) => isMapping(issuer) && !isSet(issuer.caFile))
    : [];
  for (const issuer of without) issuer.caFile = path;
  return without.length === 0 ? [] : [`caFile of ${without.length} issuers is ${path}, from caBundle`];
}

function podEnvironment({
  extraEnv,
  envFrom,
  extraArgs,
}: Mapping): Pick<ChartConfig, 'environment' | 'notes'> {
  const variables = Array.isArray(extraEnv) ? extraEnv.filter(isMapping) : [];
  const ours = variables.filter(({ name }) => String(name).startsWith('OIDC_AUTHZ_'));
  // As in a pod: the last variable of a name counts.
  const last = [...new Map(ours.map((variable) => [String(variable.name), variable]))];
  const valued = last.filter(([, { value }]) => value !== undefined);
  const referring = valued.filter(([, { value }]) => refersToVariable(String(value)));
  const read = valued.filter((variable) => !referring.includes(variable));
  return {
    environment: Object.fromEntries(
      read.map(([name, { value }]) => [name, String(value).replaceAll('$$', () => '$')]),
    ),
    notes: [
      ...read.map(([name]) => `${name} is read from extraEnv`),
      ...last
        .filter((variable) => !valued.includes(variable))
        .map(([name]) => `not read: ${name} of extraEnv, because its value is in another object`),
      ...referring.map(
        ([name]) => `not read: ${name} of extraEnv, because its value contains another variable, $(NAME)`,
      ),
      ...(isSet(envFrom) ? ['not read: envFrom, because its values are in other objects'] : []),
      ...(isSet(extraArgs) ? ['not read: extraArgs; give this command the same flags'] : []),
    ],
  };
}

/** Whether the kubelet would insert the value of another variable; it reads `$$` as a dollar sign. */
function refersToVariable(value: string): boolean {
  return /\$\([^)]*\)/.test(value.replaceAll('$$', ''));
}
