/** Processes that share sessions in a store, for tests. */
import { randomBytes } from 'node:crypto';
import type { SessionKey } from '../../src/config/session/session-keys.ts';
import { createCookieNames } from '../../src/session/cookie-names.ts';
import { createEndedSessions, type EndedSessions } from '../../src/session/ended-sessions.ts';
import { createStoredSessions } from '../../src/session/in-store.ts';
import { createRetries, type Retries } from '../../src/session/retries.ts';
import { createSeal } from '../../src/session/seal-values.ts';
import type { Session } from '../../src/session/session.ts';
import { createSessionLock } from '../../src/session/session-lock.ts';
import type { CookiePlace, SavedSession, SessionStore } from '../../src/session/session-store.ts';
import { createStoredMemory, type StoredMemory } from '../../src/session/stored-memory.ts';
import type { StateStore } from '../../src/state/state-store.ts';
import type { TestClock } from './clock.ts';
import { createTestBrowser, plainPlace, randomKeys, type TestBrowser } from './sessions.ts';
import { createMemoryServer, type MemoryClient, type MemoryServer } from './state/memory-store.ts';

/** One process. */
export interface StoredProcess {
  readonly store: SessionStore;
  readonly memory: StoredMemory;
  readonly ended: EndedSessions;
  readonly retries: Retries;
  readonly replaceKeys: (keys: readonly SessionKey[]) => void;
}

/** Options of a process. */
export interface StoredProcessOptions {
  readonly clock: TestClock;
  readonly state: StateStore;
  readonly keys?: readonly SessionKey[];
  /** The keys, if they change. */
  readonly currentKeys?: () => readonly SessionKey[];
  readonly domain?: string;
  readonly maxAge?: number;
  readonly idleTimeout?: number;
  readonly grace?: number;
  readonly maxOpenings?: number;
  readonly maxEntries?: number;
  readonly policies?: readonly string[];
}

/** Creates a process. */
export function createStoredProcess(options: StoredProcessOptions): StoredProcess {
  const { clock, state, domain, maxOpenings = 8, maxEntries = 1_000, policies = ['team-a'] } = options;
  const { maxAge = 12 * 3_600_000, idleTimeout = 3_600_000, grace = 30_000 } = options;
  let keys = options.keys ?? randomKeys();
  const cookie = { name: 'oidc-authz', domain, sameSite: 'lax' } as const;
  const seal = createSeal(options.currentKeys ?? (() => keys));
  const memory = createStoredMemory({ maxEntries, maxBytes: 2 ** 30 });
  const randomText = (bytes: number) => randomBytes(bytes).toString('base64url');
  const ended = createEndedSessions({
    seal,
    clock,
    lives: () => ({ here: maxAge, feed: Math.min(maxAge, grace + 5 * 60_000) }),
    events: { forgotten: () => {}, lost: () => {} },
  });
  ended.follow(state);
  const retries = createRetries(clock);
  const store = createStoredSessions({
    options: { maxAge, idleTimeout, grace, cookie },
    names: createCookieNames(cookie, policies),
    seal,
    state,
    memory,
    ended,
    lock: createSessionLock({ state, clock, randomText }),
    retries,
    maxOpenings,
    clock,
    randomText,
  });
  return {
    store,
    memory,
    ended,
    retries,
    replaceKeys: (next) => {
      keys = next;
    },
  };
}

/** A server, and processes with their own connections and the same keys. */
export interface Fleet {
  readonly server: MemoryServer;
  readonly clients: readonly MemoryClient[];
  readonly processes: readonly [StoredProcess, StoredProcess, ...StoredProcess[]];
  /** Starts another process. */
  readonly start: (more?: Partial<StoredProcessOptions>) => StoredProcess & { readonly client: MemoryClient };
}

/** Creates a fleet of two processes. */
export function createFleet(clock: TestClock, options: Partial<StoredProcessOptions> = {}): Fleet {
  const server = createMemoryServer(clock);
  const keys = options.keys ?? randomKeys();
  const start = (more: Partial<StoredProcessOptions> = {}) => {
    const client = server.connect();
    return { ...createStoredProcess({ clock, state: client, keys, ...options, ...more }), client };
  };
  const [one, two] = [start(), start()];
  return { server, clients: [one.client, two.client], processes: [one, two], start };
}

/** Saves a new session into a browser. */
export async function signInto(
  store: SessionStore,
  session: Session,
  browser: TestBrowser = createTestBrowser(),
  place: CookiePlace = plainPlace,
): Promise<TestBrowser & { readonly saved: SavedSession }> {
  const saved = await store.save(session, browser.cookies(), place);
  if (!('cookies' in saved)) throw new Error(`too large: ${saved.tooLarge}`);
  browser.take(saved.cookies);
  return { ...browser, saved };
}
