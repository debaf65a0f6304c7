/** Ends the session that a browser had before a login. */
import type { Clock } from '../runtime/time/clock.ts';
import type { Session } from '../session/session.ts';
import type { SessionStore } from '../session/session-store.ts';
import type { LoginEvents } from './login-events.ts';
import type { LoginIssuer } from './login-issuer.ts';
import type { LoginRequest } from './login-request.ts';

/** Ends sessions that were replaced. */
export interface ReplacedSessions {
  /**
   * Ends the old session of a browser.
   *
   * @param session the new one
   * @param isShared whether hosts share sessions: the session of another issuer then stays, because other hosts use it
   */
  readonly endOld: (asked: LoginRequest, session: Session, isShared?: boolean) => Promise<void>;
}

/** How long requests with the cookie of a replaced session can arrive, in milliseconds. */
const lateRequests = 60_000;

/** Creates the function. */
export function createReplacedSessions(parts: {
  readonly issuers: readonly LoginIssuer[];
  readonly store: Pick<SessionStore, 'find' | 'end'>;
  readonly events: Pick<LoginEvents, 'sessionEnded'>;
  readonly clock: Pick<Clock, 'after'>;
}): ReplacedSessions {
  const { issuers, store, events, clock } = parts;
  return {
    endOld: async ({ cookies, cookiePlace }, session, isShared = false) => {
      const found = await store.find(cookies, cookiePlace);
      // Two tabs can take the same session from the central host.
      if (!('session' in found) || found.session.id === session.id) return;
      const { session: old } = found;
      const end = () => {
        void store.end(old);
        const of = issuers.find(({ config }) => config.issuer === old.issuer);
        events.sessionEnded(of?.config.name ?? old.issuer, 'replaced');
      };
      const isSameIssuer = old.issuer === session.issuer;
      if (isShared && !isSameIssuer) return;
      const isSame = isSameIssuer && old.subject === session.subject;
      // Requests of other tabs are on their way with the old cookie, for example if several tabs log in at the same time.
      if (isSame) clock.after(lateRequests, end);
      else end();
    },
  };
}
