/** Warns while the service does not enforce its own denials. */
import type { Config } from '../config/declare/options.ts';
import { hasShadowMode } from '../config/rules/shadow-mode.ts';
import type { Logger } from '../observe/logger.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Clock } from '../runtime/time/clock.ts';

/** How often the log repeats that shadow mode is on, in milliseconds. */
const repeatInterval = 60_000;

/** The warnings about `mode: shadow` and `shadow.authorizer`. */
export interface ShadowWarnings {
  /** Warns about the current configuration, and sets the metrics. */
  readonly update: (config: Config) => void;
  readonly stop: () => void;
}

/** Creates the warnings. */
export function createShadowWarnings(
  logger: Logger,
  metrics: Pick<Metrics, 'shadowMode' | 'incumbentDecides'>,
  clock: Clock,
): ShadowWarnings {
  let cancel = () => {};
  const repeat = () => {
    logger.warn('shadow mode is on (mode: shadow); requests that would be denied are allowed');
    cancel = clock.after(repeatInterval, repeat);
  };
  return {
    update: (config) => {
      cancel();
      const isShadowed = hasShadowMode(config);
      metrics.shadowMode(isShadowed);
      if (isShadowed) repeat();
      const { authorizer } = config.shadow;
      metrics.incumbentDecides(authorizer !== '');
      if (authorizer !== '')
        logger.warn(
          { authorizer },
          'the incumbent decides (shadow.authorizer); our own decisions are only compared with it',
        );
    },
    stop: () => cancel(),
  };
}
