/** Values of the chart of oauth2-proxy that are no settings of oauth2-proxy itself. */

import { suggestion } from '../../../../../config/validate/problems.ts';
import { isMapping } from '../../../../../config/values/mapping.ts';
import type { Finding } from '../../../finding.ts';
import { objectsIn } from '../cluster/cluster-objects.ts';
import { guardingAnnotation, guardsOfService, whyHarmless } from '../cluster/object-kinds.ts';
import { isProxy } from '../cluster/pods.ts';
import type { Gathered } from '../collected.ts';
import {
  child,
  elements,
  fields,
  isEmpty,
  isFalse,
  isHolder,
  isTrue,
  place,
  type Spot,
  scalarText,
  whyHolder,
} from '../location.ts';
import type { Chart, ChartValues } from './charts.ts';

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

/** Values that say where and how pods run. */
const aboutPods = 'it says where and how pods run';

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
const ofBitnami: Readonly<Record<string, string>> = {
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
const readOfBitnami = [
  ...['args', 'command', 'configuration', 'externalRedis', 'extraArgs', 'extraEnvVars', 'extraEnvVarsCM'],
  ...['extraEnvVarsSecret', 'redis'],
];

/** Names of the official chart that are none of Bitnami's. */
const notOfBitnami = [
  ...['alphaConfig', 'config', 'envFrom', 'extraEnv', 'proxyVarsAsSecrets', 'authenticatedEmailsFile'],
  ...['htpasswdFile', 'sessionStorage', 'redis-ha', 'extraContainers', 'extraInitContainers', 'extraObjects'],
];

/**
 * Tells what becomes of the values that are no settings. What the chart does not know is refused, as it may be a guard that
 * was meant.
 *
 * @param isComputed whether the values hold all defaults of the chart too, so that only what is enabled was meant
 */
export function judgeChartValues(
  { chart, spot: values, isNested }: ChartValues,
  isComputed: boolean,
  { findings }: Gathered,
): void {
  const silent: string[] = [];
  for (const [name, spot] of fields(values)) {
    const known = textFor(name, chart);
    if (isNested && name === 'enabled' && !isFalse(spot)) {
      silent.push(name);
      continue;
    }
    if (known === undefined) continue;
    const isOff = isEmpty(spot) || isFalse(child(spot, 'enabled'));
    const isOn = !isComputed || child(spot, 'enabled').value === true;
    const guards = isOff ? [] : guardsIn(name, spot, chart);
    findings.push(...guards);
    if (known.verdict === 'refused' && isHolder(spot)) {
      if (guards.length === 0)
        findings.push({ setting: name, source: place(spot), verdict: 'meaningless', text: whyHolder });
    } else if (known.verdict === 'refused') findings.push({ setting: name, source: place(spot), ...known });
    else if (isOff || (!isOn && guards.length === 0)) silent.push(name);
    else findings.push({ setting: name, source: place(spot), ...known });
  }
  if (silent.length > 0)
    findings.push({
      setting: 'values',
      source: place(values),
      verdict: 'meaningless',
      text: `they are empty, off, or say how pods run: ${silent.join(', ')}`,
    });
}

/** Whether a name is one of the chart's that other files hardly have. */
export function isChartValue(name: string): boolean {
  return readElsewhere.includes(name) || name === 'configuration';
}

type Judgement = Pick<Finding, 'verdict' | 'text'>;

function textFor(name: string, chart: Chart): Judgement | undefined {
  const read = chart === 'bitnami' ? readOfBitnami : readElsewhere;
  if (read.includes(name)) return undefined;
  const names = { ...ownNames, ...withoutOwn, ...(chart === 'bitnami' ? ofBitnami : {}) };
  const isKnown = Object.hasOwn(names, name) && !(chart === 'bitnami' && notOfBitnami.includes(name));
  const text = isKnown ? names[name] : undefined;
  if (text !== undefined) return { verdict: 'meaningless', text };
  const known = [...read, ...Object.keys(names)];
  const of = chart === 'bitnami' ? "Bitnami's chart" : 'the chart';
  return {
    verdict: 'refused',
    text: `it is not read: ${of} of oauth2-proxy has no such value${suggestion(name, known)}`,
  };
}

const ownNames = Object.fromEntries(
  Object.entries(ownValues).map(([name, own]) => [
    name,
    `the chart of oidc-authz has its own value \`${own}\``,
  ]),
);

/** What values that mostly say how pods run have in them that may be a guard, or another oauth2-proxy. */
function guardsIn(name: string, spot: Spot, chart: Chart): readonly Finding[] {
  const refused = (at: Spot, setting: string, text: string): Finding => ({
    setting,
    source: place(at),
    verdict: 'refused',
    text: `it is not read: ${text}`,
  });
  if (name === 'ingress' || name === 'gatewayApi')
    return [
      ...['annotations', 'extraAnnotations'].flatMap((list) =>
        fields(child(spot, list)).flatMap(([annotation, at]) =>
          guardingAnnotation.test(annotation)
            ? [refused(at, `${name}.${list}.${annotation}`, 'it asks the gateway for a guard of its own')]
            : [],
        ),
      ),
      ...fieldsBelow(spot, 'filters').map((at) =>
        refused(at, `${name}.filters`, 'they may be guards of the gateway'),
      ),
    ];
  if (name === 'service')
    return guardsOfService(spot, child(spot, 'annotations')).map(([inner, at]) =>
      refused(at, `service.${inner}`, 'it says from where oauth2-proxy may be called'),
    );
  if (name === 'networkPolicy')
    return isClosed(spot, chart)
      ? [
          refused(
            spot,
            name,
            'it says who may call oauth2-proxy; `networkPolicy` of oidc-authz does the same',
          ),
        ]
      : [];
  if (name === 'extraObjects' || name === 'extraDeploy') {
    if (!Array.isArray(spot.value))
      return [refused(spot, name, 'nothing here knows what it asks for; give it as a manifest')];
    return elements(spot).flatMap((entry) => {
      const objects = isMapping(entry.value) ? objectsIn(entry) : [];
      const isHarmless = objects.length > 0 && objects.every((object) => whyHarmless(object) !== undefined);
      if (isHarmless) return [];
      const kind = scalarText(child(entry, 'kind')) ?? 'one that is a template';
      return [
        refused(entry, `${name}/${kind}`, 'nothing here knows what it asks for; give it as a manifest'),
      ];
    });
  }
  if (/containers|sidecars/i.test(name))
    return elements(spot).flatMap((container) =>
      isProxy(container) ? [refused(container, name, 'it runs an oauth2-proxy of its own')] : [],
    );
  return [];
}

/** Whether a chart makes a policy that lets in only some: Bitnami's has one by default, which lets in everybody. */
function isClosed(policy: Spot, chart: Chart): boolean {
  if (chart === 'bitnami') return isFalse(child(policy, 'allowExternal'));
  return isTrue(child(policy, 'create')) || isTrue(child(policy, 'enabled'));
}

/** What is below a name that is not empty, however deep. */
function fieldsBelow(spot: Spot, wanted: string): readonly Spot[] {
  const inner = Array.isArray(spot.value) ? elements(spot) : fields(spot).map(([, below]) => below);
  return inner.flatMap((one) =>
    one.path.at(-1) === wanted && !isEmpty(one) ? [one] : fieldsBelow(one, wanted),
  );
}
