/** The central host: the host where everyone signs in (`login.host`). */
import type { LoginHost, LoginHostOf } from '../login-hosts.ts';

/** The central host. */
export interface CentralHost {
  readonly origin: string;
  readonly isHere: (host: LoginHost) => boolean;
  /** Whether an origin is one of a host where people log in. A host can leave the configuration while a login runs. */
  readonly isListed: (origin: string) => boolean;
}

/**
 * Reads the central host.
 *
 * @param name `login.host`
 * @throws TypeError if it is not a host where people log in
 */
export function createCentralHost(name: string, hostOf: LoginHostOf): CentralHost {
  const origin = hostOf(name)?.origin;
  if (origin === undefined) throw new TypeError('login.host is not a host of login.hosts');
  return {
    origin,
    isHere: (host) => host.origin === origin,
    isListed: (other) => hostOf(other.replace(/^https?:\/\//, ''))?.origin === other,
  };
}
