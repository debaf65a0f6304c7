/** The check and its issuers, without a transport. */

import { randomBytes } from 'node:crypto';
import type { ConfirmProof } from '../../src/check/binding/confirm-proof.ts';
import { createReplayStore, type ReplayStore } from '../../src/check/binding/used-proofs.ts';
import type { Config } from '../../src/config/declare/options.ts';
import type { DenyListEntry } from '../../src/config/load/deny-list.ts';
import type { SessionKey } from '../../src/config/session/session-keys.ts';
import { createTokenCache, type TokenCache } from '../../src/credential/token/cache.ts';
import { type IssuerContext, planIssuer } from '../../src/issuer/issuer-plan.ts';
import type { Logins } from '../../src/login/logins.ts';
import type { Check } from '../../src/model/decision.ts';
import { createLogger } from '../../src/observe/logger.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import { systemFiles } from '../../src/runtime/files/file-snapshot.ts';
import { followFiles } from '../../src/runtime/files/follow.ts';
import { type Clock, systemClock } from '../../src/runtime/time/clock.ts';
import { createCheckLogins } from '../../src/service/check-logins.ts';
import { createConfiguredCheck } from '../../src/service/configured-check.ts';
import { createServiceLogins } from '../../src/service/service-logins.ts';

/** The check under test. */
export interface TestCore {
  readonly check: Check;
  readonly cache: TokenCache;
  readonly stop: () => void;
}

/** The dependencies of issuers, without listeners for their events. */
export function quietContext(clock: Clock): IssuerContext {
  const nothing = () => {};
  return {
    clock,
    random: () => 0.5,
    environment: {},
    files: followFiles(systemFiles, clock),
    eventsOf: () => ({
      onFetched: nothing,
      onTrustReload: nothing,
      onProblem: nothing,
      onStateChange: nothing,
      onUnusedKeys: nothing,
      onKeysChange: nothing,
    }),
  };
}

const noGauges = { cacheEntries: () => 0, proofs: () => 0, workers: () => 1, issuers: () => [] };

/**
 * Creates the check and waits for the keys of its issuers.
 *
 * @param login its logins, or the keys of sessions for real ones
 * @param confirmProof asks about the proofs of all processes
 */
export async function startCore(
  config: Config,
  clock: Clock = systemClock,
  replays: ReplayStore = createReplayStore(),
  denyList: readonly DenyListEntry[] = [],
  login?: Logins | readonly SessionKey[],
  confirmProof?: ConfirmProof,
): Promise<TestCore> {
  const context = quietContext(clock);
  const issuers = config.issuers.map((issuerConfig) => ({
    config: issuerConfig,
    issuer: planIssuer(issuerConfig, config, context).create(),
  }));
  for (const { issuer } of issuers) issuer.start();
  await Promise.all(issuers.map(({ issuer }) => issuer.firstKeys));
  const cache = createTokenCache(config.cache);
  const logins =
    login === undefined || 'findSession' in login
      ? login && createCheckLogins(login)
      : createServiceLogins({
          ...context,
          logger: createLogger('silent', { write: () => {} }),
          metrics: createMetrics(noGauges, { version: 'test', node: process.versions.node }),
          randomBytes,
          sessionKeys: () => login,
        }).take({ config, issuers, denyList: () => denyList });
  return {
    check: createConfiguredCheck(
      {
        config,
        issuers,
        denyList: () => denyList,
        cache,
        replays,
        confirmProof,
        clock,
        logins,
      },
      {
        onLookup: () => {},
        onFull: () => {},
      },
    ),
    cache,
    stop: () => {
      for (const { issuer } of issuers) issuer.stop();
    },
  };
}
