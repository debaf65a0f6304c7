/** Files that changed and could not be reloaded: `/readyz` lists them, and the log repeats them. */
import type { Config } from '../config/declare/options.ts';
import { listenerTls } from '../config/describe/listener-tls.ts';
import { keysFileOf } from '../config/session/session-place.ts';
import { createFailedReloads } from '../transport/admin/failed-reloads.ts';
import type { Readiness } from '../transport/admin/readiness.ts';
import type { Listener } from '../transport/shared/listener.ts';
import type { AppDependencies } from './app-dependencies.ts';

/** The reload problems of the service. In each function, an undefined `problem` means that the reload succeeded. */
export interface ReloadProblems {
  readonly certificateReloaded: (listener: Listener['name'], problem: string | undefined) => void;
  readonly caFilesReloaded: (files: readonly string[], problem: string | undefined) => void;
  readonly denyListReloaded: (file: string | undefined, problem: string | undefined) => void;
  readonly adminTokenReloaded: (file: string, problem: string | undefined) => void;
  readonly sessionKeysReloaded: (file: string, problem: string | undefined) => void;
  readonly revocationsRead: (problem: string | undefined) => void;
  readonly configurationFailed: (problem: string) => void;
  /** Removes the problem of the configuration, and those of files that it no longer names. */
  readonly configurationLoaded: (config: Config) => void;
  readonly list: () => Readiness['problems'];
  readonly stop: () => void;
}

/** Creates an empty list of problems. */
export function createReloadProblems(
  initial: Config,
  { clock, logger, configFile }: Pick<AppDependencies, 'clock' | 'logger' | 'configFile'>,
): ReloadProblems {
  const configFiles = configFile === undefined ? [] : [configFile];
  let usesRevocations = initial.denyList.store;
  const changes = createFailedReloads(clock, ({ what, files, problem, since }) =>
    logger.error({ what, files, problem, since: new Date(since).toISOString() }, messageOf(what)),
  );
  const reloaded = (
    what: Readiness['problems'][number]['what'],
    files: readonly string[],
    problem: string | undefined,
  ) => {
    if (problem === undefined) changes.succeeded(what, files);
    else changes.failed(what, files, problem);
  };

  return {
    certificateReloaded: (listener, problem) => {
      const tls = listenerTls(initial).find(({ name }) => name === listener)?.tls;
      if (tls === undefined) return;
      const files = [tls.certFile, tls.keyFile, tls.clientCaFile].filter((file) => file !== undefined);
      reloaded('certificate', files, problem);
    },
    caFilesReloaded: (files, problem) => reloaded('caFile', files, problem),
    denyListReloaded: (file, problem) => reloaded('deny list', listOf(file), problem),
    adminTokenReloaded: (file, problem) => reloaded('admin token', [file], problem),
    sessionKeysReloaded: (file, problem) => reloaded('session keys', [file], problem),
    // The process continues to follow the list, although nothing uses it.
    revocationsRead: (problem) => reloaded('revocations', [], usesRevocations ? problem : undefined),
    configurationFailed: (problem) => reloaded('configuration', configFiles, problem),
    configurationLoaded: (config) => {
      const { denyList, issuers } = config;
      const keysFile = keysFileOf(config);
      reloaded('configuration', configFiles, undefined);
      usesRevocations = denyList.store;
      if (!usesRevocations) reloaded('revocations', [], undefined);
      changes.keepOnly('deny list', [listOf(denyList.file)]);
      changes.keepOnly('session keys', keysFile === undefined ? [] : [[keysFile]]);
      changes.keepOnly(
        'caFile',
        issuers.map(({ caFile = [] }) => [caFile].flat()),
      );
    },
    list: changes.problems,
    stop: changes.stop,
  };
}

function messageOf(what: Readiness['problems'][number]['what']): string {
  if (what === 'revocations') return 'the deny list of the store is not complete';
  return what === 'session keys'
    ? `the ${what} were not reloaded; the previous ones stay in use`
    : `the ${what} was not reloaded; the previous one stays in use`;
}

function listOf(file: string | undefined): readonly string[] {
  return file === undefined ? [] : [file];
}
