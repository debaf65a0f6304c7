/** A process that another one of this program started, to answer checks. */
import type { Socket } from 'node:net';
import { openLog } from '../observe/logger.ts';
import { systemClock } from '../runtime/time/clock.ts';
import type { ToWorker } from '../service/workers/protocol.ts';
import { createWorker } from '../service/workers/worker.ts';

/** What a worker's process does besides its work. */
export interface WorkerRun {
  /** Tells of a defect that leaves the process in no state to go on; resolves when the log is written. */
  readonly crashed: (error: unknown) => Promise<void>;
}

/** Runs a worker until the process that started it says otherwise, or is gone. */
export function runWorker(
  exit: () => void,
  environment: Readonly<Record<string, string | undefined>>,
): WorkerRun {
  let log: ReturnType<typeof openLog> | undefined;
  const hear = createWorker({
    openLog: (options) => {
      log = openLog(options, systemClock, environment, { worker: process.pid });
      return log.logger;
    },
    clock: systemClock,
    send: (message) => {
      if (process.connected) process.send?.(message, () => {});
    },
    exit: () => void (log?.end() ?? Promise.resolve()).then(exit),
  });
  process.on('message', (message, socket) => hear(message as ToWorker, socket as Socket | undefined));
  process.once('disconnect', exit);
  if (!process.connected) exit();
  return {
    crashed: async (error) => {
      log?.logger.fatal({ error }, 'a defect ends the worker; please report it');
      await log?.end();
    },
  };
}
