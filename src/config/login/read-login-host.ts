/** Says on which hosts a login can begin and end. */
import type { Config } from '../declare/options.ts';
import { hostCovers } from '../rules/patterns.ts';
import { readHost } from '../values/hosts.ts';

/** `other` is a host without a login. Servers can disagree about an `unreadable` one. */
export type LoginHost = 'login' | 'other' | 'unreadable';

/**
 * Creates the function that reads the host of a request.
 *
 * @param patterns `login.hosts`, or a part of it; one with a port matches only this port
 * @param ports `hosts.ports`
 */
export function createReadLoginHost(
  patterns: readonly string[],
  ports: Config['hosts']['ports'],
): (host: string) => LoginHost {
  const covers = (host: string) => patterns.some((pattern) => hostCovers(pattern, host));
  const read = (text: string): LoginHost => {
    const host = readHost(text);
    if (host === undefined) return 'unreadable';
    const { name, port } = host;
    if (port === undefined) return covers(name) ? 'login' : 'other';
    return covers(`${name}:${port}`) || (ports === 'ignore' && covers(name)) ? 'login' : 'other';
  };
  // Most requests in a row are for the same host.
  let last: { readonly text: string; readonly result: LoginHost } | undefined;
  return (text) => {
    if (last?.text !== text) last = { text, result: read(text) };
    return last.result;
  };
}
