/** The place of the sessions of a process: their cookies, or the store. The code for the store is loaded only if sessions are there. */
import type { Config } from '../config/declare/options.ts';
import { sessionsAreShared } from '../config/session/session-place.ts';
import type { Clock } from '../runtime/time/clock.ts';
import type { CookieNames } from '../session/cookie-names.ts';
import { createEndedSessions, type EndedEvents, type EndedLives } from '../session/ended-sessions.ts';
import { type CookieSessionsDependencies, createCookieSessions } from '../session/in-cookie.ts';
import type { Seal } from '../session/seal.ts';
import { createSessionMemory, type SessionMemory } from '../session/session-memory.ts';
import type { SessionStore } from '../session/session-store.ts';
import type { StateStore } from '../state/state-store.ts';
import type { createSharedPlace, SharedPlace } from './shared-place.ts';

/** A configuration with sessions. */
export type WithSessions = Config & { readonly sessions: NonNullable<Config['sessions']> };

/** The place. Its cache outlives a change of the configuration. */
export interface SessionPlaces {
  /** Loads the code that a configuration needs; undefined if it is loaded. Call it before `storeFor`. */
  readonly prepare: (config: Config) => Promise<void> | undefined;
  readonly storeFor: (config: WithSessions, parts: StoreParts) => SessionStore;
  /** The number of cached sessions. */
  readonly size: () => number;
  /** The numbers of ends and of removals that wait for the store. */
  readonly waiting: () => { readonly end: number; readonly removal: number };
  /** Milliseconds since this process knew all ended sessions. It is not finite without a store, and until the first time. */
  readonly endsAge: () => number;
}

/** The parts of a configuration's logins that the place needs. */
export interface StoreParts extends Pick<CookieSessionsDependencies, 'isHintOptional'> {
  readonly names: CookieNames;
  /** Only with `state`. */
  readonly state: StateStore | undefined;
}

/** The dependencies. */
export interface SessionPlacesDependencies {
  readonly seal: Seal;
  readonly clock: Clock;
  /** Random bytes, base64url. */
  readonly randomText: (bytes: number) => string;
  readonly events: EndedEvents;
}

/** How long a process can use a cached session without the store, beyond `sessions.grace`, in milliseconds. */
const cachedLife = 5 * 60_000;

/** Creates the place. */
export function createSessionPlaces(dependencies: SessionPlacesDependencies): SessionPlaces {
  const { seal, clock, events } = dependencies;
  let lives: EndedLives = { here: 0, feed: 0 };
  // One list for the whole life of the process: a change of the configuration forgets no sign-out.
  const ended = createEndedSessions({ seal, clock, lives: () => lives, events });
  let inCookies: { readonly options: string; readonly memory: SessionMemory } | undefined;
  let createShared: typeof createSharedPlace | undefined;
  let shared: SharedPlace | undefined;

  const memoryFor = ({ cache }: WithSessions): SessionMemory => {
    const options = JSON.stringify([cache.maxEntries, cache.maxBytes]);
    if (inCookies?.options !== options) inCookies = { options, memory: createSessionMemory(cache, ended) };
    return inCookies.memory;
  };

  return {
    prepare: (config) =>
      !sessionsAreShared(config) || createShared !== undefined
        ? undefined
        : import('./shared-place.ts').then((loaded) => {
            createShared = loaded.createSharedPlace;
          }),
    storeFor: (config, { names, isHintOptional, state }) => {
      const { sessions, limits } = config;
      lives = endedLives(config);
      ended.follow(state);
      const common = { options: sessions, names, seal, maxOpenings: limits.maxVerificationsInFlight, clock };
      if (!sessionsAreShared(config)) {
        shared = undefined;
        return createCookieSessions({ ...common, memory: memoryFor(config), isHintOptional });
      }
      if (createShared === undefined || state === undefined)
        throw new TypeError('the code for sessions in the store is not loaded');
      inCookies = undefined;
      shared ??= createShared(state, dependencies);
      return shared.storeFor(common, config.cache, ended);
    },
    size: () => shared?.size() ?? inCookies?.memory.opened.size() ?? 0,
    waiting: () => ({ end: ended.waiting(), removal: shared?.waiting() ?? 0 }),
    endsAge: () => clock.monotonic() - ended.completeAt(),
  };
}

/** How long the end of a session is known. */
function endedLives(config: WithSessions): EndedLives {
  const { maxAge, grace } = config.sessions;
  // A session in the store is deleted there, so the feed is only for the processes that have cached it.
  return { here: maxAge, feed: sessionsAreShared(config) ? Math.min(maxAge, grace + cachedLife) : maxAge };
}
