/** What an installation is called in its cluster, so that a plan can name it. */
import { isMapping } from '../../../../../config/values/mapping.ts';
import { child, type Spot, scalarText } from '../location.ts';
import type { ClusterObject } from './cluster-objects.ts';

/** An installation of oauth2-proxy, as far as the files say what it is called. */
export interface Installation {
  /** The object that it is removed by, as `kubectl` takes it, e.g. `deployment.apps/gate`. */
  readonly resource: string;
  /** Where that is; undefined where the files do not say. */
  readonly resourceNamespace: string | undefined;
  /** Where its pods are. */
  readonly namespace: string | undefined;
  /** The release of Helm that it is; undefined where Helm does not know of it. */
  readonly release: string | undefined;
  /** Its Service, with the port where that is not 80. */
  readonly service: string;
}

/** The installation that a workload is, with the Service that leads to its pods. */
export function installationOfWorkload(
  object: ClusterObject,
  all: readonly ClusterObject[],
): Installation | undefined {
  const metadata = child(object.spot, 'metadata');
  const label = (name: string) => nameIn(child(metadata, 'labels', `app.kubernetes.io/${name}`));
  const ofHelm = label('managed-by') === 'Helm' ? label('instance') : undefined;
  const labels = child(object.spot, 'spec', 'template', 'metadata', 'labels');
  const service = all.find(
    ({ kind, namespace, spot }) =>
      kind === 'Service' &&
      namespace === object.namespace &&
      selects(child(spot, 'spec', 'selector'), labels),
  );
  return made({
    ...resourceOf(object),
    namespace: object.namespace,
    release: nameIn(child(metadata, 'annotations', 'meta.helm.sh/release-name')) ?? ofHelm,
    service:
      service === undefined
        ? object.name
        : `${service.name}${portOf(scalarText(child(service.spot, 'spec', 'ports', 0, 'port')))}`,
  });
}

/** The installation that an object has a chart make. */
export function installationOfRelease(
  object: ClusterObject,
  namespace: string | undefined,
  values: Spot,
): Installation | undefined {
  const spec = child(object.spot, 'spec');
  const target = nameIn(child(spec, 'targetNamespace'));
  const named = nameIn(child(spec, 'releaseName')) ?? nameIn(child(spec, 'source', 'helm', 'releaseName'));
  // Flux puts the namespace before the name where it installs into another one.
  const usual =
    object.kind === 'HelmRelease' && target !== undefined ? `${target}-${object.name}` : object.name;
  const release = named ?? usual;
  const name = nameIn(child(values, 'nameOverride')) ?? 'oauth2-proxy';
  const full =
    nameIn(child(values, 'fullnameOverride')) ?? (release.includes(name) ? release : `${release}-${name}`);
  return made({
    ...resourceOf(object),
    namespace,
    // Argo CD renders the chart itself.
    release: object.kind === 'HelmRelease' || object.kind === 'HelmChart' ? release : undefined,
    service: `${full}${portOf(scalarText(child(values, 'service', 'portNumber')))}`,
  });
}

function resourceOf({ kind, apiVersion, name, namespace }: ClusterObject) {
  const group = apiVersion.includes('/') ? `.${apiVersion.split('/')[0]}` : '';
  return { resource: `${kind.toLowerCase()}${group}/${name}`, resourceNamespace: namespace };
}

/** Only names that are some in a cluster: they become words of a shell. */
function made(installation: Installation): Installation | undefined {
  const words = [installation.namespace, installation.resourceNamespace, installation.release];
  const areNames =
    words.every((word) => word === undefined || /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(word)) &&
    /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(installation.resource) &&
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(:\d+)?$/.test(installation.service);
  return areNames ? installation : undefined;
}

function nameIn(spot: Spot): string | undefined {
  const text = scalarText(spot);
  return text === '' ? undefined : text;
}

function portOf(port: string | undefined): string {
  return port === undefined || port === '80' ? '' : `:${port}`;
}

function selects(selector: Spot, labels: Spot): boolean {
  const wanted = isMapping(selector.value) ? Object.entries(selector.value) : [];
  const has = isMapping(labels.value) ? labels.value : {};
  return wanted.length > 0 && wanted.every(([name, value]) => has[name] === value);
}

/** The address of its Service within the cluster. */
export function addressOf({ service, namespace }: Pick<Installation, 'service' | 'namespace'>): string {
  const [name = '', port] = service.split(':');
  const host = `http://${name}.${namespace ?? 'oauth2-proxy'}.svc.cluster.local`;
  return port === undefined ? host : `${host}:${port}`;
}
