/** The values that the charts of oauth2-proxy have and that are not settings of oauth2-proxy itself. */
import { suggestion } from '../../../../../config/validate/problems.ts';
import type { Finding } from '../../../finding.ts';

/** The official chart, or Bitnami's. */
export type Chart = 'official' | 'bitnami';

/** Names that the chart of oauth2-proxy knows and other readers take. */
const settingValues = [
  'config',
  'alphaConfig',
  'extraArgs',
  'extraEnv',
  'envFrom',
  'proxyVarsAsSecrets',
  'authenticatedEmailsFile',
  'htpasswdFile',
  'sessionStorage',
];

/** Values for which the chart of oidc-authz has one of the same name, or of the name that is given. */
const counterparts: Readonly<Record<string, string>> = {
  affinity: 'affinity',
  autoscaling: 'autoscaling',
  customLabels: 'commonLabels',
  extraObjects: 'extraObjects',
  extraVolumeMounts: 'extraVolumeMounts',
  extraVolumes: 'extraVolumes',
  fullnameOverride: 'fullnameOverride',
  image: 'image',
  imagePullSecrets: 'imagePullSecrets',
  livenessProbe: 'probes',
  nameOverride: 'nameOverride',
  networkPolicy: 'networkPolicy',
  nodeSelector: 'nodeSelector',
  podAnnotations: 'podAnnotations',
  podDisruptionBudget: 'podDisruptionBudget',
  podLabels: 'podLabels',
  podSecurityContext: 'podSecurityContext',
  priorityClassName: 'priorityClassName',
  readinessProbe: 'probes',
  replicaCount: 'replicaCount',
  resources: 'resources',
  revisionHistoryLimit: 'revisionHistoryLimit',
  securityContext: 'securityContext',
  service: 'service',
  serviceAccount: 'serviceAccount',
  terminationGracePeriodSeconds: 'terminationGracePeriodSeconds',
  tolerations: 'tolerations',
  topologySpreadConstraints: 'topologySpreadConstraints',
};

const noWayIn = 'Envoy asks oidc-authz from inside the cluster, so nothing needs a way in from outside';
const noRedis = 'there are no sessions here, and so nothing to keep in Redis';
const notInChart = 'the chart of oidc-authz has no such value';

/** Values that say where and how pods run. */
const aboutPods = 'it says where and how pods run';

/** Values that nothing in our chart answers to. */
const valuesWithoutCounterpart: Readonly<Record<string, string>> = {
  ingress: noWayIn,
  gatewayApi: noWayIn,
  redis: noRedis,
  'redis-ha': noRedis,
  initContainers: noRedis,
  containerPort: 'the ports are those of the listeners in `config`',
  httpScheme: 'the listeners in `config` say whether they speak TLS',
  extraContainers: notInChart,
  extraInitContainers: notInChart,
  hostAliases: notInChart,
  lifecycle: notInChart,
  resizePolicy: notInChart,
  strategy: notInChart,
  checkDeprecation: aboutPods,
  deploymentAnnotations: aboutPods,
  deploymentLabels: aboutPods,
  enableServiceLinks: aboutPods,
  global: 'it says where images and the like come from',
  kubeVersion: aboutPods,
  metrics: 'the chart of oidc-authz has its own value `serviceMonitor`, and metrics are always served',
  namespaceOverride: aboutPods,
};

/** The values of Bitnami's chart that are no settings either, beside those of the same names. */
const bitnamiPodValues: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      ...[
        'automountServiceAccountToken',
        'clusterDomain',
        'commonAnnotations',
        'commonLabels',
        'containerPorts',
      ],
      ...['containerSecurityContext', 'customLivenessProbe', 'customReadinessProbe', 'customStartupProbe'],
      ...['dnsConfig', 'dnsPolicy', 'extraContainerPorts', 'lifecycleHooks', 'nodeAffinityPreset', 'pdb'],
      ...['podAffinityPreset', 'podAntiAffinityPreset', 'resourcesPreset', 'schedulerName', 'sidecars'],
      ...['startupProbe', 'updateStrategy', 'usePasswordFiles'],
    ].map((name) => [name, aboutPods]),
  ),
};

/** Names of Bitnami's chart that other readers take. */
const bitnamiSettingValues = [
  ...['args', 'command', 'configuration', 'externalRedis', 'extraArgs', 'extraEnvVars', 'extraEnvVarsCM'],
  ...['extraEnvVarsSecret', 'redis'],
];

/** Names of the official chart that are none of Bitnami's. */
const officialOnlyValues = [
  ...['alphaConfig', 'config', 'envFrom', 'extraEnv', 'proxyVarsAsSecrets', 'authenticatedEmailsFile'],
  ...['htpasswdFile', 'sessionStorage', 'redis-ha', 'extraContainers', 'extraInitContainers', 'extraObjects'],
];

/** Whether a name is one of the chart's that other files hardly have. */
export function isChartValue(name: string): boolean {
  return settingValues.includes(name) || name === 'configuration';
}

type Judgement = Pick<Finding, 'verdict' | 'text'>;

/** Judges a value by its name; undefined if it is a setting, which another reader takes. */
export function judgementOf(name: string, chart: Chart): Judgement | undefined {
  const read = chart === 'bitnami' ? bitnamiSettingValues : settingValues;
  if (read.includes(name)) return undefined;
  const names = {
    ...counterpartTexts,
    ...valuesWithoutCounterpart,
    ...(chart === 'bitnami' ? bitnamiPodValues : {}),
  };
  const isKnown = Object.hasOwn(names, name) && !(chart === 'bitnami' && officialOnlyValues.includes(name));
  const text = isKnown ? names[name] : undefined;
  if (text !== undefined) return { verdict: 'meaningless', text };
  const known = [...read, ...Object.keys(names)];
  const of = chart === 'bitnami' ? "Bitnami's chart" : 'the chart';
  return {
    verdict: 'refused',
    text: `it is not read: ${of} of oauth2-proxy has no such value${suggestion(name, known)}`,
  };
}

const counterpartTexts = Object.fromEntries(
  Object.entries(counterparts).map(([name, own]) => [
    name,
    `the chart of oidc-authz has its own value \`${own}\``,
  ]),
);
