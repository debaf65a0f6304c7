/** The names of an installation in its cluster, for the commands of a plan. */
import { isMapping } from '../../../../../config/values/mapping.ts';
import { child, scalarText, type YamlNode } from '../yaml-node.ts';
import type { ClusterObject } from './cluster-objects.ts';

/** The names of an installation of oauth2-proxy, as far as the files contain them. */
export interface InstallationNames {
  /** The object to delete, as `kubectl` takes it, for example `deployment.apps/gate`. */
  readonly resource: string;
  /** The namespace of that object; undefined if the files do not say it. */
  readonly resourceNamespace: string | undefined;
  /** The namespace of the pods. */
  readonly namespace: string | undefined;
  /** The Helm release; undefined if Helm did not install it. */
  readonly release: string | undefined;
  /** The name of its Service, with the port unless that is 80. */
  readonly service: string;
}

/** The names of an installation that is a workload, with the Service that selects its pods. */
export function installationOfWorkload(
  object: ClusterObject,
  all: readonly ClusterObject[],
): InstallationNames | undefined {
  const metadata = child(object.node, 'metadata');
  const label = (name: string) => nameIn(child(metadata, 'labels', `app.kubernetes.io/${name}`));
  const ofHelm = label('managed-by') === 'Helm' ? label('instance') : undefined;
  const labels = child(object.node, 'spec', 'template', 'metadata', 'labels');
  const service = all.find(
    ({ kind, namespace, node }) =>
      kind === 'Service' &&
      namespace === object.namespace &&
      selects(child(node, 'spec', 'selector'), labels),
  );
  return validNames({
    ...resourceOf(object),
    namespace: object.namespace,
    release: nameIn(child(metadata, 'annotations', 'meta.helm.sh/release-name')) ?? ofHelm,
    service:
      service === undefined
        ? object.name
        : `${service.name}${portOf(scalarText(child(service.node, 'spec', 'ports', 0, 'port')))}`,
  });
}

/** The names of an installation that a controller makes from a chart. */
export function installationOfRelease(
  object: ClusterObject,
  namespace: string | undefined,
  values: YamlNode,
): InstallationNames | undefined {
  const spec = child(object.node, 'spec');
  const target = nameIn(child(spec, 'targetNamespace'));
  const named = nameIn(child(spec, 'releaseName')) ?? nameIn(child(spec, 'source', 'helm', 'releaseName'));
  // Flux puts the namespace before the name if it installs into another namespace.
  const defaultNames =
    object.kind === 'HelmRelease' && target !== undefined ? `${target}-${object.name}` : object.name;
  const release = named ?? defaultNames;
  const name = nameIn(child(values, 'nameOverride')) ?? 'oauth2-proxy';
  const full =
    nameIn(child(values, 'fullnameOverride')) ?? (release.includes(name) ? release : `${release}-${name}`);
  return validNames({
    ...resourceOf(object),
    namespace,
    // Argo CD renders the chart and makes no Helm release.
    release: object.kind === 'HelmRelease' || object.kind === 'HelmChart' ? release : undefined,
    service: `${full}${portOf(scalarText(child(values, 'service', 'portNumber')))}`,
  });
}

function resourceOf({ kind, apiVersion, name, namespace }: ClusterObject) {
  const group = apiVersion.includes('/') ? `.${apiVersion.split('/')[0]}` : '';
  return { resource: `${kind.toLowerCase()}${group}/${name}`, resourceNamespace: namespace };
}

/** Returns the names only if all are valid in a cluster, since they become words of a shell command. */
function validNames(names: InstallationNames): InstallationNames | undefined {
  const words = [names.namespace, names.resourceNamespace, names.release];
  const areNames =
    words.every((word) => word === undefined || /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(word)) &&
    /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(names.resource) &&
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(:\d+)?$/.test(names.service);
  return areNames ? names : undefined;
}

function nameIn(node: YamlNode): string | undefined {
  const text = scalarText(node);
  return text === '' ? undefined : text;
}

function portOf(port: string | undefined): string {
  return port === undefined || port === '80' ? '' : `:${port}`;
}

function selects(selector: YamlNode, labels: YamlNode): boolean {
  const wanted = isMapping(selector.value) ? Object.entries(selector.value) : [];
  const has = isMapping(labels.value) ? labels.value : {};
  return wanted.length > 0 && wanted.every(([name, value]) => has[name] === value);
}

/** The URL of the Service inside the cluster. */
export function addressOf({ service, namespace }: Pick<InstallationNames, 'service' | 'namespace'>): string {
  const [name = '', port] = service.split(':');
  const host = `http://${name}.${namespace ?? 'oauth2-proxy'}.svc.cluster.local`;
  return port === undefined ? host : `${host}:${port}`;
}
