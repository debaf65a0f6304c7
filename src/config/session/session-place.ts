/** The place of the sessions of a configuration. */
import type { Config } from '../declare/options.ts';

/** Whether sessions are in the store that replicas share, and not in their cookies. */
export function sessionsAreShared({ sessions, state }: Pick<Config, 'sessions' | 'state'>): boolean {
  return sessions !== undefined && state !== undefined && (sessions.store ?? 'valkey') === 'valkey';
}

/** The file with the keys of this service; undefined without one. */
export function keysFileOf({ sessions, state }: Pick<Config, 'sessions' | 'state'>): string | undefined {
  return sessions?.keysFile ?? state?.keysFile;
}
