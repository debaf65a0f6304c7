/** How many pods of the service run. */
import type { Found } from '../finding.ts';
import { type KubeObject, textOf } from '../read/objects.ts';
import type { Workload } from './workloads.ts';
import type { World } from './world.ts';

/** The places where the manifests ask for more than one pod of the service. */
export function severalReplicas(world: World): readonly Found[] {
  return world.ownWorkloads.flatMap((workload) => [
    ...ofWorkload(workload),
    ...scalersOf(workload, world).flatMap(ofScaler),
  ]);
}

function ofWorkload({ object }: Workload): readonly Found[] {
  const replicas = Number(textOf(object.get('spec', 'replicas')) || 1);
  return replicas > 1
    ? [
        {
          place: object.at('spec', 'replicas'),
          cause: `${object.kind} ${object.name} runs ${replicas} replicas.`,
        },
      ]
    : [];
}

function ofScaler(scaler: KubeObject): readonly Found[] {
  const most = Number(textOf(scaler.get('spec', 'maxReplicas')));
  return most > 1
    ? [
        {
          place: scaler.at('spec', 'maxReplicas'),
          cause: `HorizontalPodAutoscaler ${scaler.name} runs up to ${most} replicas.`,
        },
      ]
    : [];
}

function scalersOf({ object }: Workload, { of }: World): readonly KubeObject[] {
  return of('HorizontalPodAutoscaler', 'autoscaling').filter(
    (scaler) =>
      scaler.namespace === object.namespace &&
      scaler.text('spec', 'scaleTargetRef', 'kind') === object.kind &&
      scaler.text('spec', 'scaleTargetRef', 'name') === object.name,
  );
}
