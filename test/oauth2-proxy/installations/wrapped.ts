/**
 * One installation of oauth2-proxy in every form of input: workloads, charts and files with the same access
 * restrictions. The files are in `fixtures/`.
 */

/** The callers that are allowed, in addition to the required client and group. */
export type Access = 'domain' | 'addresses' | 'one address';

/** The issuer in all files; a running one replaces it. */
export const issuerUrl = 'https://id.shop.example';

/**
 * The flags that every form contains. They are listed here again to detect a reader that loses one.
 *
 * @param emails the file of addresses, if there is one
 */
export function theirFlags(issuer: string, emails: string | undefined): readonly string[] {
  return [
    '--provider=oidc',
    `--oidc-issuer-url=${issuer}`,
    '--client-id=orders-api',
    '--client-secret=not-used',
    '--cookie-secret=0123456789abcdef0123456789abcdef',
    '--oidc-extra-audience=orders-batch',
    '--allowed-group=clerks',
    '--skip-jwt-bearer-tokens',
    '--set-xauthrequest',
    '--force-json-errors',
    '--upstream=static://200',
    ...(emails === undefined ? ['--email-domain=shop.example'] : [`--authenticated-emails-file=${emails}`]),
  ];
}

/** The allowed addresses. */
export const addresses: Readonly<Record<Exclude<Access, 'domain'>, readonly string[]>> = {
  addresses: ['kim@shop.example', 'lee@shop.example'],
  'one address': ['kim@shop.example'],
};

/** One form of input. */
export interface Wrapped {
  readonly name: string;
  readonly files: readonly string[];
  /** The exit code; with 3 a setting is refused. */
  readonly code: 0 | 2 | 3;
  readonly refused?: readonly string[];
  /** The allowed callers, unless a domain defines them. */
  readonly access?: Exclude<Access, 'domain'>;
}

const read = (name: string, ...files: readonly string[]): Wrapped => ({ name, files, code: 0 });
const refused = (name: string, files: readonly string[], ...names: readonly string[]): Wrapped => ({
  name,
  files,
  code: 3,
  refused: names,
});
const impossible = (name: string, ...files: readonly string[]): Wrapped => ({ name, files, code: 2 });

/** All forms. */
export const wrapped: readonly Wrapped[] = [
  read('alone', 'configmap.yaml'),
  read('alpha-mounted', 'all.yaml'),
  read('argo-parameters', 'application.yaml'),
  read('argo-rollout', 'rollout.yaml'),
  read('argo-values', 'application.yaml'),
  read('bare-pod', 'pod.yaml'),
  read('bitnami', 'values.yaml'),
  read('bitnami-arguments', 'values.yaml'),
  read('bitnami-env-over-objects', 'values.yaml', 'configmap.yaml'),
  read('bitnami-existing', 'values.yaml', 'objects.yaml'),
  read('bitnami-umbrella', 'values.yaml'),
  read('chart-names-its-file-last', 'values.yaml'),
  read('cloneset', 'cloneset.yaml'),
  read('compose', 'compose.yaml', '.env'),
  read('compose-files', 'compose.yaml', 'gate.env', 'oauth2-proxy.cfg'),
  read('computed', 'values.yaml'),
  read('config-by-subpath', 'all.yaml'),
  read('cronjob', 'cronjob.yaml'),
  read('daemonset', 'daemonset.yaml'),
  read('env-from', 'all.yaml'),
  read('env-over-env-from', 'values.yaml', 'secret.yaml'),
  read('env-references', 'workload.yaml', 'objects.yaml'),
  read('flux', 'release.yaml'),
  read('flux-inline', 'release.yaml'),
  read('flux-target-path', 'release.yaml'),
  read('get-all', 'all.yaml'),
  read('helm-manifest', 'manifest.yaml'),
  read('image-command', 'values.yaml'),
  read('job', 'job.yaml'),
  read('k3s', 'chart.yaml'),
  read('knative', 'service.yaml'),
  read('kustomize-dump', 'build.yaml'),
  read('native-sidecar', 'deployment.yaml'),
  read('openshift', 'deploymentconfig.yaml'),
  read('overlay', 'base.yaml', 'production.yaml'),
  read('overlay-of-lists', 'base.yaml', 'guards.yaml', 'size.yaml'),
  read('plain-extra-objects', 'values.yaml'),
  read('plain-ingress', 'all.yaml'),
  read('pods-alone', 'pods.yaml'),
  read('replicaset', 'replicaset.yaml'),
  read('rollout-of-deployment', 'all.yaml'),
  read('rollout-with-config', 'all.yaml'),
  read('sidecar', 'deployment.yaml'),
  read('statefulset', 'statefulset.yaml'),
  read('typed-list', 'list.yaml'),
  read('umbrella-alias', 'values.yaml'),
  read('variables-in-arguments', 'deployment.yaml'),
  { ...read('bitnami-emails', 'values.yaml'), access: 'one address' },
  { ...read('emails-of-any-key', 'all.yaml'), access: 'addresses' },
  { ...read('emails-of-other-item', 'all.yaml'), access: 'addresses' },
  { ...read('emails-of-template', 'values.yaml', 'people.yaml'), access: 'one address' },
  refused('argo-application-set', ['applicationset.yaml'], 'oidc-issuer-url'),
  refused('argo-sources', ['application.yaml'], 'Application/gate:sources'),
  refused('argo-value-files', ['application.yaml'], 'Application/gate:valueFiles'),
  refused('bitnami-unknown', ['values.yaml'], 'configuration.emailDomains', 'guards'),
  refused('compose-assumed', ['compose.yaml'], 'DOMAIN'),
  refused(
    'compose-labels',
    ['compose.yaml'],
    'services.gate.labels.traefik.http.middlewares.gate.forwardauth.address',
    'services.gate.labels.traefik.http.routers.gate.middlewares',
  ),
  refused('compose-other-files', ['compose.yaml', 'gate.env'], 'env_file'),
  refused('compose-with-others', ['compose.yaml'], 'services.edge'),
  refused('emails-in-separate-file', ['deployment.yaml', 'others.txt'], 'others.txt'),
  refused(
    'emails-elsewhere-in-separate-file',
    ['deployment.yaml', 'others.txt'],
    'authenticated-emails-file',
    'others.txt',
  ),
  refused('emails-in-columns', ['values.yaml'], 'authenticated-emails-file'),
  refused('emails-of-later-source', ['all.yaml'], 'ConfigMap/people', 'authenticated-emails-file'),
  refused('emails-of-template-elsewhere', ['values.yaml'], 'authenticated-emails-file'),
  refused('emails-elsewhere', ['deployment.yaml'], 'authenticated-emails-file'),
  refused('existing-secret-elsewhere', ['values.yaml'], 'client-id'),
  refused('flux-other-chart', ['all.yaml'], 'HelmRelease/redis'),
  refused('flux-post-renderers', ['release.yaml'], 'HelmRelease/oauth2-proxy:postRenderers'),
  refused('flux-values-elsewhere', ['release.yaml'], 'HelmRelease/oauth2-proxy:valuesFrom'),
  refused('guarding-ingress', ['all.yaml'], 'Ingress/gate'),
  refused('guarding-policy', ['all.yaml'], 'AuthorizationPolicy/orders'),
  refused('guards-elsewhere', ['workload.yaml', 'objects.yaml'], 'email-domain', 'allowed-group'),
  refused('guarding-service', ['all.yaml'], 'Service/gate'),
  refused('guards-of-extra-objects', ['values.yaml'], ...['extraObjects/Ingress', 'extraObjects/Service']),
  refused(
    'guards-of-network',
    ['values.yaml'],
    ...[
      'gatewayApi.filters',
      'networkPolicy',
      'service.annotations.service.beta.kubernetes.io/azure-allowed-ip-ranges',
    ],
    'service.loadBalancerSourceRanges',
  ),
  refused(
    'k3s-other-chart',
    ['chart.yaml'],
    ...['HelmChart/sso', 'HelmChartConfig/gate', 'HelmChartConfig/sso'],
  ),
  refused('kustomization', ['all.yaml'], 'Kustomization/'),
  refused(
    'lists-of-arguments',
    ['values.yaml'],
    ...['allowed-group', 'oidc-extra-audience', 'skip-auth-route'].map((name) => `extraArgs.${name}`),
  ),
  refused('openshift-template', ['template.yaml'], 'Template/gate', 'oidc-issuer-url'),
  refused('other-namespace', ['all.yaml'], 'ConfigMap/gate-config'),
  refused('placeholders', ['oauth2-proxy.cfg'], 'oidc-issuer-url', 'oidc-extra-audience', 'allowed-group'),
  refused('secret-elsewhere', ['workload.yaml', 'objects.yaml'], 'client-id'),
  refused('two-configs', ['all.yaml'], 'ConfigMap/gate-config-old'),
  refused('umbrella', ['values.yaml'], 'server', 'providers'),
  refused('unknown-field', ['deployment.yaml'], 'container.flags'),
  refused('unknown-values', ['values.yaml'], 'emailDomains', 'extraArg'),
  refused('unreferenced', ['all.yaml'], 'ConfigMap/gate-config'),
  impossible('two-workloads', 'all.yaml'),
  impossible('values-and-workload', 'values.yaml', 'deployment.yaml'),
  { ...impossible('values-of-two', 'a.yaml'), refused: ['gate-b'] },
  impossible('written-at-the-start', 'all.yaml'),
];
