/** The keys of `sessions.keysFile`, which is read again when it changes. */
import { readSessionKeys, type SessionKey } from '../config/session/session-keys.ts';
import type { Logger } from '../observe/logger.ts';
import type { FollowedFiles } from '../runtime/files/follow.ts';
import type { ReloadProblems } from './reload-problems.ts';

/** The keys that seal sessions. */
export interface SessionKeys {
  /** The same list until the file changes; empty without `sessions`. */
  readonly current: () => readonly SessionKey[];
  /** The text of the file in use, for a worker process; empty without `sessions`. */
  readonly text: () => string;
  /** The IDs of the keys for `/readyz`, the sealing one first. */
  readonly ids: () => readonly string[];
  /**
   * Reads a file and follows it, in place of an earlier one.
   *
   * @param file undefined to stop
   * @throws Error if the file cannot be used; the previous keys then stay
   */
  readonly use: (file: string | undefined) => void;
  readonly stop: () => void;
}

/** The dependencies. */
export interface SessionKeysDependencies {
  readonly files: FollowedFiles;
  readonly logger: Pick<Logger, 'info' | 'error'>;
  readonly problems: Pick<ReloadProblems, 'sessionKeysReloaded'>;
  readonly metrics: {
    readonly sessionKeysLoaded: (count: number) => void;
    readonly sessionKeysFailed: () => void;
  };
  /** Called when the keys have changed, to send them to the workers. */
  readonly onChange: () => void;
}

/** Keys and the text that they were read from. */
interface Loaded {
  readonly text: string;
  readonly keys: readonly SessionKey[];
}

const nothing: Loaded = { text: '', keys: [] };

/** Creates the keys. There are none until {@link SessionKeys.use}. */
export function createSessionKeys(dependencies: SessionKeysDependencies): SessionKeys {
  const { files, logger, problems, metrics, onChange } = dependencies;
  let loaded = nothing;
  let followed: string | undefined;
  let stop = () => {};

  const read = (file: string): Loaded => {
    const text = files.read(file);
    return { text, keys: readSessionKeys(text) };
  };
  const take = (next: Loaded) => {
    loaded = next;
    metrics.sessionKeysLoaded(next.keys.length);
    onChange();
  };
  const reread = (file: string) => {
    try {
      take(read(file));
      problems.sessionKeysReloaded(file, undefined);
      logger.info({ file, keys: loaded.keys.length }, 'the session keys were reloaded');
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      metrics.sessionKeysFailed();
      problems.sessionKeysReloaded(file, problem);
      logger.error({ file, problem }, 'the session keys were not reloaded; the previous ones stay in use');
    }
  };
  return {
    current: () => loaded.keys,
    text: () => loaded.text,
    ids: () => loaded.keys.map(({ id }) => id),
    use: (file) => {
      if (file === followed) return;
      if (file === undefined) {
        stop();
        followed = undefined;
        take(nothing);
        return;
      }
      // Followed before it is read, so that no change in between is missed.
      const next = files.follow([file], () => reread(file));
      try {
        take(read(file));
      } catch (error) {
        next.stop();
        throw error;
      }
      stop();
      stop = next.stop;
      followed = file;
    },
    stop: () => stop(),
  };
}
