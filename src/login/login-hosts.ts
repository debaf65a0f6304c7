/** The hosts where people log in, and the origin of each. The scheme comes from the configuration, never from the request. */
import type { Config } from '../config/declare/options.ts';
import { createReadLoginHost } from '../config/login/read-login-host.ts';
import { readHost } from '../config/values/hosts.ts';

/** A host where people log in. */
export interface LoginHost {
  /** As browsers write it (RFC 6454 section 6.2): in lower case, without a port that is the default of the scheme. */
  readonly origin: string;
  /** The name without the port, in lower case. */
  readonly name: string;
  /** Whether browsers reach the host over plain HTTP (`login.httpHosts`). */
  readonly isHttp: boolean;
}

/** Reads the host of a request; undefined if people do not log in there. */
export type LoginHostOf = (host: string) => LoginHost | undefined;

/** Creates the reader. */
export function createLoginHosts(
  { hosts, httpHosts }: Pick<NonNullable<Config['login']>, 'hosts' | 'httpHosts'>,
  ports: Config['hosts']['ports'],
): LoginHostOf {
  const readAny = createReadLoginHost(hosts, ports);
  const readHttp = createReadLoginHost(httpHosts, ports);
  const read = (text: string): LoginHost | undefined => {
    const host = readAny(text) === 'login' ? readHost(text) : undefined;
    if (host === undefined) return undefined;
    const isHttp = readHttp(text) === 'login';
    const isDefaultPort = host.port === undefined || host.port === (isHttp ? '80' : '443');
    const authority = isDefaultPort ? host.name : `${host.name}:${host.port}`;
    return { origin: `${isHttp ? 'http' : 'https'}://${authority}`, name: host.name, isHttp };
  };
  // Most requests in a row are for the same host.
  let last: { readonly text: string; readonly result: LoginHost | undefined } | undefined;
  return (text) => {
    if (last?.text !== text) last = { text, result: read(text) };
    return last.result;
  };
}
