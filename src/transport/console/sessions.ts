/** The sessions of operators who signed in with the token of `admin.tokenFile`. They are in memory and end with the process. */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../runtime/time/clock.ts';

/** How long a session is valid, in milliseconds. */
const lifetime = 8 * 3_600_000;

/** Maximum number of sessions. One more ends the oldest. */
const maxSessions = 100;

/** The sessions of the console. */
export interface Sessions {
  /** Whether a text is the current token. False without a token. */
  readonly isToken: (text: string) => boolean;
  /** Begins a session. @returns its id */
  readonly begin: () => string;
  /** Whether a session is valid: it has not ended, and the token is the one that it began with. */
  readonly isValid: (id: string) => boolean;
  readonly end: (id: string) => void;
}

/** Creates an empty store. @param token the current content of `admin.tokenFile`; undefined without one */
export function createSessions(token: () => string | undefined, clock: Clock): Sessions {
  const sessions = new Map<string, { readonly endsAt: number; readonly token: string }>();
  const digest = (text: string) => hash('sha256', text);
  const tokenDigest = () => {
    const current = token();
    return current === undefined || current === '' ? undefined : digest(current);
  };
  return {
    isToken: (text) => {
      const expected = tokenDigest();
      return expected !== undefined && timingSafeEqual(Buffer.from(digest(text)), Buffer.from(expected));
    },
    begin: () => {
      const id = randomBytes(32).toString('base64url');
      const [oldest] = sessions.keys();
      if (sessions.size >= maxSessions && oldest !== undefined) sessions.delete(oldest);
      sessions.set(digest(id), { endsAt: clock.monotonic() + lifetime, token: tokenDigest() ?? '' });
      return id;
    },
    isValid: (id) => {
      // The store has hashes, so the time of a lookup says nothing about an id.
      const key = digest(id);
      const session = sessions.get(key);
      if (session === undefined) return false;
      if (session.endsAt > clock.monotonic() && session.token === tokenDigest()) return true;
      sessions.delete(key);
      return false;
    },
    end: (id) => void sessions.delete(digest(id)),
  };
}

/** The session cookie of a listener. Over TLS, the prefix `__Host-` binds it to exactly this host. */
export function sessionCookie(isTls: boolean): {
  readonly set: (id: string) => string;
  readonly clear: string;
  /** The session id in the `cookie` header; undefined without one. */
  readonly read: (header: string | undefined) => string | undefined;
} {
  const name = isTls ? '__Host-oidc-authz-console' : 'oidc-authz-console';
  const attributes = `${isTls ? 'Path=/; Secure' : 'Path=/console'}; HttpOnly; SameSite=Strict`;
  return {
    set: (id) => `${name}=${id}; ${attributes}; Max-Age=${lifetime / 1000}`,
    clear: `${name}=; ${attributes}; Max-Age=0`,
    read: (header = '') =>
      header
        .split(';')
        .map((pair) => pair.trim())
        .find((pair) => pair.startsWith(`${name}=`))
        ?.slice(name.length + 1),
  };
}
