/** The index of the sessions in the store: the records of each `sid` and of each person, so that an issuer can end them. */
import type { StateStore } from '../state/state-store.ts';
import { recordNameOf, recordPrefix } from './record.ts';
import type { Seal } from './seal.ts';
import type { Session } from './session.ts';
import { namesOfLogout, namesOfSession, type Whose } from './session-names.ts';

/** The index. Every function rejects only with a `StateError`. */
export interface SessionIndex {
  /** @param life of the session, in milliseconds */
  readonly add: (session: Session, life: number) => Promise<void>;
  readonly remove: (session: Session) => Promise<void>;
  /**
   * The entries that a message of an issuer ends; the sessions can have ended already.
   *
   * @param before seconds since the epoch: sessions of a person that began later do not end
   */
  readonly entriesOf: (whose: Whose, before: number) => Promise<readonly IndexEntry[]>;
  readonly removeEntry: (entry: IndexEntry) => Promise<void>;
}

/** A session in a set of the index. */
export interface IndexEntry {
  readonly set: string;
  readonly member: string;
  /** The name of its record. */
  readonly record: string;
  /** Seconds since the epoch. */
  readonly startedAt: number;
}

/** Creates the index. Its names are hashed with the keys of `sessions.keysFile`, so that the store shows no person. */
export function createSessionIndex(state: StateStore, seal: Pick<Seal, 'namesOf'>): SessionIndex {
  const setsOf = (session: Session) => namesOfSession(seal, session).map(nameOfSet);
  const entriesOf = async (names: readonly string[]) => {
    const sets = await Promise.all(
      names.map(nameOfSet).map(async (set) => ({ set, members: await state.members(set) })),
    );
    return sets.flatMap(({ set, members }) => members.map((member) => readMember(set, member)));
  };
  return {
    add: async (session, life) => {
      const member = memberOf(session);
      await Promise.all(setsOf(session).map((name) => state.addMember(name, member, life)));
    },
    remove: async (session) => {
      const member = memberOf(session);
      await Promise.all(setsOf(session).map((name) => state.removeMember(name, member)));
    },
    entriesOf: async (whose, before) => {
      const names = namesOfLogout(seal, whose);
      const [always, others] = await Promise.all([entriesOf(names.always), entriesOf(names.before)]);
      return [...always, ...others.filter(({ startedAt }) => startedAt <= before)];
    },
    removeEntry: ({ set, member }) => state.removeMember(set, member),
  };
}

function nameOfSet(name: string): string {
  return `sessions:${name}`;
}

/** A member has the start of the session, because a person can sign in again before a message is carried out. */
function memberOf({ id, startedAt }: Session): string {
  return `${recordNameOf(id).slice(recordPrefix.length)} ${startedAt}`;
}

function readMember(set: string, member: string): IndexEntry {
  const [digest = '', startedAt] = member.split(' ');
  return { set, member, record: recordPrefix + digest, startedAt: Number(startedAt) };
}
