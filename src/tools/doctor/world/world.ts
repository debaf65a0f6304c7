/** The manifests, read once, in the form that the rules need. */
import type { Config } from '../../../config/declare/options.ts';
import type { Problem } from '../../../config/validate/problems.ts';
import { isMapping, type Mapping } from '../../../config/values/mapping.ts';
import { parseDocuments } from '../read/documents.ts';
import type { InputText } from '../read/input.ts';
import { type KubeObject, labelsOf, objectsOf } from '../read/objects.ts';
import { type Entry, entriesOf } from './entries.ts';
import type { OwnConfig } from './own-config.ts';
import { type JsonPatch, patchesOf } from './patches.ts';
import { matches, serviceNameOf, type Workload, workloadOf } from './workloads.ts';

/** The manifests of one cluster, and the configuration of the service. */
export interface World {
  readonly objects: readonly KubeObject[];
  /** The objects of a kind, in a group (`''` is the core group). */
  readonly of: (kind: string, group: string) => readonly KubeObject[];
  readonly entries: readonly Entry[];
  /** The entries that name the service. */
  readonly ownEntries: readonly Entry[];
  readonly patches: readonly JsonPatch[];
  readonly workloads: readonly Workload[];
  /** The workloads of the service. */
  readonly ownWorkloads: readonly Workload[];
  /** The Services that select the service's pods. */
  readonly ownServices: readonly KubeObject[];
  /** The Service that a host names; undefined if the manifests do not contain it. */
  readonly serviceAt: (host: string) => KubeObject | undefined;
  /** The workloads that a Service selects. */
  readonly workloadsOf: (service: KubeObject) => readonly Workload[];
  /** The namespace whose policies apply to the whole mesh. */
  readonly rootNamespace: string;
  /** The configuration of the service, if it is known and valid. */
  readonly config?: Config;
  /** The place of the configuration, and its problems if it is in the manifests. */
  readonly ownConfig?: OwnConfig;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The part of the world that needs no configuration. */
export type Manifests = Omit<World, 'config' | 'ownConfig' | 'now'>;

/** The result of reading the inputs. */
export interface ReadManifests {
  readonly manifests: Manifests;
  readonly problems: readonly Problem[];
  readonly notes: readonly string[];
}

/**
 * Reads the objects of all inputs.
 *
 * @param authorizers names of entries that are the service; empty: found by the name `oidc-authz` and by the Service
 */
export function readManifests(texts: readonly InputText[], authorizers: readonly string[]): ReadManifests {
  const [objects, patches, problems, notes]: [KubeObject[], JsonPatch[], Problem[], string[]] = [
    [],
    [],
    [],
    [],
  ];
  for (const { name, text, isFromFolder } of texts) {
    const parsed = parseDocuments(text, name);
    if (parsed.problems.length > 0 && isFromFolder && text.includes('{{')) {
      notes.push(`${name} is a Helm template and was not read; render it with helm template.`);
      continue;
    }
    problems.push(...parsed.problems);
    for (const document of parsed.documents) {
      patches.push(...patchesOf(document, name));
      objects.push(...objectsOf(document, name).flatMap((object) => [object, ...meshConfigIn(object, name)]));
    }
  }
  return { manifests: manifestsOf(objects, patches, authorizers), problems, notes };
}

/** The mesh configuration in the ConfigMap of istiod is a text. Its lines are those of the file. */
function meshConfigIn(object: KubeObject, file: string): readonly KubeObject[] {
  if (object.kind !== 'ConfigMap' || object.group !== '') return [];
  const mesh = object.text('data', 'mesh');
  if (!/^istio(-|$)/.test(object.name) || mesh === '') return [];
  const first = object.textLine('data', 'mesh');
  const label = object.at().object;
  return parseDocuments(mesh, file)
    .documents.flatMap((document) =>
      objectsOf({ ...document, line: (path) => document.line(path) + first - 1 }, file),
    )
    .map((inner) => ({
      ...inner,
      name: object.name,
      namespace: object.namespace,
      at: (...path) => {
        const place = inner.at(...path);
        return { ...place, object: label, path: `data.mesh: ${place.path}` };
      },
    }));
}

function manifestsOf(
  objects: readonly KubeObject[],
  patches: readonly JsonPatch[],
  authorizers: readonly string[],
): Manifests {
  const byKind = Map.groupBy(objects, ({ kind, group }) => `${group}/${kind}`);
  const of = (kind: string, group: string) => byKind.get(`${group}/${kind}`) ?? [];
  const entries = [...objects, ...patches.map(({ value }) => value)].flatMap(entriesOf);
  const workloads = objects.flatMap((object) => workloadOf(object) ?? []);
  const services = of('Service', '');
  const workloadsOf = (service: KubeObject) => {
    const selector = labelsOf(service.get('spec', 'selector'));
    return Object.keys(selector).length === 0
      ? []
      : workloads.filter(
          ({ namespace, labels }) => namespace === service.namespace && matches(selector, labels),
        );
  };
  const ownWorkloads = workloads.filter(isOwnWorkload);
  const ownServices = services.filter((service) =>
    workloadsOf(service).some((workload) => ownWorkloads.includes(workload)),
  );
  const serviceAt = (host: string) => {
    const wanted = serviceNameOf(host);
    return (
      wanted && services.find(({ name, namespace }) => name === wanted.name && namespace === wanted.namespace)
    );
  };
  const isOwnEntry = (entry: Entry): boolean => {
    if (authorizers.length > 0) return authorizers.includes(entry.name);
    const service = serviceAt(entry.service);
    return (
      (service !== undefined && ownServices.includes(service)) ||
      /oidc-authz/.test(
        `${entry.kind === 'contour' ? JSON.stringify(entry.object.content.spec) : ''}${entry.service}`,
      ) ||
      entry.name.includes('oidc-authz')
    );
  };
  const roots = objects.map(
    (object) =>
      object.text('rootNamespace') ||
      object.text('meshConfig', 'rootNamespace') ||
      object.text('spec', 'meshConfig', 'rootNamespace'),
  );
  return {
    objects,
    of,
    entries,
    ownEntries: entries.filter(isOwnEntry),
    patches,
    workloads,
    ownWorkloads,
    ownServices,
    serviceAt,
    workloadsOf,
    rootNamespace: roots.find((root) => root !== '') ?? 'istio-system',
  };
}

function isOwnWorkload({ labels, containers }: Workload): boolean {
  const isService = ({ image, args }: Mapping) =>
    typeof image === 'string' &&
    /(^|\/)oidc-authz([:@]|$)/.test(image) &&
    // The workload of the canary runs from the same image.
    !(Array.isArray(args) && args[0] === 'canary');
  return labels['app.kubernetes.io/name'] === 'oidc-authz' || containers.some(isService);
}

/** Whether an object is one that some rule reads, so that an input without any is probably a mistake. */
export function isRelevant(object: KubeObject): boolean {
  return object.kind === ''
    ? isMapping(object.content) && entriesOf(object).length > 0
    : relevantKinds.has(object.kind);
}

/** The kinds that rules read. */
const relevantKinds: ReadonlySet<string> = new Set([
  'APIRule',
  'AuthorizationPolicy',
  'ConfigMap',
  'DaemonSet',
  'Deployment',
  'DestinationRule',
  'EnvoyFilter',
  'ExtensionService',
  'Gateway',
  'HTTPProxy',
  'HTTPRoute',
  'HorizontalPodAutoscaler',
  'Istio',
  'IstioOperator',
  'Namespace',
  'NetworkPolicy',
  'PeerAuthentication',
  'Pod',
  'ReferenceGrant',
  'RequestAuthentication',
  'Secret',
  'SecurityPolicy',
  'Service',
  'Sidecar',
  'StatefulSet',
  'VirtualService',
]);
