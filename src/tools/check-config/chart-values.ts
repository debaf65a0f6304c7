/** The values of the Helm chart as the configuration that the chart makes of them. */

import { configSchema } from '../../config/declare/options.ts';
import { type ConfigFile, parseConfigFile } from '../../config/load/file.ts';
import { ConfigError, type Problem, suggestion } from '../../config/validate/problems.ts';
import { isMapping, type Mapping } from '../../config/values/mapping.ts';
import { quoteValue } from '../../config/values/quote-value.ts';
import { chartValueNames } from './chart-value-names.ts';

/** What values say of the service. */
export interface ChartConfig {
  readonly file: ConfigFile;
  /** The environment of the pod, as far as the values tell it. */
  readonly environment: Readonly<Record<string, string>>;
  /** What was done, a line each. */
  readonly notes: readonly string[];
}

/** As the chart's own values have it. */
const defaultTimeout = '2s';
const defaultCaKey = 'ca.crt';
const caFolder = '/etc/oidc-authz/ca';

/** Values of the chart, and of most others, which are no options of the service: enough to tell values without `config` from a configuration. */
export const tellingValues: readonly string[] = [
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
  'tolerations',
];

/**
 * Reads values of the chart, or of a chart that has it as a part.
 *
 * @returns undefined where a file is no such values: `config` is no option of the service
 * @throws ConfigError where the configuration is elsewhere, or is no map
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
        message: `the configuration is in the ConfigMap ${values.existingConfigMap}, which is not read here; check the file oidc-authz.yaml in it`,
      },
    ]);
  const { config: given } = values;
  if (given !== undefined && given !== null && !isMapping(given))
    throw new ConfigError([
      {
        path: [...at, 'config'].join('.'),
        source: place(['config']),
        message: `\`config\` must be a map, as these are values of the chart: expected names with values, not ${typeof given === 'string' ? 'a text; take the `|` or the quotes away' : quoteValue(given)}`,
      },
    ]);

  const config: Mapping = isMapping(values.config) ? structuredClone(values.config) : {};
  const { environment, notes } = podEnvironment(values);
  const made = [...meshTimeout(config, values), ...ports(config, values), ...caFiles(config, values)];
  const where = [...at, 'config'].join('.');
  return {
    file: { content: config, place: (path) => place(['config', ...path]) },
    environment,
    notes: [
      'config' in values
        ? `these are values of the chart: the configuration is below \`${where}\``
        : `these look like values of the chart without \`${where}\`, below which the configuration belongs`,
      ...made,
      ...notes,
      ...unknownValues(values),
    ],
  };
}

/** Says that a file holds values of the chart; undefined where it does not, or cannot be read at all. */
export function chartValuesProblem(text: string, path: string): Problem | undefined {
  return holdsValues(text, path)
    ? {
        path: '',
        source: path,
        message: `these are values of the chart, and the service reads the configuration alone: give it a file with what stands below \`config\`. \`oidc-authz check-config ${path}\` checks the values as they are`,
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

function valuesIn(tree: Mapping): { readonly values: Mapping; readonly at: readonly string[] } | undefined {
  if ('issuers' in tree) return undefined;
  if ('config' in tree || 'existingConfigMap' in tree) return { values: tree, at: [] };
  const parts = Object.entries(tree).filter(([, part]) => isMapping(part) && isMapping(part.config));
  // Other charts have a `config` as well.
  const own = parts.filter(
    ([, part]) => isMapping(part) && isMapping(part.config) && 'issuers' in part.config,
  );
  const [only, ...more] = own.length > 0 ? own : parts;
  if (only === undefined && isWithoutConfig(tree)) return { values: tree, at: [] };
  return only === undefined || more.length > 0 ? undefined : { values: only[1] as Mapping, at: [only[0]] };
}

/** Helm refuses what the chart does not have. */
function unknownValues(values: Mapping): string[] {
  return Object.keys(values)
    .filter((name) => !chartValueNames.includes(name))
    .map(
      (name) =>
        `helm refuses the value ${name}, which the chart does not have${suggestion(name, chartValueNames)}`,
    );
}

function isWithoutConfig(tree: Mapping): boolean {
  const names = Object.keys(tree);
  return (
    names.some((name) => tellingValues.includes(name)) && !names.some((name) => name in configSchema.shape)
  );
}

/** The service refuses deadlines too close to the timeout of the entries that the chart makes. */
function meshTimeout(config: Mapping, { authorizer }: Mapping): string[] {
  const limits = isMapping(config.limits) ? config.limits : {};
  if (isSet(limits.meshTimeout) || (config.limits !== undefined && !isMapping(config.limits))) return [];
  const timeout = isMapping(authorizer) && isSet(authorizer.timeout) ? authorizer.timeout : defaultTimeout;
  config.limits = { ...limits, meshTimeout: timeout };
  return [`limits.meshTimeout is ${String(timeout)}, as authorizer.timeout`];
}

/** Istio ignores ports when it routes. */
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
  const given = Array.isArray(extraEnv) ? extraEnv.filter(isMapping) : [];
  const ours = given.filter(({ name }) => String(name).startsWith('OIDC_AUTHZ_'));
  // As in a pod: of several with one name, the last counts.
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
        .map(([name]) => `not read: ${name} of extraEnv, whose value is elsewhere`),
      ...referring.map(
        ([name]) => `not read: ${name} of extraEnv, whose value refers to another variable, as $(NAME)`,
      ),
      ...(isSet(envFrom) ? ['not read: envFrom, whose values are elsewhere'] : []),
      ...(isSet(extraArgs) ? ['not read: extraArgs; give the same flags to this command'] : []),
    ],
  };
}

/** Whether the kubelet would put the value of another variable in; `$$` is a dollar sign to it. */
function refersToVariable(value: string): boolean {
  return /\$\([^)]*\)/.test(value.replaceAll('$$', ''));
}

/** Whether a template of Helm takes a value for true. */
function isSet(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isMapping(value)) return Object.keys(value).length > 0;
  return value !== undefined && value !== null && value !== false && value !== '' && value !== 0;
}
