/** Limits the requests to the console, so that no client slows checks through it. */
import type { Clock } from '../../runtime/time/clock.ts';
import { createBucket } from '../../runtime/time/token-bucket.ts';

/** Maximum rate of requests. A page needs up to three. */
const rate = { burst: 40, perSecond: 20 };

/** Maximum number of requests at the same time. */
const maxAtOnce = 4;

/** Maximum rate of sign-ins that fail. */
const failedSignIns = { burst: 5, perSecond: 0.1 };

/** The limits. */
export interface RequestLimits {
  /** Admits a request. @returns the status of the rejection; undefined if it may continue until `end` */
  readonly begin: () => 429 | 503 | undefined;
  readonly end: () => void;
  /** Whether a sign-in may be tried now. A successful one does not count. */
  readonly maySignIn: () => boolean;
  readonly signedIn: () => void;
}

/** Creates the limits of a console. */
export function createRequestLimits(clock: Clock): RequestLimits {
  const requests = createBucket(rate);
  const signIns = createBucket(failedSignIns);
  let running = 0;
  return {
    begin: () => {
      if (!requests.take(clock.monotonic())) return 429;
      if (running >= maxAtOnce) return 503;
      running++;
      return undefined;
    },
    end: () => {
      running--;
    },
    maySignIn: () => signIns.take(clock.monotonic()),
    signedIn: () => signIns.give(1),
  };
}
