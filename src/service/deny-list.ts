/** The deny list in use: follows its file and applies each change, also of the entries in the store. */
import type { Config } from '../config/declare/options.ts';
import type { DenyListEntry } from '../config/load/deny-list.ts';
import { entriesRemoved, type FollowedDenyList, followDenyList } from '../config/load/follow-deny-list.ts';
import type { Logger } from '../observe/logger.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { FollowedFiles } from '../runtime/files/follow.ts';
import type { ReloadProblems } from './reload-problems.ts';

/** The deny list of the service. */
export interface DenyList {
  /** Reads and follows the file of a configuration. Changes are ignored until `follow`. Rejects if the file is invalid. */
  readonly open: (config: Config) => Promise<FollowedDenyList>;
  /** Applies the changes of this list from now on, and stops following the previous one. */
  readonly follow: (next: FollowedDenyList) => void;
  /** Takes a new configuration, with the entries of its file. */
  readonly use: (entries: readonly DenyListEntry[], config: Config) => void;
  /** The entries in the store have changed. Without effect before the first `use`. */
  readonly storeChanged: () => void;
  readonly stop: () => void;
}

/** The dependencies of the deny list. */
export interface DenyListDependencies {
  readonly files: FollowedFiles;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly problems: ReloadProblems;
  /** The entries in the store; empty without `denyList.store`. */
  readonly inStore: () => readonly DenyListEntry[];
  /** Takes a new configuration with its entries. */
  readonly take: (entries: readonly DenyListEntry[]) => void;
  /** Replaces the entries of all later checks. */
  readonly apply: (entries: readonly DenyListEntry[]) => void;
}

/** Creates an empty deny list. */
export function createDenyList(dependencies: DenyListDependencies): DenyList {
  const { files, metrics, logger, problems, inStore, take, apply } = dependencies;
  let followed: FollowedDenyList = { entries: () => [], stop: () => {} };
  /** The entries of the file. */
  let current: readonly DenyListEntry[] = [];
  let isUsed = false;

  const warnOfRemovals = (next: readonly DenyListEntry[]) => {
    const removed = entriesRemoved(current, next);
    if (removed === 0) return;
    metrics.denyListShrank(removed);
    logger.warn(
      { removed, before: current.length, entries: next.length },
      'entries were removed from the deny list; the tokens that they revoked are valid again',
    );
  };
  const warnOfUnknownIssuers = ({ issuers }: Config) => {
    const unknown = new Set(current.map(({ issuer }) => issuer)).difference(
      new Set(issuers.map(({ issuer }) => issuer)),
    );
    if (unknown.size > 0)
      logger.warn({ issuers: [...unknown] }, 'the deny list names issuers that are not configured');
  };
  const useAll = (use: DenyListDependencies['apply']) => {
    isUsed = true;
    // Those of the file are first, because a denial names their index.
    const entries = [...current, ...inStore()];
    use(entries);
    metrics.denyListTaken(entries.length);
  };
  const replace = (entries: readonly DenyListEntry[], config: Config, use: DenyListDependencies['apply']) => {
    warnOfRemovals(entries);
    current = entries;
    problems.denyListReloaded(config.denyList.file, undefined);
    useAll(use);
    warnOfUnknownIssuers(config);
  };
  const changed = (change: readonly DenyListEntry[] | Error, config: Config) => {
    metrics.denyListReloaded(!(change instanceof Error));
    if (change instanceof Error) {
      problems.denyListReloaded(config.denyList.file, change.message);
      logger.error(
        { problem: change.message },
        'the deny list was not reloaded; the previous one stays in use',
      );
      return;
    }
    replace(change, config, apply);
    logger.info({ entries: change.length }, 'the deny list was reloaded');
  };

  return {
    open: async (config) => {
      const opened: FollowedDenyList = await followDenyList(config.denyList.file, {
        files,
        onChange: (change) => {
          if (opened === followed) changed(change, config);
        },
      });
      return opened;
    },
    follow: (next) => {
      followed.stop();
      followed = next;
    },
    use: (entries, config) => replace(entries, config, take),
    storeChanged: () => {
      if (isUsed) useAll(apply);
    },
    stop: () => followed.stop(),
  };
}
