/**
 * The sessions that have ended before their time: by a sign-out in this process or another one, or by their issuer. A sealed cookie cannot
 * be taken back, so they are listed until they are too old.
 */
import type { Clock } from '../runtime/time/clock.ts';
import type { StateStore } from '../state/state-store.ts';
import { readEndedEntry, writeEndedEntry } from './ended-entry.ts';
import { createEndedFeed, type EndedFeed } from './ended-feed.ts';
import { createEndedList, type EndedCause, type EndedList } from './ended-list.ts';
import type { Seal } from './seal.ts';
import type { Session } from './session.ts';
import { namesOfLogout, namesOfSession, type Whose } from './session-names.ts';

/** How a session ended. */
export interface EndedMark {
  readonly cause: EndedCause;
  /** The exact `iss` of the session. */
  readonly issuer: string;
  /** Whether it was counted. The first caller that counts it sets it. */
  isReported: boolean;
}

/** A session that can be in the list, with a place for what the list knows about it. Only the list writes the place. */
export interface Endable {
  readonly session: Session;
  /** Undefined at the beginning. */
  endedMark: object | undefined;
}

/** The ended sessions. No function throws, and no promise rejects. */
export interface EndedSessions {
  /** How a session ended; undefined if it is not in the list. It costs one comparison if the list has not changed since the last call. */
  readonly causeOf: (opened: Endable) => EndedMark | undefined;
  /** Ends a session: at once here, and within 1 s in the other processes. Resolves when the store has it, or after 2 s. */
  readonly end: (session: Session) => Promise<void>;
  /**
   * Ends the sessions of a `sid` or a person.
   *
   * @returns false if the store does not have it after 2 s; it is then tried again in the background. Also false, and nothing ends, if the
   * list of names that come through browsers is full
   */
  readonly endOf: (whose: Whose, cause: 'back_channel' | 'front_channel') => Promise<boolean>;
  /**
   * Follows the feed of a store, so that the processes know each other's ends. Without a store, only this process knows its list, and none
   * waits for a store that is no longer configured. The list stays.
   */
  readonly follow: (state: Pick<StateStore, 'feed'> | undefined) => void;
  /** When this process last knew every entry of the other processes, in milliseconds of the monotonic clock; infinity without a store. */
  readonly completeAt: () => number;
  readonly size: () => number;
  /** The entries that the store does not have yet. */
  readonly waiting: () => number;
}

/** How long an end is known, in milliseconds. */
export interface EndedLives {
  /** In this process: the longest life of a session. The feed keeps no entry for longer. */
  readonly here: number;
  /** In the feed, from when the store has it: until no process accepts the session any more. */
  readonly feed: number;
}

/** The dependencies. */
export interface EndedSessionsDependencies {
  readonly seal: Pick<Seal, 'namesOf' | 'keyIds'>;
  readonly clock: Clock;
  readonly lives: () => EndedLives;
  readonly events: EndedEvents;
}

/** Receives the events. */
export interface EndedEvents {
  /** An entry was forgotten because the list is full: a session that ended may be accepted again. */
  readonly forgotten: () => void;
  /** An end does not reach the other processes: too many wait for the store. */
  readonly lost: () => void;
}

/** The knowledge of the list about a session. */
interface Known {
  /** The version of the list, and the keys, for which it was looked up. */
  readonly version: number;
  readonly keyIds: readonly string[];
  /** Undefined until they are needed. */
  readonly names: readonly string[] | undefined;
  readonly mark: EndedMark | undefined;
}

/**
 * The most entries: single sessions, names from issuers, and names that come through browsers. Each has its own limit, so that sign-outs
 * do not displace the ends of an issuer, and browsers displace neither.
 */
export const maxEnded = { ids: 100_000, names: 100_000, fromBrowsers: 10_000 };

/** Creates an empty list, which follows no store. */
export function createEndedSessions(dependencies: EndedSessionsDependencies): EndedSessions {
  const { seal, clock, lives, events } = dependencies;
  const list = (most: number) => createEndedList(most, clock.monotonic, events.forgotten);
  const ids = list(maxEnded.ids);
  const names = list(maxEnded.names);
  const fromBrowsers = list(maxEnded.fromBrowsers);
  let version = 0;

  const add = (to: EndedList, name: string, cause: EndedCause, before: number, needed: number) => {
    const now = clock.monotonic();
    const ending = { cause, before, neededUntil: now + needed, until: now + Math.max(needed, lives().here) };
    if (to.add(name, ending)) version++;
  };
  const receive = (text: string, life: number) => {
    const entry = readEndedEntry(text);
    if (entry === undefined) return;
    const { cause, id, always, before, time } = entry;
    if (id !== undefined) add(ids, id, cause, Number.POSITIVE_INFINITY, life);
    const to = cause === 'front_channel' ? fromBrowsers : names;
    for (const name of always) add(to, name, cause, Number.POSITIVE_INFINITY, life);
    for (const name of before) add(to, name, cause, time, life);
  };
  const open = (state: Pick<StateStore, 'feed'>): EndedFeed =>
    createEndedFeed({ state, longestLife: () => lives().here, receive, onLost: events.lost, clock });
  let followed: { readonly state: Pick<StateStore, 'feed'>; readonly feed: EndedFeed } | undefined;
  let feed: EndedFeed | undefined;
  const publish = async (entry: string): Promise<boolean> =>
    feed?.publish(entry, lives().feed, lives().here) ?? true;

  const namedEnding = (name: string, startedAt: number) =>
    [names.get(name), fromBrowsers.get(name)].find(
      (ending) => ending !== undefined && startedAt <= ending.before,
    );
  const size = () => ids.size() + names.size() + fromBrowsers.size();

  const lookUp = (session: Session, keyIds: readonly string[], known: Known | undefined): Known => {
    const hasNames = names.size() + fromBrowsers.size() > 0;
    const own = known?.keyIds === keyIds ? known.names : undefined;
    const sessionNames = hasNames ? (own ?? namesOfSession(seal, session)) : own;
    const ending =
      ids.get(session.id) ??
      sessionNames?.map((name) => namedEnding(name, session.startedAt)).find((one) => one !== undefined);
    const mark = ending && { cause: ending.cause, issuer: session.issuer, isReported: false };
    return { version, keyIds, names: sessionNames, mark: known?.mark ?? mark };
  };

  return {
    causeOf: (opened) => {
      if (version === 0) return undefined;
      const known = opened.endedMark as Known | undefined;
      const keyIds = seal.keyIds();
      if (known?.version === version && known.keyIds === keyIds) return known.mark;
      const found = lookUp(opened.session, keyIds, known);
      opened.endedMark = found;
      return found.mark;
    },
    end: async ({ id }) => {
      add(ids, id, 'here', Number.POSITIVE_INFINITY, lives().feed);
      await publish(writeEndedEntry({ cause: 'elsewhere', id, always: [], before: [], time: 0 }));
    },
    endOf: (whose, cause) => {
      // Not the time of the token: the clocks of the issuer and of this service can differ by more than a login takes.
      const time = Math.floor(clock.now() / 1_000);
      const entry = writeEndedEntry({ cause, ...namesOfLogout(seal, whose), time });
      // Everyone can send a frame's request: a flood must neither displace earlier ends, nor fill the store.
      if (cause === 'front_channel' && fromBrowsers.isFull()) return Promise.resolve(false);
      receive(entry, lives().feed);
      return publish(entry);
    },
    follow: (state) => {
      if (state !== undefined && followed?.state !== state) followed = { state, feed: open(state) };
      feed = state === undefined ? undefined : followed?.feed;
    },
    completeAt: () => feed?.completeAt() ?? Number.POSITIVE_INFINITY,
    size,
    waiting: () => feed?.waiting() ?? 0,
  };
}
