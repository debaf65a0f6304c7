/** Selects tokens for the cross-check. */
import type { IssuerConfig } from '../../config/declare/options.ts';
import type { IssuerKeys } from '../../issuer/issuer.ts';
import type { DenyReason } from '../../model/reasons.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import type { JoseHeader } from '../token/jose-header.ts';

/** A token that the verifier decides. It is not in the cache, and its signature is not verified yet. */
export interface UndecidedToken {
  readonly token: string;
  readonly header: JoseHeader;
  /** The claims as JSON text. */
  readonly payload: string;
  readonly trusted: { readonly config: IssuerConfig; readonly issuer: Pick<IssuerKeys, 'published'> };
}

/** A token that the verifier judged. Keys and time can change during a check, so it has those from before and after it. */
export interface JudgedToken extends Pick<UndecidedToken, 'token' | 'header' | 'payload'> {
  readonly reason: 'allowed' | DenyReason;
  readonly issuer: IssuerConfig;
  /** The published key sets, without repetitions. */
  readonly keySets: readonly string[];
  /** In milliseconds since the epoch, without repetitions. */
  readonly times: readonly number[];
}

/** The verifier's verdict, as far as it matters here. */
type Verdict =
  | { readonly outcome: 'verified' | 'error' }
  | { readonly outcome: 'deny'; readonly reason: DenyReason };

/** Returns a function that decides as `decide` does. It selects a share of the tokens. */
export type Observe = <T extends UndecidedToken, V extends Verdict>(
  decide: (token: T) => V | Promise<V>,
) => (token: T) => V | Promise<V>;

/** The dependencies of an observer. */
export interface ObserveDependencies {
  readonly clock: Clock;
  /** A number from 0 to 1. */
  readonly random: () => number;
  /** Receives a selected token after its decision. Errors, such as `overloaded`, are not verdicts, so they are not selected. */
  readonly onJudged: (judged: JudgedToken) => void;
}

/**
 * Creates an observer.
 *
 * @param share the share of the tokens, from 0 to 1. With 0, the observer returns `decide` itself.
 */
export function createObserve(share: number, { clock, random, onJudged }: ObserveDependencies): Observe {
  return (decide) => {
    if (share === 0) return decide;
    return (undecided) => {
      if (random() >= share) return decide(undecided);
      const { token, header, payload, trusted } = undecided;
      const { config, issuer } = trusted;
      const [keysBefore, timeBefore] = [issuer.published(), clock.now()];
      const decided = (verdict: Verdict) => {
        const keySets = [keysBefore, issuer.published()].filter((text) => text !== undefined);
        if (verdict.outcome === 'error' || keySets.length === 0) return;
        onJudged({
          token,
          header,
          payload,
          reason: verdict.outcome === 'deny' ? verdict.reason : 'allowed',
          issuer: config,
          keySets: [...new Set(keySets)],
          times: [...new Set([timeBefore, clock.now()])],
        });
      };
      const verdict = decide(undecided);
      if (verdict instanceof Promise) void verdict.then(decided, () => {});
      else decided(verdict);
      return verdict;
    };
  };
}
