/** Limits the frames of a peer that cost this side work, but that no call needs in such numbers. */
import { createBucket } from '../../../runtime/time/token-bucket.ts';
import { ConnectionError } from './connection-error.ts';
import { errorCode } from './error-code.ts';

/**
 * The budgets. Proxies and clients never meet them:
 *
 * - A client that estimates bandwidth sends about one PING for a call, and may send a WINDOW_UPDATE before and after one.
 *   So each answered call adds to these budgets.
 * - Envoy resets a stream whenever its client disconnects. Streams that this side ends for an error of the peer count too.
 * - A client knows the limit of streams, so it meets it only before it has read the first SETTINGS.
 */
const budgets = {
  PING: { burst: 200, perSecond: 20, perCall: 2 },
  SETTINGS: { burst: 50, perSecond: 5, perCall: 0 },
  RST_STREAM: { burst: 30_000, perSecond: 10_000, perCall: 0 },
  'refused HEADERS': { burst: 10_000, perSecond: 100, perCall: 0 },
  WINDOW_UPDATE: { burst: 20_000, perSecond: 2_000, perCall: 4 },
  'empty DATA': { burst: 1_000, perSecond: 100, perCall: 2 },
  'PRIORITY and unknown': { burst: 10_000, perSecond: 1_000, perCall: 4 },
} as const;

/** The kinds of frames that are counted. */
export type FloodKind = keyof typeof budgets;

/** The budgets of a connection. */
export interface FloodLimits {
  /**
   * Counts a frame.
   *
   * @throws ConnectionError if the budget is used up
   */
  readonly count: (kind: FloodKind) => void;
  /** Adds to the budgets for an answered call. */
  readonly callAnswered: () => void;
}

/**
 * Creates full budgets.
 *
 * @param now milliseconds of the monotonic clock
 */
export function createFloodLimits(now: () => number): FloodLimits {
  const buckets = Object.fromEntries(
    Object.entries(budgets).map(([kind, budget]) => [kind, createBucket(budget)]),
  ) as Record<FloodKind, ReturnType<typeof createBucket>>;
  return {
    count: (kind) => {
      if (!buckets[kind].take(now()))
        throw new ConnectionError(errorCode.enhanceYourCalm, `too many ${kind} frames`);
    },
    callAnswered: () => {
      buckets.PING.give(budgets.PING.perCall);
      buckets.WINDOW_UPDATE.give(budgets.WINDOW_UPDATE.perCall);
      buckets['empty DATA'].give(budgets['empty DATA'].perCall);
      buckets['PRIORITY and unknown'].give(budgets['PRIORITY and unknown'].perCall);
    },
  };
}
