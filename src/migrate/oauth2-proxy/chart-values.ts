/** Values of the chart of oauth2-proxy that are no settings of oauth2-proxy itself. */

import { suggestion } from '../../config/problems.ts';
import { isTree } from '../../config/tree.ts';
import type { Gathered } from './gathered.ts';
import { child, fields, isEmpty, place, type Spot } from './spot.ts';

/** Names that the chart of oauth2-proxy knows and other readers take. */
const readElsewhere = [
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
const ownValues: Readonly<Record<string, string>> = {
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

/** Values that nothing in our chart answers to. */
const withoutOwn: Readonly<Record<string, string>> = {
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
};

/** Names that say nothing worth a line, but are known. */
const silent = [
  'global',
  'metrics',
  'checkDeprecation',
  'kubeVersion',
  'namespaceOverride',
  'enableServiceLinks',
  'deploymentAnnotations',
  'deploymentLabels',
];

/**
 * Tells what becomes of the values that are no settings.
 *
 * @param isComputed whether the values hold all defaults of the chart too, so that only what is enabled was meant
 */
export function judgeChartValues(values: Spot, isComputed: boolean, { findings }: Gathered): void {
  for (const [name, spot] of fields(values)) {
    const isOff = isEmpty(spot) || child(spot, 'enabled').value === false;
    const isMeant = !isComputed || (isTree(spot.value) && spot.value.enabled === true);
    const text = textFor(name);
    if (text !== undefined && !isOff && isMeant)
      findings.push({ setting: name, source: place(spot), verdict: 'meaningless', text });
  }
}

/** Whether a name is one of the chart's that other files hardly have. */
export function isChartValue(name: string): boolean {
  return readElsewhere.includes(name);
}

function textFor(name: string): string | undefined {
  if (readElsewhere.includes(name) || silent.includes(name)) return undefined;
  const own = Object.hasOwn(ownValues, name) ? ownValues[name] : undefined;
  if (own !== undefined) return `the chart of oidc-authz has its own value \`${own}\``;
  if (Object.hasOwn(withoutOwn, name)) return withoutOwn[name];
  const known = [...readElsewhere, ...Object.keys(ownValues), ...Object.keys(withoutOwn), ...silent];
  return `the chart of oauth2-proxy has no such value${suggestion(name, known)}`;
}
