/** `oidc-authz serve`: the service from its start to its end. */
import { createApp } from '../app.ts';
import { type ConfigSources, configFileOf, loadConfig } from '../config/load.ts';
import type { Config } from '../config/options.ts';
import { ConfigError } from '../config/problems.ts';
import { watchFiles } from '../files/watch.ts';
import { openLog } from '../observe/logger.ts';
import { systemClock } from '../time/clock.ts';
import { onceAtATime } from '../time/once-at-a-time.ts';
import { version } from '../version.ts';
import type { ForkWorker } from '../workers/worker.ts';
import { fileProblems } from './files.ts';

/** A service that runs. */
export interface Service {
  /** Reads the configuration again. */
  readonly reload: () => Promise<void>;
  /** Drains; resolves with the exit code. */
  readonly stop: () => Promise<number>;
  /** Tells of a defect that leaves the process in no state to go on; resolves when the log is written. */
  readonly crashed: (error: unknown) => Promise<void>;
}

/** The process, as far as the service deals with it. */
export interface ServingProcess {
  /** The file that it runs, for those that it starts. */
  readonly program: string;
  /** Takes what is to be done when it ends, however that comes. */
  readonly atEnd: (end: () => void) => void;
  /** Ends it, where nothing can be made to answer checks any more; is called when the log is written. */
  readonly giveUp: () => void;
}

/**
 * Starts the service.
 *
 * @param self what is to be known of the process, and done to it
 * @throws ConfigError where the configuration cannot be used, Error where a listener cannot be bound
 */
export async function serve(sources: ConfigSources, self: ServingProcess): Promise<Service> {
  const load = async (): Promise<Config> => {
    const config = await loadConfig(sources);
    const problems = await fileProblems(config, sources.readFile);
    if (problems.length > 0) throw new ConfigError(problems);
    return config;
  };

  const config = await load();
  const forkWorker = await forkWorkerFor(config, self);
  const { logger, end } = openLog(config.log.level, systemClock);
  const app = createApp(config, {
    logger,
    clock: systemClock,
    random: Math.random,
    environment: sources.environment,
    readFile: sources.readFile,
    forkWorker,
    giveUp: (error) => {
      logger.fatal({ error }, 'nothing answers checks; the process ends, to be started anew');
      void end().then(self.giveUp);
    },
  });
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

  // One after the other from the reading on, so that the file that was read last is the one in use.
  const reload = onceAtATime(async () => {
    try {
      await app.reload(await load());
    } catch (error) {
      app.reloadFailed(error instanceof Error ? error : new Error(String(error)));
    }
  });
  const file = configFileOf(sources);
  const stopWatching = file === undefined ? () => {} : watchFiles([file], systemClock, () => void reload());

  return {
    reload,
    stop: async () => {
      stopWatching();
      await app.stop();
      await end();
      return 0;
    },
    crashed: async (error) => {
      logger.fatal({ error }, 'a defect ends the process; please report it');
      await end();
    },
  };
}

/** Loaded only where there shall be workers: it is a good part of Node. */
async function forkWorkerFor({ workers }: Config, { program, atEnd }: ServingProcess): Promise<ForkWorker> {
  if (workers !== 1) {
    const { createForkWorker } = await import('./fork-worker.ts');
    return createForkWorker(program, atEnd);
  }
  return () => {
    throw new TypeError('one process answers the checks, and no other is started');
  };
}
