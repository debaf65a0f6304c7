/** Logs and measures the store that processes share. Records contain no name of a key, no value and no secret. */
import type { Clock } from '../runtime/time/clock.ts';
import type { StateEvents } from '../state/state-events.ts';
import type { Logger } from './logger.ts';
import type { StateMetrics } from './state-metrics.ts';

/** The time between two records of an outage whose reason stays the same, in milliseconds. */
const interval = 10 * 60_000;

/** Maximum number of reasons in the log for one outage. */
const maxReasons = 10;

/** Creates the receiver of the events of the store. */
export function createStateEvents(
  logger: Logger,
  metrics: StateMetrics,
  clock: Pick<Clock, 'monotonic'>,
): StateEvents {
  /** The reasons of the current outage. The first one, such as a connection that was closed, rarely says why it continues. */
  const reasons = new Set<string | undefined>();
  let problem: string | undefined;
  let loggedAt = 0;

  const log = () => {
    loggedAt = clock.monotonic();
    logger.error({ problem }, 'the store is not connected');
  };
  return {
    operation: metrics.operation,
    connected: (isSuccess) => {
      metrics.connected(isSuccess);
      // An attempt each second or so: no timer is needed.
      if (!isSuccess && reasons.size > 0 && clock.monotonic() - loggedAt >= interval) log();
    },
    statusChanged: (status) => {
      metrics.up(status.state === 'ready');
      if (status.state === 'ready') {
        logger.info(reasons.size > 0 ? 'the store is connected again' : 'the store is connected');
        reasons.clear();
        return;
      }
      ({ problem } = status);
      if (reasons.has(problem) || reasons.size >= maxReasons) return;
      reasons.add(problem);
      log();
    },
    evicts: (policy) =>
      logger.warn(
        { policy },
        'the store deletes keys if its memory is full, so sessions end and revocations are forgotten; set its `maxmemory-policy` to noeviction',
      ),
    defect: (error) => logger.error({ error }, 'an entry of the store cannot be used'),
  };
}
