/** The kinds of objects that do not affect access. An object of another kind that no reader takes is refused. */

import { child, elements, fields, isEmpty, scalarText, type YamlNode } from '../yaml-node.ts';
import type { ClusterObject } from './cluster-objects.ts';

const forPods = 'it sets where and how pods run, and the chart of oidc-authz makes its own';
const forMetrics = 'it sets where metrics are fetched, and the chart of oidc-authz makes its own';
const forRoles = 'it sets the permissions of a workload in the cluster, and oidc-authz needs none';
const forName = 'it gives oauth2-proxy a name in the cluster, and the chart of oidc-authz makes its own';
const forCharts = 'it is a source of charts and manifests';
const forImages = 'it is a source of images';
const forCertificates = 'it sets how certificates are made';
const forScaling = 'it sets the number of pods, and the chart of oidc-authz makes its own';
const noExternalAccess =
  'Envoy calls oidc-authz inside the cluster, so no entry from outside is needed; the object stays in the cluster unchanged';
const forSecrets =
  'it sets where the values of Secrets come from; the migration reads the resulting Secret (`kubectl get secret …`)';

/** The kinds that do not affect access, with the reason. */
const harmlessKinds: Readonly<Record<string, string>> = {
  BuildConfig: forImages,
  Certificate: forCertificates,
  CertificateRequest: forCertificates,
  ClusterIssuer: forCertificates,
  ClusterRole: forRoles,
  ClusterRoleBinding: forRoles,
  ClusterSecretStore: forSecrets,
  ControllerRevision: forPods,
  CustomResourceDefinition: 'it defines kinds of objects',
  Endpoints: forName,
  EndpointSlice: forName,
  Event: 'it reports an event',
  GitRepository: forCharts,
  HelmRepository: forCharts,
  HorizontalPodAutoscaler: forPods,
  ImageStream: forImages,
  ImageStreamTag: forImages,
  Ingress: noExternalAccess,
  IngressClass: noExternalAccess,
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
  Route: noExternalAccess,
  ScaledObject: forScaling,
  SecretStore: forSecrets,
  Service: forName,
  ServiceAccount: forRoles,
  ServiceMonitor: forMetrics,
  StorageClass: forPods,
  Telemetry: 'it sets what is measured and logged',
  TriggerAuthentication: forScaling,
  VerticalPodAutoscaler: forPods,
};

/** The API groups of kinds whose names also exist in other groups. */
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

/** Kinds that bring in traffic and whose annotations may restrict access. */
const externalKinds = ['Ingress', 'Route'];

/** Annotations of an Ingress that restrict access at the gateway. A rate limit is not such a restriction. */
export const guardingAnnotation =
  /(^|[/.])(?!(?:rate-)?limit-)(auth[-.]|[^/]*auth|[^/]*(white|black|allow|deny)-?list|[^/]*middlewares|[^/]*snippet)|modsecurity/i;

/** Annotations of a Service that restrict its callers. */
const guardingServiceAnnotation =
  /source-ranges|inbound-cidrs|allowed-(ip|service)|security-groups|whitelist|allowlist|deny-?list|getambassador/i;

/** The fields and annotations of a Service, or of the chart's values for it, that restrict its callers. */
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

/** Whether objects of a kind do not affect access, unless their annotations do. */
export function isHarmlessKind(kind: string): boolean {
  return Object.hasOwn(harmlessKinds, kind);
}

/** Whether Helm runs an object only for `helm test`. */
export function isTestOfRelease(node: YamlNode): boolean {
  const hook = scalarText(child(node, 'metadata', 'annotations', 'helm.sh/hook')) ?? '';
  return /^(test|test-success|test-failure)$/.test(hook);
}

/** The Secrets that a controller makes from an object; empty for other kinds. */
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

/** Explains why an object does not affect access; undefined if it may. */
export function whyHarmless({ kind, apiVersion, name, node }: ClusterObject): string | undefined {
  const type = scalarText(child(node, 'type')) ?? '';
  if (kind === 'Secret' && type === 'kubernetes.io/service-account-token') return forRoles;
  if (kind === 'Secret' && type === 'kubernetes.io/dockerconfigjson')
    return 'it contains credentials for an image registry';
  if (kind === 'Secret' && type === 'helm.sh/release.v1') return 'Helm stores a release in it';
  if (kind === 'ConfigMap' && ['kube-root-ca.crt', 'istio-ca-root-cert'].includes(name))
    return 'the cluster creates it in every namespace';
  if (isTestOfRelease(node)) return 'it is a test of the Helm release';
  const group = Object.hasOwn(groups, kind) ? groups[kind] : undefined;
  // A Knative Service runs pods.
  if (!isHarmlessKind(kind) || /knative/.test(apiVersion) || group?.test(apiVersion) === false)
    return undefined;
  const annotations = fields(child(node, 'metadata', 'annotations')).map(([annotation]) => annotation);
  const isGuard =
    (externalKinds.includes(kind) && annotations.some((one) => guardingAnnotation.test(one))) ||
    (kind === 'Service' &&
      guardsOfService(child(node, 'spec'), child(node, 'metadata', 'annotations')).length > 0);
  return isGuard ? undefined : harmlessKinds[kind];
}
