/** Whether the pods of a workload get a sidecar. */
import { textOf } from '../read/objects.ts';
import type { Workload } from './workloads.ts';
import type { World } from './world.ts';

/** `unknown`: the manifests do not contain the namespace, and the pods say nothing. */
export type Injection = 'sidecar' | 'ambient' | 'none' | 'unknown';

/** Decides as the webhook of istiod does: the pod first, then its namespace. */
export function injectionOf(
  { namespace, labels, annotations, containers }: Workload,
  world: World,
): Injection {
  if (annotations['inject.istio.io/templates'] !== undefined) return 'sidecar';
  if (containers.some(({ name }) => textOf(name) === 'istio-proxy')) return 'sidecar';
  const own = labels['sidecar.istio.io/inject'] ?? annotations['sidecar.istio.io/inject'];
  if (own === 'true') return 'sidecar';
  if (own === 'false') return 'none';
  if (labels['istio.io/rev'] !== undefined) return 'sidecar';
  return injectionOfNamespace(namespace, world);
}

/** The default for the pods of a namespace. */
export function injectionOfNamespace(name: string, { of }: World): Injection {
  const namespace = of('Namespace', '').find((one) => one.name === name);
  if (namespace === undefined) return 'unknown';
  const { labels } = namespace;
  if (labels['istio-injection'] === 'enabled') return 'sidecar';
  if (labels['istio-injection'] === undefined && labels['istio.io/rev'] !== undefined) return 'sidecar';
  return labels['istio.io/dataplane-mode'] === 'ambient' ? 'ambient' : 'none';
}
