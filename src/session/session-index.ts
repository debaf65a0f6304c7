/** The index of the sessions in the store: the records of each `sid` and of each person, so that an issuer can end them. */
import type { StateStore } from '../state/state-store.ts';
import type { Seal } from './seal.ts';
import type { Session } from './session.ts';
import { namesOfLogout, namesOfSession, type Whose } from './session-names.ts';

/** The index. Every function rejects only with a `StateError`. */
export interface SessionIndex {
  /** @param life of the session, in milliseconds */
  readonly add: (session: Session, record: string, life: number) => Promise<void>;
  readonly remove: (session: Session, record: string) => Promise<void>;
  /**
   * The names of the records that a message of an issuer ends; they can have ended already.
   *
   * @param before seconds since the epoch: sessions of a person that began later do not end
   */
  readonly recordsOf: (whose: Whose, before: number) => Promise<readonly string[]>;
}

/** Creates the index. Its names are hashed with the keys of `sessions.keysFile`, so that the store shows no person. */
export function createSessionIndex(state: StateStore, seal: Pick<Seal, 'namesOf'>): SessionIndex {
  const setsOf = (session: Session) => namesOfSession(seal, session).map(nameOfSet);
  const membersOf = async (names: readonly string[]) => {
    const sets = await Promise.all(names.map((name) => state.members(nameOfSet(name))));
    return sets.flat().map(readMember);
  };
  return {
    add: async (session, record, life) => {
      const member = memberOf(session, record);
      await Promise.all(setsOf(session).map((name) => state.addMember(name, member, life)));
    },
    remove: async (session, record) => {
      const member = memberOf(session, record);
      await Promise.all(setsOf(session).map((name) => state.removeMember(name, member)));
    },
    recordsOf: async (whose, before) => {
      const names = namesOfLogout(seal, whose);
      const [always, others] = await Promise.all([membersOf(names.always), membersOf(names.before)]);
      const ended = [...always, ...others.filter(({ startedAt }) => startedAt <= before)];
      return [...new Set(ended.map(({ record }) => record))];
    },
  };
}

function nameOfSet(name: string): string {
  return `sessions:${name}`;
}

/** A member has the start of the session, because a person can sign in again before a message is carried out. */
function memberOf({ startedAt }: Session, record: string): string {
  return `${record} ${startedAt}`;
}

function readMember(member: string): { readonly record: string; readonly startedAt: number } {
  const [record = '', startedAt] = member.split(' ');
  return { record, startedAt: Number(startedAt) };
}
