/** The command of a worker process: the main process starts it to answer checks. */
import type { Command } from './command.ts';
import { exitNow } from './exit.ts';

const exitCode = { stopped: 0, defect: 70 };

/** Answers checks until the main process tells it to stop, or is gone. A user cannot run it. */
export const worker: Command = {
  manual: [],
  handlesHangup: true,
  run: async (_, { environment }) => {
    // The main process stops its workers; a terminal sends its signals to both.
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => {});
    const { startWorker } = await import('./worker/start-worker.ts');
    const running = startWorker(() => exitNow(exitCode.stopped), environment);
    const crash = (error: unknown) => {
      const exit = () => exitNow(exitCode.defect);
      void running.crashed(error).then(exit, exit);
    };
    process.on('uncaughtException', crash);
    process.on('unhandledRejection', crash);
  },
};
