/** From the text of a bearer token to the identity that it proves, or to the reason why it proves none. */
import { hash } from 'node:crypto';
import type { Config, IssuerConfig } from '../../config/declare/options.ts';
import type { DenyListEntry } from '../../config/load/deny-list.ts';
import type { IssuerKeys } from '../../issuer/issuer.ts';
import { mostTried, type VerificationKey } from '../../issuer/keys/key-set.ts';
import type { Denial, Failure, NotAllowed } from '../../model/decision.ts';
import type { Identity } from '../../model/identity.ts';
import type { DenyReason, ErrorReason } from '../../model/reasons.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import type { TokenCache } from './cache.ts';
import { readString, wrongType } from './claims.ts';
import { splitCompact } from './compact-jws.ts';
import { identityOf } from './identity.ts';
import { type JoseHeader, readHeader } from './jose-header.ts';
import { readJsonObject } from './json.ts';
import { createKeyWaits, type KeyWaits } from './pending-keys.ts';
import { createReadFacts, type ReadFacts } from './read-facts.ts';
import { type CheckRequirements, createCheckRequirements } from './requirements.ts';
import { createIsRevoked } from './revocation.ts';
import { createVerificationQueue } from './verification-queue.ts';

/** What became of a token. */
export type Verdict =
  | { readonly outcome: 'verified'; readonly identity: Identity; readonly cached: boolean }
  | NotAllowed;

/** Verifies a token: at once if it was verified lately or can be refused by looking at it. */
export type Verify = (token: string) => Verdict | Promise<Verdict>;

/** The part of a check's time that it may wait for a key: what is left is for the signature, and for the way back. */
const keyShare = 0.9;

/** What the verifier needs. */
export interface VerifierDependencies {
  readonly issuers: readonly { readonly config: IssuerConfig; readonly issuer: IssuerKeys }[];
  readonly denyList: readonly DenyListEntry[];
  readonly cache: TokenCache;
  readonly limits: Config['limits'];
  readonly clock: Clock;
  /** Tells whether a token was found in the cache. */
  readonly onLookup: (isHit: boolean) => void;
}

/** An issuer with what its tokens must fulfil. */
interface TrustedIssuer {
  readonly config: IssuerConfig;
  readonly issuer: IssuerKeys;
  readonly readFacts: ReadFacts;
  readonly checkRequirements: CheckRequirements;
  readonly keyWaits: KeyWaits;
}

/** A token that looks like one of a known issuer; nothing in it is proven yet. */
interface UnverifiedToken {
  readonly token: string;
  readonly digest: string;
  /** Milliseconds of the monotonic clock. */
  readonly askedAt: number;
  readonly header: JoseHeader;
  readonly signature: string;
  /** The claims as text, and read. */
  readonly payload: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly trusted: TrustedIssuer;
}

/** Makes the verifier of a set of issuers. */
export function createVerifier(dependencies: VerifierDependencies): Verify {
  const { issuers, denyList, cache, limits, clock, onLookup } = dependencies;
  const trustedIssuers = new Map(
    issuers.map(({ config, issuer }) => [
      config.issuer,
      {
        config,
        issuer,
        readFacts: createReadFacts(config),
        checkRequirements: createCheckRequirements(config, createIsRevoked(denyList, config.issuer)),
        keyWaits: createKeyWaits({
          maxWaiting: limits.maxVerificationsInFlight,
          maxWait: limits.checkDeadline * keyShare,
          clock,
        }),
      },
    ]),
  );
  const pending = new Map<string, Promise<Verdict>>();
  const queue = createVerificationQueue<Verdict>({
    maxWaiting: limits.maxVerificationsInFlight,
    maxWait: limits.checkDeadline,
    clock,
  });

  /** Looks the token up; the key that proved it must still be its issuer's. */
  const recall = (digest: string): Verdict | undefined => {
    const now = clock.now() / 1000;
    const known = cache.get(digest, now);
    if (known === undefined) return undefined;
    const trusted = trustedIssuers.get(known.identity.issuer);
    if (trusted === undefined || !trusted.issuer.holds(known.key)) return undefined;
    const reason = trusted.checkRequirements(known.facts, now);
    return reason === undefined
      ? { outcome: 'verified', identity: known.identity, cached: true }
      : { ...denied(reason, trusted), cached: true };
  };

  const examine = (token: string, digest: string): UnverifiedToken | NotAllowed => {
    const segments = splitCompact(token);
    if (segments === undefined) return refuse(token.includes(',') ? 'token_duplicated' : 'token_malformed');
    const header = readHeader(segments.header);
    if (typeof header === 'string') return refuse(header);
    const payload = Buffer.from(segments.payload, 'base64url');
    const claims = readJsonObject(payload);
    if (claims === undefined) return refuse('token_malformed');
    const unverifiedIssuer = readString(claims, 'iss');
    if (unverifiedIssuer === wrongType) return refuse('claim_invalid');
    const trusted = unverifiedIssuer === undefined ? undefined : trustedIssuers.get(unverifiedIssuer);
    if (trusted === undefined) return refuse('issuer_unknown');
    if (!trusted.config.algorithms.includes(header.algorithm))
      return denied('algorithm_not_allowed', trusted);
    const { signature } = segments;
    const askedAt = clock.monotonic();
    return { token, digest, askedAt, header, signature, payload: payload.toString(), claims, trusted };
  };

  const prove = (unverified: UnverifiedToken, keys: readonly VerificationKey[]): Verdict => {
    const { token, digest, header, payload, claims, trusted } = unverified;
    const { config, issuer } = trusted;
    const key = signerOf(unverified, keys, issuer);
    if (typeof key === 'string') return denied(key, trusted);
    const facts = trusted.readFacts(claims, payload, header.type);
    const now = clock.now() / 1000;
    const reason = trusted.checkRequirements(facts, now);
    if (reason !== undefined) return denied(reason, trusted);
    const identity = identityOf(claims, facts, config);
    cache.put(digest, { identity, facts, key }, now, token.length);
    return { outcome: 'verified', identity, cached: false };
  };

  /** Proves a token once, however many checks ask for it meanwhile. */
  const proveOnce = (
    unverified: UnverifiedToken,
    keys: readonly VerificationKey[],
  ): Verdict | Promise<Verdict> => {
    const { digest, trusted } = unverified;
    const underWay = pending.get(digest);
    if (underWay !== undefined) return underWay;
    const proof = queue.add({
      since: unverified.askedAt,
      signatures: keys.length,
      verify: () => {
        pending.delete(digest);
        return prove(unverified, keys);
      },
      late: () => {
        pending.delete(digest);
        return failed('overloaded', trusted);
      },
    });
    if (proof === undefined) return failed('overloaded', trusted);
    pending.set(digest, proof);
    return proof;
  };

  /** Tries the keys that a fetch may bring. Those that were tried before are not tried again, nor more than {@link mostTried} in all. */
  const tryNewKeys = (
    unverified: UnverifiedToken,
    tried: readonly VerificationKey[],
    refusal: Denial,
  ): Verdict | Promise<Verdict> => {
    const { header, trusted } = unverified;
    const { issuer } = trusted;
    const waiting = trusted.keyWaits.wait(() => fetchFor(issuer, header.keyId));
    if (waiting === undefined) return refusal;
    return waiting.then((hasEnded) => {
      if (!hasEnded) return refusal;
      const found = issuer.findKeys(header.keyId, header.algorithm).filter((key) => !tried.includes(key));
      const rest = tried.length === 0 ? found : found.slice(0, Math.max(0, mostTried - tried.length));
      return rest.length === 0 ? refusal : proveOnce(unverified, rest);
    });
  };

  const settle = (unverified: UnverifiedToken): Verdict | Promise<Verdict> => {
    const { header, trusted } = unverified;
    const keys = trusted.issuer.findKeys(header.keyId, header.algorithm);
    if (keys.length === 0) {
      return trusted.issuer.hasKeys()
        ? tryNewKeys(unverified, keys, denied('key_not_found', trusted))
        : failed('keys_unavailable', trusted);
    }
    const verdict = proveOnce(unverified, keys);
    if (!(verdict instanceof Promise)) return verdict;
    return verdict.then((first) =>
      first.outcome === 'deny' && first.reason === 'signature_invalid'
        ? tryNewKeys(unverified, keys, first)
        : first,
    );
  };

  return (token) => {
    if (token.length > limits.maxTokenSize)
      return refuse(token.includes(',') ? 'token_duplicated' : 'token_too_large');
    const digest = hash('sha256', token, 'base64');
    const recalled = recall(digest);
    onLookup(recalled !== undefined);
    if (recalled !== undefined) return recalled;

    const unverified = examine(token, digest);
    return 'outcome' in unverified ? unverified : settle(unverified);
  };
}

/**
 * Fetches where a token names a key that was never heard of, also where keys without names were tried and did not sign it. A token that
 * names no key or a known one is not a reason to fetch, whatever its signature and its algorithm.
 */
function fetchFor(issuer: IssuerKeys, keyId: string | undefined): Promise<void> | undefined {
  return keyId === undefined || issuer.knowsKeyId(keyId) ? undefined : issuer.fetchForUnknownKey(keyId);
}

function refuse(reason: DenyReason): Denial {
  return { outcome: 'deny', reason };
}

function denied(reason: DenyReason, { config }: TrustedIssuer): Denial {
  const refusal = { outcome: 'deny', reason, issuerName: config.name } as const;
  return reason === 'scope_insufficient' ? { ...refusal, requiredScopes: config.requiredScopes } : refusal;
}

function failed(reason: ErrorReason, { config }: TrustedIssuer): Failure {
  return { outcome: 'error', reason, issuerName: config.name };
}

/**
 * The first of some keys that signed the token: all of it up to the last dot (RFC 7515 section 5.2). A key that has left the set while
 * the token waited did not.
 *
 * @returns the key, or the reason to deny
 * @throws Error where the verification itself fails; that is no bad signature
 */
function signerOf(
  { token, signature }: UnverifiedToken,
  keys: readonly VerificationKey[],
  issuer: IssuerKeys,
): VerificationKey | 'key_not_found' | 'signature_invalid' {
  const data = Buffer.from(token.slice(0, -signature.length - 1), 'latin1');
  const bytes = Buffer.from(signature, 'base64url');
  let reason: 'key_not_found' | 'signature_invalid' = 'key_not_found';
  for (const key of keys) {
    if (!issuer.holds(key)) continue;
    if (key.verify(data, bytes)) return key;
    reason = 'signature_invalid';
  }
  return reason;
}
