/** The cache of verified tokens, by the SHA-256 of the whole token. Only valid tokens are cached. */
import { LRUCache } from 'lru-cache';
import type { VerifiedToken } from './verified-token.ts';

/** Bounds of the cache. */
export interface TokenCacheOptions {
  readonly maxEntries: number;
  /** Milliseconds. */
  readonly maxAge: number;
  readonly maxBytes: number;
}

/** The entry of a token, if there is one. */
export interface PeekedEntry {
  readonly token: VerifiedToken | undefined;
  readonly isExpired: boolean;
}

/** The cache. */
export interface TokenCache {
  /** @param now the wall clock, in seconds since the epoch */
  readonly get: (digest: string, now: number) => VerifiedToken | undefined;
  /** Reads an entry without marking it as used. An expired entry stays, and its token is not returned. */
  readonly peek: (digest: string, now: number) => PeekedEntry;
  /**
   * @param now the wall clock, in seconds since the epoch
   * @param bytes the length of the token, from which its memory is estimated
   */
  readonly put: (digest: string, token: VerifiedToken, now: number, bytes: number) => void;
  /** Removes every token that does not pass the filter. */
  readonly keepOnly: (isStillValid: (token: VerifiedToken) => boolean) => void;
  readonly size: () => number;
}

/** A cached token. Times are in seconds since the epoch. */
interface Entry extends VerifiedToken {
  readonly cachedUntil: number;
  /** When the token was last marked as used. */
  usedAt: number;
}

// Measured with 100,000 tokens: the memory per byte of a token, and per entry.
const memoryPerTokenByte = 2;
const memoryPerEntry = 1_200;

/** How often a used token is marked as used, in seconds. Each mark writes to neighbouring entries too, and matters only if the cache is full. */
const usedPrecision = 10;

/**
 * Creates a cache.
 *
 * The library's time to live is not used: it treats 0, NaN and Infinity as unlimited, and its clock ignores jumps of the wall
 * clock. The issuer's requirements check the times in the token on every check, so the cache does not.
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
      if (now >= entry.cachedUntil) {
        entries.delete(digest);
        return undefined;
      }
      if (Math.abs(now - entry.usedAt) >= usedPrecision) {
        entries.get(digest);
        entry.usedAt = now;
      }
      return entry;
    },
    peek: (digest, now) => {
      const entry = entries.peek(digest);
      const isExpired = entry !== undefined && now >= entry.cachedUntil;
      return { token: isExpired ? undefined : entry, isExpired };
    },
    put: (digest, token, now, bytes) => {
      if (isOff) return;
      const size = memoryPerEntry + bytes * memoryPerTokenByte;
      entries.set(digest, { ...token, cachedUntil: now + maxAge / 1000, usedAt: now }, { size });
    },
    keepOnly: (isStillValid) => {
      for (const [digest, token] of [...entries.entries()]) if (!isStillValid(token)) entries.delete(digest);
    },
    size: () => entries.size,
  };
}
