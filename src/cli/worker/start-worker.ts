/** Runs a worker in this process. */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { openLog } from '../../observe/logger.ts';
import { systemFiles } from '../../runtime/files/file-snapshot.ts';
import { followFiles } from '../../runtime/files/follow.ts';
import { systemClock } from '../../runtime/time/clock.ts';
import type { ToWorker } from '../../service/workers/protocol.ts';
import { createWorker } from '../../service/workers/worker.ts';

/** A worker that runs. */
export interface RunningWorker {
  /** Logs a defect after which the process cannot continue; resolves when the log is written. */
  readonly crashed: (error: unknown) => Promise<void>;
}

/** Runs a worker until the main process stops it, or is gone. */
export function startWorker(
  exit: () => void,
  environment: Readonly<Record<string, string | undefined>>,
): RunningWorker {
  let log: ReturnType<typeof openLog> | undefined;
  const receive = createWorker({
    openLog: (options) => {
      log = openLog(options, systemClock, environment, { worker: process.pid });
      return log.logger;
    },
    clock: systemClock,
    random: Math.random,
    randomBytes,
    environment,
    files: followFiles(systemFiles, systemClock),
    send: (message) => {
      if (process.connected) process.send?.(message, () => {});
    },
    exit: () => void (log?.end() ?? Promise.resolve()).then(exit),
  });
  process.on('message', (message, socket) => receive(message as ToWorker, socket as Socket | undefined));
  process.once('disconnect', exit);
  if (!process.connected) exit();
  return {
    crashed: async (error) => {
      log?.logger.fatal({ error }, 'a defect ends the worker; please report it');
      await log?.end();
    },
  };
}
