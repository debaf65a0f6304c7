/** Logins for a table of requests: nothing is sealed, fetched or sent. Which requests are sent to log in is decided as in a real check. */
import type { Config, IssuerConfig } from '../../config/declare/options.ts';
import { loginIssuers } from '../../config/session/session-rule.ts';
import { createLoginHosts } from '../../login/login-hosts.ts';
import type { LoginIssuer } from '../../login/login-issuer.ts';
import { createLoginPaths } from '../../login/login-paths.ts';
import type { LoginPlace, Logins, SessionVerdict } from '../../login/logins.ts';
import { readOpening } from '../../login/navigation.ts';
import { createOriginProblem } from '../../login/origin.ts';
import { describeAbsent } from '../../login/session-details.ts';
import { createSessionRequirements, factsOfSession } from '../../login/session-identity.ts';
import type { Claims } from '../../model/identity.ts';

/** A signed-in person of a table. */
export interface TablePerson {
  readonly issuer: IssuerConfig;
  readonly claims: Claims;
}

/**
 * Creates the logins of a configuration.
 *
 * @param person who sends the request; undefined without a session
 * @param now in seconds since the epoch
 * @returns undefined without `login`
 */
export function createTableLogins(
  config: Config,
  person: TablePerson | undefined,
  now: number,
): Logins | undefined {
  const { login, hosts } = config;
  if (login === undefined) return undefined;
  const paths = createLoginPaths(login.paths, loginIssuers(config).length > 1, login.host);
  const hostOf = createLoginHosts(login, hosts.ports);
  return {
    isOwnPath: (path) => paths.read(path) !== undefined,
    answerOwnPath: () => ({ outcome: 'deny', reason: 'login_path' }),
    findSession: (_, place) =>
      person === undefined || !place.issuers.includes(person.issuer.name)
        ? absent(place)
        : sessionOf(person, place, config, now),
    originProblem: createOriginProblem(hostOf, login.cors),
    askToLogIn: (request, { when }) => {
      const isSent =
        when !== 'never' && readOpening(request, { when, frames: login.frames }).opens === 'page';
      return {
        outcome: 'deny',
        reason: 'login_required',
        ...(isSent && hostOf(request.host) !== undefined && { browser: { status: 302, cookies: [] } }),
      };
    },
    explainDenial: (denial) => denial,
    cookieChanges: () => undefined,
  };
}

function absent(place: LoginPlace): SessionVerdict {
  return { outcome: 'none', cause: 'absent', cookies: [], detail: () => describeAbsent(place) };
}

function sessionOf(
  { issuer, claims }: TablePerson,
  place: LoginPlace,
  { issuers }: Config,
  now: number,
): SessionVerdict {
  const { login } = issuer;
  if (login === undefined) return absent(place);
  const path = `issuers[${issuers.indexOf(issuer)}]`;
  // No client is needed: nothing is renewed.
  const known = { config: { ...issuer, login }, path } as LoginIssuer;
  const { scope, sub } = claims;
  const session = {
    id: '',
    policy: '',
    issuer: issuer.issuer,
    subject: typeof sub === 'string' ? sub : '',
    claims,
    audiences: [login.clientId],
    scopes: typeof scope === 'string' ? scope.split(' ') : login.scopes,
    startedAt: now,
    seenAt: now,
    renewedAt: now,
  };
  const { identity, facts } = factsOfSession(session, known, now + 300);
  const failed = createSessionRequirements(known, () => [], '')(facts, now, undefined);
  return failed === undefined
    ? { outcome: 'signed_in', identity, token: '', cached: false, cookies: [] }
    : { outcome: 'deny', reason: failed.reason, issuerName: issuer.name };
}
