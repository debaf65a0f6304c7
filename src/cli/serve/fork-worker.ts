/** Starts workers: processes of this program that answer checks on the connections that this process hands them. */
import { type ChildProcess, fork } from 'node:child_process';
import type { ForkWorker, FromWorker, ToWorker } from '../../service/workers/protocol.ts';

/** The argument that makes a process of this program a worker. */
const workerArgument = 'worker';

/**
 * Creates the function that starts a worker.
 *
 * @param program the file to run
 * @param onExit adds a handler to run before this process exits: it kills the remaining workers
 * @throws Error if Node's permissions forbid starting processes
 */
export function createForkWorker(program: string, onExit: (handler: () => void) => void): ForkWorker {
  if (process.permission?.has('child') === false) {
    throw new Error(
      'workers: Node may not start processes; start it with --allow-child-process, or set workers to 1',
    );
  }
  const children = new Set<ChildProcess>();
  // A worker that is starting cannot notice the exit of this process.
  onExit(() => {
    for (const child of children) child.kill('SIGKILL');
  });
  return () => {
    let child: ChildProcess;
    try {
      // In a process group of its own: a signal to our group must not end a worker that has no signal handlers yet.
      child = fork(program, [workerArgument], { detached: true });
    } catch (error) {
      return neverStarted(error);
    }
    children.add(child);
    const { promise, resolve } = Promise.withResolvers<number | string>();
    child.once('exit', (code, signal) => {
      children.delete(child);
      resolve(signal ?? code ?? 'unknown');
    });
    child.on('error', (error) => {
      if (child.pid !== undefined) return;
      children.delete(child);
      resolve(error.message);
    });
    // A worker without a channel is useless. A worker that stops in order closes its channel last.
    child.once('disconnect', () => void child.kill('SIGKILL'));
    return {
      pid: child.pid,
      send: (message: ToWorker, socket) => {
        // A worker that has just exited gets no message; onExit reports the exit.
        if (child.connected) child.send(message, socket, { keepOpen: true }, () => {});
      },
      onMessage: (listener) => void child.on('message', (message) => listener(message as FromWorker)),
      onExit: (listener) => void promise.then(listener),
      kill: () => void child.kill('SIGKILL'),
    };
  };
}

function neverStarted(error: unknown): ReturnType<ForkWorker> {
  const why = error instanceof Error ? error.message : String(error);
  return {
    pid: undefined,
    send: () => {},
    onMessage: () => {},
    onExit: (listener) => queueMicrotask(() => listener(why)),
    kill: () => {},
  };
}
