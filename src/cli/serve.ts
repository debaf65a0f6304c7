/** `oidc-authz serve`: the service from its start to its end. */

import type { Config } from '../config/declare/options.ts';
import { type ConfigSources, configFileOf, loadConfig } from '../config/load/load.ts';
import { ConfigError } from '../config/validate/problems.ts';
import { openLog } from '../observe/logger.ts';
import { systemFiles } from '../runtime/files/file-snapshot.ts';
import { type Following, followFiles } from '../runtime/files/follow.ts';
import { systemClock } from '../runtime/time/clock.ts';
import { onceAtATime } from '../runtime/time/single-flight.ts';
import { version } from '../runtime/version.ts';
import { createApp } from '../service/app.ts';
import { fileProblems, filesOf } from '../service/referenced-files.ts';
import type { ForkWorker } from '../service/workers/protocol.ts';

/** A service that runs. */
export interface Service {
  /** Reads the configuration again. */
  readonly reload: () => Promise<void>;
  /** Drains; resolves with the exit code. */
  readonly stop: () => Promise<number>;
  /** Tells that a second signal ends the process before it has drained; resolves when the log is written. */
  readonly forced: (signal: string) => Promise<void>;
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
  const files = followFiles(systemFiles, systemClock);
  const file = configFileOf(sources);
  // Nothing here takes the configuration out of values of the chart.
  const foreignProblem: ConfigSources['foreignProblem'] = async (text, path) => {
    const { chartValuesProblem } = await import('../tools/check-config/chart-values.ts');
    return (await sources.foreignProblem?.(text, path)) ?? chartValuesProblem(text, path);
  };
  const started = Promise.withResolvers<void>();
  // One after the other from the reading on, so that the file that was read last is the one in use.
  const reload = onceAtATime(async () => {
    await started.promise;
    try {
      await app.reload(await load(true));
    } catch (error) {
      app.reloadFailed(error instanceof Error ? error : new Error(String(error)));
    }
  });
  // Followed before it is read, or a change in between would be missed.
  const configuration = files.follow(file === undefined ? [] : [file], () => void reload());
  let named: Following = files.follow([], () => {});

  /** @param isInUse whether another configuration is in use; it then stays so until no file is being written */
  const load = async (isInUse: boolean): Promise<Config> => {
    const loaded = await loadConfig({ ...sources, readFile: files.read, foreignProblem });
    let isRefused = false;
    const before = named;
    // What is wrong with a configuration may be a file that it names; another one of those is another try.
    named = files.follow(filesOf(loaded), () => {
      if (isRefused) void reload();
    });
    before.stop();
    try {
      if (isInUse) await named.settled();
      const problems = await fileProblems(loaded, files.read);
      if (problems.length > 0) throw new ConfigError(problems);
      return loaded;
    } catch (error) {
      isRefused = true;
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
    environment: sources.environment,
    files,
    configFile: file,
    forkWorker,
    giveUp: (error) => {
      logger.fatal({ error }, 'nothing answers checks; the process ends, to be started anew');
      void end().then(self.giveUp);
    },
  });
  // What was being written has been taken up when it was written; that was a reload.
  const reloadUnlessTaken = (isTaken: boolean) => (isTaken ? undefined : reload());
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
    reload: () => configuration.settled().then(reloadUnlessTaken, app.reloadFailed),
    stop: async () => {
      configuration.stop();
      named.stop();
      await app.stop();
      await end();
      return 0;
    },
    forced: async (signal) => {
      logger.warn(
        { signal },
        'a second signal forces the stop: the process ends now, with code 1, and checks under way get no answer',
      );
      await end();
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
