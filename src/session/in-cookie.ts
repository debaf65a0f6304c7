/** Sessions in sealed cookies. */
import { hash } from 'node:crypto';
import type { Clock } from '../runtime/time/clock.ts';
import { join, presentNames, split } from './chunks.ts';
import type { CookieNames } from './cookie-names.ts';
import { largestPart } from './largest-part.ts';
import { createOpenOnce } from './openings.ts';
import type { Seal } from './seal.ts';
import type { InvalidCookie, Session } from './session.ts';
import { createSessionCookie, type SessionCookieOptions } from './session-cookie.ts';
import type { OpenedSession, SessionMemory } from './session-memory.ts';
import type { CookiePlace, FoundSession, SessionStore } from './session-store.ts';
import { readSessionValue, valueOfSession } from './session-value.ts';
import { deleteCookie, setCookie } from './set-cookie.ts';

/** The dependencies. */
export interface CookieSessionsDependencies {
  /** `sessions`. Durations are in milliseconds. */
  readonly options: {
    readonly maxAge: number;
    readonly cookie: SessionCookieOptions;
  };
  readonly names: CookieNames;
  readonly seal: Seal;
  readonly memory: SessionMemory;
  /** Maximum number of cookies that are opened at the same time. */
  readonly maxOpenings: number;
  /** Whether a session that does not fit into one cookie is saved without its ID token, which then is only a hint. */
  readonly isHintOptional: (session: Session) => boolean;
  readonly clock: Clock;
}

const absent = { none: 'absent' } as const;
const invalid = (why: () => InvalidCookie) => ({ none: 'invalid', why }) as const;
const mixed = invalid(() => ({ is: 'mixed' }));
const unknownEnds = {
  unavailable: 'this process has not read from the store which sessions have ended',
} as const;
const overloaded = { overloaded: true } as const;

/** Creates the store. */
export function createCookieSessions(dependencies: CookieSessionsDependencies): SessionStore {
  const { options, names, seal, memory, maxOpenings, isHintOptional, clock } = dependencies;
  const { attributesAt, hostAt, clear } = createSessionCookie(options.cookie, names);
  const openOnce = createOpenOnce<OpenedSession | undefined>(maxOpenings);
  let isComplete = false;

  const unreadable = (sealed: string) =>
    invalid(() => {
      if (seal.isOf('oidc-authz-ticket', sealed)) return { is: 'of_other_place' };
      const keyId = seal.otherKeyOf('oidc-authz-session', sealed);
      return keyId === undefined ? { is: 'unreadable' } : { is: 'of_other_key', keyId };
    });
  const endOf = ({ startedAt }: Session) => startedAt + options.maxAge / 1000;

  /** Judges an opened cookie: a key can be removed, and a session can end, after it was opened. */
  const judge = (opened: OpenedSession, place: CookiePlace, isCached: boolean): FoundSession => {
    const { session, keyId } = opened;
    const keyIds = seal.keyIds();
    if (!keyIds.includes(keyId)) return invalid(() => ({ is: 'of_other_key', keyId }));
    if (session.policy !== place.policy) return invalid(() => ({ is: 'of_other_policy' }));
    if (opened.host !== hostAt(place)) return invalid(() => ({ is: 'of_other_host' }));
    const end = memory.ended.causeOf(opened);
    if (end !== undefined) return { none: 'expired', end };
    if (!knowsEnds()) return unknownEnds;
    const isCurrentKey = keyIds[0] === keyId;
    return { session, digest: opened.digest, isCached, isCurrentKey, derived: opened.derived };
  };

  /** Whether the ends of the other processes are known. Once known, they stay in use while the store is away. */
  const knowsEnds = () => {
    isComplete ||= memory.ended.completeAt() > Number.NEGATIVE_INFINITY;
    return isComplete;
  };
  const remember = (opened: OpenedSession, bytes: number) => memory.opened.put(opened, bytes);

  const open = async (sealed: string, digest: string): Promise<OpenedSession | undefined> => {
    const opened = await seal.open('oidc-authz-session', sealed);
    const read = opened === undefined ? undefined : readSessionValue(opened.value);
    if (opened === undefined || read === undefined) return undefined;
    return { ...read, digest, keyId: opened.keyId, derived: noFacts(), endedMark: undefined };
  };

  const find: SessionStore['find'] = (cookies, place, isDryRun = false) => {
    const sealed = join(names.session(place), cookies);
    if (sealed === undefined) return absent;
    if (sealed === 'invalid') return mixed;
    const digest = hash('sha256', sealed, 'base64');
    const known = isDryRun ? memory.opened.peek(digest) : memory.opened.get(digest);
    if (known !== undefined) return judge(known, place, true);
    const opening = openOnce(digest, () => open(sealed, digest));
    if (opening === undefined) return overloaded;
    return opening.then((opened) => {
      if (opened === undefined) return unreadable(sealed);
      const other = memory.opened.peek(digest);
      if (other === undefined && !isDryRun) remember(opened, sealed.length);
      return judge(other ?? opened, place, false);
    });
  };

  const save: SessionStore['save'] = async (session, cookies, place) => {
    const name = names.session(place);
    const host = hostAt(place);
    const [keyId] = seal.keyIds();
    const sealed = await seal.seal('oidc-authz-session', valueOfSession(session, host));
    const chunks = split(name, sealed);
    if (session.idToken !== undefined && chunks?.length !== 1 && isHintOptional(session)) {
      const { idToken: _, ...smaller } = session;
      return save(smaller, cookies, place);
    }
    if (chunks === undefined) return largestPart(session);
    const attributes = attributesAt(place);
    const left = endOf(session) - clock.now() / 1000;
    const written = chunks.map((chunk) => setCookie(chunk.name, chunk.value, left, attributes));
    const kept = new Set(chunks.map((chunk) => chunk.name));
    const leftOver = presentNames(name, cookies).filter((present) => !kept.has(present));
    const digest = hash('sha256', sealed, 'base64');
    const opened = { session, host, digest, derived: noFacts(), endedMark: undefined };
    if (keyId !== undefined) remember({ ...opened, keyId }, sealed.length);
    return {
      cookies: [...written, ...leftOver.map((one) => deleteCookie(one, attributes))],
      digest,
      chunks: chunks.length,
      session,
    };
  };

  return {
    find,
    save,
    seen: (session, seenAt, cookies, place) => save({ ...session, seenAt }, cookies, place),
    end: memory.ended.end,
    endOf: memory.ended.endOf,
    clear,
  };
}

const noFacts = () => ({ owner: undefined, facts: undefined });
