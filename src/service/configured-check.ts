/** The check of a configuration, for the check listeners and for `explain`. */
import { createAuthenticate } from '../check/authenticate.ts';
import type { ReplayStore } from '../check/binding/used-proofs.ts';
import { createProve } from '../check/binding/verify-binding.ts';
import type { Config } from '../config/declare/options.ts';
import type { DenyListEntry } from '../config/load/deny-list.ts';
import type { TokenCache } from '../credential/token/cache.ts';
import { createVerifier, type VerifierDependencies } from '../credential/token/verifier.ts';
import type { Check } from '../model/decision.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Clock } from '../runtime/time/clock.ts';
import { createOwnCheck } from './own-check.ts';

/** What a check uses, in addition to its configuration. */
export interface CheckParts {
  readonly config: Config;
  readonly issuers: VerifierDependencies['issuers'];
  readonly denyList: readonly DenyListEntry[];
  readonly cache: TokenCache;
  readonly replays: ReplayStore;
  readonly clock: Clock;
}

/** Creates the check. @param count counts the lookups in the cache, and the proofs that the store has no space for */
export function createConfiguredCheck(
  { config, issuers, denyList, cache, replays, clock }: CheckParts,
  count: Pick<Metrics, 'cacheLookup' | 'replayStoreFull'>,
): Check {
  const verify = createVerifier({
    issuers,
    denyList,
    cache,
    limits: config.limits,
    clock,
    onLookup: count.cacheLookup,
  });
  const authenticate = createAuthenticate({
    verify,
    prove: createProve({ config, replays, clock, onFull: count.replayStoreFull }),
    schemes: config.dpop.origins.length > 0 ? ['bearer', 'dpop'] : ['bearer'],
  });
  return createOwnCheck(config, authenticate, clock);
}
