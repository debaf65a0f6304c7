/** Kinds of objects that say nothing of who may pass. Every other kind that is not read is refused. */
import type { ClusterObject } from './cluster.ts';
import { child, fields, isEmpty, type Spot, scalarText } from './spot.ts';

const forPods = 'it says where and how pods run, and the chart of oidc-authz makes its own';
const forMetrics = 'it says where metrics are fetched, and the chart of oidc-authz makes its own';
const forRoles = 'it says what a workload may do in the cluster, and oidc-authz needs none of it';
const forName = 'it gives oauth2-proxy a name in the cluster, and the chart of oidc-authz makes its own';
const forCharts = 'it says where charts and manifests come from';

/** The kinds, each with the reason. */
const harmlessKinds: Readonly<Record<string, string>> = {
  ControllerRevision: forPods,
  Endpoints: forName,
  EndpointSlice: forName,
  Event: 'it tells of what happened',
  GitRepository: forCharts,
  HelmRepository: forCharts,
  HorizontalPodAutoscaler: forPods,
  Ingress:
    'Envoy asks oidc-authz from inside the cluster, so nothing needs a way in from outside; it stays in the cluster as it is',
  Lease: forPods,
  LimitRange: forPods,
  Namespace: forPods,
  OCIRepository: forCharts,
  PersistentVolume: forPods,
  PersistentVolumeClaim: forPods,
  PodDisruptionBudget: forPods,
  PodMonitor: forMetrics,
  PriorityClass: forPods,
  PrometheusRule: forMetrics,
  ResourceQuota: forPods,
  Role: forRoles,
  RoleBinding: forRoles,
  Service: forName,
  ServiceAccount: forRoles,
  ServiceMonitor: forMetrics,
  VerticalPodAutoscaler: forPods,
};

/** Annotations of an Ingress that ask for a guard at the gateway. */
export const guardingAnnotation =
  /(^|[/.])(auth[-.]|.*auth|.*whitelist|.*allowlist|.*denylist|.*deny-list|.*middlewares|.*snippet|.*limit)|modsecurity/i;

/** Annotations of a Service that say from where it may be called. */
const guardingServiceAnnotation =
  /source-ranges|inbound-cidrs|allowed-(ip|service)|security-groups|whitelist|allowlist|deny-?list|getambassador/i;

/** What of a Service, or of what a chart is told of one, says from where it may be called; empty where nothing does. */
export function guardsOfService(service: Spot, annotations: Spot): readonly [name: string, spot: Spot][] {
  return [
    ...fields(service).filter(([name, spot]) => name === 'loadBalancerSourceRanges' && !isEmpty(spot)),
    ...fields(annotations).flatMap(([name, spot]): [string, Spot][] =>
      guardingServiceAnnotation.test(name) ? [[`annotations.${name}`, spot]] : [],
    ),
  ];
}

/** Whether objects of a kind say nothing of who may pass, unless their annotations do. */
export function isHarmlessKind(kind: string): boolean {
  return Object.hasOwn(harmlessKinds, kind);
}

/** Whether Helm runs an object only when the release is tested. */
export function isTestOfRelease(spot: Spot): boolean {
  const hook = scalarText(child(spot, 'metadata', 'annotations', 'helm.sh/hook')) ?? '';
  return /^(test|test-success|test-failure)$/.test(hook);
}

/** Why an object says nothing of who may pass; undefined where that is not known of it. */
export function whyHarmless({ kind, apiVersion, name, spot }: ClusterObject): string | undefined {
  const type = scalarText(child(spot, 'type')) ?? '';
  if (kind === 'Secret' && type === 'kubernetes.io/service-account-token') return forRoles;
  if (kind === 'Secret' && type === 'kubernetes.io/dockerconfigjson') return 'it is for fetching images';
  if (kind === 'Secret' && type === 'helm.sh/release.v1') return 'it is where Helm keeps a release';
  if (kind === 'ConfigMap' && ['kube-root-ca.crt', 'istio-ca-root-cert'].includes(name))
    return 'the cluster puts it into every namespace';
  if (isTestOfRelease(spot)) return 'it is a test of the release';
  // A Knative Service runs pods.
  if (!isHarmlessKind(kind) || /knative/.test(apiVersion)) return undefined;
  const annotations = fields(child(spot, 'metadata', 'annotations')).map(([annotation]) => annotation);
  const isGuard =
    (kind === 'Ingress' && annotations.some((one) => guardingAnnotation.test(one))) ||
    (kind === 'Service' &&
      guardsOfService(child(spot, 'spec'), child(spot, 'metadata', 'annotations')).length > 0);
  return isGuard ? undefined : harmlessKinds[kind];
}
