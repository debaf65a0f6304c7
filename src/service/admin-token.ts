/** The token of `admin.tokenFile`, which is read again when the file changes. */
import { readAdminToken } from '../config/load/admin-token.ts';
import type { Logger } from '../observe/logger.ts';
import type { FollowedFiles } from '../runtime/files/follow.ts';
import type { ReloadProblems } from './reload-problems.ts';

/** The token of the admin listener. */
export interface AdminToken {
  /** Undefined without `admin.tokenFile`. */
  readonly current: () => string | undefined;
  /** Reads the file, and follows it. Throws if it is invalid. */
  readonly start: () => void;
  readonly stop: () => void;
}

/** The dependencies of the token. */
export interface AdminTokenDependencies {
  readonly files: FollowedFiles;
  readonly logger: Logger;
  readonly problems: Pick<ReloadProblems, 'adminTokenReloaded'>;
}

/** Creates the token. */
export function createAdminToken(
  file: string | undefined,
  { files, logger, problems }: AdminTokenDependencies,
): AdminToken {
  if (file === undefined) return { current: () => undefined, start: () => {}, stop: () => {} };
  let token: string | undefined;
  let stop = () => {};
  const read = () => {
    token = readAdminToken(files.read(file));
  };
  const reread = () => {
    try {
      read();
      problems.adminTokenReloaded(file, undefined);
      logger.info({ file }, 'the admin token was reloaded');
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      problems.adminTokenReloaded(file, problem);
      logger.error({ file, problem }, 'the admin token was not reloaded; the previous one stays in use');
    }
  };
  return {
    current: () => token,
    start: () => {
      // Followed before it is read, so that no change in between is missed.
      stop = files.follow([file], reread).stop;
      read();
    },
    stop: () => stop(),
  };
}
