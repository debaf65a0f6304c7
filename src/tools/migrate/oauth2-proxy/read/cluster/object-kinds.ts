/** Kinds of objects that say nothing of who may pass. Every other kind that is not read is refused. */

import { child, elements, fields, isEmpty, scalarText, type YamlNode } from '../yaml-node.ts';
import type { ClusterObject } from './cluster-objects.ts';

const forPods = 'it says where and how pods run, and the chart of oidc-authz makes its own';
const forMetrics = 'it says where metrics are fetched, and the chart of oidc-authz makes its own';
const forRoles = 'it says what a workload may do in the cluster, and oidc-authz needs none of it';
const forName = 'it gives oauth2-proxy a name in the cluster, and the chart of oidc-authz makes its own';
const forCharts = 'it says where charts and manifests come from';
const forImages = 'it says where images come from';
const forCertificates = 'it says how certificates are made';
const forScaling = 'it says how many pods run, and the chart of oidc-authz makes its own';
const noWayIn =
  'Envoy asks oidc-authz from inside the cluster, so nothing needs a way in from outside; it stays in the cluster as it is';
const forSecrets =
  'it says where the values of Secrets come from; the Secret that is made of them is what counts (`kubectl get secret …`)';

/** The kinds, each with the reason. */
const harmlessKinds: Readonly<Record<string, string>> = {
  BuildConfig: forImages,
  Certificate: forCertificates,
  CertificateRequest: forCertificates,
  ClusterIssuer: forCertificates,
  ClusterRole: forRoles,
  ClusterRoleBinding: forRoles,
  ClusterSecretStore: forSecrets,
  ControllerRevision: forPods,
  CustomResourceDefinition: 'it says what kinds of objects there are',
  Endpoints: forName,
  EndpointSlice: forName,
  Event: 'it tells of what happened',
  GitRepository: forCharts,
  HelmRepository: forCharts,
  HorizontalPodAutoscaler: forPods,
  ImageStream: forImages,
  ImageStreamTag: forImages,
  Ingress: noWayIn,
  IngressClass: noWayIn,
  Issuer: forCertificates,
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
  Route: noWayIn,
  ScaledObject: forScaling,
  SecretStore: forSecrets,
  Service: forName,
  ServiceAccount: forRoles,
  ServiceMonitor: forMetrics,
  StorageClass: forPods,
  Telemetry: 'it says what is measured and logged',
  TriggerAuthentication: forScaling,
  VerticalPodAutoscaler: forPods,
};

/** The API groups of kinds whose names others have as well. */
const groups: Readonly<Record<string, RegExp>> = {
  BuildConfig: /^build\.openshift\.io\//,
  Certificate: /^cert-manager\.io\//,
  CertificateRequest: /^cert-manager\.io\//,
  ClusterIssuer: /^cert-manager\.io\//,
  ClusterSecretStore: /^external-secrets\.io\//,
  ImageStream: /^image\.openshift\.io\//,
  ImageStreamTag: /^image\.openshift\.io\//,
  Issuer: /^cert-manager\.io\//,
  Route: /^route\.openshift\.io\//,
  ScaledObject: /^keda\.sh\//,
  SecretStore: /^external-secrets\.io\//,
  Telemetry: /^telemetry\.istio\.io\//,
  TriggerAuthentication: /^keda\.sh\//,
};

/** Kinds that bring traffic in, and whose annotations may ask for a guard. */
const waysIn = ['Ingress', 'Route'];

/** Annotations of an Ingress that ask for a guard at the gateway; a limit of the rate says nothing of who may pass. */
export const guardingAnnotation =
  /(^|[/.])(?!(?:rate-)?limit-)(auth[-.]|[^/]*auth|[^/]*(white|black|allow|deny)-?list|[^/]*middlewares|[^/]*snippet)|modsecurity/i;

/** Annotations of a Service that say from where it may be called. */
const guardingServiceAnnotation =
  /source-ranges|inbound-cidrs|allowed-(ip|service)|security-groups|whitelist|allowlist|deny-?list|getambassador/i;

/** What of a Service, or of what a chart is told of one, says from where it may be called; empty where nothing does. */
export function guardsOfService(
  service: YamlNode,
  annotations: YamlNode,
): readonly [name: string, node: YamlNode][] {
  return [
    ...fields(service).filter(([name, node]) => name === 'loadBalancerSourceRanges' && !isEmpty(node)),
    ...fields(annotations).flatMap(([name, node]): [string, YamlNode][] =>
      guardingServiceAnnotation.test(name) ? [[`annotations.${name}`, node]] : [],
    ),
  ];
}

/** Whether objects of a kind say nothing of who may pass, unless their annotations do. */
export function isHarmlessKind(kind: string): boolean {
  return Object.hasOwn(harmlessKinds, kind);
}

/** Whether Helm runs an object only when the release is tested. */
export function isTestOfRelease(node: YamlNode): boolean {
  const hook = scalarText(child(node, 'metadata', 'annotations', 'helm.sh/hook')) ?? '';
  return /^(test|test-success|test-failure)$/.test(hook);
}

/** The Secrets that an object has made by a controller, each of which may say anything; empty for other kinds. */
export function generatedSecrets({ kind, name, node }: ClusterObject): readonly string[] {
  const named = (...path: readonly string[]) => scalarText(child(node, 'spec', ...path)) ?? name;
  if (/^(Cluster)?ExternalSecret$/.test(kind))
    return [
      kind === 'ExternalSecret' ? named('target', 'name') : named('externalSecretSpec', 'target', 'name'),
    ];
  if (kind === 'SealedSecret') return [named('template', 'metadata', 'name')];
  if (kind !== 'SecretProviderClass') return [];
  return elements(child(node, 'spec', 'secretObjects')).flatMap(
    (object) => scalarText(child(object, 'secretName')) ?? [],
  );
}

/** Why an object says nothing of who may pass; undefined where that is not known of it. */
export function whyHarmless({ kind, apiVersion, name, node }: ClusterObject): string | undefined {
  const type = scalarText(child(node, 'type')) ?? '';
  if (kind === 'Secret' && type === 'kubernetes.io/service-account-token') return forRoles;
  if (kind === 'Secret' && type === 'kubernetes.io/dockerconfigjson') return 'it is for fetching images';
  if (kind === 'Secret' && type === 'helm.sh/release.v1') return 'it is where Helm keeps a release';
  if (kind === 'ConfigMap' && ['kube-root-ca.crt', 'istio-ca-root-cert'].includes(name))
    return 'the cluster puts it into every namespace';
  if (isTestOfRelease(node)) return 'it is a test of the release';
  const group = Object.hasOwn(groups, kind) ? groups[kind] : undefined;
  // A Knative Service runs pods.
  if (!isHarmlessKind(kind) || /knative/.test(apiVersion) || group?.test(apiVersion) === false)
    return undefined;
  const annotations = fields(child(node, 'metadata', 'annotations')).map(([annotation]) => annotation);
  const isGuard =
    (waysIn.includes(kind) && annotations.some((one) => guardingAnnotation.test(one))) ||
    (kind === 'Service' &&
      guardsOfService(child(node, 'spec'), child(node, 'metadata', 'annotations')).length > 0);
  return isGuard ? undefined : harmlessKinds[kind];
}
