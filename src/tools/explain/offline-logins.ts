/** The logins of a configuration, to explain a request. Nothing is sent to an issuer: an explained check is a dry run. */
import { randomBytes } from 'node:crypto';
import type { Config, IssuerConfig } from '../../config/declare/options.ts';
import type { ConfigSources } from '../../config/load/load.ts';
import { readSessionKeys, type SessionKey } from '../../config/session/session-keys.ts';
import type { CurrentDenyList } from '../../credential/token/revocation.ts';
import type { Issuer } from '../../issuer/issuer.ts';
import { createLogger } from '../../observe/logger.ts';
import { createMetrics } from '../../observe/metrics.ts';
import { systemFiles } from '../../runtime/files/file-snapshot.ts';
import { followFiles } from '../../runtime/files/follow.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import type { CheckLogins } from '../../service/check-logins.ts';
import { createServiceLogins } from '../../service/service-logins.ts';
import { createNoStore } from './no-store.ts';

/** The parts of an explanation that logins depend on. */
export interface OfflineLoginParts {
  readonly config: Config;
  readonly issuers: readonly { readonly config: IssuerConfig; readonly issuer: Issuer }[];
  readonly denyList: CurrentDenyList;
  readonly sources: Pick<ConfigSources, 'environment' | 'readFile'>;
  readonly clock: Clock;
}

/** The logins, and what limits their answers. */
export interface OfflineLogins {
  readonly logins: CheckLogins | undefined;
  readonly notes: readonly string[];
  readonly stop: () => void;
}

/** Creates them. Without the file of the session keys, no session can be opened, which a note says. */
export async function createOfflineLogins(parts: OfflineLoginParts): Promise<OfflineLogins> {
  const { config, issuers, denyList, sources, clock } = parts;
  const { keys, notes } = keysOf(config, sources);
  const metrics = createMetrics(
    { cacheEntries: () => 0, proofs: () => 0, workers: () => 0, issuers: () => [] },
    { version: '', node: '' },
  );
  const all = createServiceLogins({
    files: followFiles(systemFiles, clock),
    environment: sources.environment,
    logger: createLogger('silent', { write: () => {} }),
    metrics,
    clock,
    random: () => 0,
    randomBytes,
    sessionKeys: () => keys,
  });
  await all.prepare(config);
  const state = config.state && createNoStore();
  return { logins: all.take({ config, issuers, denyList, state }), notes, stop: all.stop };
}

function keysOf(
  { sessions }: Config,
  { readFile }: OfflineLoginParts['sources'],
): { readonly keys: readonly SessionKey[]; readonly notes: readonly string[] } {
  const file = sessions?.keysFile ?? '';
  try {
    return { keys: readSessionKeys(readFile(file)), notes: [] };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      keys: [],
      notes: [`no session can be opened, because the file of sessions.keysFile cannot be used: ${why}`],
    };
  }
}
