/** Warns if several processes can refresh the same session. */
import type { Config } from '../config/declare/options.ts';
import { sessionsAreShared } from '../config/session/session-place.ts';
import type { Logger } from '../observe/logger.ts';

/**
 * Warns about a configuration. With sessions in cookies, no process knows the refreshes of another, and most issuers accept a refresh
 * token once.
 *
 * @param workers the number of processes that answer checks
 */
export function warnOfRefreshes(
  config: Pick<Config, 'login' | 'sessions' | 'state'>,
  workers: number,
  logger: Pick<Logger, 'warn'>,
): void {
  const { login, sessions } = config;
  if (login === undefined || sessions?.refresh !== true || workers === 1 || sessionsAreShared(config)) return;
  logger.warn(
    { workers, option: 'sessions.refresh' },
    'several workers can use the refresh token of a session at the same time, and most issuers then end the session; add `state`, set workers to 1, or sessions.refresh to false',
  );
}
