/** Sidecar resources whose `egress` does not contain the authorizer. */
import type { Found } from '../finding.ts';
import { type KubeObject, labelsOf } from '../read/objects.ts';
import { guardsOf, overlap, type Target } from '../world/guards.ts';
import { serviceNameOf } from '../world/workloads.ts';
import type { World } from '../world/world.ts';

/** Finds Sidecars that hide the authorizer from a proxy that asks it. */
export function hiddenBySidecars(world: World): readonly Found[] {
  const guards = guardsOf(world);
  return world.of('Sidecar', 'networking.istio.io').flatMap((sidecar) => {
    const hosts = sidecar
      .list('spec', 'egress')
      .flatMap((_, index) => sidecar.texts('spec', 'egress', index, 'hosts'));
    if (hosts.length === 0) return [];
    const target = targetOf(sidecar, world);
    const names = new Set(
      guards.filter((guard) => overlap(guard.target, target)).map(({ provider }) => provider),
    );
    const hidden = world.entries.filter(
      ({ name, kind, service }) =>
        names.has(name) &&
        (kind === 'kyma' || kind.startsWith('istio')) &&
        !containsHost(hosts, service, sidecar),
    );
    return hidden.map(({ name, service }) => ({
      place: sidecar.at('spec', 'egress'),
      cause: `No host of \`egress\` contains ${service}, the Service of the authorizer ${name}.`,
      fix: `Add \`${serviceNameOf(service)?.namespace ?? '*'}/${service}\` to \`spec.egress[].hosts\`.`,
    }));
  });
}

function targetOf(sidecar: KubeObject, { rootNamespace }: World): Target {
  const labels = labelsOf(sidecar.get('spec', 'workloadSelector', 'labels'));
  const namespace = sidecar.namespace === rootNamespace ? '*' : sidecar.namespace;
  return Object.keys(labels).length > 0 ? { namespace, labels } : { namespace };
}

/** Whether a host of the form `namespace/name` contains a service. */
function containsHost(hosts: readonly string[], service: string, sidecar: KubeObject): boolean {
  const wanted = serviceNameOf(service);
  if (wanted === undefined) return true;
  const full = service.replace(/^[^/]*\//, '');
  return hosts.some((host) => {
    const [namespace = '', name = ''] = host.split('/');
    const isNamespace =
      namespace === '*' ||
      namespace === wanted.namespace ||
      (namespace === '.' && sidecar.namespace === wanted.namespace);
    return (
      isNamespace &&
      (name === '*' || name === full || (name.startsWith('*.') && full.endsWith(name.slice(1))))
    );
  });
}
