/** Workloads, Services and what selects them. */
import { isMapping, type Mapping } from '../../../config/values/mapping.ts';
import { type KubeObject, type Labels, labelsOf, mappingsOf, type Path, textOf } from '../read/objects.ts';

/** A Deployment or another object that makes pods, or a single Pod. */
export interface Workload {
  readonly object: KubeObject;
  readonly namespace: string;
  /** The labels of its pods. */
  readonly labels: Labels;
  /** The annotations of its pods. */
  readonly annotations: Labels;
  readonly containers: readonly Mapping[];
  /** The path of the pod's `metadata` and `spec` in the object. */
  readonly podPath: Path;
}

const podTemplates = ['Deployment', 'StatefulSet', 'DaemonSet'];

/** Returns the workload of an object; undefined if it makes no pods. */
export function workloadOf(object: KubeObject): Workload | undefined {
  const isPod =
    object.kind === 'Pod' && object.group === '' && object.get('metadata', 'ownerReferences') === undefined;
  if (!isPod && !(object.group === 'apps' && podTemplates.includes(object.kind))) return undefined;
  const podPath: Path = isPod ? [] : ['spec', 'template'];
  return {
    object,
    namespace: object.namespace,
    labels: labelsOf(object.get(...podPath, 'metadata', 'labels')),
    annotations: labelsOf(object.get(...podPath, 'metadata', 'annotations')),
    containers: mappingsOf(object.get(...podPath, 'spec', 'containers')),
    podPath,
  };
}

/** Whether labels contain all labels of a selector. */
export function matches(selector: Labels, labels: Labels): boolean {
  return Object.entries(selector).every(([name, value]) => labels[name] === value);
}

/** Whether labels match a selector with `matchLabels` and `matchExpressions`. An empty selector matches everything. */
export function matchesSelector(selector: unknown, labels: Labels): boolean {
  if (!isMapping(selector)) return true;
  const expressions = mappingsOf(selector.matchExpressions).every(({ key, operator, values }) => {
    const value = labels[textOf(key)];
    const listed = Array.isArray(values) && values.includes(value);
    if (operator === 'In') return value !== undefined && listed;
    if (operator === 'NotIn') return !listed;
    return operator === 'Exists' ? value !== undefined : value === undefined;
  });
  return expressions && matches(labelsOf(selector.matchLabels), labels);
}

/** The name and namespace of a Service in the cluster; undefined for another host. */
export function serviceNameOf(
  host: string,
): { readonly name: string; readonly namespace: string } | undefined {
  const [, name, namespace] =
    /^(?:[^/]*\/)?([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\.[a-z0-9.-]+)?$/.exec(host) ?? [];
  return name === undefined || namespace === undefined ? undefined : { name, namespace };
}

/** A port of a Service. */
export interface ServicePort {
  readonly number: number;
  readonly name: string;
  readonly appProtocol: string;
  /** A number or the name of a container port. */
  readonly targetPort: string;
  readonly path: Path;
}

/** The ports of a Service. */
export function portsOf(service: KubeObject): readonly ServicePort[] {
  return service.list('spec', 'ports').map((port, index) => ({
    number: Number(port.port),
    name: textOf(port.name),
    appProtocol: textOf(port.appProtocol),
    targetPort: textOf(port.targetPort) || textOf(port.port),
    path: ['spec', 'ports', index],
  }));
}
