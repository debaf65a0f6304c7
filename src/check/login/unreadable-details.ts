/** Denials of requests that a service with logins does not read: the texts for details and traces. */
import { detailOf, shown, shownPath } from '../../config/values/detail-text.ts';
import type { CheckRequest } from '../../model/check-request.ts';
import type { Denial } from '../../model/decision.ts';
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
