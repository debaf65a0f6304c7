/** The check of a configuration, for the check listeners and for `explain`. */
import { createAuthenticate } from '../check/authenticate.ts';
import type { ConfirmProof } from '../check/binding/confirm-proof.ts';
import type { ReplayStore } from '../check/binding/used-proofs.ts';
import { createProve } from '../check/binding/verify-binding.ts';
import type { Config } from '../config/declare/options.ts';
import type { Observe } from '../credential/cross-check/observe.ts';
import type { TokenCache } from '../credential/token/cache.ts';
import type { CurrentDenyList } from '../credential/token/revocation.ts';
import {
  createVerifier,
  type Verdict,
  type VerifierDependencies,
  type Verify,
} from '../credential/token/verifier.ts';
import type { Check } from '../model/decision.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Clock } from '../runtime/time/clock.ts';
import type { StateStore } from '../state/state-store.ts';
import type { CheckLogins } from './check-logins.ts';
import { createOwnCheck } from './own-check.ts';

/** The configuration of a check, and its dependencies. */
export interface CheckParts {
  readonly config: Config;
  readonly issuers: VerifierDependencies['issuers'];
  readonly denyList: CurrentDenyList;
  readonly cache: TokenCache;
  readonly replays: ReplayStore;
  /** Only with `dpop.store`. */
  readonly confirmProof?: ConfirmProof | undefined;
  readonly clock: Clock;
  /** Only with `login`. */
  readonly logins?: CheckLogins | undefined;
  /** Only with `state`. */
  readonly state?: StateStore | undefined;
}

/** Receives what happens during checks. */
export interface CheckHooks {
  readonly onLookup: (isHit: boolean) => void;
  /** Called if the store has no space for a proof. */
  readonly onFull: Metrics['replayStoreFull'];
  readonly observe?: Observe;
  /** Called with the verdict on each token. */
  readonly onVerdict?: (verdict: Verdict) => void;
}

/** Creates the check. */
export function createConfiguredCheck(
  { config, issuers, denyList, cache, replays, confirmProof, clock, logins }: CheckParts,
  { onLookup, onFull, observe, onVerdict }: CheckHooks,
): Check {
  const verify = createVerifier({
    issuers,
    denyList,
    denyListFile: config.denyList.file,
    cache,
    limits: config.limits,
    clock,
    onLookup,
    ...(observe !== undefined && { observe }),
  });
  const authenticate = createAuthenticate({
    verify: onVerdict === undefined ? verify : reporting(verify, onVerdict),
    prove: createProve({ config, replays, confirm: confirmProof, clock, onFull }),
    schemes: config.dpop.origins.length > 0 ? ['bearer', 'dpop'] : ['bearer'],
  });
  return createOwnCheck(config, authenticate, clock, logins);
}

function reporting(verify: Verify, onVerdict: (verdict: Verdict) => void): Verify {
  const report = (verdict: Verdict) => {
    onVerdict(verdict);
    return verdict;
  };
  return (token, trace) => {
    const verdict = verify(token, trace);
    return verdict instanceof Promise ? verdict.then(report) : report(verdict);
  };
}
