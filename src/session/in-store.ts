/**
 * Sessions in the store that replicas share. The cookie is a ticket: the ID of the session and the key of its record. The store has the
 * record, which only the cookie can open.
 */
import { hash } from 'node:crypto';
import type { Clock } from '../runtime/time/clock.ts';
import { withDeadline } from '../runtime/time/deadline.ts';
import { StateError, type StateStore } from '../state/state-store.ts';
import { createCachedUse } from './cached-use.ts';
import { onlyValue, presentNames } from './chunks.ts';
import type { CookieNames } from './cookie-names.ts';
import type { EndedSessions } from './ended-sessions.ts';
import { createGoneTickets } from './gone-tickets.ts';
import { largestPart } from './largest-part.ts';
import { createOpenOnce } from './openings.ts';
import { maxRecord, recordKeyLength, versionOf } from './record.ts';
import { createRecordStore, isKeyed, type KeyedSession, noteRead, type ReadRecord } from './record-store.ts';
import { createRemovals } from './removal.ts';
import type { Retries } from './retries.ts';
import type { Seal } from './seal.ts';
import type { InvalidCookie, Session } from './session.ts';
import { createSessionCookie, type SessionCookieOptions } from './session-cookie.ts';
import { createSessionIndex } from './session-index.ts';
import { createSessionLimit } from './session-limit.ts';
import type { Lock } from './session-lock.ts';
import type {
  CookiePlace,
  FoundSession,
  RequestCookies,
  SavedSession,
  SessionStore,
} from './session-store.ts';
import { deleteCookie, setCookie } from './set-cookie.ts';
import { createSharedSessions } from './shared-sessions.ts';
import type { OpenedTicket, StoredMemory } from './stored-memory.ts';
import { createStoredSession, seenInterval } from './stored-session.ts';
import { readTicket, type Ticket, valueOfTicket } from './ticket.ts';

/** The dependencies. */
export interface StoredSessionsDependencies {
  /** `sessions`. Durations are in milliseconds. */
  readonly options: {
    readonly maxAge: number;
    readonly idleTimeout: number;
    readonly grace: number;
    readonly cookie: SessionCookieOptions;
  };
  readonly names: CookieNames;
  readonly seal: Seal;
  readonly state: StateStore;
  readonly memory: StoredMemory;
  readonly ended: EndedSessions;
  readonly lock: Lock;
  readonly retries: Retries;
  /** Maximum number of cookies that are opened at the same time. */
  readonly maxOpenings: number;
  readonly clock: Clock;
  /** Random bytes, base64url. */
  readonly randomText: (bytes: number) => string;
}

/** How long an issuer waits for the removal of records, in milliseconds. It then continues in the background. */
const longestRemoval = 2_000;

/** The pause after the store did not learn about a request, in milliseconds. */
const seenPause = 5_000;

const absent = { none: 'absent' } as const;
const invalid = (why: () => InvalidCookie) => ({ none: 'invalid', why }) as const;
const mixed = invalid(() => ({ is: 'mixed' }));
const otherPlace = invalid(() => ({ is: 'of_other_place' }));
const unreadableRecord = invalid(() => ({ is: 'record_unreadable' }));
const gone = { none: 'expired' } as const;
const overloaded = { overloaded: true } as const;

/** A ticket that was opened, and what the store has about its session. */
type Loaded = { readonly ticket: Ticket; readonly keyId: string; readonly read: ReadRecord | StateError };

/** Creates the store. */
export function createStoredSessions(dependencies: StoredSessionsDependencies): SessionStore {
  const { options, names, seal, state, memory, ended } = dependencies;
  const { retries, maxOpenings, clock, randomText } = dependencies;
  const records = createRecordStore({ options, state, memory, clock });
  const index = createSessionIndex(state, seal);
  const removals = createRemovals({ ...dependencies, records, index });
  const limitSessions = createSessionLimit({ records, index });
  const { shared, removeOf } = createSharedSessions({ ...dependencies, records, index });
  const goneTickets = createGoneTickets(clock);
  const { isUsable, isUsableAlone } = createCachedUse(options, ended);
  const { attributesAt, hostAt, clear } = createSessionCookie(options.cookie, names);
  const loadOnce = createOpenOnce<Loaded | undefined>(maxOpenings);

  /** Judges an opened ticket: a key can be removed, and a session can end, after it was opened. */
  const judge = (
    opened: OpenedTicket,
    place: CookiePlace,
    isCached: boolean,
    now: number,
    isDryRun = false,
  ): FoundSession => {
    const { ticket, keyId, stored } = opened;
    const keyIds = seal.keyIds();
    if (!keyIds.includes(keyId)) return invalid(() => ({ is: 'of_other_key', keyId }));
    if (ticket.policy !== place.policy) return invalid(() => ({ is: 'of_other_policy' }));
    if (ticket.host !== hostAt(place)) return invalid(() => ({ is: 'of_other_host' }));
    const end = ended.causeOf(stored);
    if (end !== undefined) {
      if (!isDryRun) removals.removeFound(stored);
      return { none: 'expired', end };
    }
    const isCurrentKey = keyIds[0] === keyId;
    const isSeenDue = now >= stored.seenDueAt;
    const { session, derived } = stored;
    return { session, digest: opened.digest, isCached, isCurrentKey, isSeenDue, derived };
  };

  const load = async (
    sealed: string,
    known: OpenedTicket | undefined,
    isSeen: boolean,
  ): Promise<Loaded | undefined> => {
    let of: Pick<Loaded, 'ticket' | 'keyId'> | undefined = known;
    if (of === undefined) {
      const opened = await seal.open('oidc-authz-ticket', sealed);
      const ticket = opened === undefined ? undefined : readTicket(opened.value);
      if (opened === undefined || ticket === undefined) return undefined;
      of = { ticket, keyId: opened.keyId };
    }
    const { ticket, keyId } = of;
    const { id, key } = ticket;
    try {
      return { ticket, keyId, read: await records.read(id, key, known?.stored ?? memory.stored(id), isSeen) };
    } catch (error) {
      if (error instanceof StateError) return { ticket, keyId, read: error };
      throw error;
    }
  };

  const unreadable = (sealed: string) =>
    invalid(() => {
      if (seal.isOf('oidc-authz-session', sealed)) return { is: 'of_other_place' };
      const keyId = seal.otherKeyOf('oidc-authz-ticket', sealed);
      return keyId === undefined ? { is: 'unreadable' } : { is: 'of_other_key', keyId };
    });

  const afterLoad = (
    loaded: Loaded | undefined,
    sealed: string,
    digest: string,
    place: CookiePlace,
    isDryRun: boolean,
  ): FoundSession => {
    if (loaded === undefined) return unreadable(sealed);
    const { ticket, keyId, read } = loaded;
    const now = clock.monotonic();
    if (read instanceof StateError) {
      const known = memory.peek(digest);
      if (known !== undefined && isUsableAlone(known.stored, now))
        return judge(known, place, true, now, isDryRun);
      return { unavailable: read.message };
    }
    if (read === 'absent') {
      if (!isDryRun) goneTickets.add(digest);
      return gone;
    }
    if (read === 'unreadable') return unreadableRecord;
    if (isDryRun) {
      const stored = createStoredSession(read.session, read.version, { confirmedAt: now, seenDueAt: now });
      return judge({ ticket, digest, keyId, stored }, place, false, now, isDryRun);
    }
    const stored = noteRead(memory, read);
    const known = memory.peek(digest);
    const opened = known ?? { ticket, digest, keyId, stored };
    if (known === undefined) memory.put(opened, sealed.length + read.bytes);
    return judge(opened, place, false, now);
  };

  const find: SessionStore['find'] = (cookies, place, isDryRun = false) => {
    const name = names.session(place);
    const sealed = onlyValue(cookies.values(name));
    // A session of the time before sessions were in the store can have several cookies.
    if (sealed === undefined) return presentNames(name, cookies).length === 0 ? absent : otherPlace;
    if (sealed === 'invalid') return mixed;
    const digest = hash('sha256', sealed, 'base64');
    const known = isDryRun ? memory.peek(digest) : memory.get(digest);
    const now = clock.monotonic();
    // An end is certain without the store.
    const isKnown = known && (isUsable(known.stored, now) || ended.causeOf(known.stored) !== undefined);
    if (isKnown) return judge(known, place, true, now, isDryRun);
    if (goneTickets.has(digest)) return gone;
    const loading = loadOnce(digest, () => load(sealed, known, !isDryRun));
    if (loading === undefined) return overloaded;
    return loading.then((loaded) => afterLoad(loaded, sealed, digest, place, isDryRun));
  };

  /** Sends a ticket of a session that the store has. */
  const giveTicket = async (session: KeyedSession, cookies: RequestCookies, place: CookiePlace) => {
    const name = names.session(place);
    const ticket = { id: session.id, key: session.recordKey, host: hostAt(place), policy: place.policy };
    const [keyId = ''] = seal.keyIds();
    const sealed = await seal.seal('oidc-authz-ticket', valueOfTicket(ticket));
    const attributes = attributesAt(place);
    const leftOver = presentNames(name, cookies).filter((present) => present !== name);
    const digest = hash('sha256', sealed, 'base64');
    const saved: SavedSession = {
      cookies: [
        setCookie(name, sealed, records.left(session) / 1_000, attributes),
        ...leftOver.map((one) => deleteCookie(one, attributes)),
      ],
      digest,
      chunks: 1,
      session,
    };
    return { saved, ticket, keyId, bytes: sealed.length };
  };

  /** A new ticket can outlive the keys that have named the session in the index. It does not wait for the store. */
  const nameAgain = (session: KeyedSession) => {
    const add = () => index.add(session, options.maxAge);
    add().catch(() => retries.add(`index of ${session.id}`, add, records.left(session)));
  };

  const begin = async (session: KeyedSession, cookies: RequestCookies, place: CookiePlace) => {
    const record = await records.seal(session);
    if (record.length > maxRecord) return largestPart(session);
    const given = await giveTicket(session, cookies, place);
    // An issuer must be able to end the session, so it is in the index before a browser has it.
    await index.add(session, options.maxAge);
    await records.create(session, record);
    const now = clock.monotonic();
    const stored = createStoredSession(session, versionOf(record), {
      confirmedAt: now,
      seenDueAt: now + seenInterval,
    });
    const { ticket, keyId, saved, bytes } = given;
    memory.put({ ticket, digest: saved.digest, keyId, stored }, bytes + record.length);
    void limitSessions(session);
    // Its issuer can have ended it while the login was finished, before the index had it.
    if (ended.causeOf(stored) !== undefined) removals.removeFound(stored);
    return saved;
  };

  const end = async (session: Session) => {
    await Promise.all([ended.end(session), removals.remove(session)]);
  };

  /** Tells the store about a request. It does not wait. */
  const extend = (session: Session) => {
    const stored = memory.stored(session.id);
    if (stored !== undefined) stored.seenDueAt = clock.monotonic() + seenInterval;
    records.extend(session).catch(() => {
      if (stored !== undefined) stored.seenDueAt = clock.monotonic() + seenPause;
    });
  };

  return {
    find,
    save: async (session, cookies, place) => {
      if (isKeyed(session)) {
        nameAgain(session);
        return (await giveTicket(session, cookies, place)).saved;
      }
      return begin({ ...session, recordKey: randomText(recordKeyLength) }, cookies, place);
    },
    seen: async (session) => {
      extend(session);
      return { cookies: [], digest: '', chunks: 0, session };
    },
    end,
    endOf: async (whose, cause) => {
      const removed = withDeadline(removeOf(whose), longestRemoval, clock, () => false);
      const [isKnown, isRemoved] = await Promise.all([ended.endOf(whose, cause), removed]);
      return isKnown && isRemoved;
    },
    problem: () => {
      const { state: now, problem } = state.status();
      return now === 'ready' ? undefined : (problem ?? 'there is no connection to the store yet');
    },
    shared,
    clear,
  };
}
