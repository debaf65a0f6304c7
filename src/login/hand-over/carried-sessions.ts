/**
 * The form in which a session travels from the central host to another one. With a store, it is what finds the record, so all hosts share one
 * session. With cookies, it is the session without its refresh token: two hosts that use the same one would end each other's session.
 */
import type { Session } from '../../session/session.ts';
import type { SessionStore } from '../../session/session-store.ts';
import { readSessionValue, valueOfSession } from '../../session/session-value.ts';

/** Takes sessions to another host. */
export interface CarriedSessions {
  readonly pack: (session: Session) => unknown;
  /** @returns undefined if the session has ended. Rejects only with a `StateError` */
  readonly unpack: (carried: unknown) => Promise<Session | undefined>;
}

/** Creates the form. */
export function createCarriedSessions({ shared }: Pick<SessionStore, 'shared'>): CarriedSessions {
  if (shared !== undefined) return { pack: shared.referenceOf, unpack: shared.resume };
  return {
    pack: ({ refreshToken: _, ...session }) => valueOfSession(session),
    unpack: async (carried) => readSessionValue(carried)?.session,
  };
}
