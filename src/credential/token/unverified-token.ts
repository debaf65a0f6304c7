/** A token that names a configured issuer, and the denials of such a token. */
import { detailOf } from '../../config/values/detail-text.ts';
import type { VerificationKey } from '../../issuer/keys/key-set.ts';
import type { Denial, Failure } from '../../model/decision.ts';
import type { DenyReason, ErrorReason } from '../../model/reasons.ts';
import type { StepDetail, Trace } from '../../model/trace.ts';
import type { Facts } from './facts.ts';
import type { FailedRequirement } from './failed-requirement.ts';
import type { JoseHeader } from './jose-header.ts';
import {
  describeMissingKey,
  describeSignature,
  type FetchResult,
  type LocatedIssuer,
} from './key-details.ts';
import type { KeyWaits } from './pending-keys.ts';
import type { ReadFacts } from './read-facts.ts';
import type { CheckRequirements } from './requirements.ts';
import { algorithmObservation } from './token-details.ts';

/** A configured issuer with its checks. */
export interface TrustedIssuer extends LocatedIssuer {
  readonly readFacts: ReadFacts;
  readonly checkRequirements: CheckRequirements;
  readonly keyWaits: KeyWaits;
}

/** A token that names a configured issuer. Its signature is not verified yet. */
export interface UnverifiedToken {
  readonly token: string;
  readonly digest: string;
  /** Milliseconds of the monotonic clock. */
  readonly startedAt: number;
  readonly header: JoseHeader;
  readonly signature: Buffer;
  /** The claims as JSON text. */
  readonly payload: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly trusted: TrustedIssuer;
  /** A traced verification is a dry run: it shares no work with other checks, and does not cache its result. */
  readonly trace: Trace | undefined;
}

function denied(reason: DenyReason, { config }: TrustedIssuer, detail: () => StepDetail): Denial {
  const denial = { outcome: 'deny', reason, issuerName: config.name, detail } as const;
  return reason === 'scope_insufficient' ? { ...denial, requiredScopes: config.requiredScopes } : denial;
}

/** The denial of a token whose key is not in the key set. */
export function denyKey({ header, trusted }: UnverifiedToken, result: FetchResult): Denial {
  return denied('key_not_found', trusted, () => describeMissingKey(header, trusted, result));
}

/** The denial of a token whose signature no key verifies. */
export function denySignature(
  { header, trusted }: UnverifiedToken,
  keys: readonly VerificationKey[],
): Denial {
  return denied('signature_invalid', trusted, () => describeSignature(header, keys, trusted));
}

/** The denial of a token whose algorithm its issuer does not allow. */
export function denyAlgorithm({ algorithm }: JoseHeader, trusted: TrustedIssuer): Denial {
  const { config, path } = trusted;
  return denied('algorithm_not_allowed', trusted, () =>
    detailOf(
      algorithmObservation(algorithm, config, path),
      `alg ${algorithm} is not in ${config.algorithms.join(', ')}`,
    ),
  );
}

/** The denial of a token that does not meet a requirement of its issuer. */
export function denyRequirement(
  { reason, describe }: FailedRequirement,
  facts: Facts,
  now: number,
  trusted: TrustedIssuer,
): Denial {
  return denied(reason, trusted, () => describe(facts, now));
}

/** The end of a check without a decision. */
export function failure(reason: ErrorReason, { config }: TrustedIssuer, detail: () => StepDetail): Failure {
  return { outcome: 'error', reason, issuerName: config.name, detail };
}
