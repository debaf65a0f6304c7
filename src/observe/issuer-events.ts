/** Logs and counts the events of an issuer. */

import type { OwnerEvents } from '../issuer/issuer-plan.ts';
import type { IssuerState, IssuerStatus } from '../issuer/issuer-status.ts';
import { isRejection, someUnusedKeys, type UnusedKey } from '../issuer/keys/unused-keys.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

const levels: Readonly<Record<IssuerState, 'info' | 'warn' | 'error'>> = {
  waiting: 'warn',
  ready: 'info',
  stale: 'warn',
  unavailable: 'error',
};

/** Maximum number of unused keys in one record. */
const mostNamed = 50;

/** Creates the event handlers of one issuer. */
export function createIssuerEvents(
  issuer: string,
  logger: Logger,
  metrics: Metrics,
  onChange: () => void,
): OwnerEvents {
  let counted: ReadonlySet<string> = new Set();
  return {
    onFetched: (kind, error) => {
      metrics.issuerRefreshed(issuer, kind, error === undefined);
      if (error !== undefined)
        logger.debug({ issuer, kind, problem: error.message }, 'a fetch from the issuer failed');
    },
    onTrustReload: (error) => {
      metrics.certificatesReloaded('ca', error === undefined);
      if (error === undefined) logger.info({ issuer }, 'the certificates of caFile were reloaded');
      else
        logger.error(
          { issuer, problem: error.message },
          'the certificates of caFile were not reloaded; the previous ones stay in use',
        );
    },
    onStateChange: (status) => {
      // An issuer can be ready and still have a problem.
      const level =
        levels[status.state] === 'info' && status.problem !== undefined ? 'warn' : levels[status.state];
      logger[level](recordOf(issuer, status), `issuer is ${status.state}`);
      onChange();
    },
    onProblem: (status) => {
      if (status.problem === undefined)
        logger.info(recordOf(issuer, status), 'the problem of the issuer is resolved');
      else logger.warn(recordOf(issuer, status), 'the issuer has a problem');
    },
    onUnusedKeys: (unused) => {
      const rejected = unused.filter(({ cause }) => isRejection(cause));
      const nameOf = ({ key, cause }: UnusedKey) => `${cause} ${key}`;
      for (const one of rejected) if (!counted.has(nameOf(one))) metrics.issuerKeyRejected(issuer, one.cause);
      counted = new Set(rejected.map(nameOf));
      const record = { issuer, unusedKeys: someUnusedKeys(unused, mostNamed) };
      if (rejected.length > 0) logger.warn(record, 'the issuer publishes keys that are rejected');
      else if (unused.length > 0) logger.info(record, 'the issuer publishes keys that are not used');
      else logger.info({ issuer }, 'every key that the issuer publishes is used');
    },
    onKeysChange: (change) => {
      if (change.added + change.removed > 0)
        logger.info({ issuer, ...change }, 'the keys of the issuer have changed');
      onChange();
    },
    onLoginChange: onChange,
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
