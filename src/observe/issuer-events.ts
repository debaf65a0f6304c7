/** What is counted and told of an issuer. */
import type { IssuerState } from '../issuer/issuer.ts';
import type { OwnerEvents } from '../issuer/plan.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

const levels: Readonly<Record<IssuerState, 'info' | 'warn' | 'error'>> = {
  waiting: 'warn',
  ready: 'info',
  stale: 'warn',
  unavailable: 'error',
};

/** Makes the events of one issuer. */
export function createIssuerEvents(
  issuer: string,
  logger: Logger,
  metrics: Metrics,
  onChange: () => void,
): OwnerEvents {
  return {
    onFetched: (kind, error) => {
      metrics.issuerRefreshed(issuer, kind, error === undefined);
      if (error !== undefined)
        logger.debug({ issuer, kind, problem: error.message }, 'a fetch from the issuer failed');
    },
    onTrustReload: (error) => {
      metrics.certificatesReloaded('ca', error === undefined);
      if (error === undefined) logger.info({ issuer }, 'the certificates of caFile were replaced');
      else
        logger.error(
          { issuer, problem: error.message },
          'the certificates of caFile were not replaced; the old ones go on',
        );
    },
    onStateChange: ({ state, keys, keysAge, problem }) => {
      const keysAgeSeconds = keysAge === undefined ? undefined : Math.round(keysAge);
      logger[levels[state]]({ issuer, state, keys, keysAgeSeconds, problem }, `issuer is ${state}`);
      onChange();
    },
    onKeysRejected: (rejected) => {
      for (const cause of rejected) metrics.issuerKeyRejected(issuer, cause);
      logger.warn({ issuer, causes: rejected.slice(0, 20) }, 'the issuer publishes keys that are refused');
    },
    onKeysChange: (change) => {
      logger.info({ issuer, ...change }, 'the keys of the issuer have changed');
      onChange();
    },
  };
}
