/** Counts and logs the results of cross-checks. */
import type { CrossCheckDependencies } from '../credential/cross-check/cross-check.ts';
import { maxDetailValue } from '../model/trace.ts';
import type { Logger } from '../observe/logger.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Clock } from '../runtime/time/clock.ts';
import { createBucket } from '../runtime/time/token-bucket.ts';

/** Creates the events of cross-checks. Each message is logged at most once a second. */
export function createCrossCheckEvents(
  metrics: Pick<Metrics, 'crossChecked'>,
  logger: Logger,
  clock: Clock,
): Pick<CrossCheckDependencies, 'onResult' | 'onDifference' | 'onFailure'> {
  const [differences, failures] = [createBucket(onceASecond), createBucket(onceASecond)];
  return {
    onResult: metrics.crossChecked,
    onDifference: ({ kid, ...difference }) => {
      if (differences.take(clock.monotonic()))
        logger.error(
          { ...difference, kid: kid?.slice(0, maxDetailValue) },
          'jose judges a token differently; please report it',
        );
    },
    onFailure: (error) => {
      if (failures.take(clock.monotonic()))
        logger.warn(
          { problem: error instanceof Error ? error.message : String(error) },
          'jose cannot judge a token',
        );
    },
  };
}

const onceASecond = { burst: 1, perSecond: 1 };
