/** The names under which a session can be ended without its ID: by the session at the issuer (`sid`), or by its person (`sub`). */
import type { Seal } from './seal.ts';
import type { Session } from './session.ts';

/** The sessions that an issuer ends (OpenID Connect Back-Channel Logout 1.0 section 2.4): at least one of `sid` and `subject` is there. */
export interface Whose {
  /** The exact `iss`. */
  readonly issuer: string;
  readonly sid?: string | undefined;
  readonly subject?: string | undefined;
}

/** The names that a message of an issuer ends. They do not show the `sid` and the `sub`. */
export interface LogoutNames {
  /** Names of a session at the issuer. It never comes back, so every session with one of them has ended. */
  readonly always: readonly string[];
  /** Names of a person, who can sign in again. A session ends only if it began before the message. */
  readonly before: readonly string[];
}

/** Returns the names of a session. @returns none twice; those of the sealing key first */
export function namesOfSession(seal: Pick<Seal, 'namesOf'>, session: Session): readonly string[] {
  const { issuer, sid, subject } = session;
  return [
    ...(sid === undefined
      ? seal.namesOf('subject without sid', issuer, subject)
      : seal.namesOf('sid', issuer, sid)),
    ...seal.namesOf('subject', issuer, subject),
  ];
}

/** Returns the names that a message ends. With a `sid` and a `sub`, it also ends the sessions of that person that have no `sid`. */
export function namesOfLogout(seal: Pick<Seal, 'namesOf'>, { issuer, sid, subject }: Whose): LogoutNames {
  if (sid === undefined)
    return { always: [], before: subject === undefined ? [] : seal.namesOf('subject', issuer, subject) };
  return {
    always: seal.namesOf('sid', issuer, sid),
    before: subject === undefined ? [] : seal.namesOf('subject without sid', issuer, subject),
  };
}
