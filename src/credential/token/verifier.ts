/** Verifies a token: returns its identity, or the reason to deny. */
import { hash } from 'node:crypto';
import type { Config, IssuerConfig } from '../../config/declare/options.ts';
import type { IssuerKeys } from '../../issuer/issuer.ts';
import { maxCandidateKeys, type VerificationKey } from '../../issuer/keys/key-set.ts';
import type { Denial, NotAllowed } from '../../model/decision.ts';
import type { Identity } from '../../model/identity.ts';
import type { Trace } from '../../model/trace.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import type { Observe } from '../cross-check/observe.ts';
import type { TokenCache } from './cache.ts';
import { readString, wrongType } from './claims.ts';
import { splitCompact } from './compact-jws.ts';
import { readHeader } from './jose-header.ts';
import { parseJsonObject, textOf } from './json.ts';
import { describeNoKeys, describeOverload, type FetchResult } from './key-details.ts';
import { createKnownHeaders } from './known-headers.ts';
import { createKeyWaits } from './pending-keys.ts';
import { createReadFacts } from './read-facts.ts';
import { createCheckRequirements } from './requirements.ts';
import { type CurrentDenyList, createRevocation } from './revocation.ts';
import { signerOf } from './signer.ts';
import {
  createDenyIssuer,
  deny,
  denyIssuerType,
  denyPayload,
  denyShape,
  denyTooLarge,
} from './token-details.ts';
import {
  denyAlgorithm,
  denyKey,
  denyRequirement,
  denySignature,
  failure,
  type TrustedIssuer,
  type UnverifiedToken,
} from './unverified-token.ts';
import { createVerificationQueue } from './verification-queue.ts';
import { factsOf, identityOf, verifiedToken } from './verified-token.ts';
import {
  peekCache,
  traceCached,
  traceFetch,
  traceKeys,
  traceParsed,
  traceSignature,
} from './verifier-trace.ts';

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
  readonly denyList: CurrentDenyList;
  /** `denyList.file`. */
  readonly denyListFile?: string | undefined;
  readonly cache: TokenCache;
  readonly limits: Config['limits'];
  readonly clock: Clock;
  /** Called after each cache lookup. */
  readonly onLookup: (isHit: boolean) => void;
  /** Observes the decisions about tokens that are not cached, to cross-check them. */
  readonly observe?: Observe;
}

/** Creates the verifier for the issuers of a configuration. */
export function createVerifier(dependencies: VerifierDependencies): Verify {
  const { issuers, denyList, denyListFile = '', cache, limits, clock, onLookup, observe } = dependencies;
  const trustedIssuers = new Map(
    issuers.map(({ config, issuer }, index) => [
      config.issuer,
      {
        config,
        issuer,
        path: `issuers[${index}]`,
        readFacts: createReadFacts(config),
        checkRequirements: createCheckRequirements(
          config,
          createRevocation(denyList, config.issuer, denyListFile),
          `issuers[${index}]`,
        ),
        keyWaits: createKeyWaits({
          maxWaiting: limits.maxVerificationsInFlight,
          maxWait: limits.checkDeadline * keyShare,
          clock,
        }),
      },
    ]),
  );
  const denyIssuer = createDenyIssuer(issuers.map(({ config }) => config));
  const knownHeaders = createKnownHeaders();
  const pending = new Map<string, Promise<Verdict>>();
  const queue = createVerificationQueue<Verdict>({
    maxWaiting: limits.maxVerificationsInFlight,
    maxWait: limits.checkDeadline,
    clock,
  });

  /** Looks up the token in the cache. Its issuer must still have the key that verified it. */
  const lookup = (token: string, digest: string, trace: Trace | undefined): Verdict | undefined => {
    const now = clock.now() / 1000;
    const known = trace === undefined ? cache.get(digest, now) : peekCache(cache, digest, now, trace);
    if (known === undefined) return undefined;
    const trusted = trustedIssuers.get(known.profile.issuer);
    const isHeld = trusted?.issuer.holds(known.key) === true;
    if (trace !== undefined) traceCached(trace, known, isHeld);
    if (trusted === undefined || !isHeld) return undefined;
    const facts = factsOf(known, token);
    const failed = trusted.checkRequirements(facts, now, trace);
    return failed === undefined
      ? { outcome: 'verified', identity: identityOf(known, token), cached: true }
      : { ...denyRequirement(failed, facts, now, trusted), cached: true };
  };

  const parse = (token: string, digest: string, trace: Trace | undefined): UnverifiedToken | NotAllowed => {
    const segments = splitCompact(token);
    if (segments === undefined) return denyShape(token);
    const header = knownHeaders.of(token) ?? readHeader(segments.header);
    if ('reason' in header) return deny(header.reason, header.detail);
    const payload = textOf(segments.payload);
    const claims = payload === undefined ? undefined : parseJsonObject(payload);
    if (payload === undefined || claims === undefined) return denyPayload();
    const unverifiedIssuer = readString(claims, 'iss');
    if (unverifiedIssuer === wrongType) return denyIssuerType();
    const trusted = unverifiedIssuer === undefined ? undefined : trustedIssuers.get(unverifiedIssuer);
    if (trusted === undefined) return denyIssuer(unverifiedIssuer);
    if (!trusted.config.algorithms.includes(header.algorithm)) return denyAlgorithm(header, trusted);
    if (trace !== undefined) traceParsed(trace, header, trusted);
    const { signature } = segments;
    const startedAt = clock.monotonic();
    return { token, digest, startedAt, header, signature, payload, claims, trusted, trace };
  };

  const verify = (unverified: UnverifiedToken, keys: readonly VerificationKey[]): Verdict => {
    const { token, digest, header, payload, claims, trusted, trace } = unverified;
    const { config, issuer } = trusted;
    const key = signerOf(unverified, keys, issuer);
    if (key === 'key_not_found') return denyKey(unverified, 'no fetch was due');
    if (key === 'signature_invalid') return denySignature(unverified, keys);
    if (trace !== undefined) traceSignature(trace, key);
    const facts = trusted.readFacts(claims, payload, header.type);
    const now = clock.now() / 1000;
    knownHeaders.add(token, header);
    const failed = trusted.checkRequirements(facts, now, trace);
    if (failed !== undefined) return denyRequirement(failed, facts, now, trusted);
    const verified = verifiedToken(claims, facts, config, key, cache);
    if (trace === undefined) cache.put(digest, verified, now);
    return { outcome: 'verified', identity: identityOf(verified, token), cached: false };
  };

  const overloaded = (kind: 'late' | 'full', trusted: TrustedIssuer) =>
    failure('overloaded', trusted, () => describeOverload(kind, limits));

  /**
   * Verifies a token once, even if several checks with the same token wait.
   *
   * @param next continues after the signatures were verified
   */
  const verifyOnce = (
    unverified: UnverifiedToken,
    keys: readonly VerificationKey[],
    next: (verdict: Verdict) => Verdict | Promise<Verdict> = (verdict) => verdict,
  ): Verdict | Promise<Verdict> => {
    const { digest, trusted, trace } = unverified;
    const isShared = trace === undefined;
    const running = isShared ? pending.get(digest) : undefined;
    if (running !== undefined) return running;
    const settle = () => isShared && pending.delete(digest);
    const verdict = queue.add({
      since: unverified.startedAt,
      signatures: keys.length,
      verify: () => {
        settle();
        return next(verify(unverified, keys));
      },
      late: () => {
        settle();
        return overloaded('late', trusted);
      },
    });
    if (verdict === undefined) return overloaded('full', trusted);
    if (isShared) pending.set(digest, verdict);
    return verdict;
  };

  /**
   * Fetches keys and tries the new ones. At most {@link maxCandidateKeys} keys are tried for a token, each only once.
   *
   * @param denial the denial without a new key
   */
  const tryNewKeys = (
    unverified: UnverifiedToken,
    checked: readonly VerificationKey[],
    denial: (result: FetchResult) => Denial,
  ): Verdict | Promise<Verdict> => {
    const { header, trusted, trace } = unverified;
    const { issuer } = trusted;
    const end = (result: FetchResult) => {
      if (trace !== undefined) traceFetch(trace, result);
      return denial(result);
    };
    const waiting = trusted.keyWaits.wait(() => fetchFor(issuer, header.keyId));
    if (waiting === undefined) return end('no fetch was due');
    return waiting.then((hasEnded) => {
      if (!hasEnded) return end('the fetch took too long');
      const found = issuer.findKeys(header.keyId, header.algorithm).filter((key) => !checked.includes(key));
      const rest =
        checked.length === 0 ? found : found.slice(0, Math.max(0, maxCandidateKeys - checked.length));
      if (rest.length === 0) return end('a fetch did not add it');
      if (trace !== undefined) {
        traceFetch(trace, 'a fetch added keys');
        traceKeys(trace, header, rest, trusted);
      }
      return verifyOnce(unverified, rest);
    });
  };

  const decide = (unverified: UnverifiedToken): Verdict | Promise<Verdict> => {
    const { header, trusted, trace } = unverified;
    const keys = trusted.issuer.findKeys(header.keyId, header.algorithm);
    if (trace !== undefined) traceKeys(trace, header, keys, trusted);
    if (keys.length === 0) {
      return trusted.issuer.hasKeys()
        ? tryNewKeys(unverified, keys, (result) => denyKey(unverified, result))
        : failure('keys_unavailable', trusted, () => describeNoKeys(trusted));
    }
    return verifyOnce(unverified, keys, (first) =>
      first.outcome === 'deny' && first.reason === 'signature_invalid'
        ? tryNewKeys(unverified, keys, () => first)
        : first,
    );
  };

  const decideAndObserve = observe === undefined ? decide : observe(decide);

  return (token, trace) => {
    if (token.length > limits.maxTokenSize) return denyTooLarge(token, limits.maxTokenSize);
    const digest = hash('sha256', token, 'latin1');
    const cached = lookup(token, digest, trace);
    if (trace === undefined) onLookup(cached !== undefined);
    if (cached !== undefined) return cached;

    const unverified = parse(token, digest, trace);
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
