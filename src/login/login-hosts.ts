/** The hosts where people log in, and the origin of each. The scheme comes from the configuration, never from the request. */
import type { Config } from '../config/declare/options.ts';
import { hostCovers } from '../config/rules/patterns.ts';
import { readHost } from '../config/values/hosts.ts';

/** A host where people log in. */
export interface LoginHost {
  /** As browsers write it (RFC 6454 section 6.2): in lower case, without a port that is the default of the scheme. */
  readonly origin: string;
  /** Whether browsers reach the host over plain HTTP (`login.httpHosts`). */
  readonly isHttp: boolean;
}

/** Reads the host of a request; undefined if people do not log in there. */
export type LoginHostOf = (host: string) => LoginHost | undefined;

/** Creates the reader. */
export function createLoginHosts(
  login: Pick<NonNullable<Config['login']>, 'hosts' | 'httpHosts'>,
  ports: Config['hosts']['ports'],
): LoginHostOf {
  const isIn = (patterns: readonly string[], name: string, port: string | undefined) =>
    patterns.some(
      (pattern) =>
        hostCovers(pattern, port === undefined ? name : `${name}:${port}`) ||
        (ports === 'ignore' && hostCovers(pattern, name)),
    );
  return (text) => {
    const host = readHost(text);
    if (host === undefined || !isIn(login.hosts, host.name, host.port)) return undefined;
    const isHttp = isIn(login.httpHosts, host.name, host.port);
    const isDefaultPort = host.port === undefined || host.port === (isHttp ? '80' : '443');
    const authority = isDefaultPort ? host.name : `${host.name}:${host.port}`;
    return { origin: `${isHttp ? 'http' : 'https'}://${authority}`, isHttp };
  };
}
