/** Reports reloads of a listener's certificate. */

import type { Logger } from '../../observe/logger.ts';
import type { Metrics } from '../../observe/metrics.ts';
import type { Listener } from './listener.ts';

/** Creates a function that logs and counts a reload. Its error is set if the new certificate cannot be used. */
export function createTlsEvents(
  listener: Listener['name'],
  logger: Logger,
  metrics: Pick<Metrics, 'certificatesReloaded'>,
): (error: Error | undefined) => void {
  return (error) => {
    metrics.certificatesReloaded('listener', error === undefined);
    if (error === undefined) logger.info({ listener }, 'the certificate was reloaded');
    else logger.error({ listener, error }, 'the certificate was not reloaded; the previous one stays in use');
  };
}
