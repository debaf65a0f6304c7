/** Verifies a token: returns its identity, or the reason to deny. */
import { hash } from 'node:crypto';
import type { Config, IssuerConfig } from '../../config/declare/options.ts';
import type { DenyListEntry } from '../../config/load/deny-list.ts';
import type { IssuerKeys } from '../../issuer/issuer.ts';
import { maxCandidateKeys, type VerificationKey } from '../../issuer/keys/key-set.ts';
import type { Denial, Failure, NotAllowed } from '../../model/decision.ts';
import type { Identity } from '../../model/identity.ts';
import type { DenyReason, ErrorReason } from '../../model/reasons.ts';
import type { Trace } from '../../model/trace.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import type { Observe } from '../cross-check/observe.ts';
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

/** The result of a verification. */
export type Verdict =
  | { readonly outcome: 'verified'; readonly identity: Identity; readonly cached: boolean }
  | NotAllowed;

/** Verifies a token. Synchronous if the token is cached or is denied before its signature is verified. */
export type Verify = (token: string, trace?: Trace) => Verdict | Promise<Verdict>;

/** The share of the check deadline that is available for a key fetch. The rest is for the signature and the response. */
const keyShare = 0.9;

/** The dependencies of the verifier. */
export interface VerifierDependencies {
  readonly issuers: readonly { readonly config: IssuerConfig; readonly issuer: IssuerKeys }[];
  readonly denyList: readonly DenyListEntry[];
  readonly cache: TokenCache;
  readonly limits: Config['limits'];
  readonly clock: Clock;
  /** Called after each cache lookup. */
  readonly onLookup: (isHit: boolean) => void;
  /** Observes the decisions about tokens that are not cached, to cross-check them. */
  readonly observe?: Observe;
}

/** A configured issuer with its checks. */
interface TrustedIssuer {
  readonly config: IssuerConfig;
  readonly issuer: IssuerKeys;
  readonly readFacts: ReadFacts;
  readonly checkRequirements: CheckRequirements;
  readonly keyWaits: KeyWaits;
}

/** A token that names a configured issuer. Its signature is not verified yet. */
interface UnverifiedToken {
  readonly token: string;
  readonly digest: string;
  /** Milliseconds of the monotonic clock. */
  readonly startedAt: number;
  readonly header: JoseHeader;
  readonly signature: string;
  /** The claims as JSON text. */
  readonly payload: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly trusted: TrustedIssuer;
}

/** Creates the verifier for the issuers of a configuration. */
export function createVerifier(dependencies: VerifierDependencies): Verify {
  const { issuers, denyList, cache, limits, clock, onLookup, observe } = dependencies;
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

  /** Looks up the token in the cache. Its issuer must still have the key that verified it. */
  const lookup = (digest: string): Verdict | undefined => {
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

  const parse = (token: string, digest: string): UnverifiedToken | NotAllowed => {
    const segments = splitCompact(token);
    if (segments === undefined) return deny(token.includes(',') ? 'token_duplicated' : 'token_malformed');
    const header = readHeader(segments.header);
    if (typeof header === 'string') return deny(header);
    const payload = Buffer.from(segments.payload, 'base64url');
    const claims = readJsonObject(payload);
    if (claims === undefined) return deny('token_malformed');
    const unverifiedIssuer = readString(claims, 'iss');
    if (unverifiedIssuer === wrongType) return deny('claim_invalid');
    const trusted = unverifiedIssuer === undefined ? undefined : trustedIssuers.get(unverifiedIssuer);
    if (trusted === undefined) return deny('issuer_unknown');
    if (!trusted.config.algorithms.includes(header.algorithm))
      return denied('algorithm_not_allowed', trusted);
    const { signature } = segments;
    const startedAt = clock.monotonic();
    return { token, digest, startedAt, header, signature, payload: payload.toString(), claims, trusted };
  };

  const verify = (unverified: UnverifiedToken, keys: readonly VerificationKey[]): Verdict => {
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

  /** Verifies a token once, even if several checks with the same token wait. */
  const verifyOnce = (
    unverified: UnverifiedToken,
    keys: readonly VerificationKey[],
  ): Verdict | Promise<Verdict> => {
    const { digest, trusted } = unverified;
    const running = pending.get(digest);
    if (running !== undefined) return running;
    const verdict = queue.add({
      since: unverified.startedAt,
      signatures: keys.length,
      verify: () => {
        pending.delete(digest);
        return verify(unverified, keys);
      },
      late: () => {
        pending.delete(digest);
        return failed('overloaded', trusted);
      },
    });
    if (verdict === undefined) return failed('overloaded', trusted);
    pending.set(digest, verdict);
    return verdict;
  };

  /** Fetches keys and tries the new ones. At most {@link maxCandidateKeys} keys are tried for a token, each only once. */
  const tryNewKeys = (
    unverified: UnverifiedToken,
    checked: readonly VerificationKey[],
    denial: Denial,
  ): Verdict | Promise<Verdict> => {
    const { header, trusted } = unverified;
    const { issuer } = trusted;
    const waiting = trusted.keyWaits.wait(() => fetchFor(issuer, header.keyId));
    if (waiting === undefined) return denial;
    return waiting.then((hasEnded) => {
      if (!hasEnded) return denial;
      const found = issuer.findKeys(header.keyId, header.algorithm).filter((key) => !checked.includes(key));
      const rest =
        checked.length === 0 ? found : found.slice(0, Math.max(0, maxCandidateKeys - checked.length));
      return rest.length === 0 ? denial : verifyOnce(unverified, rest);
    });
  };

  const decide = (unverified: UnverifiedToken): Verdict | Promise<Verdict> => {
    const { header, trusted } = unverified;
    const keys = trusted.issuer.findKeys(header.keyId, header.algorithm);
    if (keys.length === 0) {
      return trusted.issuer.hasKeys()
        ? tryNewKeys(unverified, keys, denied('key_not_found', trusted))
        : failed('keys_unavailable', trusted);
    }
    const verdict = verifyOnce(unverified, keys);
    if (!(verdict instanceof Promise)) return verdict;
    return verdict.then((first) =>
      first.outcome === 'deny' && first.reason === 'signature_invalid'
        ? tryNewKeys(unverified, keys, first)
        : first,
    );
  };

  const decideAndObserve = observe === undefined ? decide : observe(decide);

  return (token) => {
    if (token.length > limits.maxTokenSize)
      return deny(token.includes(',') ? 'token_duplicated' : 'token_too_large');
    const digest = hash('sha256', token, 'base64');
    const cached = lookup(digest);
    onLookup(cached !== undefined);
    if (cached !== undefined) return cached;

    const unverified = parse(token, digest);
    return 'outcome' in unverified ? unverified : decideAndObserve(unverified);
  };
}

/**
 * Fetches keys if the token names an unknown `kid`, even if keys without a `kid` were tried. A token without a `kid` or with a known one
 * never causes a fetch.
 */
function fetchFor(issuer: IssuerKeys, keyId: string | undefined): Promise<void> | undefined {
  return keyId === undefined || issuer.knowsKeyId(keyId) ? undefined : issuer.fetchForUnknownKey(keyId);
}

function deny(reason: DenyReason): Denial {
  return { outcome: 'deny', reason };
}

function denied(reason: DenyReason, { config }: TrustedIssuer): Denial {
  const denial = { outcome: 'deny', reason, issuerName: config.name } as const;
  return reason === 'scope_insufficient' ? { ...denial, requiredScopes: config.requiredScopes } : denial;
}

function failed(reason: ErrorReason, { config }: TrustedIssuer): Failure {
  return { outcome: 'error', reason, issuerName: config.name };
}

/**
 * Finds the key that signed the token: all of it before the last dot (RFC 7515 section 5.2). A key that was removed from the key set
 * while the token waited is not tried.
 *
 * @returns the key, or the reason to deny
 * @throws Error if the verification itself fails, which is not the same as an invalid signature
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
