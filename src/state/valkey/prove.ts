/** Asks a new connection whether it is of use. */
import { StateError } from '../state-store.ts';
import type { ValkeyClient } from './client.ts';
import { serverCode } from './failures.ts';

/** Asks a new connection. @returns the clock of the server, in milliseconds since the epoch */
export type Prove = (client: ValkeyClient) => Promise<number>;

/** Asks for the time by a script, which fails while the server loads its data. */
export async function askTime(client: ValkeyClient): Promise<number> {
  const answer = await client.call('EVAL', "return redis.call('TIME')", 0);
  const [seconds = Number.NaN, microseconds = Number.NaN] = Array.isArray(answer) ? answer.map(Number) : [];
  const time = seconds * 1_000 + microseconds / 1_000;
  if (!Number.isFinite(time))
    throw new StateError('rejected', 'the store does not answer as Valkey or Redis does');
  return time;
}

/** Codes with which a server is of no use. With the others, such as MISCONF, reads work. */
const useless = ['NOPERM', 'READONLY', 'MASTERDOWN', 'LOADING', 'NOAUTH'];

/**
 * Creates the question that also asks whether this service may use its prefix and write. It changes the life of a value that does not
 * exist, which a replica and a missing permission refuse, and a full server does not.
 */
export function createProve(prefix: string, mode: 'single' | 'sentinel' | 'cluster'): Prove {
  const isUseless = (code: string | undefined) =>
    code !== undefined && (useless.includes(code) || (code === 'MOVED' && mode !== 'cluster'));
  return async (client) => {
    const [time] = await Promise.all([
      askTime(client),
      client.call('PEXPIRE', `${prefix}:probe`, 1).catch((error) => {
        const code = serverCode(error);
        if (code === undefined || isUseless(code)) throw error;
      }),
    ]);
    return time;
  };
}
