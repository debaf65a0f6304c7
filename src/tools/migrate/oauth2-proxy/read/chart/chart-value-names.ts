/** The values that the charts of oauth2-proxy have and that are not settings of oauth2-proxy itself. */
import { suggestion } from '../../../../../config/validate/problems.ts';
import type { Finding } from '../../../finding.ts';

/** The official chart, or Bitnami's. */
export type Chart = 'official' | 'bitnami';

/** Values of the official chart that are settings; other readers take them. */
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

/** Values with a counterpart in the chart of oidc-authz, with the name of the counterpart. */
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

const noExternalAccess = 'Envoy calls oidc-authz inside the cluster, so no entry from outside is needed';
const noRedis = 'the converted configuration has no sessions and needs no Redis';
const notInChart = 'the chart of oidc-authz has no such value';

/** The reason for values that only set where and how pods run. */
const aboutPods = 'it sets where and how pods run';

/** Values without a counterpart in the chart of oidc-authz. */
const valuesWithoutCounterpart: Readonly<Record<string, string>> = {
  ingress: noExternalAccess,
  gatewayApi: noExternalAccess,
  redis: noRedis,
  'redis-ha': noRedis,
  initContainers: noRedis,
  containerPort: 'the ports are those of the listeners in `config`',
  httpScheme: 'the listeners in `config` set whether they use TLS',
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
  global: 'it sets registries, image pull secrets and similar values',
  kubeVersion: aboutPods,
  metrics: 'the chart of oidc-authz has its own value `serviceMonitor`, and metrics are always served',
  namespaceOverride: aboutPods,
};

/** Further values of Bitnami's chart that are not settings. */
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

/** Values of Bitnami's chart that are settings; other readers take them. */
const bitnamiSettingValues = [
  ...['args', 'command', 'configuration', 'externalRedis', 'extraArgs', 'extraEnvVars', 'extraEnvVarsCM'],
  ...['extraEnvVarsSecret', 'redis'],
];

/** Values of the official chart that Bitnami's chart does not have. */
const officialOnlyValues = [
  ...['alphaConfig', 'config', 'envFrom', 'extraEnv', 'proxyVarsAsSecrets', 'authenticatedEmailsFile'],
  ...['htpasswdFile', 'sessionStorage', 'redis-ha', 'extraContainers', 'extraInitContainers', 'extraObjects'],
];

/** Whether a name is typical of the chart and rare in other files. */
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
