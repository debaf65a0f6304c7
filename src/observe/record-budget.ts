/** Limits the rate of log records that clients cause. Without it, a client could fill the disk or slow down the service. */
import type { Clock } from '../runtime/time/clock.ts';
import { createBucket } from '../runtime/time/token-bucket.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

const recordBudget = { burst: 200, perSecond: 100 };

/** How often the log reports the number of dropped records, in milliseconds. */
const droppedInterval = 10_000;

/** The dependencies of a limit. */
export interface RecordBudgetDependencies {
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'checkRecordLeftOut'>;
  readonly clock: Clock;
}

/**
 * Creates a limit. It counts dropped records, and reports them.
 *
 * @param kind what the records are about, as in `records of checks were dropped`
 * @returns whether a record may be written
 */
export function createRecordBudget(
  kind: 'checks' | 'logins',
  { logger, metrics, clock }: RecordBudgetDependencies,
): () => boolean {
  const budget = createBucket(recordBudget);
  let leftOut = 0;
  const reportDropped = () => {
    logger.warn({ leftOut }, `records of ${kind} were dropped because there were too many`);
    leftOut = 0;
  };
  return () => {
    if (budget.take(clock.monotonic())) return true;
    metrics.checkRecordLeftOut();
    if (leftOut++ === 0) clock.after(droppedInterval, reportDropped);
    return false;
  };
}
