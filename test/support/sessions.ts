/** Sessions for tests: a store with its own keys, and cookies of a browser that obeys `set-cookie`. */
import { randomBytes } from 'node:crypto';
import { readSessionKeys, type SessionKey } from '../../src/config/session/session-keys.ts';
import type { Clock } from '../../src/runtime/time/clock.ts';
import { createCookieNames } from '../../src/session/cookie-names.ts';
import { createEndedSessions, type EndedSessions } from '../../src/session/ended-sessions.ts';
import { createCookieSessions } from '../../src/session/in-cookie.ts';
import { readCookies } from '../../src/session/read-cookies.ts';
import { createSeal } from '../../src/session/seal-values.ts';
import type { Session } from '../../src/session/session.ts';
import { createSessionMemory, type SessionMemory } from '../../src/session/session-memory.ts';
import type { CookiePlace, RequestCookies, SessionStore } from '../../src/session/session-store.ts';
import type { StateStore } from '../../src/state/state-store.ts';

/** New session keys. */
export function randomKeys(count = 1): readonly SessionKey[] {
  return readSessionKeys(Array.from({ length: count }, () => randomBytes(32).toString('base64')).join('\n'));
}

/** The place of most tests. */
export const plainPlace: CookiePlace = {
  policy: '',
  isHttp: false,
  host: 'shop.example.com',
};

/** A store whose keys and memory the test can change. */
export interface TestStore {
  readonly store: SessionStore;
  readonly memory: SessionMemory;
  readonly replaceKeys: (keys: readonly SessionKey[]) => void;
}

/** Options of a test store. */
export interface TestStoreOptions {
  readonly clock: Clock;
  readonly keys?: readonly SessionKey[];
  readonly memory?: SessionMemory;
  readonly domain?: string;
  readonly maxAge?: number;
  readonly maxOpenings?: number;
  readonly policies?: readonly string[];
  readonly isHintOptional?: boolean;
  /** The store that other processes share. */
  readonly state?: StateStore;
}

/** Options of a list of ended sessions. */
export interface TestEndedOptions {
  readonly clock: Clock;
  readonly keys?: () => readonly SessionKey[];
  readonly state?: StateStore;
  readonly life?: number;
  /** The life of an entry of the feed; by default the same. */
  readonly feedLife?: number;
  readonly onEvent?: (event: 'forgotten' | 'lost') => void;
  /** Called when names are computed. */
  readonly onHash?: () => void;
}

/** Creates a list of ended sessions. */
export function createTestEnded(options: TestEndedOptions): EndedSessions {
  const { clock, state, life = 12 * 3_600_000, onEvent = () => {}, onHash = () => {} } = options;
  const usual = randomKeys();
  const seal = createSeal(options.keys ?? (() => usual));
  const ended = createEndedSessions({
    seal: {
      keyIds: seal.keyIds,
      namesOf: (...parts) => {
        onHash();
        return seal.namesOf(...parts);
      },
    },
    clock,
    lives: () => ({ here: life, feed: options.feedLife ?? life }),
    events: { forgotten: () => onEvent('forgotten'), lost: () => onEvent('lost') },
  });
  ended.follow(state);
  return ended;
}

/** Creates a store. */
export function createTestStore(options: TestStoreOptions): TestStore {
  const { clock, domain, maxAge = 12 * 3_600_000, maxOpenings = 8, policies = ['team-a'] } = options;
  let keys = options.keys ?? randomKeys();
  const ended = createTestEnded({
    clock,
    keys: () => keys,
    life: maxAge,
    ...(options.state !== undefined && { state: options.state }),
  });
  const memory = options.memory ?? createSessionMemory({ maxEntries: 1_000, maxBytes: 2 ** 30 }, ended);
  const cookie = { name: 'oidc-authz', domain, sameSite: 'lax' } as const;
  const store = createCookieSessions({
    options: { maxAge, cookie },
    names: createCookieNames(cookie, policies),
    seal: createSeal(() => keys),
    memory,
    maxOpenings,
    isHintOptional: () => options.isHintOptional === true,
    clock,
  });
  return {
    store,
    memory,
    replaceKeys: (next) => {
      keys = next;
    },
  };
}

/** A session that began now. */
export function sessionAt(clock: Clock, more: Partial<Session> = {}): Session {
  const now = Math.floor(clock.now() / 1000);
  return {
    id: randomBytes(16).toString('base64url'),
    policy: '',
    issuer: 'https://issuer.example.com',
    subject: 'alice',
    claims: { email: 'alice@example.com', groups: ['staff'] },
    audiences: ['shop'],
    scopes: ['openid'],
    startedAt: now,
    seenAt: now - (now % 60),
    renewedAt: now,
    ...more,
  };
}

/** A browser that keeps cookies as RFC 6265bis says: no cookie above 4,096 bytes, and a deletion only with `Secure` for prefixed names. */
export interface TestBrowser {
  /** Takes values of `set-cookie`. */
  readonly take: (cookies: readonly string[]) => void;
  /** The `cookie` line; empty without cookies. */
  readonly line: () => string;
  readonly cookies: () => RequestCookies;
  readonly kept: () => ReadonlyMap<string, string>;
}

/** Creates a browser without cookies. */
export function createTestBrowser(): TestBrowser {
  const jar = new Map<string, string>();
  const line = () => [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  return {
    take: (cookies) => {
      for (const cookie of cookies) {
        const [pair = '', ...attributes] = cookie.split('; ');
        const [name = '', value = ''] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
        const has = (attribute: string) => attributes.includes(attribute);
        if (name.startsWith('__') && !has('Secure')) continue;
        if (name.startsWith('__Host-') && (!has('Path=/') || cookie.includes('; Domain='))) continue;
        if (name.length + value.length > 4_096) continue;
        if (has('Max-Age=0')) jar.delete(name);
        else jar.set(name, value);
      }
    },
    line,
    cookies: () => readCookies(jar.size === 0 ? [] : [line()]),
    kept: () => jar,
  };
}
