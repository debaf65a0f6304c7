/** Starts workers: processes that run this very program, and answer the checks of the connections they are handed. */
import { type ChildProcess, fork } from 'node:child_process';
import type { ForkWorker, FromWorker, ToWorker } from '../../service/workers/protocol.ts';

/** The argument by which a process of this program knows that it is a worker. */
const workerArgument = 'worker';

/**
 * Makes what starts workers.
 *
 * @param program the file to run
 * @param atEnd is given what ends those that are left when this process ends: one that is starting does not hear of it
 * @throws Error where this process may start no other
 */
export function createForkWorker(program: string, atEnd: (end: () => void) => void): ForkWorker {
  if (process.permission?.has('child') === false) {
    throw new Error(
      'workers: several need the permission to start processes; give Node --allow-child-process, or leave workers at 1',
    );
  }
  const children = new Set<ChildProcess>();
  atEnd(() => {
    for (const child of children) child.kill('SIGKILL');
  });
  return () => {
    let child: ChildProcess;
    try {
      // A group of its own: a signal to ours must not end a worker that is too young to have its own mind about it.
      child = fork(program, [workerArgument], { detached: true });
    } catch (error) {
      return neverStarted(error);
    }
    children.add(child);
    const { promise, resolve } = Promise.withResolvers<number | string>();
    child.once('exit', (code, signal) => {
      children.delete(child);
      resolve(signal ?? code ?? 'an unknown end');
    });
    child.on('error', (error) => {
      if (child.pid !== undefined) return;
      children.delete(child);
      resolve(error.message);
    });
    // Whoever cannot be spoken to any more is of no use; an orderly end closes the channel last.
    child.once('disconnect', () => void child.kill('SIGKILL'));
    return {
      pid: child.pid,
      send: (message: ToWorker, socket) => {
        // One that has just ended hears nothing, and that it ended is told elsewhere.
        if (child.connected) child.send(message, socket, { keepOpen: true }, () => {});
      },
      onMessage: (hear) => void child.on('message', (message) => hear(message as FromWorker)),
      onExit: (hear) => void promise.then(hear),
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
    onExit: (hear) => queueMicrotask(() => hear(why)),
    kill: () => {},
  };
}
