/** What is told of the certificates of a listener. */

import type { Logger } from '../../observe/logger.ts';
import type { Metrics } from '../../observe/metrics.ts';
import type { Listener } from './listener.ts';

/** Makes what tells of a certificate that was replaced, or could not be. */
export function createTlsEvents(
  listener: Listener['name'],
  logger: Logger,
  metrics: Pick<Metrics, 'certificatesReloaded'>,
): (error: Error | undefined) => void {
  return (error) => {
    metrics.certificatesReloaded('listener', error === undefined);
    if (error === undefined) logger.info({ listener }, 'the certificate was replaced');
    else logger.error({ listener, error }, 'the new certificate is not usable; the old one goes on');
  };
}
