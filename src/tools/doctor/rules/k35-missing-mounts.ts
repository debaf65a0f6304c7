/** K35: Secrets and ConfigMaps that the service's pods need and the manifests lack. */
import { isMapping } from '../../../config/values/mapping.ts';
import type { Found } from '../finding.ts';
import { mappingsOf, type Path, textOf } from '../read/objects.ts';
import type { Rule } from '../rule.ts';
import type { Workload } from '../world/workloads.ts';
import type { World } from '../world/world.ts';

/** They may exist in the cluster. */
export const missingMounts: Rule<World> = {
  id: 'K35',
  title: 'Secret or ConfigMap of the service that the manifests do not contain',
  severity: 'note',
  effect: 'If it does not exist in the cluster either, the pods of the service do not start.',
  fix: 'Create the object before you install the service, or read it together with the other manifests.',
  check: ({ ownWorkloads, of }) =>
    ownWorkloads.flatMap((workload) =>
      referencesOf(workload)
        .filter(
          ({ kind, name }) =>
            !of(kind, '').some((object) => object.name === name && object.namespace === workload.namespace),
        )
        .map(
          ({ kind, name, path }): Found => ({
            place: workload.object.at(...path),
            cause: `The pods use ${kind} ${workload.namespace}/${name}, which is not in the manifests.`,
          }),
        ),
    ),
};

function referencesOf({ object, podPath }: Workload) {
  const at: Path = [...podPath, 'spec', 'volumes'];
  return mappingsOf(object.get(...at)).flatMap((volume, index) => {
    const direct = [
      ['Secret', volume.secret, 'secretName', [...at, index]] as const,
      ['ConfigMap', volume.configMap, 'name', [...at, index]] as const,
    ];
    const sources = mappingsOf(isMapping(volume.projected) ? volume.projected.sources : undefined);
    const projected = sources.flatMap((source, position) => {
      const path: Path = [...at, index, 'projected', 'sources', position];
      return [
        ['Secret', source.secret, 'name', path] as const,
        ['ConfigMap', source.configMap, 'name', path] as const,
      ];
    });
    return [...direct, ...projected].flatMap(([kind, source, field, path]) =>
      isMapping(source) && source.optional !== true ? [{ kind, name: textOf(source[field]), path }] : [],
    );
  });
}
