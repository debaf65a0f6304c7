/** Logs and measures the store that processes share. Records contain no name, value or secret. */
import type { StateEvents } from '../state/state-events.ts';
import type { Logger } from './logger.ts';
import type { StateMetrics } from './state-metrics.ts';

/** Creates the receiver of the events of the store. */
export function createStateEvents(logger: Logger, metrics: StateMetrics): StateEvents {
  let wasAway = false;
  return {
    operation: metrics.operation,
    connected: metrics.connected,
    statusChanged: ({ state, problem }) => {
      metrics.up(state === 'ready');
      if (state === 'ready') {
        logger.info(wasAway ? 'the store is connected again' : 'the store is connected');
        wasAway = false;
        return;
      }
      // The reason can change at each attempt; the first one of each outage is enough.
      if (wasAway) return logger.debug({ problem }, 'the store is not connected');
      wasAway = true;
      logger.error({ problem }, 'the store is not connected');
    },
    defect: (error) => logger.error({ error }, 'an entry of the store cannot be used'),
  };
}
