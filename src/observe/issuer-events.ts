/** What is counted and told of an issuer. */
import type { IssuerState, IssuerStatus } from '../issuer/issuer.ts';
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
    onStateChange: (status) => {
      // A state that is good is no reason to leave a problem unseen.
      const level =
        levels[status.state] === 'info' && status.problem !== undefined ? 'warn' : levels[status.state];
      logger[level](recordOf(issuer, status), `issuer is ${status.state}`);
      onChange();
    },
    onProblem: (status) => {
      if (status.problem === undefined)
        logger.info(recordOf(issuer, status), 'the issuer has no problem any more');
      else logger.warn(recordOf(issuer, status), 'the issuer has a problem');
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

function recordOf(issuer: string, { state, keys, keysAge, problem, problemSince }: IssuerStatus) {
  return {
    issuer,
    state,
    keys,
    keysAgeSeconds: keysAge === undefined ? undefined : Math.round(keysAge),
    problem,
    since: problemSince === undefined ? undefined : new Date(problemSince).toISOString(),
  };
}
