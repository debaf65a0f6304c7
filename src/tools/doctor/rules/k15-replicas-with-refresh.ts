/** K15: several processes that renew the same session. */
import type { Config } from '../../../config/declare/options.ts';
import type { Found } from '../finding.ts';
import { type KubeObject, textOf } from '../read/objects.ts';
import type { Rule } from '../rule.ts';
import type { Workload } from '../world/workloads.ts';
import type { World } from '../world/world.ts';

/** Whether the sessions of a configuration are renewed, which only one process can do safely. */
export function renewsSessions({ login, sessions }: Config): boolean {
  return login !== undefined && sessions?.refresh === true;
}

/** With sessions in cookies, no process knows that another one has just used the refresh token. */
export const replicasWithRefresh: Rule<World> = {
  id: 'K15',
  title: 'Several processes that renew sessions',
  severity: 'warning',
  effect:
    'Two processes can use the same refresh token. Most issuers accept a refresh token once, and end the session of the person at the second use.',
  fix: 'Set `sessions.refresh: false`; a session then ends with its tokens, and the next page signs the person in again without a question. Or run one replica with one worker.',
  needsConfig: true,
  check: (world) =>
    world.config !== undefined && renewsSessions(world.config)
      ? world.ownWorkloads.flatMap((workload) => [
          ...ofWorkload(workload),
          ...scalersOf(workload, world).flatMap(ofScaler),
        ])
      : [],
};

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
