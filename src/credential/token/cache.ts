/** The cache of verified tokens, by the SHA-256 of the whole token. Only valid tokens are cached. */
import { LRUCache } from 'lru-cache';
import type { MemoryKeeper } from '../../model/identity.ts';
import { createPreparedAnswers } from './prepared-answers.ts';
import { memoryOfProfile, memoryOfToken } from './token-memory.ts';
import { createTokenProfiles } from './token-profiles.ts';
import type { TokenProfile, VerifiedToken } from './verified-token.ts';

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
   * Adds a token that is in no cache.
   *
   * @param now the wall clock, in seconds since the epoch
   */
  readonly put: (digest: string, token: VerifiedToken, now: number) => void;
  /** Removes every token that does not pass the filter. */
  readonly keepOnly: (isStillValid: (token: VerifiedToken) => boolean) => void;
  readonly size: () => number;
  /** The estimated memory of all tokens. */
  readonly bytes: () => number;
  /** Returns a profile that cached tokens share. */
  readonly share: (profile: TokenProfile) => TokenProfile;
  /** The keeper of the tokens of this cache. */
  readonly keeper: MemoryKeeper;
}

/** How often a used token is marked as used, in seconds. Each mark writes to neighbouring entries too, and matters only if the cache is full. */
const usedPrecision = 10;

/**
 * Creates a cache.
 *
 * The library's time to live is not used: it treats 0, NaN and Infinity as unlimited, and its clock ignores jumps of the wall
 * clock. The issuer's requirements check the times in the token on every check, so the cache does not. The library's sizes are not
 * used: the size of an entry cannot change there, and a token gets the values of its headers after it is added.
 */
export function createTokenCache(options: TokenCacheOptions): TokenCache {
  const { maxEntries, maxAge, maxBytes } = options;
  const isOff = maxEntries === 0 || maxAge === 0 || maxBytes === 0;
  const answers = createPreparedAnswers();
  let bytes = 0;
  const entries = new LRUCache<string, VerifiedToken>({
    max: Math.max(1, maxEntries),
    dispose: (token) => {
      bytes -= token.bytes;
      token.bytes = 0;
      token.prepared = undefined;
    },
  });
  const removeUnusedOver = (most: number) => {
    while (bytes > most && entries.size > 0) entries.pop();
  };

  return {
    get: (digest, now) => {
      const token = entries.peek(digest);
      if (token === undefined) return undefined;
      if (now >= token.cachedUntil) {
        entries.delete(digest);
        return undefined;
      }
      answers.found(token);
      if (Math.abs(now - token.usedAt) >= usedPrecision) {
        entries.get(digest);
        token.usedAt = Math.floor(now);
      }
      return token;
    },
    peek: (digest, now) => {
      const token = entries.peek(digest);
      const isExpired = token !== undefined && now >= token.cachedUntil;
      return { token: isExpired ? undefined : token, isExpired };
    },
    put: (digest, token, now) => {
      if (isOff) return;
      const { profile } = token;
      const size = memoryOfToken(token) + (profile.isCounted ? 0 : memoryOfProfile(profile));
      if (size > maxBytes) return;
      profile.isCounted = true;
      token.bytes = size;
      token.cachedUntil = now + maxAge / 1000;
      token.usedAt = Math.floor(now);
      removeUnusedOver(maxBytes - size);
      entries.set(digest, token);
      bytes += size;
    },
    keepOnly: (isStillValid) => {
      for (const [digest, token] of [...entries.entries()]) if (!isStillValid(token)) entries.delete(digest);
    },
    size: () => entries.size,
    bytes: () => bytes,
    share: createTokenProfiles(),
    keeper: {
      grown: (token, by) => {
        if (token.bytes === 0) return;
        token.bytes += by;
        bytes += by;
        removeUnusedOver(maxBytes);
      },
      keepsAnswers: answers.keepsAnswers,
    },
  };
}
