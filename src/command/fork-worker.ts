/** Starts workers: processes that run this very program, on whose ports they listen together. */
import cluster from 'node:cluster';
import type { ForkWorker, ToWorker } from '../workers/worker.ts';

/**
 * Makes what starts workers.
 *
 * @throws Error where this process may start no other
 */
export function createForkWorker(): ForkWorker {
  if (process.permission?.has('child') === false) {
    throw new Error(
      'workers: several need the permission to start processes; give Node --allow-child-process, or leave workers at 1',
    );
  }
  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({ args: [] });
  return () => {
    const worker = cluster.fork();
    return {
      pid: worker.process.pid,
      send: (message: ToWorker) => {
        // One that has just ended hears nothing, and that it ended is told elsewhere.
        if (worker.isConnected()) worker.send(message, () => {});
      },
      onMessage: (hear) => void worker.on('message', hear),
      onExit: (hear) => void worker.once('exit', (code, signal) => hear(signal ?? code)),
      kill: () => void worker.process.kill('SIGKILL'),
    };
  };
}
