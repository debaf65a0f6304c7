/** The tokens that were verified lately, by the SHA-256 of the whole token; only successes are kept. */
import { LRUCache } from 'lru-cache';
import type { VerifiedToken } from './verified-token.ts';

/** Bounds of the cache. */
export interface TokenCacheOptions {
  readonly maxEntries: number;
  /** Milliseconds. */
  readonly maxAge: number;
  readonly maxBytes: number;
}

/** What the verifier remembers. */
export interface TokenCache {
  /** @param now the wall clock, in seconds since the epoch */
  readonly get: (digest: string, now: number) => VerifiedToken | undefined;
  /**
   * @param now the wall clock, in seconds since the epoch
   * @param bytes what the token takes on the wire, of which its memory is estimated
   */
  readonly put: (digest: string, token: VerifiedToken, now: number, bytes: number) => void;
  /** Forgets the tokens for which the question is answered no. */
  readonly keepOnly: (isKept: (token: VerifiedToken) => boolean) => void;
  readonly size: () => number;
}

/** A token with what the cache knows of it. Times are in seconds since the epoch. */
interface Entry extends VerifiedToken {
  readonly rememberedUntil: number;
  /** When it was last noted that the token is in use. */
  usedAt: number;
}

// Measured with 100,000 tokens: the payload and what is made of it, and an entry's own.
const memoryPerTokenByte = 2;
const memoryPerEntry = 1_200;

/**
 * How long a token that is in use is not noted as such again, in seconds. Who was used last matters only when the cache
 * is full, and noting it touches the entries beside it too.
 */
const usedPrecision = 10;

/**
 * Makes a cache.
 *
 * The library's own time to live is not used: 0, NaN and Infinity mean "for ever" to it, and its clock does not know
 * when the wall clock jumps. The token's own times are judged on every check by its issuer's requirements.
 */
export function createTokenCache(options: TokenCacheOptions): TokenCache {
  const { maxEntries, maxAge, maxBytes } = options;
  const isOff = maxEntries === 0 || maxAge === 0 || maxBytes === 0;
  const entries = new LRUCache<string, Entry>({
    max: Math.max(1, maxEntries),
    maxSize: Math.max(1, maxBytes),
  });

  return {
    get: (digest, now) => {
      const entry = entries.peek(digest);
      if (entry === undefined) return undefined;
      if (now >= entry.rememberedUntil) {
        entries.delete(digest);
        return undefined;
      }
      if (Math.abs(now - entry.usedAt) >= usedPrecision) {
        entries.get(digest);
        entry.usedAt = now;
      }
      return entry;
    },
    put: (digest, token, now, bytes) => {
      if (isOff) return;
      const size = memoryPerEntry + bytes * memoryPerTokenByte;
      entries.set(digest, { ...token, rememberedUntil: now + maxAge / 1000, usedAt: now }, { size });
    },
    keepOnly: (isKept) => {
      for (const [digest, token] of [...entries.entries()]) if (!isKept(token)) entries.delete(digest);
    },
    size: () => entries.size,
  };
}
