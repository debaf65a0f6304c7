/** The service of a process: its start, its reloads and its shutdown. */

import { randomBytes } from 'node:crypto';
import type { Config } from '../../config/declare/options.ts';
import { type ConfigSources, configFileOf, loadConfig } from '../../config/load/load.ts';
import { ConfigError } from '../../config/validate/problems.ts';
import { openLog } from '../../observe/logger.ts';
import { systemFiles } from '../../runtime/files/file-snapshot.ts';
import { type Following, followFiles } from '../../runtime/files/follow.ts';
import { systemClock } from '../../runtime/time/clock.ts';
import { onceAtATime } from '../../runtime/time/single-flight.ts';
import { version } from '../../runtime/version.ts';
import { createApp } from '../../service/app.ts';
import { fileProblems, filesOf } from '../../service/referenced-files.ts';
import type { ForkWorker } from '../../service/workers/protocol.ts';

/** A service that runs. */
export interface Service {
  /** Reads the configuration again. */
  readonly reload: () => Promise<void>;
  /** Drains and stops; resolves with the exit code. */
  readonly stop: () => Promise<number>;
  /** Logs that a second signal ends the process before it has drained; resolves when the log is written. */
  readonly forced: (signal: string) => Promise<void>;
  /** Logs a defect after which the process cannot continue; resolves when the log is written. */
  readonly crashed: (error: unknown) => Promise<void>;
}

/** The process that the service runs in. */
export interface ServingProcess {
  /** The program's main file, which its workers run as well. */
  readonly program: string;
  /** Adds a handler to run before the process exits for any reason. */
  readonly onExit: (handler: () => void) => void;
  /** Exits because the workers keep exiting. Called after the log is written. */
  readonly giveUp: () => void;
}

/**
 * Starts the service.
 *
 * @throws ConfigError if the configuration is invalid, Error if a listener cannot be bound
 */
export async function startService(sources: ConfigSources, self: ServingProcess): Promise<Service> {
  const files = followFiles(systemFiles, systemClock);
  const file = configFileOf(sources);
  // Only check-config reads the values of the chart.
  const foreignProblem: ConfigSources['foreignProblem'] = async (text, path) => {
    const { chartValuesProblem } = await import('../../tools/check-config/chart-values.ts');
    return (await sources.foreignProblem?.(text, path)) ?? chartValuesProblem(text, path);
  };
  const started = Promise.withResolvers<void>();
  // Reloads run one at a time, including the read, so the file that was read last is the one in use.
  const reload = onceAtATime(async () => {
    await started.promise;
    try {
      await app.reload(await load(true));
    } catch (error) {
      app.reloadFailed(error instanceof Error ? error : new Error(String(error)));
    }
  });
  // Followed before it is read, so that no change in between is missed.
  const configuration = files.follow(file === undefined ? [] : [file], () => void reload());
  let namedFiles: Following = files.follow([], () => {});

  /** @param isInUse whether a configuration is in use already. It then stays in use until all files are completely written. */
  const load = async (isInUse: boolean): Promise<Config> => {
    const loaded = await loadConfig({ ...sources, readFile: files.read, foreignProblem });
    let isRejected = false;
    const before = namedFiles;
    // The problem may be in a file that the configuration names: a change of that file is a reason to try again.
    namedFiles = files.follow(filesOf(loaded), () => {
      if (isRejected) void reload();
    });
    before.stop();
    try {
      if (isInUse) await namedFiles.settled();
      const problems = await fileProblems(loaded, files.read);
      if (problems.length > 0) throw new ConfigError(problems);
      return loaded;
    } catch (error) {
      isRejected = true;
      throw error;
    }
  };

  const config = await load(false);
  const forkWorker = await forkWorkerFor(config, self);
  const { logger, end } = openLog(config.log, systemClock, sources.environment);
  const app = createApp(config, {
    logger,
    clock: systemClock,
    random: Math.random,
    randomBytes,
    environment: sources.environment,
    files,
    configFile: file,
    forkWorker,
    giveUp: (error) => {
      logger.fatal({ error }, 'nothing answers checks; the process exits, so that it is restarted');
      void end().then(self.giveUp);
    },
  });
  // If the file was still being written, its complete content has been loaded already.
  const reloadUnlessLoaded = (isLoaded: boolean) => (isLoaded ? undefined : reload());
  logger.info(
    { version, node: process.versions.node, issuers: config.issuers.map(({ name }) => name) },
    'starting',
  );
  try {
    await app.start();
  } catch (error) {
    logger.fatal({ error }, 'the service cannot start');
    await end();
    throw error;
  }

  started.resolve();

  return {
    reload: () => configuration.settled().then(reloadUnlessLoaded, app.reloadFailed),
    stop: async () => {
      configuration.stop();
      namedFiles.stop();
      await app.stop();
      await end();
      return 0;
    },
    forced: async (signal) => {
      logger.warn(
        { signal },
        'a second signal forces the stop: the process exits now with code 1, and checks in progress get no answer',
      );
      await end();
    },
    crashed: async (error) => {
      logger.fatal({ error }, 'a defect ends the process; please report it');
      await end();
    },
  };
}

/** Loads Node's `child_process` only if there are several workers, because it is large. */
async function forkWorkerFor({ workers }: Config, { program, onExit }: ServingProcess): Promise<ForkWorker> {
  if (workers !== 1) {
    const { createForkWorker } = await import('./fork-worker.ts');
    return createForkWorker(program, onExit);
  }
  return () => {
    throw new TypeError('workers is 1, so the main process answers the checks');
  };
}
