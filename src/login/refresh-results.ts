/** The results of renewals, for requests that still have the old refresh token. */
import { forgetOldest } from '../runtime/forget-oldest.ts';
import type { Clock } from '../runtime/time/clock.ts';
import type { Session } from '../session/session.ts';
import type { Renewal } from './refresh.ts';

/** A result that late requests get. */
export type Result = Renewal & { readonly kind: 'renewed' | 'ended' };

/** The results. */
export interface RefreshResults {
  /** The newest result for a session, which may have been renewed more than once; undefined if it is the newest itself. */
  readonly latest: (session: Session) => Result | undefined;
  /** @param session the session whose refresh token was used */
  readonly remember: (session: Session, result: Result) => void;
}

/** Maximum number of results that are kept. */
const mostResults = 10_000;

/** Maximum number of renewals that one late request has missed. */
const mostSteps = 8;

/** Creates an empty memory. @param memory milliseconds that a result is kept */
export function createRefreshResults(memory: number, clock: Clock): RefreshResults {
  const results = new Map<string, { readonly until: number; readonly result: Result }>();

  const resultFor = ({ refreshToken = '', renewedAt }: Session): Result | undefined => {
    const known = results.get(refreshToken);
    if (known === undefined || clock.monotonic() >= known.until) return undefined;
    const { result } = known;
    // An issuer may return the same refresh token again: then the result can be this session, or an older one.
    const isKnown =
      result.kind === 'renewed' &&
      result.session.refreshToken === refreshToken &&
      result.session.renewedAt <= renewedAt;
    return isKnown ? undefined : result;
  };

  return {
    latest: (session) => {
      let newest: Result | undefined;
      for (let step = 0; step < mostSteps; step++) {
        const next = resultFor(newest?.kind === 'renewed' ? newest.session : session);
        if (next === undefined) break;
        newest = next;
        if (next.kind === 'ended') break;
      }
      return newest;
    },
    remember: ({ refreshToken = '' }, result) => {
      const now = clock.monotonic();
      results.delete(refreshToken);
      results.set(refreshToken, { result, until: now + memory });
      forgetOldest(results, mostResults, ({ until }) => until <= now);
    },
  };
}
