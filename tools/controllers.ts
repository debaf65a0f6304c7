/**
 * Replaces the controllers of a cluster without nodes: it marks every Job as done and every Deployment as ready. No pod runs.
 * Clients that wait for them can continue.
 */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Cluster } from './cluster.ts';

/** The result of Jobs. */
export type Outcome = 'Complete' | 'Failed';

/** Running controllers. */
export interface Controllers {
  /** The Jobs so far, as namespace/name. */
  readonly jobs: readonly string[];
  /** Sets the result of later Jobs. */
  readonly endJobs: (outcome: Outcome) => void;
  readonly stop: () => void;
}

interface Watched {
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly generation: number;
    readonly deletionTimestamp?: string;
  };
  readonly spec: { readonly replicas?: number };
  readonly status?: { readonly observedGeneration?: number; readonly conditions?: readonly object[] };
}

/** Starts to watch the Jobs and Deployments of all namespaces. */
export async function startControllers(cluster: Cluster): Promise<Controllers> {
  const jobs: string[] = [];
  let outcome: Outcome = 'Complete';
  const watches = await Promise.all([
    follow(cluster, '/apis/batch/v1/jobs', async ({ metadata, status }) => {
      if (status?.conditions !== undefined) return;
      const { namespace, name } = metadata;
      jobs.push(`${namespace}/${name}`);
      await patchStatus(cluster, `/apis/batch/v1/namespaces/${namespace}/jobs/${name}`, ended(outcome));
    }),
    follow(cluster, '/apis/apps/v1/deployments', async ({ metadata, spec, status }) => {
      if (status?.observedGeneration === metadata.generation) return;
      const path = `/apis/apps/v1/namespaces/${metadata.namespace}/deployments/${metadata.name}`;
      await patchStatus(cluster, path, available(metadata.generation, spec.replicas ?? 1));
    }),
  ]);
  return {
    jobs,
    endJobs: (next) => {
      outcome = next;
    },
    stop: () => {
      for (const watch of watches) watch.stop();
    },
  };
}

/** Watches the objects of a path. If the server ends the watch, it starts again. */
async function follow(
  cluster: Cluster,
  path: string,
  use: (object: Watched) => Promise<void>,
): Promise<{ stop: () => void }> {
  let isStopped = false;
  let stream: Readable;
  const begin = async () => {
    stream = await cluster.open('GET', `${path}?watch=true&resourceVersion=0`);
    stream.on('error', () => {});
    stream.once('close', () => {
      if (!isStopped) begin().catch(() => {});
    });
    const lines = createInterface({ input: stream }).on('error', () => {});
    lines.on('line', (line) => {
      const { type, object } = JSON.parse(line) as { type: string; object: Watched };
      if (type === 'ADDED' || type === 'MODIFIED') void use(object);
    });
  };
  await begin();
  return {
    stop: () => {
      isStopped = true;
      stream.destroy();
    },
  };
}

/** Ignores a failed patch, because an object that was deleted or changed causes another event. */
async function patchStatus(cluster: Cluster, path: string, status: object): Promise<void> {
  const answer = await cluster.open('PATCH', `${path}/status`, { status }).catch((error: Error) => {
    if (!/: 40[49] /.test(error.message)) throw error;
    return undefined;
  });
  answer?.resume();
}

function ended(outcome: Outcome): object {
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const condition = (type: string) => ({
    type,
    status: 'True',
    reason: 'Test',
    message: 'no pod ran',
    lastProbeTime: now,
    lastTransitionTime: now,
  });
  return outcome === 'Complete'
    ? {
        startTime: now,
        completionTime: now,
        succeeded: 1,
        ready: 0,
        conditions: [condition('SuccessCriteriaMet'), condition('Complete')],
      }
    : { startTime: now, failed: 1, ready: 0, conditions: [condition('FailureTarget'), condition('Failed')] };
}

function available(observedGeneration: number, replicas: number): object {
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const condition = (type: string, reason: string) => ({
    type,
    status: 'True',
    reason,
    message: 'no pod runs',
    lastUpdateTime: now,
    lastTransitionTime: now,
  });
  return {
    observedGeneration,
    replicas,
    updatedReplicas: replicas,
    readyReplicas: replicas,
    availableReplicas: replicas,
    conditions: [
      condition('Available', 'MinimumReplicasAvailable'),
      condition('Progressing', 'NewReplicaSetAvailable'),
    ],
  };
}
