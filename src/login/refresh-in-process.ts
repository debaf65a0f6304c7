/**
 * Renews the tokens of sessions in cookies, for one process. Most issuers accept a refresh token once, and end the whole session at the
 * second use (RFC 9700 section 4.14.2). So each is used once here, and its result serves late requests.
 */
import type { Session } from '../session/session.ts';
import { isLoginProblem, type LoginProblem, type Tokens } from './login-client.ts';
import type { LoginIssuer } from './login-issuer.ts';
import { type Renewal, type RenewalDependencies, type Renewals, shortestMemory } from './refresh.ts';
import { createRefreshLines, noPlace } from './refresh-line.ts';
import { createRefreshPauses, paused } from './refresh-pauses.ts';
import { createRefreshRequests, type Fly } from './refresh-requests.ts';
import { createRefreshResults } from './refresh-results.ts';
import { keptSession } from './refresh-tokens.ts';

/** Creates the renewal of sessions in cookies. */
export function createRenewals(dependencies: RenewalDependencies): Renewals {
  const { sessions, maxWait, clock, events, renewed } = dependencies;
  // A browser may not return before its session is idle. Without the result, its next request would use the old refresh token again.
  const results = createRefreshResults(Math.max(shortestMemory, sessions.idleTimeout), clock);
  const pauses = createRefreshPauses(clock);
  const lines = createRefreshLines(maxWait, clock);

  const conclude = (session: Session, issuer: LoginIssuer, answer: Tokens | LoginProblem): Renewal => {
    const { refreshToken = '' } = session;
    const { name } = issuer.config;
    if (!isLoginProblem(answer)) {
      pauses.answered(name, refreshToken);
      events.refreshed(name, 'success', undefined);
      const renewal = { kind: 'renewed', session: renewed(session, answer) } as const;
      results.remember(session, renewal);
      return renewal;
    }
    const { kind, detail, isOfSession = false } = answer;
    if (kind === 'unavailable') {
      const kept = keptSession(session, answer);
      if (kept !== undefined) results.remember(session, { kind: 'renewed', session: kept });
      pauses.failed(name, kept?.refreshToken ?? refreshToken, isOfSession);
      events.refreshed(name, 'unavailable', detail);
      return { kind, detail };
    }
    pauses.answered(name, refreshToken);
    events.refreshed(name, 'rejected', detail);
    events.sessionEnded(name, 'refresh_rejected');
    const renewal = { kind: 'ended', detail } as const;
    results.remember(session, renewal);
    return renewal;
  };
  const fly: Fly = async (session, issuer, isUrgent) => {
    const { refreshToken = '', claims, issuer: iss, subject: sub } = session;
    const { name } = issuer.config;
    if (pauses.isPaused(name, refreshToken)) return paused;
    const entered = lines.enter(name, isUrgent());
    const place = entered instanceof Promise ? await entered : entered;
    if (place === undefined) return noPlace;
    try {
      // The issuer can have failed while this renewal waited.
      if (pauses.isPaused(name, refreshToken)) return paused;
      const answer = await issuer.client.refresh(refreshToken, { ...claims, iss, sub });
      const hasFailed =
        isLoginProblem(answer) && answer.kind === 'unavailable' && answer.isOfSession !== true;
      if (hasFailed) place.failed();
      else place.answered();
      return conclude(session, issuer, answer);
    } finally {
      place.leave();
    }
  };
  const keyOf = ({ refreshToken = '' }: Session) => refreshToken;
  const requests = createRefreshRequests({
    ...{ sessions, maxWait, clock, delay: undefined, results, pauses, keyOf, fly },
  });
  return {
    ...requests,
    waiting: () => 0,
    newestOf: (session) => {
      const known = results.latest(session);
      return known?.kind === 'renewed' ? known.session : session;
    },
  };
}
