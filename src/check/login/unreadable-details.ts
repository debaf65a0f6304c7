/** Denials of requests that a service with logins does not read: the texts for details and traces. */
import { detailOf, shown, shownPath } from '../../config/values/detail-text.ts';
import type { CheckRequest } from '../../model/check-request.ts';
import type { Decision, Denial } from '../../model/decision.ts';
import { pathAmbiguity } from '../rules/path.ts';

/** Denies a request whose host servers can read differently. Sessions and logins belong to a host. */
export function unreadableHost({ host }: CheckRequest): Denial {
  return {
    outcome: 'deny',
    reason: 'host_ambiguous',
    detail: () =>
      detailOf(
        {
          step: 'login',
          subject: 'the host',
          expected: 'one valid host name, because sessions belong to a host',
          found: shown(host),
          option: 'login.hosts',
        },
        `host ${shown(host)} is not one valid host name, and sessions belong to a host`,
      ),
  };
}

/** Denies a request whose path some servers can read as one of this service. */
export function unreadablePath({ path }: CheckRequest): Denial {
  const why = pathAmbiguity(path) ?? 'is another spelling of a path of the login';
  return {
    outcome: 'deny',
    reason: 'path_ambiguous',
    detail: () =>
      detailOf(
        {
          step: 'login',
          subject: 'the path',
          expected: 'a path that every server reads in the same way, because this host has a login',
          found: shownPath(path),
          option: 'login.paths',
        },
        `path ${shownPath(path)} ${why}, and this host has a login`,
      ),
  };
}

/** A decision on a host without logins. If the request has no token, the detail names the option that would send a browser to log in. */
export function withHostDetail<D extends Decision | Promise<Decision>>(
  decision: D,
  { host }: CheckRequest,
): D {
  if (decision instanceof Promise || decision.outcome !== 'deny' || decision.reason !== 'token_missing')
    return decision;
  return {
    ...decision,
    detail: () =>
      detailOf(
        {
          step: 'login',
          subject: 'the host',
          expected: 'a token, or a host of login.hosts, where people can log in',
          found: shown(host),
          option: 'login.hosts',
        },
        `the request has no authorization header, and host ${shown(host)} is not in login.hosts, so no browser is sent to log in`,
      ),
  };
}
