/** Describes why no key of an issuer verifies a token, for details and traces. */
import type { Config, IssuerConfig } from '../../config/declare/options.ts';
import { counted, detailOf, duration, listed, shown } from '../../config/values/detail-text.ts';
import type { IssuerKeys } from '../../issuer/issuer.ts';
import type { VerificationKey } from '../../issuer/keys/key-set.ts';
import type { KeysDescription } from '../../issuer/keys/keys-description.ts';
import type { Observation, StepDetail } from '../../model/trace.ts';
import type { JoseHeader } from './jose-header.ts';

/** The result of the fetch for an unknown `kid`. */
export type FetchResult = 'no fetch was due' | 'the fetch took too long' | 'a fetch did not add it';

/** An issuer with the path of its options. */
export interface LocatedIssuer {
  readonly config: IssuerConfig;
  readonly issuer: IssuerKeys;
  /** Such as `issuers[0]`. */
  readonly path: string;
}

/** Describes a key that is not in the key set. */
export function describeMissingKey(
  { keyId, algorithm }: JoseHeader,
  located: LocatedIssuer,
  fetched: FetchResult,
): StepDetail {
  const { issuer } = located;
  const isKnown = keyId !== undefined && issuer.knowsKeyId(keyId);
  const description = issuer.describeKeys();
  const { problem, removed } = description;
  const keys = keysText(description);
  const gone = removed.find(({ id }) => id === keyId);
  const absence =
    gone === undefined
      ? 'is not in the key set'
      : `is no longer in the key set, since ${new Date(gone.since).toISOString()}`;
  const failure = problem === undefined ? '' : `; problem: ${problem}`;
  const text =
    keyId === undefined
      ? `no key of the issuer is for alg ${algorithm} (${keys})`
      : isKnown
        ? `kid ${shown(keyId)} is in the key set, but not for alg ${algorithm} (${keys})`
        : `kid ${shown(keyId)} ${absence} (${keys}; ${fetched}${failure})`;
  return detailOf(
    { ...candidates(keyId, algorithm, []), expected: keys, option: keySourceOption(located) },
    text,
  );
}

/** Describes the keys if none of them verifies the signature. */
export function describeSignature(
  { keyId, algorithm }: JoseHeader,
  keys: readonly VerificationKey[],
  located: LocatedIssuer,
): StepDetail {
  const tried = `${counted(keys.length, 'key')} (${listed(keys, ({ id }) => keyIdText(id))})`;
  return detailOf(
    { step: 'signature', subject: 'the signature', expected: `valid for one of ${tried}`, found: 'invalid' },
    `the signature is not valid for ${tried}, alg ${algorithm}${keyId === undefined ? ', and the token does not have a kid' : ''}; keys ${ageText(located.issuer.describeKeys())}`,
  );
}

/** Describes an issuer without usable keys. */
export function describeNoKeys(located: LocatedIssuer): StepDetail {
  const { problem, problemSince } = located.issuer.describeKeys();
  const since = problemSince === undefined ? '' : `, since ${new Date(problemSince).toISOString()}`;
  const found = problem === undefined ? 'not loaded yet' : `${problem}${since}`;
  return detailOf(
    { step: 'key', subject: 'the keys', expected: 'at least one', found, option: keySourceOption(located) },
    `the issuer has no usable keys: ${found}`,
  );
}

/** Describes a verification that waited too long, or that had no place in the queue. */
export function describeOverload(kind: 'late' | 'full', limits: Config['limits']): StepDetail {
  const { checkDeadline, maxVerificationsInFlight } = limits;
  return kind === 'late'
    ? detailOf(
        {
          step: 'signature',
          subject: 'the wait for the verification',
          expected: `at most ${duration(checkDeadline)}`,
          found: 'longer',
          option: 'limits.checkDeadline',
        },
        `the signature was not verified within ${duration(checkDeadline)} (limits.checkDeadline)`,
      )
    : detailOf(
        {
          step: 'signature',
          subject: 'the waiting verifications',
          expected: `at most ${maxVerificationsInFlight}, half of them for tokens that several keys can verify`,
          found: 'a full queue',
          option: 'limits.maxVerificationsInFlight',
        },
        `too many signatures wait for verification (limits.maxVerificationsInFlight is ${maxVerificationsInFlight})`,
      );
}

/** The observation of the keys that may have signed a token. */
export function candidates(
  keyId: string | undefined,
  algorithm: string,
  keys: readonly VerificationKey[],
): Observation {
  const wanted = keyId === undefined ? `alg ${algorithm}, no kid` : `kid ${shown(keyId)}, alg ${algorithm}`;
  return {
    step: 'key',
    subject: `the keys for ${wanted}`,
    found: listed(keys, ({ id }) => keyIdText(id)),
  };
}

/** `4 keys: k1, k2, k3, k4; fetched 12 s ago`. */
export function keysText(description: KeysDescription): string {
  const { keyIds } = description;
  return `${counted(keyIds.length, 'key')}: ${listed(keyIds, keyIdText)}; ${ageText(description)}`;
}

/** The option with the source of the keys. */
export function keySourceOption({ config, path }: Pick<LocatedIssuer, 'config' | 'path'>): string {
  const sources = ['jwksUri', 'jwks', 'jwksFile', 'publicKeyFiles', 'discoveryUri'] as const;
  return `${path}.${sources.find((source) => config[source] !== undefined) ?? 'issuer'}`;
}

/** The `kid` of a key in a text. */
export function keyIdText(keyId: string | undefined): string {
  return keyId === undefined ? '(no kid)' : shown(keyId);
}

function ageText({ age }: KeysDescription): string {
  return age === undefined ? 'never loaded' : `loaded ${duration(age * 1000)} ago`;
}
