/** What is counted and told of an issuer. */
import type { IssuerEvents, IssuerState } from '../issuer/issuer.ts';
import type { OnFetched } from '../issuer/source.ts';
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
): IssuerEvents & { readonly onFetched: OnFetched } {
  return {
    onFetched: (kind, error) => {
      metrics.issuerRefreshed(issuer, kind, error === undefined);
      if (error !== undefined)
        logger.debug({ issuer, kind, problem: error.message }, 'a fetch from the issuer failed');
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
